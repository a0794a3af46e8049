"""A day that lasts as long as a test: for what the pages and the jobs read from the clock on the wall."""

from __future__ import annotations

import datetime as dt
import time
from zoneinfo import ZoneInfo

#: The portals' own.
ZONE = ZoneInfo("Europe/Lisbon")
#: A test that speaks of today takes less, in seconds, on whatever machine.
ENOUGH = 60.0


def today(zone: dt.tzinfo = ZONE, *, enough: float = ENOUGH) -> dt.date:
    """The day of the portal, of which enough is left; where it nearly is over, the next one once it has begun."""
    now = dt.datetime.now(zone)
    midnight = dt.datetime.combine(now.date() + dt.timedelta(days=1), dt.time(), zone)
    left = midnight.timestamp() - now.timestamp()
    if left > enough:
        return now.date()
    time.sleep(left)
    return midnight.date()
