"""What happens by the clock: tasks, reminders, meetings, bookings."""

from __future__ import annotations

from host_demo.access import signed_in
from host_demo.booking import PLACES, SERVICES
from host_demo.models import Booking, BookingStatus, Meeting, Reminder, Task
from sms_plugin import Entity, Hook, Person, added, at, before, changed, created, link

task = Entity(
    Task,
    "task",
    to={"staff": ["assignees", "followers"]},
    shortcodes={"task_name": "name", "task_duedate": "due_on", "task_link": link("task.details_view", id="id")},
    hooks=[
        Hook("task_assigned", added(members, unless=lambda task, member: member == signed_in()))
        for members in (Task.assignees, Task.followers)
    ],
)

reminder = Entity(
    Reminder,
    "staff_reminder",
    to={"staff": "staff"},
    shortcodes={
        "staff_reminder_description": "description",
        "staff_reminder_date": "remind_at",
        "staff_reminder_link": link("reminder.details_view", id="id"),
    },
    hooks=[Hook("staff_reminder", at(Reminder.remind_at), only=~Reminder.done)],
)

meeting = Entity(
    Meeting,
    "meeting",
    to={"participant": ["contacts", "staff"]},
    shortcodes={
        "meeting_subject": "subject",
        "meeting_date": lambda meeting: meeting.starts_at.date(),
        "meeting_time": lambda meeting: f"{meeting.starts_at:%H:%M}",
        "meeting_place": "place",
    },
    hooks=[
        Hook(
            "meeting_reminder",
            before(Meeting.starts_at, minutes=Meeting.remind_minutes),
            only=~Meeting.cancelled,
        )
    ],
)

booking = Entity(
    Booking,
    "booking",
    # the visitor's name is for the office alone: no text repeats what a stranger wrote (X24)
    to={"client": Person(name="name", phones="phone", language="language", timezone="timezone", client="client")},
    shortcodes={
        "booking_service": lambda booking: SERVICES[booking.service][booking.language],
        "booking_date": lambda booking: booking.starts_at.date(),
        "booking_time": lambda booking: f"{booking.starts_at:%H:%M}",
        "booking_place": lambda booking: PLACES[booking.place],
        "booking_phone": "phone",
        "booking_link": link("public_booking.booking", public_id="public_id"),
    },
    hooks=[
        Hook("booking_submitted", created(), only=Booking.sender != ""),
        Hook(
            "booking_confirmed",
            changed(Booking.status, to=BookingStatus.CONFIRMED),
            only=Booking.status == BookingStatus.CONFIRMED,
        ),
        Hook(
            "booking_reminder",
            before(Booking.starts_at, hours=Booking.remind_hours),
            only=Booking.status == BookingStatus.CONFIRMED,
        ),
    ],
)
