"""What a person decides about one message: let it go, call it sent, or drop it (promise 3: "else by a person")."""

from __future__ import annotations

from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy.orm import Session

from sms_plugin.errors import SmsError
from sms_plugin.models import Message
from sms_plugin.outbox.moving import move
from sms_plugin.outbox.rewording import reword
from sms_plugin.outbox.truth import ask
from sms_plugin.state import State
from sms_plugin.states import MessageState

#: A message that a person lets go is worth sending for so long again.
FRESH = timedelta(hours=24)
_RELEASED = (MessageState.HELD, MessageState.UNKNOWN, MessageState.FAILED)
_DROPPED = (MessageState.HELD, MessageState.QUEUED, MessageState.UNKNOWN)


def release(session: Session, message: UUID, *, state: State, who: str, now: datetime) -> None:
    """Queue a held, unknown or failed message again; a held one is worded anew. Writes in the caller's transaction.

    Whoever releases an unknown one accepts that it may arrive twice. Raises ``SmsError`` where it cannot go: there is
    no such message, it has no number, its text still has a hole.
    """
    found = _find(session, message, _RELEASED, "released")
    if found.number is None:
        raise SmsError(
            "The message has no number to go to.",
            code="no_number",
            hint="Mend the record, and fire the trigger for it again.",
        )
    if found.state == MessageState.HELD and found.entity is not None and found.record is not None:
        entity = state.registry.entities.get(found.entity)
        answers = {} if entity is None else ask(session, entity=entity, hooks=[], keys=[found.record])
        if found.record not in answers:
            raise SmsError("The record that the text is about is gone.", code="record_gone", hint="Cancel the message.")
        reword(session, found, version=answers[found.record].version, state=state)
    values = {"due_at": now, "expires_at": now + FRESH, "attempts": 0, "lapses": 0}
    _moved(move(session, [message], MessageState.QUEUED, reason="released", now=now, who=who, values=values))


def conclude_by_hand(session: Session, message: UUID, *, sent: bool, who: str, now: datetime) -> None:
    """Say what became of an unknown message. Writes in the caller's transaction. Raises ``SmsError``."""
    _find(session, message, (MessageState.UNKNOWN,), "settled by hand")
    new = MessageState.SENT if sent else MessageState.FAILED
    _moved(move(session, [message], new, reason="by_hand", now=now, who=who, only_from=(MessageState.UNKNOWN,)))


def cancel(session: Session, message: UUID, *, who: str, now: datetime) -> None:
    """Drop a message that has not left, or that nobody knows about. Writes in the caller's transaction.

    Raises ``SmsError`` where it is too late.
    """
    _find(session, message, _DROPPED, "cancelled")
    _moved(move(session, [message], MessageState.CANCELLED, reason="by_hand", now=now, who=who, only_from=_DROPPED))


def _find(session: Session, message: UUID, states: tuple[MessageState, ...], done: str) -> Message:
    found = session.get(Message, message)
    if found is None:
        raise SmsError(f"There is no message {message}.", code="unknown_message", hint="See `flask sms message list`.")
    if found.state not in states:
        raise SmsError(
            f"The message is {found.state}: it cannot be {done}.",
            code="wrong_state",
            hint=f"Only what is {' or '.join(states)} can.",
        )
    return found


def _moved(went: list[UUID]) -> None:
    if not went:
        raise SmsError(
            "Somebody else was quicker.", code="moved_meanwhile", hint="Look at the message again before you decide."
        )
