"""Date hooks: what is due is found once, in pages, across crashes, pauses and changes of the clocks (T13, T22)."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from threading import Barrier, Thread

import pytest
import sqlalchemy as sa
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session

from sms_plugin import Entity, Hook, Person, before
from sms_plugin import at as at_time
from sms_plugin.models import Mark, Message, TriggerRow
from sms_plugin.outbox.claim import claim
from sms_plugin.triggers import dues
from sms_plugin.triggers.marks import mark_of
from sms_plugin.triggers.sweep import sweep
from tests.collecting import looks
from tests.portal import Booking, Client, Invoice, Portal, make_portal
from tests.triggers.sweeping import at, due, going, moments, november, swept, texted

#: Records of a page, in the tests of pages.
PAGE = 20


@pytest.fixture
def office(sending: Portal) -> Portal:
    """A portal that has texted of invoices that fall due today since the first of the month."""
    sending.switch_on("charge_due_today", since=at(1, 12))
    return sending


@pytest.fixture
def eager(office: Portal) -> Portal:
    """One that reminds before and after, too."""
    office.switch_on("charge_due_soon", "invoice_overdue_notice", since=at(1, 12))
    return office


def _change(portal: Portal, trigger: str, **values: object) -> None:
    with portal.fresh() as session, session.begin():
        session.execute(sa.update(TriggerRow).where(TriggerRow.key == trigger).values(**values))


def _mark(portal: Portal, trigger: str) -> Mark:
    with portal.fresh() as session:
        found = session.scalars(sa.select(Mark).where(Mark.trigger == trigger)).one()
        session.expunge_all()
        return found


def test_each_step_fires_on_its_day_at_the_hour(eager: Portal, ana: Client) -> None:
    """T22 three days before, T23 on the day, T1 the day after; at ten unless the admin says otherwise."""
    due(eager, ana, november(13))
    for day in (10, 13, 14):
        swept(eager, at(day, 9, 59))
    assert [(message.trigger, message.due_at) for message in eager.messages()] == [
        ("charge_due_soon", at(10, 10)),
        ("charge_due_today", at(13, 10)),
        ("invoice_overdue_notice", at(14, 10)),
    ]


def test_a_second_sweep_of_the_same_time_writes_nothing(office: Portal, ana: Client) -> None:
    due(office, ana, november(13))
    swept(office, at(13, 10))
    assert swept(office, at(13, 10, 1)) == []
    assert len(office.messages()) == 1


def test_only_rows_that_fit_the_condition_are_due(office: Portal, ana: Client) -> None:
    open_, paid = due(office, ana, november(13), november(13))
    paid.status = "paid"
    office.session.commit()
    swept(office, at(13, 10))
    assert texted(office) == [("charge_due_today", str(open_.id), "queued")]


def test_a_row_without_a_date_is_never_due(office: Portal, ana: Client) -> None:
    due(office, ana, None)
    swept(office, at(13, 10))
    assert texted(office) == []


def test_an_hour_of_the_admins_choice_counts(office: Portal, ana: Client) -> None:
    _change(office, "charge_due_today", hour=18)
    due(office, ana, november(13))
    swept(office, at(13, 12))
    assert [message.due_at for message in office.messages()] == [at(13, 18)]


def test_a_record_entered_after_its_hour_is_not_forgotten(office: Portal, ana: Client) -> None:
    """Within a validity of it: the window looks back."""
    swept(office, at(13, 12))
    due(office, ana, november(13))
    swept(office, at(13, 12, 1))
    assert texted(office) == [("charge_due_today", "1", "queued")]


def test_downtime_is_caught_up_and_what_is_too_late_is_expired(eager: Portal, ana: Client) -> None:
    """An old reminder is dropped, not sent late, and its row says so (X6)."""
    due(eager, ana, november(12), november(14))
    swept(eager, at(7, 8))
    swept(eager, at(14, 11))
    assert going(eager, at(14, 11)) == [
        ("charge_due_soon", "1", "expired"),
        ("charge_due_soon", "2", "expired"),
        ("charge_due_today", "1", "expired"),
        ("charge_due_today", "2", "queued"),
        ("invoice_overdue_notice", "1", "expired"),
    ]
    assert {message.reason for message in eager.messages()} == {"", "too_late"}


def test_a_reminder_of_what_lies_ahead_ends_with_it(office: Portal, ana: Client) -> None:
    _change(office, "charge_due_today", validity_hours=48)
    due(office, ana, november(13))
    swept(office, at(13, 10))
    assert [message.expires_at for message in office.messages()] == [at(14, 0)]


def test_nothing_from_before_the_trigger_was_switched_on_is_texted(office: Portal, ana: Client) -> None:
    """X5: an old backlog is never texted."""
    office.switch_on("charge_due_today", since=at(13, 10, 30))
    due(office, ana, november(12), november(13), november(14))
    swept(office, at(13, 11))
    assert texted(office) == []
    swept(office, at(14, 10))
    assert texted(office) == [("charge_due_today", "3", "queued")]


def test_what_fell_due_while_the_trigger_was_off_is_not_texted(office: Portal, ana: Client) -> None:
    due(office, ana, november(12), november(13), november(14))
    swept(office, at(12, 10))
    office.switch_off("charge_due_today")
    swept(office, at(13, 10))
    office.switch_on("charge_due_today", since=at(13, 15))
    swept(office, at(14, 10))
    assert [record for _, record, _ in texted(office)] == ["1", "3"]


def test_a_moved_due_date_reminds_again(office: Portal, ana: Client) -> None:
    (invoice,) = due(office, ana, november(13))
    swept(office, at(13, 10))
    invoice.due_on = november(16)
    office.session.commit()
    swept(office, at(13, 10, 30))
    swept(office, at(16, 10))
    assert texted(office) == [("charge_due_today", "1", "queued")] * 2
    assert moments(office) == ["2026-11-13", "2026-11-16"]


def test_a_message_of_the_old_date_is_dropped_at_the_claim(office: Portal, ana: Client) -> None:
    """Promise 4."""
    (invoice,) = due(office, ana, november(13))
    swept(office, at(13, 10))
    invoice.due_on = november(20)
    office.session.commit()
    with office.fresh() as session, session.begin():
        claimed = claim(
            session,
            state=office.state,
            provider_id=office.provider("console").id,
            want=10,
            now=at(13, 11),
            lease=dt.timedelta(minutes=1),
        )
    assert claimed.messages == ()
    assert [(message.state, message.reason) for message in office.messages()] == [("suppressed", "no_longer_true")]


def test_a_person_without_a_number_is_told_of_once(office: Portal) -> None:
    client = Client(name="Nobody")
    due(office, client, november(13))
    swept(office, at(13, 10))
    swept(office, at(13, 11))
    assert [(message.state, message.reason) for message in office.messages()] == [("suppressed", "no_number")]


class TestPages:
    """Many due rows go in pages, each in a transaction of its own."""

    @pytest.fixture(autouse=True)
    def small(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(dues, "page_size", lambda session: PAGE)

    @pytest.fixture
    def many(self, office: Portal, ana: Client) -> int:
        due(office, ana, *[november(13)] * (2 * PAGE + 7))
        return 2 * PAGE + 7

    def test_every_row_is_texted_once(self, office: Portal, many: int) -> None:
        assert [page.messages for page in swept(office, at(13, 10))] == [PAGE, PAGE, 7]
        assert len({message.record for message in office.messages()}) == many

    def test_the_collector_looks_at_what_is_young_after_each_page(self, office: Portal, many: int) -> None:
        """Issue Triggers, speed: in the midst of a page it would take the page's records for lasting."""
        with looks() as told:
            pages = swept(office, at(13, 12))
        assert told == [1] * len(pages) == [1] * 3

    def test_a_whole_last_page_ends_the_sweep(self, office: Portal, ana: Client) -> None:
        due(office, ana, *[november(13)] * PAGE)
        assert [page.messages for page in swept(office, at(13, 10))] == [PAGE]
        assert _mark(office, "charge_due_today").swept_until == at(13, 10)

    def test_an_interrupted_sweep_goes_on_at_its_cursor(self, office: Portal, many: int) -> None:
        @contextmanager
        def breaking() -> Iterator[Session]:
            with office.fresh() as session, session.begin():
                yield session
                if session.scalar(sa.select(sa.func.count()).select_from(Message)) == 2 * PAGE:
                    raise ConnectionError

        with pytest.raises(ConnectionError):
            list(sweep(breaking, state=office.state, now=at(13, 10)))
        assert len(office.messages()) == PAGE
        mark = _mark(office, "charge_due_today")
        assert (mark.cursor, mark.sweeping_until) == (f'["2026-11-13", "{PAGE}"]', at(13, 10))
        assert [page.records for page in swept(office, at(13, 10, 5))] == [PAGE, 7]
        assert len(office.messages()) == many
        assert _mark(office, "charge_due_today").swept_until == at(13, 10, 5)

    def test_where_another_sweep_has_moved_the_mark_meanwhile_its_word_stands(self, office: Portal, many: int) -> None:
        """A page that comes late must not set it back into a window that is done."""
        [hook] = office.state.registry.hooks_of("charge_due_today")
        with office.fresh() as session, session.begin():
            place = mark_of(session, hook, "on", begins=at(1, 12))
        assert place is not None
        swept(office, at(13, 10))
        late = replace(place, sweeping_until=at(13, 9), cursor="late")
        with office.fresh() as session, session.begin():
            late.keep(session)
        mark = _mark(office, "charge_due_today")
        assert (mark.swept_until, mark.sweeping_until, mark.cursor) == (at(13, 10), None, None)

    def test_two_sweeps_at_once_write_each_message_once(self, office: Portal, many: int) -> None:
        barrier = Barrier(2)
        failures: list[Exception] = []

        def run() -> None:
            with office.app.app_context():
                barrier.wait()
                try:
                    swept(office, at(13, 10))
                except SQLAlchemyError as error:
                    failures.append(error)

        threads = [Thread(target=run) for _ in range(2)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert failures == []
        assert len(office.messages()) == len({message.record for message in office.messages()}) == many


def test_one_broken_hook_does_not_keep_the_others_from_firing(database_url: str) -> None:
    broken = sa.func.no_such_function(Invoice.id) == 1
    portal = make_portal(
        database_url,
        Entity(Client, "clients", person=Person(name="name", phones="phone")),
        Entity(
            Invoice,
            "invoice",
            to={"client": "client"},
            hooks=[
                Hook("charge_due_soon", before(Invoice.due_on, days=3), only=broken),
                Hook("charge_due_today", before(Invoice.due_on, days=1)),
            ],
        ),
    )
    with portal.app.app_context():
        portal.switch_on("charge_due_soon", "charge_due_today", text="due", since=at(1, 12))
        due(portal, Client(name="Rui", phone="912345678"), november(13), november(11))
        with pytest.raises(sa.exc.DBAPIError):
            swept(portal, at(10, 10))
        assert texted(portal) == [("charge_due_today", "2", "suppressed")]
        portal.db.session.remove()
        portal.db.engine.dispose()


class TestHours:
    """A time of day: hours before it count to the minute."""

    @pytest.fixture
    def salon(self, sending: Portal) -> Portal:
        sending.switch_on("seat_soon", since=at(1, 12))
        return sending

    def _book(self, portal: Portal, starts_at: dt.datetime) -> None:
        portal.session.add(Booking(guest="Rui", guest_phone="912345678", starts_at=starts_at))
        portal.session.commit()

    def test_a_naive_time_is_read_in_the_portals_zone(self, salon: Portal) -> None:
        self._book(salon, dt.datetime(2026, 11, 13, 15, 30))
        swept(salon, at(13, 13, 29))
        assert texted(salon) == []
        swept(salon, at(13, 13, 30))
        assert [message.expires_at for message in salon.messages()] == [at(13, 15, 30)]

    def test_what_has_begun_is_not_reminded_of(self, salon: Portal) -> None:
        self._book(salon, dt.datetime(2026, 11, 13, 15, 30))
        swept(salon, at(13, 12))
        swept(salon, at(13, 16))
        assert [message.state for message in salon.messages()] == ["expired"]

    def test_in_the_hour_that_comes_twice_it_fires_once_at_the_first(self, salon: Portal) -> None:
        """The clocks of Lisbon go back on 25 October 2026 at 02:00; 03:30 minus two hours is 02:30 of summer."""
        salon.switch_on("seat_soon", since=at(1, 12, month=10))
        self._book(salon, dt.datetime(2026, 10, 25, 3, 30))
        swept(salon, dt.datetime(2026, 10, 25, 1, 29, tzinfo=dt.UTC))
        assert texted(salon) == []
        swept(salon, dt.datetime(2026, 10, 25, 1, 30, tzinfo=dt.UTC))
        swept(salon, dt.datetime(2026, 10, 25, 2, 30, tzinfo=dt.UTC))
        assert len(salon.messages()) == 1

    def test_a_time_inside_the_hour_that_comes_twice_is_its_first(self, salon: Portal) -> None:
        salon.switch_on("seat_soon", since=at(1, 12, month=10))
        self._book(salon, dt.datetime(2026, 10, 25, 1, 30))
        swept(salon, dt.datetime(2026, 10, 24, 22, 29, tzinfo=dt.UTC))
        assert texted(salon) == []
        swept(salon, dt.datetime(2026, 10, 24, 22, 30, tzinfo=dt.UTC))
        assert len(salon.messages()) == 1

    def test_a_time_in_the_hour_that_is_skipped_is_not_reminded_of_early(self, salon: Portal) -> None:
        """01:30 of 29 March 2026 does not exist in Lisbon: it is the 02:30 after the gap, 01:30 by UTC."""
        salon.switch_on("seat_soon", since=at(1, 12, month=3))
        self._book(salon, dt.datetime(2026, 3, 29, 1, 30))
        swept(salon, dt.datetime(2026, 3, 28, 23, 29, tzinfo=dt.UTC))
        assert texted(salon) == []
        swept(salon, dt.datetime(2026, 3, 28, 23, 30, tzinfo=dt.UTC))
        assert len(salon.messages()) == 1


def test_the_hour_of_day_follows_the_clocks_through_the_year(office: Portal, ana: Client) -> None:
    """Ten in Lisbon is nine by UTC in summer, ten in winter."""
    office.switch_on("charge_due_today", since=at(1, 12, month=10))
    due(office, ana, dt.date(2026, 10, 24), dt.date(2026, 10, 26))
    for day in (24, 26):
        swept(office, dt.datetime(2026, 10, day, 8, tzinfo=dt.UTC))
    assert [message.due_at for message in office.messages()] == [
        dt.datetime(2026, 10, 24, 9, tzinfo=dt.UTC),
        dt.datetime(2026, 10, 26, 10, tzinfo=dt.UTC),
    ]


def test_the_day_is_the_portals_own(database_url: str) -> None:
    """Ten in São Paulo is one in the afternoon by UTC."""
    portal = make_portal(database_url, SMS_TIMEZONE="America/Sao_Paulo")
    with portal.app.app_context():
        portal.switch_on("charge_due_today", since=at(1, 12))
        due(portal, Client(name="Rui", phone="912345678"), november(13))
        swept(portal, dt.datetime(2026, 11, 13, 12, 59, tzinfo=dt.UTC))
        assert [message.due_at for message in portal.messages()] == [dt.datetime(2026, 11, 13, 13, tzinfo=dt.UTC)]
        portal.db.session.remove()
        portal.db.engine.dispose()


class TestBirthdays:
    """T13: person and year, 29 February included."""

    @pytest.fixture
    def shop(self, sending: Portal) -> Portal:
        sending.switch_on("birthday_greeting", since=at(1, 12, month=1))
        return sending

    def _born(self, portal: Portal, day: dt.date, *, agrees: bool | None = None) -> None:
        client = Client(name="Eva", phone="912345678", born_on=day, agrees_to_marketing=agrees)
        portal.session.add(client)
        portal.session.commit()

    def test_a_birthday_comes_once_a_year(self, shop: Portal) -> None:
        self._born(shop, dt.date(1990, 11, 13))
        swept(shop, at(13, 10))
        swept(shop, at(13, 20))
        swept(shop, at(14, 10))
        assert moments(shop) == ["2026"]
        swept(shop, at(13, 10, year=2027))
        assert moments(shop) == ["2026", "2027"]

    def test_29_february_is_the_28th_in_other_years(self, shop: Portal) -> None:
        self._born(shop, dt.date(1992, 2, 29))
        swept(shop, at(28, 10, month=2))
        assert moments(shop) == ["2026"]

    def test_29_february_is_itself_in_leap_years(self, shop: Portal) -> None:
        self._born(shop, dt.date(1992, 2, 29))
        swept(shop, at(27, 10, month=2, year=2028))
        swept(shop, at(28, 10, month=2, year=2028))
        assert "2028" not in moments(shop)
        swept(shop, at(29, 10, month=2, year=2028))
        assert "2028" in moments(shop)

    def test_one_who_said_no_to_marketing_is_not_greeted(self, shop: Portal) -> None:
        """Promise 8."""
        self._born(shop, dt.date(1990, 11, 13), agrees=False)
        swept(shop, at(13, 10))
        assert [(message.state, message.reason) for message in shop.messages()] == [("suppressed", "no_consent")]


@pytest.mark.parametrize("steps", [[], [{"when": "on", "days": None, "hours": None, "texts": {}, "since": None}]])
def test_a_reminder_at_a_time_fires_to_the_minute_and_is_worth_its_validity(
    database_url: str, steps: list[dict[str, object]]
) -> None:
    """T8: it tells of what is here, and is not overtaken by it. An admin's list of steps keeps it as it is."""
    person = Person[Booking](name="guest", phones="guest_phone")
    hook = Hook[Booking]("booking_reminder", at_time(Booking.starts_at))
    portal = make_portal(database_url, Entity(Booking, "booking", to={"client": person}, hooks=[hook]))
    with portal.app.app_context():
        portal.use_kind("console", {}, name="console")
        portal.switch_on("booking_reminder", text="now", since=at(1, 12))
        _change(portal, "booking_reminder", steps=steps)
        portal.session.add(Booking(guest="Rui", guest_phone="912345678", starts_at=dt.datetime(2026, 11, 13, 3, 7)))
        portal.session.commit()
        swept(portal, at(13, 3, 6))
        assert portal.messages() == []
        swept(portal, at(13, 3, 7))
        assert [each.expires_at for each in portal.messages()] == [at(14, 3, 7)]
        portal.db.session.remove()
        portal.db.engine.dispose()
