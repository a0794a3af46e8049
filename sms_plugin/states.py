"""The life of a message: its states, the moves between them, and the rank of receipts.

Source: X2, X3. Every change of state goes through ``may_move``; there is no other table of moves.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from enum import StrEnum


class MessageState(StrEnum):
    """Where a message is in its life."""

    HELD = "held"  #: waits for a person
    QUEUED = "queued"
    SENDING = "sending"  #: an attempt is open
    SENT = "sent"  #: the provider accepted it
    DELIVERED = "delivered"
    UNDELIVERED = "undelivered"
    FAILED = "failed"
    UNKNOWN = "unknown"  #: nobody can say whether it was accepted
    SUPPRESSED = "suppressed"  #: decided against, with the reason
    EXPIRED = "expired"
    CANCELLED = "cancelled"
    RECEIVED = "received"  #: inbound


_S = MessageState

#: A receipt proves that the provider took the message, whatever we believed.
_PROVEN = frozenset({_S.SENT, _S.DELIVERED, _S.UNDELIVERED, _S.FAILED})

MOVES: Mapping[MessageState, frozenset[MessageState]] = {
    _S.HELD: frozenset({_S.QUEUED, _S.CANCELLED, _S.EXPIRED, _S.SUPPRESSED}) | _PROVEN,
    _S.QUEUED: frozenset({_S.SENDING, _S.HELD, _S.SUPPRESSED, _S.EXPIRED, _S.CANCELLED}) | _PROVEN,
    _S.SENDING: frozenset({_S.QUEUED, _S.UNKNOWN, _S.EXPIRED}) | _PROVEN,
    _S.SENT: frozenset({_S.DELIVERED, _S.UNDELIVERED, _S.FAILED}),
    _S.UNDELIVERED: frozenset({_S.DELIVERED, _S.FAILED}),
    _S.FAILED: frozenset({_S.SENT, _S.DELIVERED, _S.UNDELIVERED, _S.QUEUED}),
    _S.UNKNOWN: frozenset({_S.QUEUED, _S.CANCELLED}) | _PROVEN,
    _S.EXPIRED: _PROVEN,
    _S.CANCELLED: _PROVEN,
    _S.SUPPRESSED: _PROVEN,
    _S.DELIVERED: frozenset(),
    _S.RECEIVED: frozenset(),
}

#: States that still ask for something; their number is counted from the table, by a partial index.
LIVE = frozenset({_S.HELD, _S.QUEUED, _S.SENDING, _S.UNKNOWN})
#: States whose number is counted by tallies.
ENDED = frozenset(MessageState) - LIVE


def may_move(old: MessageState, new: MessageState) -> bool:
    """Whether a message may go from one state to another."""
    return new in MOVES[old]


def origins(new: MessageState) -> frozenset[MessageState]:
    """The states from which a message may come to this one."""
    return frozenset(old for old, targets in MOVES.items() if new in targets)


#: What a receipt says, by rank: the highest ever reported decides, so the order of arrival does not matter (X3).
RECEIPT_RANK: Mapping[str, int] = {
    "accepted": 10,
    "sent": 20,
    "undelivered": 30,
    "failed": 31,
    "delivered": 40,
    "read": 41,
}

_STATE_OF_RECEIPT: Mapping[str, MessageState] = {
    "accepted": _S.SENT,
    "sent": _S.SENT,
    "undelivered": _S.UNDELIVERED,
    "failed": _S.FAILED,
    "delivered": _S.DELIVERED,
    "read": _S.DELIVERED,
}


def state_by_receipts(statuses: Iterable[str]) -> MessageState:
    """The state that these receipts prove together, in whatever order they came. There must be one at least."""
    return _STATE_OF_RECEIPT[max(statuses, key=RECEIPT_RANK.__getitem__)]


class BatchState(StrEnum):
    """Where a send to many is in its life (S2, S7)."""

    DRAFT = "draft"  #: kept, and not built
    BUILDING = "building"  #: its recipients are looked for
    READY = "ready"  #: built, to be looked through and confirmed
    WAITING = "waiting"  #: confirmed; a second person has to approve it
    RUNNING = "running"  #: approved: it goes from its time on
    PAUSED = "paused"  #: by a person, or by itself because too many failed
    DONE = "done"
    CANCELLED = "cancelled"


_B = BatchState

BATCH_MOVES: Mapping[BatchState, frozenset[BatchState]] = {
    _B.DRAFT: frozenset({_B.BUILDING, _B.CANCELLED}),
    _B.BUILDING: frozenset({_B.READY, _B.DRAFT, _B.CANCELLED}),
    _B.READY: frozenset({_B.BUILDING, _B.DRAFT, _B.WAITING, _B.RUNNING, _B.CANCELLED}),
    _B.WAITING: frozenset({_B.RUNNING, _B.READY, _B.CANCELLED}),
    _B.RUNNING: frozenset({_B.PAUSED, _B.DONE, _B.CANCELLED}),
    _B.PAUSED: frozenset({_B.RUNNING, _B.CANCELLED}),
    _B.DONE: frozenset(),
    _B.CANCELLED: frozenset(),
}
