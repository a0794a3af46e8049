"""An import that texts nobody: ``with sms.muted():`` (X5)."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from threading import Thread

import pytest

from sms_plugin.errors import ConfigurationError, SmsError
from sms_plugin.outbox.tallies import totals
from sms_plugin.triggers.muting import MUTED, is_muted, muted
from tests.portal import Booking, Client, Invoice, Payment, Portal, Staff, Task
from tests.portal.models import payment_recorded

DUE = dt.date(2026, 12, 1)


def _triggers(portal: Portal) -> list[str | None]:
    return [message.trigger for message in portal.messages()]


def _muted(portal: Portal) -> int:
    with portal.fresh() as session:
        return totals(session).get(MUTED, 0)


def _invoice(client: Client, number: str = "F1") -> Invoice:
    return Invoice(client=client, number=number, due_on=DUE)


def test_what_is_imported_fires_nothing_and_is_counted(sending: Portal, ana: Client) -> None:
    sending.switch_on("charge_created")
    with sending.sms.muted():
        sending.session.add_all([_invoice(ana, f"F{number}") for number in range(3)])
        sending.session.commit()
    assert (_triggers(sending), _muted(sending)) == ([], 3)


def test_what_was_changed_inside_stays_silent_although_it_commits_outside(sending: Portal, ana: Client) -> None:
    """The block flushes at its end: the flush of a later commit would have noticed it outside."""
    sending.switch_on("charge_created")
    with sending.sms.muted():
        sending.session.add(_invoice(ana))
    sending.session.commit()
    assert (_triggers(sending), _muted(sending)) == ([], 1)


def test_what_was_changed_before_the_block_fires_although_it_commits_inside(sending: Portal, ana: Client) -> None:
    sending.switch_on("charge_created")
    sending.session.add(_invoice(ana, "before"))
    with sending.sms.muted():
        sending.session.add(_invoice(ana, "inside"))
        sending.session.commit()
    assert (_triggers(sending), _muted(sending)) == (["charge_created"], 1)


def test_changes_members_signals_and_hands_are_muted_alike(sending: Portal, ana: Client) -> None:
    """Decided: what is fired by hand inside is muted as well, for the portal's own functions fire on their way."""
    triggers = ("seat_confirmed", "task_followed", "invoice_payment_recorded", "invoice_overdue_notice")
    sending.switch_on(*triggers)
    booking = Booking(guest="Rui", guest_phone="+351912000001")
    task = Task(name="Call")
    invoice = _invoice(ana)
    staff = Staff(name="Eva", phone="+351912000002")
    sending.session.add_all([booking, task, invoice, staff])
    sending.session.commit()
    with sending.sms.muted():
        booking.confirmed = True
        task.followers.append(staff)
        payment = Payment(invoice=invoice, amount=Decimal(5))
        sending.session.add(payment)
        sending.session.flush()
        payment_recorded.send(sending.app, payment=payment)
        sending.sms.fire("invoice_overdue_notice", invoice)
    sending.session.commit()
    assert (_triggers(sending), _muted(sending)) == ([], 4)


def test_a_wrong_call_is_told_inside_too(sending: Portal, ana: Client) -> None:
    with sending.sms.muted(), pytest.raises(SmsError, match="no trigger"):
        sending.sms.fire("no_such_trigger", ana)


def test_what_the_host_sends_by_itself_goes(sending: Portal) -> None:
    with sending.sms.muted():
        sending.sms.send(to="912 345 678", text="Imported.")
        sending.session.commit()
    assert [message.text for message in sending.messages()] == ["Imported."]


def test_only_triggers_that_are_on_are_counted(sending: Portal, ana: Client) -> None:
    with sending.sms.muted():
        sending.session.add(_invoice(ana))
        sending.session.commit()
    assert _muted(sending) == 0


def test_a_value_that_was_entered_in_silence_does_not_fire_by_what_was_noticed_before(sending: Portal) -> None:
    sending.switch_on("seat_confirmed")
    booking = Booking(guest="Rui", guest_phone="+351912000001")
    sending.session.add(booking)
    sending.session.commit()
    booking.confirmed = True
    sending.session.flush()
    booking.confirmed = False
    with sending.sms.muted():
        booking.confirmed = True
    sending.session.commit()
    assert _triggers(sending) == []


def test_a_value_that_was_left_in_silence_can_be_entered_again(sending: Portal) -> None:
    sending.switch_on("seat_confirmed")
    booking = Booking(guest="Rui", guest_phone="+351912000001", confirmed=True)
    with sending.sms.muted():
        sending.session.add(booking)
        sending.session.flush()
        booking.confirmed = False
    booking.confirmed = True
    sending.session.commit()
    assert _triggers(sending) == ["seat_confirmed"]


def test_a_rolled_back_savepoint_takes_its_count_along(sending: Portal, ana: Client) -> None:
    sending.switch_on("charge_created")
    with sending.sms.muted():
        sending.session.add(_invoice(ana, "kept"))
        sending.session.flush()
        inner = sending.session.begin_nested()
        sending.session.add(_invoice(ana, "undone"))
        sending.session.flush()
        inner.rollback()
        with sending.session.begin_nested():
            sending.session.add(_invoice(ana, "kept too"))
        sending.session.commit()
    assert _muted(sending) == 2


def test_a_rolled_back_import_counts_nothing(sending: Portal, ana: Client) -> None:
    sending.switch_on("charge_created")
    with sending.sms.muted():
        sending.session.add(_invoice(ana))
        sending.session.flush()
        sending.session.rollback()
        sending.session.commit()
    assert _muted(sending) == 0


def test_blocks_stand_in_one_another_and_end_with_an_error(sending: Portal, ana: Client) -> None:
    sending.switch_on("charge_created")

    def broken() -> None:
        with sending.sms.muted():
            with sending.sms.muted():
                pass
            assert is_muted()
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        broken()
    assert not is_muted()
    sending.session.add(_invoice(ana))
    sending.session.commit()
    assert _triggers(sending) == ["charge_created"]


def test_another_thread_fires_meanwhile() -> None:
    seen: list[bool] = []
    with muted():
        other = Thread(target=lambda: seen.append(is_muted()))
        other.start()
        other.join()
    assert seen == [False]


def test_an_import_outside_of_the_portal_is_told_so(sending: Portal) -> None:
    """Bad input: an app without the plugin."""
    sending.app.extensions.pop("sms")
    with pytest.raises(ConfigurationError, match="not mounted"), sending.sms.muted():
        pass


def test_the_status_tells_of_muted_notices(sending: Portal, ana: Client) -> None:
    sending.switch_on("charge_created")
    with sending.sms.muted():
        sending.session.add(_invoice(ana))
        sending.session.commit()
    told = sending.app.test_cli_runner().invoke(args=["sms", "status"]).output
    assert "muted notices: 1" in told
