"""What the demo texts to those who work there and meet there (T8, T12, T14): by its own pages, read at the phones."""

from __future__ import annotations

import datetime as dt
from typing import Any

from sqlalchemy import select

from host_demo.clock import now, today
from host_demo.models import Client, Contact, Meeting, Reminder, Staff, Task
from host_demo.seed.people import OPERATOR_LOGIN, OPERATOR_PASSWORD
from tests.demo.office import Office
from tests.demo.visitor import Visitor

HELENA, RUI, OKSANA = "+351910000901", "+351910000902", "+351910000903"
HELENA_ID, RUI_ID, OKSANA_ID = "1", "2", "3"
INES, TIAGO = "+351910000041", "+351910000043"


def _send(office: Office, path: str, **fields: Any) -> str:
    """The form of a path, several values of one name as a list."""
    return office.admin.send(path, **fields).text


def _task(office: Office, name: str) -> Task:
    with office.session() as session:
        found = session.scalars(select(Task).where(Task.name == name)).one()
        session.expunge_all()
        assert isinstance(found, Task)
        return found


def test_whoever_is_given_a_task_is_told_but_for_oneself(office: Office) -> None:
    """T14: assignees and followers, not the one who is signed in."""
    office.switch_on("task_assigned")
    _send(office, "/admin/task/new/", name="Paint the van", assignees=[HELENA_ID, RUI_ID], followers=[OKSANA_ID])
    texts = dict(office.texts())
    assert set(texts) == {RUI, OKSANA}
    assert texts[RUI].startswith("Rui, ")
    assert "Paint the van" in texts[RUI]
    assert f"/admin/task/details/?id={_task(office, 'Paint the van').id}" in texts[RUI]


def test_whoever_watched_and_is_made_to_do_it_is_told_again(office: Office) -> None:
    """T14: the occurrence is task, person and role; what was so before is not told again."""
    office.switch_on("task_assigned")
    _send(office, "/admin/task/new/", name="Paint the van", followers=[RUI_ID])
    path = f"/admin/task/edit/?id={_task(office, 'Paint the van').id}"
    seen = [[to for to, _ in office.texts()]]
    for assignees in ([RUI_ID], [RUI_ID], []):
        _send(office, path, name="Paint the van", followers=[RUI_ID], assignees=assignees)
        seen.append([to for to, _ in office.texts()])
    assert seen == [[RUI], [RUI], [], []]


def test_a_task_that_an_operator_takes_on_tells_nobody(office: Office) -> None:
    """T14: by oneself."""
    office.switch_on("task_assigned")
    rui = Visitor(client=office.app.test_client())
    rui.sign_in(OPERATOR_LOGIN, OPERATOR_PASSWORD)
    rui.send("/admin/task/new/", name="Sweep", assignees=RUI_ID)
    assert office.texts() == []
    assert _task(office, "Sweep").created_by_id == int(RUI_ID)


def test_a_reminder_comes_at_its_minute(office: Office) -> None:
    """T8: on the form, for a colleague, about a client."""
    office.switch_on("staff_reminder")
    day = today() + dt.timedelta(days=2)
    fields = {"staff": RUI_ID, "description": "Call the bakery", "about": "client", "about_id": "4"}
    _send(office, "/admin/reminder/new/", **fields, remind_at=f"{day} 15:30:00")
    came = []
    for hour, minute in ((15, 29), (15, 31), (15, 40)):
        office.wait_until(day, hour, minute)
        came.append([(to, "Call the bakery" in text) for to, text in office.texts()])
    assert [each for each in came if each] == [[(RUI, True)]]
    assert came[1]


def test_a_reminder_that_is_done_stays_silent(office: Office) -> None:
    """T8, promise 4."""
    office.switch_on("staff_reminder")
    with office.session() as session:
        for reminder in session.scalars(select(Reminder)):
            reminder.done = True
        session.commit()
    office.wait_until(today() + dt.timedelta(days=7))
    assert office.texts() == []


