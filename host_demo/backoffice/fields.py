"""What the forms of things that have a time share: how long before it people are reminded."""

from __future__ import annotations

from datetime import datetime, timedelta

from host_demo.clock import now
from host_demo.refusals import Refused

#: By the minutes that are kept: what a select says.
BEFORE = {
    "0": "Not at all",
    "15": "15 minutes before",
    "30": "30 minutes before",
    "60": "1 hour before",
    "120": "2 hours before",
    "240": "4 hours before",
    "1440": "1 day before",
    "2880": "2 days before",
}
#: The same by hours.
AHEAD = {
    "0": "Not at all",
    "1": "1 hour before",
    "2": "2 hours before",
    "4": "4 hours before",
    "24": "1 day before",
    "48": "2 days before",
}
FARTHEST = timedelta(days=730)


def check_ahead(at: datetime | None, *, moved: bool) -> None:
    """Raise Refused for a time that has gone by, where it was given just now, and for one that nobody plans."""
    if at is None or not moved:
        return
    if at < now():
        raise Refused("This time has gone by.")
    if at > now() + FARTHEST:
        raise Refused("This is more than two years away.")
