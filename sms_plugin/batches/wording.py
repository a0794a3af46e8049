"""From what a source found to the rows of a batch's recipients: each with its text, or left out with the reason."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy.orm import Session

from sms_plugin.batches.audience import Audience
from sms_plugin.batches.sources import Found
from sms_plugin.batches.strangers import known
from sms_plugin.errors import SmsError
from sms_plugin.host.bound import BoundEntity
from sms_plugin.host.identity import key_of
from sms_plugin.host.search import label_of
from sms_plugin.models.busy import is_busy
from sms_plugin.outbox.enqueue import occurrence
from sms_plugin.people.consent import opted_out, stands_against
from sms_plugin.people.recipients import Recipient, recipients
from sms_plugin.providers.costs import Tariff
from sms_plugin.state import State
from sms_plugin.text.phones import PhoneError, parse_phone
from sms_plugin.triggers.reading import guarded, why
from sms_plugin.wording.rendering import Rendered, pick, render_for, render_row
from sms_plugin.wording.way_out import WayOut

#: Why somebody is left out, beside what the number, the consents and the text say.
WITHOUT, TOO_LONG = "removed", "too_long"
_BRAZIL, _AREA = "+55", 2
_CLIENT = "client"
#: What a row has of which nothing is known.
_BLANK: Mapping[str, Any] = {
    "is_left_out": False,
    "reason": "",
    "detail": "",
    "name": "",
    "entity": None,
    "record": None,
    "person_entity": None,
    "person": None,
    "client_entity": None,
    "client": None,
    "records": None,
    "source": 0,
    "number": None,
    "language": "",
    "timezone": "",
    "text": None,
    "redacted": None,
    "encoding": "",
    "segments": 0,
    "cost": None,
}

Row = dict[str, Any]
#: What was found, the person, the number, and what is known of both.
_Reached = tuple[Found, Recipient | None, str | None, Row]


@dataclass(frozen=True, kw_only=True, eq=False)
class Wording:
    """Wording one page of a batch, in a session of which nothing else hangs: the host's attributes are read."""

    session: Session
    state: State
    batch_id: UUID
    audience: Audience
    purpose: str
    texts: Mapping[str, str]
    prices: Tariff
    longest: int | None  #: characters that the provider takes
    careful: bool = False  #: whether each reading of the host's attributes is guarded by itself
    _chosen: dict[str, tuple[str, str] | None] = field(default_factory=dict, repr=False)

    def reading(self) -> AbstractContextManager[None]:
        """Where the host's own code is run."""
        return guarded(self.session, careful=True) if self.careful else nullcontext()

    def rows(self, found: Sequence[Found]) -> list[Row]:
        """The rows of all whom these lead to. What the host's code raises goes through, unless ``careful``."""
        reached = self._known([each for one in found for each in self._reached(one)])
        outs = opted_out(self.session, [number for _, _, number, _ in reached if number])
        rows = (self._standing(*each, outs) for each in reached)
        return [row for row in rows if row is not None]

    def _reached(self, one: Found) -> Iterable[_Reached]:
        """Everybody whom one record or number reaches, with what is known of them."""
        if one.entity is None:
            yield one, None, *self._written(one)
            return
        try:
            with self.reading():
                people = [(each, self._of_person(one, each)) for each in self._people(one, one.entity)]
        except Exception as error:  # noqa: BLE001 - a host's attribute may raise anything; it leaves out this record only
            yield one, None, None, self._of_record(one) | _out("recipients_failed", why(error, careful=self.careful))
            return
        if not people:
            yield one, None, None, self._of_record(one) | _out("no_recipient")
        for to, row in people:
            yield one, to, to.number, row

    def _known(self, reached: list[_Reached]) -> list[_Reached]:
        """The same, with whose the numbers are that were typed in: what these people said holds for them."""
        numbers = [number for one, _, number, _ in reached if one.entity is None and number]
        if not numbers:
            return reached
        people = known(self.session, numbers, purpose=self.purpose, state=self.state, careful=self.careful)
        return [
            (one, people[number], number, row | self._told_of(people[number]))
            if one.entity is None and number in people
            else (one, to, number, row)
            for one, to, number, row in reached
        ]

    def _told_of(self, to: Recipient) -> Row:
        """What a row has from the person."""
        told: Row = {
            "language": to.language,
            "timezone": "" if to.zone == self.state.settings.zone else to.zone.key,
        }
        if to.ref is not None:
            told |= {"person_entity": to.ref.entity, "person": to.ref.key}
        if to.client_ref is not None:
            told |= {"client_entity": to.client_ref.entity, "client": to.client_ref.key}
        return told

    def _people(self, one: Found, entity: BoundEntity) -> list[Recipient]:
        return recipients(
            one.record,
            entity=entity,
            to=(),
            purpose=self.purpose,
            audience=_CLIENT if _CLIENT in entity.to else next(iter(entity.to), _CLIENT),
            registry=self.state.registry,
            settings=self.state.settings,
            which=self.audience.numbers,
        )

    def _of_record(self, one: Found) -> Row:
        assert one.entity is not None  # noqa: S101 - the caller looked
        named = {"name": label_of(one.record, one.entity)[:120], "entity": one.entity.key, "record": one.key}
        return {**_BLANK, **named, "source": one.source}

    def _of_person(self, one: Found, to: Recipient) -> Row:
        assert one.entity is not None  # noqa: S101 - the caller looked
        row = {
            **_BLANK,
            "name": label_of(to.record, to.entity or one.entity)[:120],
            "entity": one.entity.key,
            "record": one.key,
            "source": one.source,
            "number": to.number,
            **self._told_of(to),
        }
        if len(one.together) > 1:
            row["records"] = [key_of(each) for each in one.together]
        return row

    def _written(self, one: Found) -> tuple[str | None, Row]:
        """A number that was typed, or stands in a file."""
        row = {**_BLANK, "name": one.written[:120], "source": one.source, "language": self.state.settings.language}
        try:
            number = parse_phone(one.written, region=self.state.settings.region).e164
        except PhoneError as error:
            return None, row | _out(error.code)
        return number, row | {"number": number}

    def _standing(
        self, one: Found, to: Recipient | None, number: str | None, row: Row, outs: set[tuple[str, str]]
    ) -> Row | None:
        """The row as it is kept; None for a number that the operator's prefixes do not ask for."""
        if number is None:
            return self._kept(one, row if row["is_left_out"] else row | _out(to.problem if to else "no_number"))
        if not self._asked_for(number):
            return None
        if number in self.audience.without:
            return self._kept(one, row | _out(WITHOUT))
        if to is not None and not to.agrees:
            return self._kept(one, row | _out("no_consent"))
        if stands_against(number, self.purpose, outs):
            return self._kept(one, row | _out("opted_out"))
        return self._kept(one, row | self._worded(one, to, number))

    def _asked_for(self, number: str) -> bool:
        """Whether a number begins as the operator wants it (S3)."""
        if not self.audience.prefixes:
            return True
        national = parse_phone(number, region=None).national
        first = national[_AREA:] if number.startswith(_BRAZIL) else national
        return first.startswith(self.audience.prefixes)

    def _worded(self, one: Found, to: Recipient | None, number: str) -> Row:
        """What the text makes of a row; without a whole one it is left out, with the reason why (promise 5)."""
        language = self.state.settings.language if to is None else to.language
        chosen = self._text(language)
        if chosen is None:
            return _out("no_text")
        try:
            with self.reading():
                rendered = self._rendered(one, to, number, chosen)
        except Exception as error:  # noqa: BLE001 - a host's attribute may raise anything; it leaves out this record only
            reason = error.code if isinstance(error, SmsError) else "render_failed"
            return _out(reason, why(error, careful=self.careful))
        size = rendered.measure
        if self.longest is not None and len(rendered.text) > self.longest:
            return _out(TOO_LONG, f"{len(rendered.text)} > {self.longest}")
        return {
            "language": chosen[0],
            "text": rendered.text,
            "redacted": rendered.redacted,
            "encoding": size.encoding.value,
            "segments": size.segments,
            "cost": self.prices.cost(number, size.segments),
        }

    def _rendered(self, one: Found, to: Recipient | None, number: str, chosen: tuple[str, str]) -> Rendered:
        language, template = chosen
        way_out = WayOut(number=number, purpose=self.purpose)
        if one.entity is None or to is None:
            zone: ZoneInfo = self.state.settings.zone if to is None else to.zone
            values = one.values or {}
            return render_row(template, values=values, language=language, zone=zone, state=self.state, way_out=way_out)
        return render_for(
            template,
            record=one.record,
            entity=one.entity,
            people=[each for each in (to.record, to.client) if each is not None],
            language=language,
            zone=to.zone,
            state=self.state,
            way_out=way_out,
            together=one.together,
        )

    def _text(self, language: str) -> tuple[str, str] | None:
        """In which language somebody reads it, and the text; looked for once."""
        if language not in self._chosen:
            found = pick(self.texts, language, fallback=self.state.settings.language)
            same = found is not None and language.partition("-")[0] == found[0].partition("-")[0]
            self._chosen[language] = found and (language if same else found[0], found[1])
        return self._chosen[language]

    def _kept(self, one: Found, row: Row) -> Row:
        """The row with its key: a number that gets a message has one, whoever leads to it; where each record is told
        by itself, one a record. Whoever is left out is so once.
        """
        batch = str(self.batch_id)
        own: tuple[str, ...]
        if row["is_left_out"]:
            own = (one.entity.key, one.key) if self.audience.each and one.entity is not None else ()
            row["occurrence"] = occurrence("batch", batch, "out", *own, *_whom(row, one), one.currency)
        else:
            own = (one.entity.key, one.key) if self.audience.each and one.entity is not None else (one.currency,)
            row["occurrence"] = occurrence("batch", batch, *own, row["number"])
        row["batch_id"] = self.batch_id
        return row


