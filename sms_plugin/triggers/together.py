"""Debts of which a day's run will tell in one message: kept while a forecast reads on, and worded at its end (X21).

Kept are keys and one draft for each message; the records are read again for the text.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session

from sms_plugin.errors import SmsError, worded
from sms_plugin.host.bound import BoundHook
from sms_plugin.host.identity import key_values
from sms_plugin.models import TriggerRow
from sms_plugin.outbox.enqueue import Draft
from sms_plugin.outbox.gathering import GATHERED, Key, grouped
from sms_plugin.people.recipients import zone_of
from sms_plugin.state import State
from sms_plugin.triggers.dues import records_of
from sms_plugin.triggers.expecting import Expected, expected_of
from sms_plugin.triggers.reading import guarded, why
from sms_plugin.triggers.steps import Step
from sms_plugin.wording.rendering import Rendered, oldest, pick, render_for
from sms_plugin.wording.stepwise import shared_texts
from sms_plugin.wording.texts import texts_of
from sms_plugin.wording.way_out import WayOut

#: So many messages are worded at once.
_PAGE = 50


@dataclass(frozen=True, kw_only=True, eq=False)
class HookStep:
    """One step of a hook, as a row of its trigger has it."""

    hook: BoundHook
    row: TriggerRow
    step: Step

    @property
    def gathers(self) -> bool:
        """Whether what it says of several debts of a person is said at once."""
        return bool(self.row.gathers) and self.hook.entity.debt is not None

    @property
    def name(self) -> tuple[str, str, str]:
        """Trigger, entity and step."""
        return (self.hook.trigger, self.hook.entity.key, self.step.name)


class Waiting:
    """The messages in the queue that tell of several debts."""

    def __init__(self) -> None:
        self._due: dict[tuple[str, str, str], datetime] = {}

    def see(self, expected: Sequence[Expected]) -> None:
        """Remember those among these."""
        for each in expected:
            if each.step == GATHERED and each.message is not None and each.goes:
                self._due[each.trigger or "", each.number or "", each.moment.rpartition(" ")[0]] = each.due_at

    def is_joined(self, key: Key, due_at: datetime) -> bool:
        """Whether one of them still waits when a debt of this message comes due."""
        waits = self._due.get((key.trigger, key.number, key.moment().rpartition(" ")[0]))
        return waits is not None and due_at <= waits


@dataclass(kw_only=True)
class _Kept:
    """One message to come."""

    first: Draft
    records: dict[str, None] = field(default_factory=dict)
    steps: dict[str, None] = field(default_factory=dict)


class Together:
    """What one day's run of a trigger tells of one entity's debts, by message."""

    def __init__(self, of: HookStep, *, most: int | None, state: State) -> None:
        self._entity, self._row, self._state, self._most = of.hook.entity, of.row, state, most
        self._reason = state.registry.reason(of.hook.trigger)
        self._kept: dict[Key, _Kept] = {}
        self._debts = 0

    @property
    def full(self) -> bool:
        """Whether so many debts were found that no more are looked at."""
        return self._most is not None and self._debts > self._most

    def add(self, debts: Sequence[tuple[Draft, str]]) -> None:
        """Keep these drafts, each with the currency of its debt."""
        self._debts += len(debts)
        for key, drafts in grouped(debts, state=self._state).items():
            kept = self._kept.setdefault(key, _Kept(first=drafts[0]))
            for draft in drafts:
                kept.records[draft.record or ""] = kept.steps[draft.step] = None

    def told(self, session: Session, waiting: Waiting) -> Iterator[list[Expected]]:
        """The messages, in pages, as the sweep will word them; what joins one that waits already is none of its own.
        Reads only.
        """
        several = [(key, kept) for key, kept in self._kept.items() if not waiting.is_joined(key, kept.first.due_at)]
        for start in range(0, len(several), _PAGE):
            page = several[start : start + _PAGE]
            records = records_of(session, self._entity, [key for _, kept in page for key in kept.records])
            yield [self._expected(session, key, kept, records) for key, kept in page]

    def _expected(self, session: Session, key: Key, kept: _Kept, records: dict[str, Any]) -> Expected:
        draft = kept.first.but(occurrence=key.occurrence(), step=GATHERED, moment=key.moment())
        expected = replace(expected_of(draft, place=place(draft.occurrence)), records=len(kept.records))
        try:
            with guarded(session, careful=True):
                rendered = self._rendered(session, draft, kept, records)
        except Exception as error:  # noqa: BLE001 - a host's attribute may raise anything; it holds this message only
            problem = error.code if isinstance(error, SmsError) else "render_failed"
            return replace(expected, problem=problem, detail=why(error, careful=True), text="", segments=0)
        return replace(expected, text=rendered.shown, segments=rendered.measure.segments)

    def _rendered(self, session: Session, draft: Draft, kept: _Kept, records: dict[str, Any]) -> Rendered:
        registry, settings = self._state.registry, self._state.settings
        together = [records[key] for key in sorted(kept.records) if key in records]
        refs = [(draft.person_entity, draft.person), (draft.client_entity, draft.client)]
        people = [_load(session, *ref, self._state) for ref in dict.fromkeys(refs) if ref[0] is not None]
        texts = shared_texts(self._row, kept.steps) or texts_of(self._row, self._reason)
        chosen = pick(texts, draft.language, fallback=settings.language)
        if chosen is None or not together or any(each is None for each in people):
            raise SmsError(worded("Nothing can be said."), code="record_gone" if chosen else "no_text")
        return render_for(
            chosen[1],
            record=oldest(together, self._entity.debt),
            entity=self._entity,
            people=people,
            language=draft.language,
            zone=zone_of(people, registry=registry, settings=settings),
            state=self._state,
            way_out=WayOut(number=draft.number, purpose=draft.purpose),
            together=together,
        )


def _load(session: Session, entity: str | None, key: str | None, state: State) -> object | None:
    bound = state.registry.entities.get(entity or "")
    return None if bound is None else session.get(bound.model, key_values(bound.model, key or ""))


def place(occurrence: bytes | None) -> str:
    """What tells an expected message from every other, by its occurrence."""
    return f"d {occurrence.hex() if occurrence else ''}"
