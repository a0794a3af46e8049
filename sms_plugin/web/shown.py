"""What a page shows of a message to the person in front of it: number, name, trigger, and what may be chosen."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sms_plugin.catalog.loader import in_language
from sms_plugin.host.identity import RecordRef
from sms_plugin.models import Message
from sms_plugin.outbox.decisions import Choice, choices_of
from sms_plugin.outbox.names import named_by, names_of
from sms_plugin.state import State
from sms_plugin.text.phones import mask
from sms_plugin.web.apart import reading
from sms_plugin.web.permissions import Right, allowed
from sms_plugin.web.reasons import reason_words
from sms_plugin.web.translation import gettext, language
from sms_plugin.web.words import choice_name, question, state_kind, state_name


@dataclass(frozen=True, kw_only=True)
class Offer:
    """A button: what may be chosen, and what is asked before."""

    choice: Choice
    name: str
    question: str


@dataclass(frozen=True, kw_only=True)
class Shown:
    """A message as lists show it."""

    id: UUID
    at: datetime
    due_at: datetime
    state: str
    kind: str  #: good, bad, wait: the colour
    reason: str  #: its code
    why: str
    number: str
    name: str
    trigger: str
    text: str
    offers: tuple[Offer, ...]


def shown_number(number: str | None, *, may_full: bool | None = None) -> str:
    """The number whole for whoever may send, masked for whoever may only read (X23); empty where there is none.

    ``may_full`` says what the host's own view knows of its user; unless given, the page's admin is asked.
    """
    if not number:
        return ""
    full = allowed(Right.SEND) if may_full is None else may_full
    return number if full else mask(number)


@dataclass(frozen=True, kw_only=True)
class _Only:
    """A record alone, as a message would name it."""

    person_entity: str
    person: str
    client_entity: str | None = None
    client: str | None = None
    entity: str | None = None
    record: str | None = None


def shown(messages: Iterable[Message], *, state: State) -> list[Shown]:
    """The messages as lists show them, in their order. Reads the names of their people, in a session of its own."""
    messages = list(messages)
    with reading(state) as apart:  # the host's attributes are read: what they break there breaks nothing else
        names = names_of(apart, messages, registry=state.registry)
    may_send = allowed(Right.SEND)
    return [
        Shown(
            id=each.id,
            at=each.created_at,
            due_at=each.due_at,
            state=state_name(each.state),
            kind=state_kind(each.state),
            reason=each.reason,
            why=reason_words(each.reason) if each.reason else "",
            number=shown_number(each.number),
            name=_name(names, named_by(each)),
            trigger=trigger_name(each, state=state),
            text=each.shown_text or "",
            offers=offers(each.state) if may_send else (),
        )
        for each in messages
    ]


def offers(state: str) -> tuple[Offer, ...]:
    """The buttons for a message in this state."""
    return tuple(
        Offer(choice=choice, name=choice_name(choice), question=question(choice)) for choice in choices_of(state)
    )


def trigger_name(message: Message, *, state: State) -> str:
    """What decided the message, in the viewer's language as far as it is told."""
    if message.batch_id is not None:
        return gettext("Send to many")
    if message.trigger is None:
        return gettext("By hand")
    return trigger_label(message.trigger, state=state)


def trigger_label(key: str, *, state: State) -> str:
    """The name of a trigger; its key where nobody declares it any more."""
    reason = state.registry.reasons.get(key)
    if reason is None:
        return key
    return in_language(reason.label, language()) or key


def name_of(ref: RecordRef, *, state: State) -> str:
    """How a person is called now; empty for who is gone, and for what is no person."""
    with reading(state) as apart:
        only = _Only(person_entity=ref.entity, person=ref.key)
        return names_of(apart, [only], registry=state.registry).get(ref, "")


def _name(names: Mapping[RecordRef, str], ref: RecordRef | None) -> str:
    return "" if ref is None else names.get(ref, "")


def section_label(section: str, *, state: State) -> str:
    """A section's name in the viewer's language; the host's word for one of its own."""
    return in_language(state.catalogue.sections.get(section, {}), language()) or section
