"""One firing, made into a message for everybody whom it reaches; what cannot be sent is one too, with the reason."""

from __future__ import annotations

import logging
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass, replace
from datetime import datetime
from hashlib import blake2b
from typing import Any

from sqlalchemy.orm import Session

from sms_plugin.errors import SmsError
from sms_plugin.host.bound import BoundEntity, BoundHook, Reason, Target
from sms_plugin.models import TriggerRow
from sms_plugin.models.busy import is_busy
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
#: The length of the column that keeps a moment.
MOMENT = 64


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
    hook: BoundHook | None = None  #: None where a hand fires it
    to: tuple[Target, ...] = ()
    problem: str = ""  #: what a function of the host's raised that says whether, or as what occurrence, it fires
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
    careful: bool  #: whether each reading of the host's attributes stands in a savepoint of its own

    def drafts(self, firing: Firing, answer: Answer, hooks: Sequence[BoundHook]) -> list[Draft]:
        """A draft for everybody whom the firing reaches. Reads only."""
        blank = _blank(firing, self.now)
        if firing.problem:
            return [_held(blank, "hook_failed", firing.problem)]
        if not _holds(firing, answer, hooks):
            # a condition that does not hold is nothing to tell of, but a person who fired by hand must learn why
            return [replace(blank, reason="not_true")] if firing.step == BY_HAND else []
        blank = replace(blank, version=answer.version)
        try:
            with guarded(self.session, careful=self.careful):
                people = self._people(firing)
        except Exception as error:  # noqa: BLE001 - a host's attribute may raise anything; it holds this message only
            return [_held(blank, "recipients_failed", why(error, careful=self.careful))]
        if not people:
            return [replace(blank, reason="no_recipient")]
        return [self._addressed(firing, blank, each) for each in people]

    def unanswered(self, firing: Firing, error: Exception) -> Draft:
        """The draft of a firing of which the database could not be asked whether it is true."""
        return _held(_blank(firing, self.now), "truth_failed", why(error, careful=self.careful))

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
            with guarded(self.session, careful=self.careful):
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
            detail = why(error, careful=self.careful)
            return _held(draft, error.code if isinstance(error, SmsError) else "render_failed", detail)
        return replace(
            draft,
            language=language,
            text=rendered.text,
            encoding=str(rendered.measure.encoding),
            segments=rendered.measure.segments,
        )


@contextmanager
def guarded(session: Session, *, careful: bool) -> Iterator[None]:
    """Read the host's attributes with nothing flushed meanwhile; with ``careful`` in a savepoint of their own.

    What they break in the database is undone then, and nothing of the host's is undone with it.
    """
    around = session.get_nested_transaction()
    with session.no_autoflush, session.connection().begin_nested() if careful else nullcontext():
        session.info[RENDERING] = True
        try:
            yield
        finally:
            session.info.pop(RENDERING, None)
            # a savepoint that they left open would outlive ours, and the host's commit would look for it in vain
            while (left := session.get_nested_transaction()) is not None and left is not around:
                left.rollback()


def why(error: Exception, *, careful: bool) -> str:
    """What to tell of an error that the host's own code raised.

    Raises it again where the database only asks for patience, for another try may do; and where no savepoint stood
    around it, unless it is one of ours, which never leaves the transaction broken.
    """
    if is_busy(error) or not (careful or isinstance(error, SmsError)):
        raise error
    return error.message if isinstance(error, SmsError) else type(error).__name__


def fitting(moment: str) -> str:
    """The moment as its column holds it; a longer one ends in a digest, so that it stays apart from its likes."""
    if len(moment) <= MOMENT:
        return moment
    digest = blake2b(moment.encode(), digest_size=16).hexdigest()
    return f"{moment[: MOMENT - len(digest) - 1]} {digest}"


def _holds(firing: Firing, answer: Answer, hooks: Sequence[BoundHook]) -> bool:
    """Whether the firing's own hook still holds; where a hand fires it, any hook of its trigger."""
    if firing.hook is None:
        return answer.still(hooks, step=firing.step, moment=firing.moment)
    at = hooks.index(firing.hook)
    own = replace(answer, holds=(answer.holds[at],), dates=(answer.dates[at],))
    return own.still([firing.hook], step=firing.step, moment=firing.moment)


def _held(draft: Draft, reason: str, detail: str) -> Draft:
    """The draft, to wait for a person. It has no text yet: without a version, the claim words it when it is let go."""
    log.warning("a message of %s is held: %s (%s)", draft.trigger, reason, detail)
    return replace(draft, state=MessageState.HELD, reason=reason, detail=detail, version=None)


def _base(language: str) -> str:
    return language.partition("-")[0]


def _key(firing: Firing, recipient: str) -> bytes:
    return occurrence(firing.reason.key, firing.step, firing.entity.key, firing.key, firing.moment, recipient)


def _blank(firing: Firing, now: datetime) -> Draft:
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
        number=None,
        due_at=now,
        expires_at=firing.expires_at,
    )
