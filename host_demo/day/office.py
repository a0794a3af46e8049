"""Tasks, reminders and meetings of a day."""

from __future__ import annotations

from datetime import datetime, time, timedelta

from sqlalchemy import select

from host_demo.day.deeds import Day
from host_demo.models import Client, Contact, Meeting, Reminder, Task

WORK = (
    "Call about the invoice",
    "Check the cabinet",
    "Send the papers",
    "Bring a new router",
    "Measure the signal",
)
TALKS = ("Second line", "The contract", "Moving house", "New prices")


def give_a_task(day: Day) -> str:
    giver, client = day.somebody(), day.client()
    doer = day.somebody(but=giver)
    task = Task(
        name=day.chance.choice(WORK),
        client=client,
        due_on=day.on + timedelta(days=day.chance.randrange(1, 6)),
        created_by=giver,
        created_at=day.at,
        assignees=[doer],
    )
    day.session.add(task)
    return f"{giver} gave {doer} a task: {task}, for {client}"


def watch_a_task(day: Day) -> str:
    task, watcher = day.one(Task, ~Task.done), day.somebody()
    if task is None or watcher in task.followers:
        return ""
    task.followers.append(watcher)
    return f"{watcher} is to watch a task: {task}"


def set_a_reminder(day: Day) -> str:
    """For the next minutes, so that whoever looks on sees it come."""
    member, client = day.somebody(), day.client()
    reminder = Reminder(
        staff=member,
        description=f"Ring {client} back",
        remind_at=day.at + timedelta(minutes=day.chance.randrange(2, 90)),
        about="client",
        about_id=client.id,
    )
    day.session.add(reminder)
    return f"{member} set a reminder for {reminder.remind_at:%H:%M}: {reminder}"


def arrange_a_meeting(day: Day) -> str:
    contact = day.one(Contact, Contact.phone.is_not(None))
    if contact is None:
        return ""
    client, member = day.session.get_one(Client, contact.client_id), day.somebody()
    people = day.session.scalars(select(Contact).where(Contact.client_id == client.id).order_by(Contact.id))
    meeting = Meeting(
        client=client,
        subject=day.chance.choice(TALKS),
        starts_at=datetime.combine(day.on + timedelta(days=day.chance.randrange(1, 4)), time(11)),
        place=client.display_name,
        remind_minutes=day.chance.choice([30, 120, 1440]),
        contacts=list(people),
        staff=[member],
    )
    day.session.add(meeting)
    return f"{member} meets {client} on {meeting.starts_at:%d/%m at %H:%M}: {meeting}"
