"""One firing, made into a message for everybody whom it reaches: what cannot be sent is a message too, with the reason."""

from __future__ import annotations

import logging
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session

from sms_plugin.errors import SmsError
from sms_plugin.host.bound import BoundEntity, BoundHook, Reason, Target
from sms_plugin.models import TriggerRow
from sms_plugin.outbox.enqueue import OWN_ACTION, Draft, occurrence
from sms_plugin.outbox.truth import BY_HAND, Answer
from sms_plugin.people.recipients import Recipient, recipients
from sms_plugin.state import State
from sms_plugin.states import MessageState
from sms_plugin.wording.rendering import pick, render_for
from sms_plugin.wording.texts import texts_of

log = logging.getLogger(__name__)

#: Set in ``session.info`` while the host's attributes are read, when the session must not be flushed.
RENDERING = "sms_plugin.rendering"


@dataclass(frozen=True, kw_only=True, eq=False)
class Firing:
    """One firing of one trigger for one record."""

    reason: Reason
    row: TriggerRow
    entity: BoundEntity
    record: Any
    key: str
    step: str
    moment: str
    to: tuple[Target, ...] = ()
    priority: int = OWN_ACTION
    operator: str = ""
    expires_at: datetime


@dataclass(frozen=True, kw_only=True, eq=False)
class Drafting:
    """Drafting in one transaction."""

    session: Session
    state: State
    now: datetime
    provided: bool  #: whether a provider is active

    def drafts(self, firing: Firing, answer: Answer, hooks: Sequence[BoundHook]) -> list[Draft]:
        """A draft for everybody whom the firing reaches. Reads only."""
        blank = _blank(firing, answer, self.now)
        if not answer.still(hooks, step=firing.step, moment=firing.moment):
            # a condition that does not hold is nothing to tell of, but a person who fired by hand must learn why
            return [replace(blank, reason="not_true")] if firing.step == BY_HAND else []
        try:
            with self._guarded():
                people = self._people(firing)
        except Exception as error:  # noqa: BLE001 - a host's attribute may raise anything; it holds this message only
            log.warning("the recipients of %s cannot be read: %s", firing.reason.key, type(error).__name__)
            return [replace(blank, state=MessageState.HELD, reason="recipients_failed", detail=_why(error))]
        if not people:
            return [replace(blank, reason="no_recipient")]
        return [self._addressed(firing, blank, each) for each in people]

    def _people(self, firing: Firing) -> list[Recipient]:
        return recipients(
            firing.record,
            entity=firing.entity,
            to=firing.to,
            purpose=firing.reason.purpose,
            audience=firing.reason.audience,
            registry=self.state.registry,
            settings=self.state.settings,
        )

    def _addressed(self, firing: Firing, blank: Draft, to: Recipient) -> Draft:
        """The message to one person."""
        status, reason = self._standing(firing, to)
        draft = replace(
            blank,
            occurrence=_key(firing, to.number or f"{to.ref}"),
            state=status,
            reason=reason,
            person_entity=to.ref.entity if to.ref else None,
            person=to.ref.key if to.ref else None,
            client_entity=to.client_ref.entity if to.client_ref else None,
            client=to.client_ref.key if to.client_ref else None,
            number=to.number,
            language=to.language,
        )
        return self._worded(firing, draft, to) if status is MessageState.QUEUED else draft

    def _standing(self, firing: Firing, to: Recipient) -> tuple[MessageState, str]:
        """Whether the message may wait for its turn, else its state and the reason."""
        if to.number is None:
            return MessageState.SUPPRESSED, to.problem
        if not to.agrees:
            return MessageState.SUPPRESSED, "no_consent"
        if firing.expires_at <= self.now:
            return MessageState.EXPIRED, "too_late"
        if not self.provided:
            return MessageState.SUPPRESSED, "no_provider"
        return MessageState.QUEUED, ""

    def _worded(self, firing: Firing, draft: Draft, to: Recipient) -> Draft:
        """The draft with its text, or held with the reason why it has none (promise 5)."""
        texts = texts_of(firing.row, firing.reason)
        chosen = pick(texts, to.language, fallback=self.state.settings.language)
        if chosen is None:
            return replace(draft, state=MessageState.SUPPRESSED, reason="no_text")
        language = to.language if _base(to.language) == _base(chosen[0]) else chosen[0]
        try:
            with self._guarded():
                rendered = render_for(
                    chosen[1],
                    record=firing.record,
                    entity=firing.entity,
                    people=[each for each in (to.record, to.client) if each is not None],
                    language=language,
                    zone=to.zone,
                    state=self.state,
                )
        except Exception as error:  # noqa: BLE001 - a host's attribute may raise anything; it holds this message only
            log.warning("a text of %s cannot be rendered: %s", firing.reason.key, type(error).__name__)
            reason = error.code if isinstance(error, SmsError) else "render_failed"
            return replace(draft, state=MessageState.HELD, reason=reason, detail=_why(error))
        return replace(
            draft,
            language=language,
            text=rendered.text,
            encoding=str(rendered.measure.encoding),
            segments=rendered.measure.segments,
        )

    @contextmanager
    def _guarded(self) -> Iterator[None]:
        """Read the host's attributes in a savepoint of their own, with nothing flushed inside it: what they break is
        undone, and nothing of the host's is undone with it.
        """
        with self.session.connection().begin_nested():
            self.session.info[RENDERING] = True
            try:
                yield
            finally:
                del self.session.info[RENDERING]


def _base(language: str) -> str:
    return language.partition("-")[0]


def _why(error: Exception) -> str:
    return error.message if isinstance(error, SmsError) else type(error).__name__


def _key(firing: Firing, recipient: str) -> bytes:
    return occurrence(firing.reason.key, firing.step, firing.entity.key, firing.key, firing.moment, recipient)


def _blank(firing: Firing, answer: Answer, now: datetime) -> Draft:
    """A message to nobody: it answers why nobody got anything."""
    return Draft(
        occurrence=_key(firing, ""),
        state=MessageState.SUPPRESSED,
        trigger=firing.reason.key,
        step=firing.step,
        moment=firing.moment,
        purpose=firing.reason.purpose,
        priority=firing.priority,
        operator=firing.operator,
        entity=firing.entity.key,
        record=firing.key,
        version=answer.version,
        number=None,
        due_at=now,
        expires_at=firing.expires_at,
    )
