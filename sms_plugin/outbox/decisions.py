"""What a person decides about one message: let it go, hurry it, call it sent, or drop it (Q1; promise 3).

The update itself checks the state, so that of two who decide at once one is told what the other did.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from enum import StrEnum
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Session

from sms_plugin.errors import SmsError, worded
from sms_plugin.models import Event, Message
from sms_plugin.outbox.enqueue import OWN_ACTION
from sms_plugin.outbox.gathering import GATHERED, ask_together
from sms_plugin.outbox.moving import move, tell
from sms_plugin.outbox.rewording import reword
from sms_plugin.outbox.truth import ask
from sms_plugin.state import State
from sms_plugin.states import MessageState

#: A message that a person lets go is worth sending for so long again.
FRESH = timedelta(hours=24)
_S = MessageState


class Choice(StrEnum):
    """What a person may choose for a message."""

    SEND_NOW = "send_now"  #: due at once, in the rank of an own action
    RELEASE = "release"  #: let a held one go, worded anew
    RETRY = "retry"  #: send a failed one again
    RESEND = "resend"  #: send an unknown one once more, even if it may arrive twice
    ASSUME_SENT = "assume_sent"  #: call an unknown one sent
    CANCEL = "cancel"


#: The states in which each choice can be made.
POSSIBLE: Mapping[Choice, frozenset[MessageState]] = {
    Choice.SEND_NOW: frozenset({_S.QUEUED}),
    Choice.RELEASE: frozenset({_S.HELD}),
    Choice.RETRY: frozenset({_S.FAILED}),
    Choice.RESEND: frozenset({_S.UNKNOWN}),
    Choice.ASSUME_SENT: frozenset({_S.UNKNOWN}),
    Choice.CANCEL: frozenset({_S.HELD, _S.QUEUED, _S.UNKNOWN}),
}
_AGAIN = {_S.HELD: "released", _S.FAILED: "retried", _S.UNKNOWN: "resent_by_hand"}


class TooLate(SmsError):
    """The message is in a state by now in which this cannot be chosen. Codes: ``being_sent``, ``wrong_state``.

    ``state``, ``reason``, ``who`` and ``at`` say how it came there.
    """

    def __init__(self, found: Message, *, last: Event | None, states: frozenset[MessageState]) -> None:
        sending = found.state == MessageState.SENDING
        told = last is not None and last.state == found.state
        self.state = found.state
        self.reason = found.reason
        self.who = last.who if last is not None and told else ""
        self.at = last.at if last is not None and told else found.changed_at
        by = f" by {self.who}" if self.who else ""
        super().__init__(
            "The message is being sent at this moment." if sending else f"The message is {found.state}{by} by now.",
            code="being_sent" if sending else "wrong_state",
            hint="Wait for what the provider says." if sending else f"This takes one that is {_either(states)}.",
        )


def choices_of(state: str) -> tuple[Choice, ...]:
    """What a person may choose for a message in this state."""
    return tuple(choice for choice, states in POSSIBLE.items() if state in states)


def choose(session: Session, choice: Choice, message: UUID, *, state: State, who: str, now: datetime) -> None:
    """Do what a person chose. Writes in the caller's transaction.

    Raises ``TooLate`` where the message is in another state by now, else ``SmsError`` for what stands against it.
    """
    if choice in {Choice.RELEASE, Choice.RETRY, Choice.RESEND}:
        _send_again(session, message, POSSIBLE[choice], state=state, who=who, now=now)
    elif choice is Choice.SEND_NOW:
        hurry(session, message, who=who, now=now)
    elif choice is Choice.ASSUME_SENT:
        conclude_by_hand(session, message, sent=True, who=who, now=now)
    else:
        cancel(session, message, who=who, now=now)


def release(session: Session, message: UUID, *, state: State, who: str, now: datetime) -> None:
    """Queue a held, unknown or failed message again; a held one is worded anew. Writes in the caller's transaction.

    Whoever releases an unknown one accepts that it may arrive twice. Raises ``SmsError`` where it cannot go: there is
    no such message, it has no number, its text still has a hole.
    """
    _send_again(session, message, frozenset(_AGAIN), state=state, who=who, now=now)


def hurry(session: Session, message: UUID, *, who: str, now: datetime) -> None:
    """Make a queued message due at once, before all reminders; the claim still asks whether it may go.

    Writes in the caller's transaction. Raises ``SmsError`` where its time is over, too.
    """
    found = _find(session, message, POSSIBLE[Choice.SEND_NOW])
    if found.expires_at is not None and found.expires_at <= now:
        raise SmsError(worded("The message is past its time."), code="too_late", hint=worded("Fire its trigger again."))

    def update() -> list[UUID]:
        gone = session.execute(
            sa.update(Message)
            .where(Message.id == message, Message.state == MessageState.QUEUED.value)
            .values(due_at=now, priority=OWN_ACTION, reason="sent_now", changed_at=now)
            .execution_options(synchronize_session=False)
        )
        return [message] if gone.rowcount else []  # type: ignore[attr-defined]

    _decided(session, message, POSSIBLE[Choice.SEND_NOW], update)
    said = {"at": now, "state": MessageState.QUEUED.value, "reason": "sent_now", "who": who[:120], "detail": {}}
    tell(session, [message], said)


def conclude_by_hand(session: Session, message: UUID, *, sent: bool, who: str, now: datetime) -> None:
    """Say what became of an unknown message. Writes in the caller's transaction. Raises ``SmsError``."""
    new = MessageState.SENT if sent else MessageState.FAILED
    _moved(session, message, new, frozenset({MessageState.UNKNOWN}), who=who, now=now)


