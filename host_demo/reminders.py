"""What a reminder can be about, and where that stands."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from host_demo.database import AnySession
from host_demo.models import Booking, Client, Invoice, Meeting, Reminder, Repair, Service, Task


@dataclass(frozen=True, kw_only=True)
class Kind:
    """A kind of record: its model, what it is called, and the view that shows one."""

    model: type[Any]
    label: str
    endpoint: str


ABOUT: Mapping[str, Kind] = {
    "client": Kind(model=Client, label="Client", endpoint="client"),
    "invoice": Kind(model=Invoice, label="Invoice", endpoint="invoice"),
    "line": Kind(model=Service, label="Line", endpoint="service"),
    "repair": Kind(model=Repair, label="Repair", endpoint="repair"),
    "booking": Kind(model=Booking, label="Booking", endpoint="booking"),
    "meeting": Kind(model=Meeting, label="Meeting", endpoint="meeting"),
    "task": Kind(model=Task, label="Task", endpoint="task"),
}


def subject(session: AnySession, reminder: Reminder) -> Any | None:
    """The record that a reminder is about; None where it is about none, or about one that is gone."""
    kind = ABOUT.get(reminder.about)
    if kind is None or reminder.about_id is None:
        return None
    with session.no_autoflush:
        return session.get(kind.model, reminder.about_id)
