"""Several debts of one person, told in one message (X21)."""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from decimal import Decimal
from threading import Barrier, Thread
from typing import Any

import pytest
import sqlalchemy as sa
from sqlalchemy import event
from sqlalchemy.orm import Session

from sms_plugin import ConfigurationError, Debt, Entity, SmsError, money
from sms_plugin.models import Gathered, Message
from sms_plugin.outbox.decisions import Choice, choose
from sms_plugin.triggers import dues
from sms_plugin.triggers.sweep import sweep
from tests.outbox.steps import claim_some, depart_with
from tests.portal import Invoice, Portal, make_portal
from tests.triggers.owing import KEY, TEN, TEXT, a_client, change, declared, owe
from tests.triggers.sweeping import at, swept


def _going(portal: Portal) -> list[str]:
    """The texts of what waits, apart from the steps that were too late already."""
    return sorted(each.text or "" for each in portal.messages() if each.state in {"queued", "held"})


def _claimed(portal: Portal, now: dt.datetime = TEN) -> list[str]:
    return sorted(each.text for each in claim_some(portal, at=now).messages)


def _told(portal: Portal) -> int:
    with portal.fresh() as session:
        return session.scalar(sa.select(sa.func.count()).select_from(Gathered)) or 0


def test_what_a_run_says_to_one_person_is_one_message(debts: Portal) -> None:
    ana, rui = a_client(debts), a_client(debts, "Rui", phone="912 345 679")
    owe(debts, ana, 10, 20)
    owe(debts, rui, 30)
    swept(debts, TEN)
    assert _going(debts) == [
        "Ana: 2 for €30.00, oldest 19 Nov 2026, F10",
        "Rui: 1 for €30.00, oldest 19 Nov 2026, F30",
    ]
    assert _claimed(debts) == _going(debts)


def test_steps_of_one_day_are_gathered_too_and_the_oldest_speaks(debts: Portal) -> None:
    """A debt of yesterday and one of three days ago: the trigger says both today, in one message."""
    ana = a_client(debts)
    owe(debts, ana, 10, since=19)
    owe(debts, ana, 20, since=17)
    swept(debts, TEN)
    assert _going(debts) == ["Ana: 2 for €30.00, oldest 17 Nov 2026, F20"]