def cancel(session: Session, message: UUID, *, who: str, now: datetime) -> None:
    """Drop a message that has not left, or that nobody knows about. Writes in the caller's transaction.

    Raises ``SmsError`` where it is too late.
    """
    _moved(session, message, MessageState.CANCELLED, POSSIBLE[Choice.CANCEL], who=who, now=now)


def _moved(
    session: Session, message: UUID, new: MessageState, states: frozenset[MessageState], *, who: str, now: datetime
) -> None:
    at = _after(_find(session, message, states), now)

    def update() -> list[UUID]:
        return move(session, [message], new, reason="by_hand", now=at, who=who, only_from=states)

    _decided(session, message, states, update)


def _send_again(
    session: Session, message: UUID, states: frozenset[MessageState], *, state: State, who: str, now: datetime
) -> None:
    found = _find(session, message, states)
    now = _after(found, now)
    old = MessageState(found.state)
    _check_sendable(found)
    if old is MessageState.HELD:
        _worded_anew(session, found, state=state)
    values = {"due_at": now, "expires_at": now + FRESH, "attempts": 0, "lapses": 0}

    def update() -> list[UUID]:
        return move(
            session,
            [message],
            MessageState.QUEUED,
            reason=_AGAIN[old],
            now=now,
            who=who,
            values=values,
            only_from=frozenset({old}),
        )

    _decided(session, message, states, update)


def _check_sendable(found: Message) -> None:
    if found.number is None:
        raise SmsError(
            worded("The message has no number to go to."),
            code="no_number",
            hint=worded("Mend the record, and fire the trigger for it again."),
        )
    if found.redacted is not None and found.text == found.redacted and found.trigger is None:
        raise SmsError(
            worded("Its sensitive value was taken out of the text when the message was over."),
            code="redacted",
            hint=worded("Write the message anew."),
        )


def _worded_anew(session: Session, found: Message, *, state: State) -> None:
    """Write the text of a held message as its records are now; one about no record stays as it is."""
    if found.step == GATHERED:
        together = ask_together(session, [found], state=state)[found.id]
        if not together.records or together.version is None:
            raise SmsError(
                worded("Nothing that the text tells of is left."),
                code="record_gone",
                hint=worded("Cancel the message."),
            )
        version, steps = together.version, together.steps
        reword(session, found, version=version, state=state, records=together.records, steps=steps)
    elif found.entity is not None and found.record is not None:
        entity = state.registry.entities.get(found.entity)
        answers = {} if entity is None else ask(session, entity=entity, hooks=[], keys=[found.record])
        if found.record not in answers:
            raise SmsError(
                worded("The record that the text is about is gone."),
                code="record_gone",
                hint=worded("Cancel the message."),
            )
        reword(session, found, version=answers[found.record].version, state=state)


def _gone(told: str) -> SmsError:
    return SmsError(told, code="record_gone", hint=worded("Cancel the message."))


def _find(session: Session, message: UUID, states: frozenset[MessageState]) -> Message:
    """The message, which nobody else moves before this transaction ends (on SQLite the update will tell)."""
    found = _locked(session, message)
    if found is None:
        raise SmsError(f"There is no message {message}.", code="unknown_message", hint="See `flask sms message list`.")
    if found.state not in states:
        raise _too_late(session, found, states)
    return found


def _after(found: Message, now: datetime) -> datetime:
    """When it is decided: after what somebody else decided while this one waited for the message."""
    return max(now, found.changed_at + timedelta(microseconds=1))


def _decided(
    session: Session, message: UUID, states: frozenset[MessageState], update: Callable[[], list[UUID]]
) -> None:
    if not update():
        found = _locked(session, message)
        assert found is not None  # noqa: S101 - it was there a moment ago, and nothing deletes one so young
        raise _too_late(session, found, states)


def _locked(session: Session, message: UUID) -> Message | None:
    return session.scalar(
        sa.select(Message).where(Message.id == message).with_for_update().execution_options(populate_existing=True)
    )


def _too_late(session: Session, found: Message, states: frozenset[MessageState]) -> TooLate:
    last = session.scalar(
        sa.select(Event).where(Event.message_id == found.id).order_by(Event.at.desc(), Event.id.desc()).limit(1)
    )
    return TooLate(found, last=last, states=states)


def _either(states: frozenset[MessageState]) -> str:
    return " or ".join(sorted(states))
