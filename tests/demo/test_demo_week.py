"""In a simulated week of the demo the forecast for tomorrow is what reaches the phones tomorrow, but for what was paid,
moved, deleted or opted out overnight; the explanation accounts for each difference (X4, X20).
"""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from sqlalchemy.orm import Session

from host_demo.billing import issue_invoice, mark_overdue
from host_demo.clock import today
from host_demo.models import Client, Invoice, Meeting, Staff
from host_demo.services import follow_up
from host_demo.setup import AT_ONCE
from sms_plugin.host.identity import RecordRef
from sms_plugin.host.when import HookKind
from sms_plugin.models import Attempt, Message, Provider, TriggerRow, database_now
from sms_plugin.state import State
from sms_plugin.triggers.answering import Question, Told, answer
from sms_plugin.triggers.expecting import Expected
from sms_plugin.triggers.forecast import Wanted, forecast
from sms_plugin.triggers.lookahead import Look
from tests.demo.office import SEAT, Office, opened

DAYS = 5
CAP = 3
#: When somebody or something looks at what is due, by the clocks of Lisbon; the night between is quiet everywhere.
HOURS = (0, 9, 10, 11, 12, 13, 14, 16, 18, 20)
EVENING = dt.time(22, 30)
#: What is said of several debts at once, and of each invoice.
GATHERED = "invoice_overdue_notice"
CHARGES = ("charge_due_soon", "charge_due_today")
#: What the portal does overnight fires these: nobody can foresee them.
EVENTS = {HookKind.SIGNAL.value, HookKind.CHANGED.value}
#: What the page may say of a record to which this happened.
SAYS = {
    "paid": {"not_true", "no_longer_true"},
    "moved": {"would_go", "no_longer_true", "missed"},
    "deleted": {"no_record", "no_longer_true"},
    "opted out": {"opted_out"},
}

#: A message as somebody sees it: trigger, entity and record, number, text and what it costs.
Said = tuple[str, str, str, str, str, Decimal | None]


@dataclass(kw_only=True)
class Week:
    """The demo's office with all of its triggers on, and what happens overnight."""

    office: Office
    fates: dict[str, str] = field(default_factory=dict)  #: what happened overnight, by number and by invoice

    @property
    def state(self) -> State:
        state: State = self.office.app.extensions["sms"]
        return state

    def asked(self, work: Callable[[Session, dt.datetime], Any]) -> Any:
        """The answer to a question in a session of which nothing else hangs, at the time on the wall."""
        with self.office.app.app_context(), Session(self.state.db.engine) as session:
            return work(session, database_now(session))

    def foreseen(self, day: dt.date) -> list[Expected]:
        """What the evening before says of a day."""

        def work(session: Session, now: dt.datetime) -> Sequence[Expected]:
            found = forecast(session, Look(days=2), state=self.state, now=now, wanted=Wanted(most=10_000, day=day))
            assert found.whole
            return [each for each in found.entries if each.goes]

        return list(self.asked(work))

    def live_through(self, day: dt.date, *, begin: int = 0, last: int = 24) -> list[tuple[str, str]]:
        """What reaches the phones on a day."""
        came = []
        for hour in HOURS:
            if begin <= hour <= last:
                self.office.wait_until(day, hour, 1)
                if hour == 0:
                    self._night(day)
                came += self.office.texts()
        return came

    def _night(self, day: dt.date) -> None:
        """What the portal does by itself after midnight."""
        with self.office.session() as session:
            mark_overdue(session, on=day)
            follow_up(session, on=day)
            session.commit()

    def sent(self, day: dt.date) -> list[Message]:
        """What the plugin's own book has of a day."""
        begins = dt.datetime.combine(day, dt.time(), tzinfo=SEAT)
        query = (
            sa.select(Message)
            .join(Attempt, Attempt.message_id == Message.id)
            .where(Attempt.departed_at >= begins, Attempt.departed_at < begins + dt.timedelta(days=1))
        )
        return list(self.asked(lambda session, now: session.scalars(query).all()))

    def told(self, record: RecordRef, trigger: str | None) -> Told:
        """How the page of explanations accounts for a record and a trigger."""
        question = Question(record=record, trigger=trigger)
        told: Told = self.asked(lambda session, now: answer(session, question, state=self.state, now=now, most=20))
        return told

    def overnight(self, foreseen: Sequence[Expected]) -> None:
        """Somebody pays, a date is moved, an invoice is deleted, a number opts out: each of somebody else."""
        often = Counter(each.number for each in foreseen)
        found = {each.number: each for each in foreseen if each.trigger in CHARGES and often[each.number] < 3}
        paid, moved, deleted, opted = list(found.values())[:4]
        self.fates = dict(
            zip((*(f"{each.record}" for each in (paid, moved, deleted)), f"{opted.number}"), SAYS, strict=True)
        )
        with self.office.session() as session:
            due = {
                each.record: session.get_one(Invoice, int(each.record or "")) for each in (paid, moved, deleted, opted)
            }
            left, client = due[paid.record].amount_due, due[opted.record].client_id
        form = {"invoice": f"{paid.record}", "amount": f"{left}", "method": "card", "paid_on": f"{today()}"}
        self.office.admin.send("/admin/payment/new/", **form)
        later = f"{today() + dt.timedelta(days=25)}"
        self.office.admin.send(f"/admin/invoice/edit/?id={moved.record}", description="", due_on=later)
        with self.office.session() as session:
            session.delete(session.get_one(Invoice, int(deleted.record or "")))
            session.commit()
        stop = {"number": f"{opted.number}", "ask": "stop:"}
        self.office.admin.send(f"/admin/client/sms/consent/?record={client}", **stop)