def rows_of(work: Wording, found: Sequence[Found]) -> list[Row]:
    """The rows of a page: all read in one go, and each by itself where the host's code fails at one of them."""
    try:
        with guarded(work.session, careful=True):
            return work.rows(found)
    except Exception as error:
        # a host's attribute may raise anything: the second time it costs its own record only
        if is_busy(error):
            raise
    careful = Wording(**{**vars(work), "careful": True})
    return careful.rows(found)


def duplicate(row: Row) -> Row:
    """Somebody who shares the number of another who gets the message, as left out."""
    kept = {**row, **_out("duplicate"), "text": None, "redacted": None, "encoding": "", "segments": 0, "cost": None}
    kept["occurrence"] = occurrence("batch", str(row["batch_id"]), "out", *_whom(row, None), "")
    return kept


def told_anyway(row: Row) -> bytes | None:
    """The key that the number of somebody who is left out has where another way to it gets the message."""
    return occurrence("batch", str(row["batch_id"]), "", row["number"]) if row["number"] else None


def _whom(row: Row, one: Found | None) -> tuple[str, ...]:
    if row["person"] is not None and (row["entity"] is not None or row["number"]):
        return (row["person_entity"], row["person"], row["number"] or "")
    if row["entity"] is not None:
        return (row["entity"], row["record"], row["number"] or "")
    return ("", row["number"] or (one.written if one is not None else ""))


def _out(reason: str, detail: str = "") -> Row:
    return {"is_left_out": True, "reason": reason[:40], "detail": detail[:255]}
