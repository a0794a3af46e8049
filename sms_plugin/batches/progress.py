"""How far a batch is, as it was counted last: nothing is counted while somebody waits (S7, promise 10)."""

from __future__ import annotations

from dataclasses import dataclass

from sms_plugin.batches.deciding import settled_of
from sms_plugin.models import Batch

#: What has not ended yet; kept in ``Batch.progress`` beside the counts is how many went in the last minute.
LIVE = ("queued", "held", "sending", "unknown")
PER_MINUTE = "per_minute"


@dataclass(frozen=True, kw_only=True)
class Standing:
    """What became of a batch's messages so far."""

    going: int  #: messages that were confirmed
    sent: int  #: the provider took them, delivered ones among them
    delivered: int
    failed: int  #: refused or undelivered
    unknown: int  #: nobody can say
    dropped: int  #: no longer true when their turn came, opted out meanwhile, cancelled
    waiting: int  #: still to go
    held: int  #: of these, held until somebody decides: the budget has no room, or they cannot be sent as they are
    left_out: int  #: to whom nothing was to go, each with the reason
    rate: float  #: messages a second, lately
    left_seconds: float | None  #: until the last one is gone, at this rate; None where nobody can say
    share_failed: int  #: in a hundred of those that went or failed


def standing(batch: Batch) -> Standing:
    """How far the batch is, from its own row."""
    count = {key: int(number) for key, number in batch.progress.items()}
    settled, failed = settled_of(count)
    over = sum(count.get(each, 0) for each in ("suppressed", "expired", "cancelled"))
    dropped = max(over - batch.fed_out, 0)
    waiting = max(batch.going - settled - count.get("unknown", 0) - dropped, 0)
    rate = count.get(PER_MINUTE, 0) / 60
    return Standing(
        going=batch.going,
        sent=settled - failed + count.get("undelivered", 0),
        delivered=count.get("delivered", 0),
        failed=failed,
        unknown=count.get("unknown", 0),
        dropped=dropped,
        waiting=waiting,
        held=min(count.get("held", 0), waiting),
        left_out=batch.left_out,
        rate=rate,
        left_seconds=waiting / rate if rate and waiting else None,
        share_failed=round(100 * failed / settled) if settled else 0,
    )


@dataclass(frozen=True, kw_only=True)
class Lengths:
    """The segments of a batch's messages: of the shortest, of the one in the middle, of the longest."""

    least: int
    middle: int
    most: int


def lengths(batch: Batch) -> Lengths | None:
    """How long its messages are; None where there is none."""
    spread = sorted((int(segments), int(number)) for segments, number in batch.spread.items() if int(number) > 0)
    if not spread:
        return None
    half, passed, middle = sum(number for _, number in spread) / 2, 0, spread[-1][0]
    for segments, number in spread:
        passed += number
        if passed >= half:
            middle = segments
            break
    return Lengths(least=spread[0][0], middle=middle, most=spread[-1][0])
