"""One firing, made into a message for everybody whom it reaches; what cannot be sent is one too, with the reason."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy.orm import Session

from sms_plugin.errors import SmsError
from sms_plugin.host.bound import BoundHook
from sms_plugin.outbox.enqueue import Draft
from sms_plugin.outbox.lengths import TEXT_TOO_LONG, told_too_long
from sms_plugin.outbox.quiet import Quiet, Slot, quiet_of
from sms_plugin.outbox.truth import BY_HAND, Answer
from sms_plugin.people.consent import MARKETING
from sms_plugin.people.recipients import Recipient, recipients
from sms_plugin.providers.lines import hears, longest
from sms_plugin.state import State
from sms_plugin.states import MessageState
from sms_plugin.triggers.fired import Firing, blank, common_values, key_of_firing, validity
from sms_plugin.triggers.reading import guarded, why
from sms_plugin.wording.rendering import pick, render_for
from sms_plugin.wording.stepwise import own_texts
from sms_plugin.wording.texts import texts_of
from sms_plugin.wording.versions import wording_of
from sms_plugin.wording.way_out import WayOut, holds_way_out

#: What fits into one part of any alphabet is taken by every provider; the claim looks at each in any case (P19).
ONE_PART = 70


@dataclass(frozen=True, kw_only=True)
class _Chosen:
    """A text that was found for readers of a language."""

    template: str
    language: str  #: in which it is read
    wording_id: int | None


@dataclass(frozen=True, kw_only=True, eq=False)
class Drafting:
    """Drafting in one transaction."""

    session: Session
    state: State
    now: datetime
    provided: bool  #: whether a provider is active
    careful: bool  #: whether each reading of the host's attributes is guarded by itself; if not, the caller guards all
    _quiets: dict[str, Quiet] = field(default_factory=dict, repr=False)  #: by trigger
    #: By what the identity of is kept as long as its firing: row and timing; and by zone.
    _slots: dict[tuple[int, int, ZoneInfo], Slot | None] = field(default_factory=dict, repr=False)
    _texts: dict[tuple[int, str, str], _Chosen | None] = field(default_factory=dict, repr=False)

    def drafts(self, firing: Firing, answer: Answer, hooks: Sequence[BoundHook]) -> list[Draft]:
        """A draft for everybody whom the firing reaches. Reads only. The firing has to live as long as the drafting."""
        if firing.problem:
            return self._to_nobody(firing, **_held("hook_failed", firing.problem))
        if not _holds(firing, answer, hooks):
            # a condition that does not hold is nothing to tell of, but a person who fired by hand must learn why
            return [blank(firing, self.now).but(reason="not_true")] if firing.step == BY_HAND else []
        try:
            with self.reading():
                people = self._people(firing)
        except Exception as error:  # noqa: BLE001 - a host's attribute may raise anything; it holds this message only
            return self._to_nobody(firing, **_held("recipients_failed", why(error, careful=self.careful)))
        if not people:
            return self._to_nobody(firing, version=answer.version, reason="no_recipient")
        values = common_values(firing, self.now)
        values["version"] = answer.version
        slots = [(each, self._slot(firing, each.zone)) for each in people]
        return [self._addressed(firing, values, each, slot) for each, slot in slots if slot is not None]

    def _to_nobody(self, firing: Firing, **changes: Any) -> list[Draft]:
        """What answers why nobody got anything; nothing where nobody here was to be told (X5)."""
        here = firing.reaches(self.state.settings.zone)
        return [blank(firing, self.now).but(**changes)] if here else []

    def reading(self) -> AbstractContextManager[None]:
        """Where the host's own code is run."""
        return guarded(self.session, careful=True) if self.careful else nullcontext()

    def unanswered(self, firing: Firing, error: Exception) -> Draft:
        """The draft of a firing of which the database could not be asked whether it is true."""
        return blank(firing, self.now).but(**_held("truth_failed", why(error, careful=self.careful)))

    def _people(self, firing: Firing) -> list[Recipient]:
        return recipients(
            firing.record,
            entity=firing.entity,
            to=firing.to,
            purpose=firing.purpose,
            audience=firing.reason.audience,
            registry=self.state.registry,
            settings=self.state.settings,
        )

    def _quiet(self, firing: Firing) -> Quiet:
        key = firing.row.key
        if key not in self._quiets:
            self._quiets[key] = quiet_of(firing.row, firing.reason, settings=self.state.settings)
        return self._quiets[key]

    def _slot(self, firing: Firing, zone: ZoneInfo) -> Slot | None:
        """When the message goes to somebody there, None where it is not to be told to them. What came due together is
        reckoned once for each zone.
        """
        if firing.timing is None:
            return self._reckoned(firing, zone)
        key = (id(firing.row), id(firing.timing), zone)
        if key not in self._slots:
            self._slots[key] = self._reckoned(firing, zone) if firing.reaches(zone) else None
        return self._slots[key]

    def _reckoned(self, firing: Firing, zone: ZoneInfo) -> Slot:
        """What a person fires goes now, whatever the hour (X6)."""
        if firing.operator:
            return Slot(due_at=self.now, expires_at=firing.expires_at)
        timing = firing.timing
        return self._quiet(firing).slot(
            self.now if timing is None else timing.own(zone),
            zone,
            now=self.now,
            validity=validity(firing.row),
            overtaken=None if timing is None else timing.overtaken(zone),
        )

    def _addressed(self, firing: Firing, values: Mapping[str, Any], to: Recipient, slot: Slot) -> Draft:
        """The message to one person."""
        status, reason = self._standing(slot, to)
        own = {
            "occurrence": key_of_firing(firing, to.number or f"{to.ref}"),
            "state": status,
            "reason": reason,
            "person_entity": to.ref.entity if to.ref else None,
            "person": to.ref.key if to.ref else None,
            "client_entity": to.client_ref.entity if to.client_ref else None,
            "client": to.client_ref.key if to.client_ref else None,
            "number": to.number,
            "language": to.language,
            "timezone": "" if to.zone == self.state.settings.zone else to.zone.key,
            "due_at": slot.due_at,
            "expires_at": slot.expires_at,
        }
        if status is MessageState.QUEUED:
            own.update(self._worded(firing, to))
        return Draft.of(values, own)

    def _standing(self, slot: Slot, to: Recipient) -> tuple[MessageState, str]:
        """Whether the message may wait for its turn, else its state and the reason."""
        if to.number is None:
            return MessageState.SUPPRESSED, to.problem
        if not to.agrees:
            return MessageState.SUPPRESSED, "no_consent"
        if slot.too_late:
            return MessageState.EXPIRED, slot.reason
        if not self.provided:
            return MessageState.SUPPRESSED, "no_provider"
        return MessageState.QUEUED, slot.reason

    def _worded(self, firing: Firing, to: Recipient) -> dict[str, Any]:
        """What the text makes of a draft; without one it is held, with the reason why (promise 5)."""
        chosen = self._chosen(firing, to.language)
        if chosen is None:
            return {"state": MessageState.SUPPRESSED, "reason": "no_text"}
        try:
            with self.reading():
                rendered = render_for(
                    chosen.template,
                    record=firing.record,
                    entity=firing.entity,
                    people=to.people,
                    language=chosen.language,
                    zone=to.zone,
                    state=self.state,
                    way_out=WayOut(number=to.number, purpose=firing.purpose),
                )
        except Exception as error:  # noqa: BLE001 - a host's attribute may raise anything; it holds this message only
            detail = why(error, careful=self.careful)
            reason = error.code if isinstance(error, SmsError) else "render_failed"
            return _held(reason, detail)
        worded = {
            "language": chosen.language,
            "text": rendered.text,
            "redacted": rendered.redacted,
            "wording_id": chosen.wording_id,
            "encoding": rendered.measure.encoding.value,
            "segments": rendered.measure.segments,
        }
        if self._lacks_way_out(firing, chosen.template):
            return worded | _held("no_way_out", "")
        told = told_too_long(rendered.text, self._longest) if len(rendered.text) > ONE_PART else ""
        return worded | _held(TEXT_TOO_LONG, told) if told else worded

    @cached_property
    def _longest(self) -> int | None:
        return longest(self.session, state=self.state)

    def _chosen(self, firing: Firing, language: str) -> _Chosen | None:
        """The text of a step for a reader of a language, looked for once."""
        key = (id(firing.row), firing.step, language)
        if key not in self._texts:
            own = own_texts(firing.row, firing.step)
            found = pick(own or texts_of(firing.row, firing.reason), language, fallback=self.state.settings.language)
            self._texts[key] = found and _Chosen(
                template=found[1],
                language=language if language.partition("-")[0] == found[0].partition("-")[0] else found[0],
                wording_id=wording_of(firing.row, of_step=bool(own)),
            )
        return self._texts[key]

    def _lacks_way_out(self, firing: Firing, template: str) -> bool:
        """Whether nobody could say no to it: an offer without a link, from a provider that hears no STOP (X7)."""
        if firing.purpose != MARKETING or holds_way_out(template):
            return False
        return not hears(self.session, state=self.state)


def _holds(firing: Firing, answer: Answer, hooks: Sequence[BoundHook]) -> bool:
    """Whether the firing's own hook still holds; where a hand fires it, any hook of its trigger."""
    if firing.hook is None:
        return answer.still(hooks, step=firing.step, moment=firing.moment)
    at = hooks.index(firing.hook)
    return answer.of(at).still([firing.hook], step=firing.step, moment=firing.moment)


def _held(reason: str, detail: str) -> dict[str, Any]:
    """What makes a draft wait for a person. Without a version, the claim words it when it is let go."""
    return {"state": MessageState.HELD, "reason": reason, "detail": detail, "version": None}
