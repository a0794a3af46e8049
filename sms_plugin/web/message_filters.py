"""What somebody looks for among the messages, as an address says it: checked, and told what is wrong with it (Q3)."""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from typing import Any
from uuid import UUID

from sms_plugin.host.identity import RecordRef
from sms_plugin.host.search import Found, find
from sms_plugin.models import Message, Provider
from sms_plugin.outbox.search import Wanted
from sms_plugin.state import State
from sms_plugin.states import MessageState
from sms_plugin.text.phones import PhoneError, parse_phone
from sms_plugin.web.apart import reading
from sms_plugin.web.moments import zone
from sms_plugin.web.paging import read_value
from sms_plugin.web.permissions import Right, allowed
from sms_plugin.web.reasons import reason_words
from sms_plugin.web.translation import gettext

log = logging.getLogger(__name__)

NAMES = ("state", "trigger", "provider", "batch", "client", "number", "since", "until", "words")
#: The queue is in the order of its going: words are looked for among the messages.
QUEUE_NAMES = ("state", "reason", "trigger", "provider", "batch", "client", "number", "since", "until")
_MOST_WORDS = 100
_MOST_CLIENTS = 8


@dataclass
class Filters:
    """What was given, what it means, and what is wrong with it. ``client`` is written ``entity:key``."""

    given: Mapping[str, str]  #: as it stands in the address, without what is empty
    wanted: Wanted = field(default_factory=Wanted)
    client: RecordRef | None = None
    candidates: Sequence[Found] = ()  #: the clients that may be meant, where a name was typed that several have
    problem: str = ""

    @property
    def is_about_somebody(self) -> bool:
        """Whether it is one client's or one number's messages that are asked for."""
        return self.client is not None or self.wanted.number is not None

    def refuse(self, code: str) -> None:
        """Say why nothing was looked for."""
        self.problem = _PROBLEMS.get(code, _nonsense)()

    def without(self, name: str) -> dict[str, str]:
        """What was given, but for one."""
        return {each: value for each, value in self.given.items() if each != name}


def read_filters(given: Mapping[str, str], *, state: State, names: Sequence[str] = NAMES) -> Filters:
    """What an address asks for. Never fails: ``problem`` says what cannot be meant.

    A client that was typed by name is looked for; where it is one, the address of further pages names that one.
    """
    kept = {name: value for name in names if (value := given.get(name, "").strip())}
    filters = Filters(given=kept)
    if "client" in kept and _maybe_ref(kept["client"], state) is None:
        _look_for(kept["client"], filters, kept, state)
        if filters.problem:
            return filters
    try:
        filters.client = _client(kept.get("client"))
        client = filters.client
        filters.wanted = Wanted(
            state=_maybe(MessageState, kept.get("state")),
            trigger=_maybe(lambda text: read_value(Message.trigger, text), kept.get("trigger")),
            provider_id=_maybe(lambda text: read_value(Provider.id, text), kept.get("provider")),
            batch_id=_maybe(UUID, kept.get("batch")),
            client=None if client is None else (client.entity, client.key),
            number=_maybe(lambda text: parse_phone(text, region=state.settings.region).e164, kept.get("number")),
            since=_maybe(_midnight, kept.get("since")),
            before=_maybe(lambda text: _midnight(text, days=1), kept.get("until")),
            words=_words(kept.get("words", "")),
        )
    except PhoneError as error:
        filters.problem = gettext("The number cannot be looked for: %(why)s", why=reason_words(error.code))
    except (ValueError, OverflowError):
        filters.problem = _nonsense()
    return filters


def _maybe(read: Any, text: str | None) -> Any:
    return None if text is None else read(text)


def _maybe_ref(text: str, state: State) -> RecordRef | None:
    entity, _, key = text.partition(":")
    # one of an entity that is declared no more has messages still
    known = "/" in entity or entity in state.registry.entities
    return RecordRef(entity=entity, key=key) if key and known else None


def _look_for(words: str, filters: Filters, kept: dict[str, str], state: State) -> None:
    """Put the client that is meant into what was given, or say that nobody, or which several, may be meant."""
    clients = [each for each in state.registry.entities.values() if each.person is not None and not each.person.client]
    numbers = allowed(Right.SEND)
    try:
        with reading(state) as session:
            ways = [find(session, entity, words, most=_MOST_CLIENTS, numbers=numbers) for entity in clients]
            found = [one for some in ways for one in some]
    except Exception as error:  # noqa: BLE001 - the host's tables and names may fail in any way; the page goes on
        log.warning("clients cannot be looked for: %s", type(error).__name__)
        found = []
    if len(found) == 1:
        kept["client"] = f"{found[0].entity}:{found[0].key}"
    elif found:
        filters.candidates = found[:_MOST_CLIENTS]
        filters.problem = gettext("Several are called so: choose one.")
    else:
        filters.problem = gettext("Nobody is found by “%(words)s”. Try the beginning of the name.", words=words[:80])


def _client(text: str | None) -> RecordRef | None:
    if text is None:
        return None
    entity, _, key = text.partition(":")
    if not key:
        raise ValueError("no record")
    return RecordRef(entity=read_value(Message.client_entity, entity), key=read_value(Message.client, key))


def _midnight(text: str, *, days: int = 0) -> datetime:
    """The viewer's midnight that begins the day, or one some days later."""
    day = date.fromisoformat(text) + timedelta(days=days)
    if not 1970 < day.year <= 9000:  # ids and moments count from 1970 on, in UTC
        raise ValueError("no day of messages")
    return datetime.combine(day, time(), tzinfo=zone())


def _words(text: str) -> str:
    if len(text) > _MOST_WORDS or "\x00" in text:
        raise ValueError("no words")
    return text


def _nonsense() -> str:
    return gettext("Nothing was looked for: what one of the filters was given does not fit it.")


def _too_wide() -> str:
    return gettext("Words are looked for within one client, one number, or three months: add a number, or both dates.")


_PROBLEMS = {"too_wide": _too_wide}
