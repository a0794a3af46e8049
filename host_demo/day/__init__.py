"""A day in the life of the portal: what its staff and its clients do between breakfast and supper."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime, time, timedelta
from random import Random

from sqlalchemy import select

from host_demo.database import AnySession
from host_demo.day import money, office, sales, service
from host_demo.day.deeds import Day, Deed
from host_demo.models import Staff
from host_demo.refusals import Refused
from sms_plugin import SmsError

OPENS, CLOSES = time(8, 30), time(19)
#: What is done, and how often on an ordinary day.
DEEDS: tuple[tuple[Deed, int], ...] = (
    (money.issue, 3),
    (money.pay_at_the_desk, 2),
    (money.pay_online, 2),
    (service.ask_for_a_visit, 2),
    (service.confirm_a_visit, 2),
    (service.take_in_a_repair, 1),
    (service.write_about_a_repair, 1),
    (service.finish_a_repair, 1),
    (office.give_a_task, 2),
    (office.watch_a_task, 1),
    (office.set_a_reminder, 1),
    (office.arrange_a_meeting, 1),
    (sales.estimate, 1),
    (sales.propose, 1),
    (sales.answer_a_proposal, 1),
    (sales.ask_about_a_proposal, 1),
    (sales.talk_about_a_contract, 1),
    (sales.order, 1),
    (sales.decide_an_order, 1),
    (sales.send_off, 1),
)


def play(session: AnySession, *, on: date, seed: int) -> Iterator[str]:
    """Live a day, a line for each thing that was done. Each is a transaction of its own, committed before its line.

    The same seed on the same records does the same things. What a rule refuses, and what there is nothing for, is left.
    """
    chance = Random(seed)  # noqa: S311 -- the same draw every time is the point
    staff = [member.id for member in session.scalars(select(Staff).where(Staff.active).order_by(Staff.id))]
    session.rollback()
    todo = [deed for deed, often in DEEDS for _ in range(often)]
    chance.shuffle(todo)
    for at, deed in zip(_hours(on, len(todo) + 1, chance), [money.go_through_the_night, *todo], strict=True):
        line = _done(deed, Day(session=session, at=at, chance=chance, staff_ids=tuple(staff)))
        if line:
            yield f"{at:%H:%M}  {line}"


def _hours(on: date, number: int, chance: Random) -> list[datetime]:
    """Moments of the day in order: the first just after midnight, the others while the office is open."""
    first, last = datetime.combine(on, OPENS), datetime.combine(on, CLOSES)
    minutes = sorted(chance.randrange(int((last - first) / timedelta(minutes=1))) for _ in range(number - 1))
    return [datetime.combine(on, time(0, 5)), *(first + timedelta(minutes=minute) for minute in minutes)]


def _done(deed: Deed, day: Day) -> str:
    try:
        line = deed(day)
        day.session.commit()
    except (Refused, SmsError):
        day.session.rollback()
        return ""
    except BaseException:
        day.session.rollback()
        raise
    return line
