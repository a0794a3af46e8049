"""What providers write as numbers and moments, and what callers give as proofs: read so that nothing absurd in them
passes, and none of it raises.
"""

from __future__ import annotations

import hmac
from datetime import UTC, datetime, tzinfo
from decimal import Decimal, InvalidOperation

_LARGEST = Decimal(10) ** 15
_MOST_DIGITS = 18
_YEARS = range(2000, 2101)  # texts are older than their report by hours, and have no receipts of another century


def number_in(told: object) -> Decimal | None:
    """A finite number of an ordinary size, also one that is written as a text; None for anything else."""
    if isinstance(told, bool) or not isinstance(told, str | int | float):
        return None
    try:
        number = Decimal(told if isinstance(told, int) else str(told))
    except InvalidOperation:
        return None
    return number if number.is_finite() and -_LARGEST < number < _LARGEST else None


def whole_in(told: object) -> int | None:
    """A whole number from 0 on, also one that is written in ASCII digits; None for anything else."""
    if isinstance(told, int) and not isinstance(told, bool):
        return told if 0 <= told < 10**_MOST_DIGITS else None
    written = isinstance(told, str) and told.isascii() and told.isdigit() and len(told) <= _MOST_DIGITS
    return int(str(told)) if written else None


def moment_in(told: object, *, zone: tzinfo | None = None) -> datetime | None:
    """A moment of ISO 8601 in UTC; None where it is none, is of another century, or has no zone and none is given."""
    try:
        moment = datetime.fromisoformat(told) if isinstance(told, str) else None
    except ValueError:
        return None
    if moment is None or moment.year not in _YEARS:
        return None
    zoned = moment if moment.tzinfo is not None else moment.replace(tzinfo=zone)
    return zoned.astimezone(UTC) if zoned.tzinfo is not None else None


def is_same(given: str, expected: str) -> bool:
    """Whether a proof is the expected one, in constant time; it may hold any characters, halves of pairs included."""
    return hmac.compare_digest(as_bytes(given), as_bytes(expected))


def as_bytes(text: str) -> bytes:
    """The text in UTF-8, halves of pairs too, which JSON can write and no signature of a provider's is made of."""
    return text.encode("utf-8", "surrogatepass")
