"""The time of day at the company's seat: what the portal writes into its tables is naive local time."""

from __future__ import annotations

from datetime import date, datetime
from zoneinfo import ZoneInfo

from host_demo.config import TIMEZONE


def now() -> datetime:
    return datetime.now(ZoneInfo(TIMEZONE)).replace(tzinfo=None)


def today() -> date:
    return now().date()
