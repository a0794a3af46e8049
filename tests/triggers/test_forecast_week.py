"""In a simulated week the forecast for tomorrow is what is sent tomorrow, but for what was paid, moved, deleted or
opted out overnight; and the explanation accounts for each difference (X4, X20).
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from dataclasses import dataclass, field
from decimal import Decimal

import pytest
import sqlalchemy as sa

from sms_plugin.gateways.contract import Outcome, Verdict
from sms_plugin.host.identity import RecordRef
from sms_plugin.models import Attempt, Message, Provider
from sms_plugin.people.consent import opt_out
from sms_plugin.triggers.answering import Question, answer
from sms_plugin.triggers.forecast import Wanted, forecast
from sms_plugin.triggers.lookahead import Look
from tests.outbox.steps import claim_some, depart_with, settle_with
from tests.portal import Client, Invoice, Portal, make_portal
from tests.triggers.sweeping import at, november, swept

TRIGGERS = ("charge_due_soon", "charge_due_today", "invoice_overdue_notice", "birthday_greeting")
ZONES = (None, "America/Sao_Paulo", "Asia/Tokyo", "Pacific/Auckland", "Atlantic/Azores")
DAYS = range(16, 23)
#: A message, as somebody sees it: the record, the number, the text and what it costs.
Said = tuple[str, str, str, Decimal | None]


@dataclass(kw_only=True)
class Week:
    """A portal that lives through a week, an hour at a time."""

    portal: Portal
    clients: list[Client]
    invoices: list[Invoice]
    changed: dict[str, str] = field(default_factory=dict)  #: what happened overnight to which record

    def foreseen(self, day: int) -> set[Said]:
        """What the evening before says of a day."""
        now = at(day - 1, 23)
        with self.portal.fresh() as session:
            wanted = Wanted(most=10_000, day=november(day))
            found = forecast(session, Look(days=2), state=self.portal.state, now=now, wanted=wanted)
        assert found.whole
        return {
            (f"{each.trigger} {each.record}", each.number or "", each.text, each.cost)
            for each in found.entries
            if each.goes
        }

    def live_through(self, day: int) -> set[Said]:
        """What is sent on a day."""
        moment, end = at(day, 0), at(day + 1, 0)
        while moment < end:
            swept(self.portal, moment)
            gone = depart_with(self.portal, claim_some(self.portal, at=moment).messages, at=moment)
            for each in gone:
                settle_with(self.portal, each, Verdict(outcome=Outcome.ACCEPTED), at=moment)
            moment += dt.timedelta(hours=1)
        with self.portal.fresh() as session:
            rows = session.execute(
                sa.select(Message.trigger, Message.record, Message.number, Message.text, Message.cost)
                .join(Attempt, Attempt.message_id == Message.id)
                .where(Attempt.departed_at >= at(day, 0), Attempt.departed_at < end)
            ).all()
        return {(f"{row.trigger} {row.record}", row.number, row.text, row.cost) for row in rows}

    def overnight(self, day: int) -> None:
        """Somebody pays, a date is moved, a record is deleted, a number opts out: each of one that falls due."""
        self.changed.clear()
        due = [each for each in self.invoices if each.due_on == november(day) and each.status == "open"]
        paid, moved, deleted, opted = due[:4]
        self.changed |= {f"{paid.id}": "paid", f"{moved.id}": "moved", f"{deleted.id}": "deleted"}
        paid.status = "paid"
        moved.due_on = november(day) + dt.timedelta(days=10)
        self.invoices.remove(deleted)
        self.portal.session.delete(deleted)
        self.portal.session.commit()
        assert opted.client is not None
        number = f"+351{str(opted.client.phone).replace(' ', '')}"
        with self.portal.fresh() as session, session.begin():
            opt_out(session, number, source="reply", now=at(day - 1, 23, 30))
        self.changed |= {f"{each.id}": "opted out" for each in self.invoices if each.client is opted.client}

    def why(self, record: str, trigger: str, *, day: int) -> set[str]:
        """How the explanation accounts for a record."""
        question = Question(record=RecordRef(entity="invoice/Invoice", key=record), trigger=trigger)
        with self.portal.fresh() as session:
            told = answer(session, question, state=self.portal.state, now=at(day, 23), most=20)
        return {each.code for each in told.standings} | {each.message.reason for each in told.account.messages}


@pytest.fixture
def week(database_url: str) -> Iterator[Week]:
    portal = make_portal(database_url, SMS_QUIET_HOURS="21-9", SMS_DAILY_CAP=3)
    with portal.app.app_context():
        portal.use_kind("console", {}, name="console")
        with portal.fresh() as session, session.begin():
            session.execute(sa.update(Provider).values(currency="EUR", prices={"": "0.05", "351": "0.035"}))
        text = "{contact_firstname}: {invoice_number}, {invoice_total}"
        portal.switch_on(*TRIGGERS[:3], text=text, since=at(10, 0))
        portal.switch_on("birthday_greeting", text="{contact_firstname}! {optout_link}", since=at(10, 0))
        clients = [
            Client(
                name=f"Client {n}",
                phone=f"91{n % 3} 000 {n:03}",
                language="en",
                timezone=ZONES[n % len(ZONES)],
                born_on=dt.date(1980, 11, 14 + n % 12),
            )
            for n in range(20)
        ]
        invoices = [
            Invoice(client=clients[n % 20], number=f"F{n}", total=n, due_on=november(12 + n % 16)) for n in range(96)
        ]
        portal.session.add_all([*clients, *invoices])
        portal.session.commit()
        yield Week(portal=portal, clients=clients, invoices=invoices)
        portal.db.session.remove()
        portal.db.engine.dispose()


@pytest.mark.timeout(300)
@pytest.mark.one_database("sqlite", "a week of hours is long; what it asks is tested on all of them in small")
def test_the_forecast_for_tomorrow_is_what_is_sent_tomorrow_but_for_what_happens_overnight(week: Week) -> None:
    week.live_through(DAYS[0] - 1)
    sent_in_all = 0
    for day in DAYS:
        foreseen = week.foreseen(day)
        overnight = day % 2 == 0
        if overnight:
            week.overnight(day)
        sent = week.live_through(day)
        sent_in_all += len(sent)
        if not overnight:
            assert sent == foreseen, f"November {day}"
            continue
        assert not sent - foreseen, f"November {day}"
        missing = foreseen - sent
        assert {week.changed[said[0].split()[1]] for said in missing} == set(week.changed.values()), f"November {day}"
        for about, *_ in missing:
            trigger, record = about.split()
            codes, what = week.why(record, trigger, day=day), week.changed[record]
            expected = {
                "paid": {"not_true", "no_longer_true"},
                "moved": {"would_go", "no_longer_true", "missed"},
                "deleted": {"no_longer_true", "no_record"},
                "opted out": {"opted_out"},
            }[what]
            assert codes & expected, f"November {day}: {about} was {what}, and the page says {codes}"
    assert sent_in_all > 60