@pytest.fixture
def week(bare_file: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Week]:
    settings = {"SMS_QUIET_HOURS": "21-9", "SMS_DAILY_CAP": CAP}
    with opened(bare_file, tmp_path, monkeypatch, **settings) as office:
        office.wait_until(today() + dt.timedelta(days=1), 8)
        week = Week(office=office)
        _bill(office)
        office.switch_on(*AT_ONCE)
        with office.app.app_context(), Session(week.state.db.engine) as session, session.begin():
            prices = {"": "0.07", "351": "0.035", "55": "0.052"}
            session.execute(sa.update(Provider).values(currency="EUR", prices=prices))
            session.execute(sa.update(TriggerRow).where(TriggerRow.key == GATHERED).values(gathers=True))
        yield week


def _bill(office: Office) -> None:
    """Before the triggers are on, so that nobody hears of it yet: something falls due on each day, for one client more
    than the cap lets through; there are a birthday and a meeting, whatever day it is.
    """
    with office.session() as session:
        clients = session.scalars(sa.select(Client).order_by(Client.id)).all()
        for number in range(len(clients) * 2):
            due_on = today() + dt.timedelta(days=number % (DAYS + 4))
            issue_invoice(session, client=clients[number % len(clients)], total=Decimal(20 + number), due_on=due_on)
        for client in clients[1 :: DAYS + 4]:  # as many owe two that fall due on one day
            issue_invoice(session, client=client, total=Decimal(71), due_on=today() + dt.timedelta(days=1))
        duarte = next(each for each in clients if each.first_name == "Duarte")
        for total in (61, 62, 63, 64, 65):
            issue_invoice(session, client=duarte, total=Decimal(total), due_on=today() + dt.timedelta(days=4))
        birthday = today() + dt.timedelta(days=3)
        duarte.born_on, duarte.accepts_marketing = birthday.replace(year=1988), True
        starts_at = dt.datetime.combine(today() + dt.timedelta(days=2), dt.time(11))
        rui = session.scalars(sa.select(Staff).order_by(Staff.id)).first()
        session.add(Meeting(subject="Fibre", client=duarte, staff=[rui], starts_at=starts_at, remind_minutes=60))
        session.commit()


@pytest.mark.timeout(300)
@pytest.mark.one_database("sqlite", "the demo's own days; what they ask is tested on all of them in small")
def test_what_reaches_the_phones_tomorrow_was_forecast_but_for_what_happens_overnight(week: Week) -> None:
    first = today()
    week.live_through(first, begin=9)
    most: Counter[str | None] = Counter()
    triggers: set[str | None] = set()
    debts = 0
    for number in range(1, DAYS + 1):
        day = first + dt.timedelta(days=number)
        week.office.wait_until(day - dt.timedelta(days=1), EVENING.hour, EVENING.minute)
        foreseen = week.foreseen(day)
        if number % 2:
            week.overnight(foreseen)
        week.office.texts()
        # in the evening the next day has begun in the east: its messages are written then, or not yet
        came = week.live_through(day, last=18 if number % 2 else 24)
        sent = week.sent(day)
        assert Counter(came) == Counter((each.number, each.text) for each in sent), "the book is what the phones got"
        _compare(week, foreseen, sent)
        week.fates.clear()
        for_them = Counter(each.number for each in sent if each.trigger in CHARGES)
        most |= for_them
        triggers |= {each.trigger for each in sent}
        debts = max([debts, *(each.records for each in foreseen if each.trigger == GATHERED)])
    assert max(most.values()) == CAP, "somebody had more to hear on a day than the cap lets through"
    assert {*CHARGES, GATHERED, "birthday_greeting", "meeting_reminder"} < triggers
    assert debts > 1, "somebody was told of several debts at once"


def _compare(week: Week, foreseen: Sequence[Expected], sent: Sequence[Message]) -> None:
    """What was foreseen and what was sent are the same, and the page of explanations accounts for what is not."""
    expected, lived = {_said(each) for each in foreseen}, {_said(each) for each in sent}
    assert len(expected) == len(foreseen)
    for trigger, entity, record, *_ in lived - expected:
        told = week.told(RecordRef(entity=entity, key=record), trigger)
        assert {each.fired.kind for each in told.account.messages} & EVENTS, f"nothing foresaw {trigger} of {record}"
    met = set()
    for trigger, entity, record, number, *_ in expected - lived:
        fate = week.fates.get(number) or (week.fates.get(record) if trigger in CHARGES else None)
        assert fate, f"{trigger} of {record} was foreseen, and did not come"
        told = week.told(RecordRef(entity=entity, key=record), trigger)
        codes = {each.code for each in told.standings} | {each.message.reason for each in told.account.messages}
        assert codes & SAYS[fate], f"{trigger} of {record} was {fate}, and the page says {codes}"
        met.add(fate)
    assert met == set(week.fates.values())


def _said(each: Expected | Message) -> Said:
    text = each.text or ""
    return (each.trigger or "", each.entity or "", each.record or "", each.number or "", text, each.cost)
