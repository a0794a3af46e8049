"""A notice that no commit follows is not lost quietly, and no error of ours reaches the host's commit."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal

import pytest
import sqlalchemy as sa

from sms_plugin import ConfigurationError, SmsError
from sms_plugin.outbox.tallies import totals
from sms_plugin.triggers.noticing import FAILED, LOST
from tests.portal import Client, Invoice, Payment, Portal, make_portal, payment_recorded
from tests.portal.app import declarations


@pytest.fixture
def paying(sending: Portal, ana: Client) -> Portal:
    """A portal with one payment, committed, that nobody was told of."""
    sending.switch_on("invoice_payment_recorded", "charge_created")
    sending.session.add(Payment(invoice=Invoice(client=ana, status="paid"), amount=Decimal(5)))
    sending.session.commit()
    return sending


def _payment(portal: Portal) -> Payment:
    return portal.session.scalars(sa.select(Payment)).one()


def _totals(portal: Portal) -> dict[str, int]:
    with portal.fresh() as session:
        return {name: amount for name, amount in totals(session).items() if not name.startswith("state:")}


def test_a_signal_sent_after_the_commit_is_counted_logged_and_raises_under_testing(
    paying: Portal, caplog: pytest.LogCaptureFixture
) -> None:
    payment_recorded.send(paying.app, payment=_payment(paying))
    with pytest.raises(ConfigurationError, match="nobody committed") as raised:
        paying.db.session.remove()
    assert raised.value.code == "lost_notice"
    assert "before the commit" in raised.value.hint
    assert "1 SMS notice(s) of invoice_payment_recorded" in caplog.text
    assert _totals(paying) == {LOST: 1}
    assert paying.messages() == []


def test_outside_testing_it_is_counted_and_does_not_raise(database_url: str) -> None:
    portal = make_portal(database_url, TESTING=False)
    with portal.app.app_context():
        portal.session.add(Payment(invoice=Invoice(), amount=Decimal(5)))
        portal.session.commit()
        payment_recorded.send(portal.app, payment=_payment(portal))
        portal.db.session.remove()
        assert _totals(portal) == {LOST: 1}
        portal.db.engine.dispose()


def test_a_fire_that_nobody_commits_is_lost_too(paying: Portal) -> None:
    paying.sms.fire("invoice_payment_recorded", _payment(paying))
    with pytest.raises(ConfigurationError):
        paying.db.session.remove()
    assert _totals(paying) == {LOST: 1}


def test_one_in_a_savepoint_that_nobody_ended_is_lost_too(paying: Portal) -> None:
    payment = _payment(paying)
    paying.session.begin_nested()
    payment_recorded.send(paying.app, payment=payment)
    with pytest.raises(ConfigurationError):
        paying.db.session.remove()
    assert _totals(paying) == {LOST: 1}


def test_a_rolled_back_savepoint_does_not_hide_a_notice_outside_it(paying: Portal) -> None:
    payment = _payment(paying)
    paying.session.begin_nested().rollback()
    payment_recorded.send(paying.app, payment=payment)
    with pytest.raises(ConfigurationError):
        paying.db.session.remove()
    assert _totals(paying) == {LOST: 1}


def test_an_explicit_rollback_is_silent(paying: Portal) -> None:
    payment_recorded.send(paying.app, payment=_payment(paying))
    paying.session.rollback()
    paying.db.session.remove()
    assert _totals(paying) == {}


def test_a_notice_in_a_rolled_back_savepoint_is_silent(paying: Portal) -> None:
    payment = _payment(paying)
    savepoint = paying.session.begin_nested()
    payment_recorded.send(paying.app, payment=payment)
    savepoint.rollback()
    paying.db.session.remove()
    assert _totals(paying) == {}


def test_changes_of_records_that_are_never_committed_are_silent(paying: Portal, ana: Client) -> None:
    """SQLAlchemy itself drops them: the host never meant them."""
    paying.session.add(Invoice(client_id=ana.id))
    paying.session.flush()
    paying.db.session.remove()
    assert _totals(paying) == {}


def test_a_signal_without_its_record_is_refused_where_it_is_sent(paying: Portal) -> None:
    with pytest.raises(SmsError, match="without a Payment as 'payment'") as raised:
        payment_recorded.send(paying.app, invoice=Invoice())
    assert raised.value.code == "bad_signal"
    assert "payment=the_record" in raised.value.hint


@pytest.mark.parametrize("table", ["sms_trigger", "sms_message"])
def test_a_decision_that_fails_leaves_the_hosts_commit_alone(
    paying: Portal, ana: Client, caplog: pytest.LogCaptureFixture, table: str
) -> None:
    """The plugin's tables are not all there; the host does not notice, the staff does."""
    with paying.db.engine.begin() as connection:
        connection.execute(sa.text(f"ALTER TABLE {table} RENAME TO gone"))
    paying.session.add(Invoice(client=ana, number="kept"))
    ana.name = "Ana Maria"
    paying.session.commit()
    assert paying.session.scalars(sa.select(Invoice.number).order_by(Invoice.id)).all() == ["F1", "kept"]
    assert paying.session.scalars(sa.select(Client.name)).all() == ["Ana Maria"]
    assert "an SMS decision failed" in caplog.text
    assert "912345678" not in caplog.text.replace(" ", "")
    assert _totals(paying) == {FAILED: 1}


def test_without_any_of_the_plugins_tables_the_host_goes_on(
    empty_database_url: str, caplog: pytest.LogCaptureFixture
) -> None:
    portal = make_portal(empty_database_url, tables=False)
    with portal.app.app_context():
        portal.db.create_all()
        portal.session.add(Invoice(client=Client(name="Rui", phone="912345678")))
        portal.session.commit()
        assert len(portal.session.scalars(sa.select(Invoice)).all()) == 1
        assert "could not be counted" in caplog.text
        portal.db.session.remove()
        portal.db.engine.dispose()


@pytest.fixture
def mistaken(database_url: str) -> Iterator[Portal]:
    """A portal whose declarations have a mistake."""
    portal = make_portal(database_url, *declarations(), *declarations())
    with portal.app.app_context():
        yield portal
        portal.db.session.remove()
        portal.db.engine.dispose()


def test_with_mistaken_declarations_the_host_goes_on(mistaken: Portal, caplog: pytest.LogCaptureFixture) -> None:
    mistaken.session.add(Invoice(client=Client(name="Rui", phone="912345678")))
    mistaken.session.commit()
    assert len(mistaken.session.scalars(sa.select(Invoice)).all()) == 1
    assert "an SMS decision failed" in caplog.text
    assert _totals(mistaken) == {FAILED: 1}