def test_pages_of_one_run_add_to_the_message(debts: Portal, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(dues, "page_size", lambda session: 2)
    owe(debts, a_client(debts), 1, 2, 3, 4, 5)
    swept(debts, TEN)
    assert _going(debts) == ["Ana: 5 for €15.00, oldest 19 Nov 2026, F1"]
    assert _told(debts) == 5


def test_each_currency_has_a_message_of_its_own(debts: Portal) -> None:
    ana = a_client(debts)
    owe(debts, ana, 10, 20)
    owe(debts, ana, 7, 8, currency="BRL")
    swept(debts, TEN)
    assert [text.partition(",")[0] for text in _going(debts) if text] == ["Ana: 2 for R$15.00", "Ana: 2 for €30.00"]


def test_a_sweep_again_says_nothing_twice(debts: Portal) -> None:
    """Promise 2, and no work: what is gathered is found to be written."""
    owe(debts, a_client(debts), 10, 20)
    swept(debts, TEN)
    before = len(debts.messages())
    assert [each.records for each in swept(debts, at(20, 10, 5))] == []
    assert (len(debts.messages()), _told(debts)) == (before, 2)


def test_a_sweep_that_is_killed_after_a_page_goes_on_with_the_same_message(
    debts: Portal, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(dues, "page_size", lambda session: 2)
    owe(debts, a_client(debts), 1, 2, 3, 4)

    @contextmanager
    def killed_after_the_first() -> Iterator[Session]:
        with debts.fresh() as session, session.begin():
            yield session
            if _told(debts):
                raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        list(sweep(killed_after_the_first, state=debts.state, now=TEN))
    assert _told(debts) == 2
    swept(debts, TEN)
    assert _going(debts) == ["Ana: 4 for €10.00, oldest 19 Nov 2026, F1"]
    assert _told(debts) == 4


def test_two_sweeps_at_once_tell_each_debt_once(debts: Portal) -> None:
    owe(debts, a_client(debts), *range(1, 9))
    start = Barrier(2)

    def run() -> None:
        with debts.app.app_context():
            start.wait()
            swept(debts, TEN)

    threads = [Thread(target=run) for _ in range(2)]
    for each in threads:
        each.start()
    for each in threads:
        each.join()
    assert _going(debts) == ["Ana: 8 for €36.00, oldest 19 Nov 2026, F1"]
    assert _told(debts) == 8


def test_what_is_paid_before_it_goes_falls_away_and_the_text_is_worded_anew(debts: Portal) -> None:
    """Promise 4, for each of them."""
    first, _second = owe(debts, a_client(debts), 10, 20)
    swept(debts, TEN)
    first.status = "paid"
    debts.session.commit()
    assert _claimed(debts) == ["Ana: 1 for €20.00, oldest 19 Nov 2026, F20"]
    assert _going(debts) == ["Ana: 1 for €20.00, oldest 19 Nov 2026, F20"]


def test_what_is_deleted_before_it_goes_falls_away(debts: Portal) -> None:
    """Even the record that the message is kept with."""
    for invoice in owe(debts, a_client(debts), 10, 20, 30)[:2]:
        swept(debts, TEN)
        debts.session.delete(invoice)
    debts.session.commit()
    assert _claimed(debts) == ["Ana: 1 for €30.00, oldest 19 Nov 2026, F30"]


def test_where_none_is_left_nothing_goes(debts: Portal) -> None:
    for invoice in owe(debts, a_client(debts), 10, 20):
        swept(debts, TEN)
        invoice.status = "paid"
    debts.session.commit()
    assert _claimed(debts) == []
    assert ("suppressed", "no_longer_true") in {(each.state, each.reason) for each in debts.messages()}


def test_an_amount_that_changed_is_worded_anew(debts: Portal) -> None:
    first, _second = owe(debts, a_client(debts), 10, 20)
    swept(debts, TEN)
    first.total = Decimal(15)
    debts.session.commit()
    assert _claimed(debts) == ["Ana: 2 for €35.00, oldest 19 Nov 2026, F10"]


def test_what_is_unchanged_is_not_worded_again(debts: Portal) -> None:
    owe(debts, a_client(debts), 10, 20)
    swept(debts, TEN)
    change(debts, texts={"en": "Other words, {debt_count}"})
    assert _claimed(debts) == ["Ana: 2 for €30.00, oldest 19 Nov 2026, F10"]


def test_a_debt_that_comes_after_the_message_left_is_told_in_a_further_one(debts: Portal) -> None:
    """Nothing lost: the message that went is not touched."""
    ana = a_client(debts)
    owe(debts, ana, 10, 20)
    swept(debts, TEN)
    depart_with(debts, claim_some(debts, at=TEN).messages, at=TEN)
    owe(debts, ana, 5)
    swept(debts, at(20, 10, 5))
    assert _going(debts) == ["Ana: 1 for €5.00, oldest 19 Nov 2026, F5"]


def test_a_message_that_is_claimed_is_joined_by_none(debts: Portal) -> None:
    ana = a_client(debts)
    owe(debts, ana, 10, 20)
    swept(debts, TEN)
    assert len(_claimed(debts)) == 1
    owe(debts, ana, 5)
    swept(debts, at(20, 10, 5))
    assert _going(debts) == ["Ana: 1 for €5.00, oldest 19 Nov 2026, F5", "Ana: 2 for €30.00, oldest 19 Nov 2026, F10"]


def test_the_next_day_says_it_again(debts: Portal) -> None:
    owe(debts, a_client(debts), 10, 20)
    for day in (20, 21):
        swept(debts, at(day, 10))
    assert len([each for each in debts.messages() if each.state == "queued"]) == 2


def test_without_the_switch_each_debt_is_a_message(debts: Portal) -> None:
    """One record is a single debt in the same words."""
    change(debts, gathers=None)
    owe(debts, a_client(debts), 10, 20)
    swept(debts, TEN)
    assert _going(debts) == ["Ana: 1 for €10.00, oldest 19 Nov 2026, F10", "Ana: 1 for €20.00, oldest 19 Nov 2026, F20"]


def test_a_switch_in_between_repeats_nothing(debts: Portal) -> None:
    """Promise 2: what was told together is not told alone, nor the other way."""
    ana = a_client(debts)
    owe(debts, ana, 10, 20)
    swept(debts, TEN)
    before = _going(debts)
    change(debts, gathers=False)
    swept(debts, at(20, 10, 5))
    assert _going(debts) == before
    owe(debts, ana, 30)
    swept(debts, at(20, 10, 6))
    change(debts, gathers=True)
    swept(debts, at(20, 10, 7))
    assert Counter(text.partition(",")[0] for text in _going(debts) if text) == {
        "Ana: 2 for €30.00": 1,
        "Ana: 1 for €30.00": 1,
    }


def test_a_run_over_its_ceiling_is_held_gathered(debts: Portal) -> None:
    """X5: the group holds the gathered message; what joins it later is held with it."""
    change(debts, ceiling=1)
    owe(debts, a_client(debts), 10, 20)
    swept(debts, TEN)
    (message,) = [each for each in debts.messages() if each.state == "held"]
    assert (message.reason, message.text) == ("surge", "Ana: 2 for €30.00, oldest 19 Nov 2026, F10")


def test_let_go_by_a_person_it_tells_of_all_again(debts: Portal) -> None:
    owe(debts, a_client(debts), 10, 20)
    swept(debts, TEN)
    message = next(each for each in debts.messages() if each.state == "queued")
    with debts.fresh() as session, session.begin():
        session.execute(sa.update(Message).where(Message.id == message.id).values(state="held", reason="x", text=None))
    with debts.fresh() as session, session.begin():
        choose(session, Choice.RELEASE, message.id, state=debts.state, who="Eva", now=TEN)
    # It is let go after the sweep decided, be it by a moment.
    assert _claimed(debts, TEN + dt.timedelta(seconds=1)) == ["Ana: 2 for €30.00, oldest 19 Nov 2026, F10"]


def test_a_text_with_a_hole_holds_the_gathered_message_once_it_is_claimed(debts: Portal) -> None:
    """Promise 5: the oldest debt lost what the text names."""
    first, _second = owe(debts, a_client(debts), 10, 20)
    swept(debts, TEN)
    first.number = ""
    debts.session.commit()
    assert _claimed(debts) == []
    assert [each.reason for each in debts.messages() if each.state == "held"] == ["missing_value"]


def test_released_with_nothing_left_it_is_refused(debts: Portal) -> None:
    for invoice in owe(debts, a_client(debts), 10, 20):
        swept(debts, TEN)
        invoice.status = "paid"
    debts.session.commit()
    message = next(each for each in debts.messages() if each.state == "queued")
    with debts.fresh() as session, session.begin():
        session.execute(sa.update(Message).where(Message.id == message.id).values(state="held", reason="x"))
    with debts.fresh() as session, pytest.raises(SmsError, match="is left"):
        choose(session, Choice.RELEASE, message.id, state=debts.state, who="Eva", now=TEN)


def test_a_debt_that_cannot_be_read_is_told_by_itself(database_url: str) -> None:
    """Bad input: what has no currency holds its own message, and the others are gathered."""
    made = make_portal(database_url, *declared(), SMS_CURRENCY=None)
    with made.app.app_context():
        made.use_kind("console", {}, name="console")
        made.switch_on(KEY, text=TEXT, since=at(1, 12))
        change(made, gathers=True, validity_hours=12)
        ana = a_client(made)
        owe(made, ana, 10, 20, currency="EUR")
        owe(made, ana, 30)
        swept(made, TEN)
        assert _claimed(made) == ["Ana: 2 for €30.00, oldest 19 Nov 2026, F10"]
        assert [each.reason for each in made.messages() if each.state == "held"] == ["no_currency"]
        made.db.session.remove()


def test_a_truth_that_cannot_be_asked_holds_gathered_messages_only(debts: Portal) -> None:
    owe(debts, a_client(debts), 10, 20)
    swept(debts, TEN)
    other = debts.queue(due_at=TEN)
    debts.session.close()
    with debts.db.engine.begin() as connection:
        connection.exec_driver_sql("ALTER TABLE invoice RENAME COLUMN total TO sum_total")
    assert [each.id for each in claim_some(debts, at=TEN).messages] == [other]
    assert ("held", "truth_failed") in {(each.state, each.reason) for each in debts.messages()}


def test_a_claim_of_gathered_messages_asks_once_for_all(debts: Portal) -> None:
    """Speed: the parts of all messages in one query, their truth in one."""
    for number in range(6):
        owe(debts, a_client(debts, f"C{number}", phone=f"91234567{number}"), 10, 20)
    swept(debts, TEN)
    asked: list[str] = []

    def listen(_connection: Any, _cursor: Any, statement: str, *_rest: Any) -> None:
        asked.append(statement)

    event.listen(debts.db.engine, "before_cursor_execute", listen)
    assert len(_claimed(debts)) == 6
    event.remove(debts.db.engine, "before_cursor_execute", listen)
    assert len([each for each in asked if "FROM sms_gathered" in each]) == 1
    assert len([each for each in asked if "FROM invoice" in each]) == 1


def test_an_amount_that_is_no_money_is_refused_when_declarations_are_resolved(database_url: str) -> None:
    """Bad input."""
    wrong: Any = Debt("total", since="due_on")  # type: ignore[arg-type]
    made = make_portal(database_url, Entity(Invoice, "invoice", debt=wrong))
    with made.app.app_context(), pytest.raises(ConfigurationError, match="debt's amount"):
        _ = made.state.registry


def test_a_debts_wrong_path_is_refused_with_a_guess(database_url: str) -> None:
    made = make_portal(database_url, Entity(Invoice, "invoice", debt=Debt(money("totl"), since="due_on")))
    with made.app.app_context(), pytest.raises(ConfigurationError, match="total"):
        _ = made.state.registry
