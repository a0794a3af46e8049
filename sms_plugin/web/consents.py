"""What the numbers of a record said of texts to them, and the buttons by which the staff says it for them (X7)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session

from sms_plugin.errors import SmsError
from sms_plugin.host.bound import BoundEntity
from sms_plugin.host.identity import RecordRef
from sms_plugin.host.search import label_of, load
from sms_plugin.models import database_now
from sms_plugin.models.changes import note_change
from sms_plugin.outbox.optouts import stop
from sms_plugin.people.consent import EVERY_PURPOSE, STAFF, Word, opt_in, said, said_of, standing
from sms_plugin.people.recipients import Recipient
from sms_plugin.state import State
from sms_plugin.text.phones import mask
from sms_plugin.triggers import sending
from sms_plugin.web.apart import reading, within
from sms_plugin.web.replying import Out, outs_shown
from sms_plugin.web.shown import shown_number
from sms_plugin.web.translation import gettext
from sms_plugin.web.words import purpose_words, source_words

#: What a person may be asked about, each by itself.
PURPOSES = ("billing", "service", "marketing")
#: So many of the latest words of each number are told.
_TOLD = 20


@dataclass(frozen=True, kw_only=True)
class Said:
    """One thing that was said, as the page tells it."""

    at: datetime
    number: str
    agrees: bool
    about: str
    how: str
    wording: str = field(repr=False)
    who: str


@dataclass(frozen=True, kw_only=True)
class Line:
    """A number of the record's, and how things stand with it."""

    number: str = field(repr=False)
    shown: str
    name: str
    outs: tuple[Out, ...]
    may_stop: tuple[tuple[str, str], ...]  #: purposes that it may be stopped for, each with its words
    host: tuple[tuple[str, bool], ...]  #: what the portal itself says, by what it is about


def shown(key: str, *, entity: BoundEntity, state: State) -> dict[str, Any]:
    """The page's values. Raises ``SmsError`` where the record is gone or its numbers cannot be read."""
    with reading(state) as session:
        people = _people(session, key, entity, state)
        numbers = [each.number for each in people if each.number]
        outs = standing(session, numbers)
        words = [row for number in dict.fromkeys(numbers) for row in said(session, number, most=_TOLD)]
        words += said_of(session, RecordRef(entity=entity.key, key=key), most=_TOLD)
        named = [(each, _name(each, entity), _host_says(each, entity)) for each in people if each.number]
    lines = [_line(each.number or "", name, host, outs) for each, name, host in named]
    once = {(row.at, row.number, row.purpose, row.does_agree): row for row in words}  # of several people, too
    told = sorted(once.values(), key=lambda row: row.at, reverse=True)
    return {"lines": lines, "said": [_said(row) for row in told]}


def change(key: str, *, entity: BoundEntity, number: str, ask: str, who: str, state: State) -> bool:
    """Stop a number of the record's for a purpose (``stop:PURPOSE``), or let all texts to it through again (``start``);
    whether that changed anything. Raises ``SmsError`` for a number that is none of the record's.
    """
    with reading(state) as session:
        people = [each for each in _people(session, key, entity, state) if each.number == number]
    if not people:
        raise SmsError(
            gettext("This is none of the record's numbers."),
            code="not_their_number",
            hint=gettext("Choose another one."),
        )
    refs = [ref for each in people[:1] if (ref := each.ref or each.client_ref) is not None]
    verb, _, purpose = ask.partition(":")

    def work(session: Session) -> bool:
        now, done = database_now(session), False
        if verb == "start":
            done = opt_in(session, number, source=STAFF, now=now, who=who, people=refs)
        elif verb == "stop" and purpose in {EVERY_PURPOSE, *PURPOSES}:
            done = stop(session, number, Word(source=STAFF, who=who, people=refs), now=now, purpose=purpose)
        if done:
            action, detail = ("started", None) if verb == "start" else ("stopped", {"purpose": purpose})
            note_change(session, f"consent {mask(number)}", action, who=who, now=now, detail=detail)
        return done

    return within(state, work)


def _people(session: Session, key: str, entity: BoundEntity, state: State) -> Sequence[Recipient]:
    record = load(session, entity, key)
    try:
        return [] if record is None else sending.numbers(record, entity=entity, state=state)
    except SmsError:
        raise
    except Exception as error:
        raise SmsError(
            gettext("The numbers of this record cannot be read: %(error)s.", error=type(error).__name__),
            code="recipients_failed",
        ) from error


def _name(to: Recipient, entity: BoundEntity) -> str:
    return label_of(to.record, to.entity or entity)


def _host_says(to: Recipient, entity: BoundEntity) -> tuple[tuple[str, bool], ...]:
    """What the portal itself says of each purpose, where it says anything."""
    person = (to.entity or entity).person
    if person is None or person.consents is None:
        return ()
    answers = ((purpose, person.consents(to.record, purpose)) for purpose in PURPOSES)
    return tuple((purpose_words(purpose), bool(answer)) for purpose, answer in answers if answer is not None)


def _line(number: str, name: str, host: tuple[tuple[str, bool], ...], rows: Sequence[Any]) -> Line:
    outs = tuple(outs_shown([row for row in rows if row.number == number]))
    out_of = {each.purpose for each in outs}
    left = () if EVERY_PURPOSE in out_of else (EVERY_PURPOSE, *(each for each in PURPOSES if each not in out_of))
    return Line(
        number=number,
        shown=shown_number(number),
        name=name,
        outs=outs,
        may_stop=tuple((purpose, purpose_words(purpose)) for purpose in left),
        host=host,
    )


def _said(row: Any) -> Said:
    return Said(
        at=row.at,
        number=shown_number(row.number),
        agrees=row.does_agree,
        about=purpose_words(row.purpose),
        how=source_words(row.source),
        wording=row.wording if row.source in {"reply", "not_me", "host"} else "",
        who=row.who,
    )