def test_a_reminder_about_what_is_not_there_or_has_gone_by_is_refused(office: Office) -> None:
    fields = {"staff": RUI_ID, "description": "Call"}
    tomorrow, yesterday = (f"{now() + dt.timedelta(days=days):%Y-%m-%d %H:%M:%S}" for days in (1, -1))
    page = _send(office, "/admin/reminder/new/", **fields, about="client", about_id="9999", remind_at=tomorrow)
    assert "There is no client with the id 9999." in page
    assert "gone by" in _send(office, "/admin/reminder/new/", **fields, remind_at=yesterday)
    with office.session() as session:
        assert not session.scalars(select(Reminder).where(Reminder.description == "Call")).all()


def test_a_meeting_is_remembered_its_own_time_before_by_all_who_take_part(office: Office) -> None:
    """T12: 30 minutes for one meeting, 4 hours for another; the contacts and the staff, each once."""
    office.switch_on("meeting_reminder")
    day = today() + dt.timedelta(days=8)
    with office.session() as session:
        bakery = session.scalars(select(Client).where(Client.company == "Padaria Carvalho, Lda.")).one()
        contacts = [str(contact.id) for contact in bakery.contacts]
        client = str(bakery.id)
    for subject, minutes, people in (("Contrato", "30", contacts), ("Visita", "240", contacts[:1])):
        fields = {"subject": subject, "client": client, "place": "Loja", "remind_minutes": minutes}
        fields["contacts"] = ",".join(people)
        _send(office, "/admin/meeting/new/", **fields, staff=[RUI_ID], starts_at=f"{day} 16:00:00")
    came: list[set[tuple[str, bool]]] = []
    for hour, minute in ((11, 50), (12, 10), (15, 20), (15, 40)):
        office.wait_until(day, hour, minute)
        came.append({(to, "Contrato" in text) for to, text in office.texts()})
    assert came == [set(), {(INES, False), (RUI, False)}, set(), {(INES, True), (TIAGO, True), (RUI, True)}]


def test_a_moved_meeting_reminds_again_and_a_cancelled_one_does_not(office: Office) -> None:
    """T12: the occurrence is the time that it refers to."""
    office.switch_on("meeting_reminder")
    first = dt.datetime.combine(today() + dt.timedelta(days=9), dt.time(16))
    with office.session() as session:
        rui, oksana = session.get_one(Staff, int(RUI_ID)), session.get_one(Staff, int(OKSANA_ID))
        moved = Meeting(subject="Moved", starts_at=first, remind_minutes=60, staff=[rui])
        off = Meeting(subject="Off", starts_at=first, remind_minutes=60, staff=[oksana])
        session.add_all([moved, off])
        session.commit()
        off.cancelled = True
        session.commit()
    office.wait_until(first.date(), 15, 10)
    assert [to for to, _ in office.texts() if to in {RUI, OKSANA}] == [RUI]
    with office.session() as session:
        session.scalars(select(Meeting).where(Meeting.subject == "Moved")).one().starts_at = first + dt.timedelta(
            days=1
        )
        session.commit()
    office.wait_until(first.date() + dt.timedelta(days=1), 15, 10)
    assert [to for to, _ in office.texts() if to in {RUI, OKSANA}] == [RUI]


def test_a_meeting_of_nobody_or_of_strangers_is_refused(office: Office) -> None:
    day = today() + dt.timedelta(days=3)
    fields = {"subject": "Empty", "remind_minutes": "60", "starts_at": f"{day} 10:00:00"}
    assert "somebody who takes part" in _send(office, "/admin/meeting/new/", **fields)
    with office.session() as session:
        stranger = session.scalars(select(Contact).where(Contact.name == "Pedro Vaz")).one().id
    page = _send(office, "/admin/meeting/new/", **fields, client="4", contacts=str(stranger))
    assert "Pedro Vaz" in page
    assert "Not of" in page
    with office.session() as session:
        assert not session.scalars(select(Meeting).where(Meeting.subject == "Empty")).all()
