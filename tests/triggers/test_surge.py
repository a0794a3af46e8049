"""A run far above the usual waits for a person, as one group (X5)."""

from __future__ import annotations

import datetime as dt
from collections import Counter
from threading import Barrier, Thread
from uuid import UUID, uuid4

import pytest
import sqlalchemy as sa

from sms_plugin import SmsError
from sms_plugin.jobs.due import run_job
from sms_plugin.models import Event, Message, Surge, TriggerRow
from sms_plugin.outbox.decisions import Choice, choose
from sms_plugin.states import MessageState
from sms_plugin.transactions import within
from sms_plugin.triggers import surge
from sms_plugin.triggers.groups import Group, carry_out, decide, decided_groups, group, held_groups, sample
from sms_plugin.triggers.volumes import learn
from tests.outbox.steps import claim_some, now
from tests.portal import Client, Invoice, Portal

KEY = "charge_created"
DAY = dt.timedelta(days=1)


@pytest.fixture
def limited(sending: Portal, ana: Client) -> Portal:
    """A portal that is asked about more than three new charges a day."""
    sending.switch_on(KEY, text="Invoice {invoice_number}")
    _ceiling(sending, 3)
    return sending


def _ceiling(portal: Portal, most: int | None) -> None:
    with portal.fresh() as session, session.begin():
        session.get_one(TriggerRow, KEY).ceiling = most


def _charge(portal: Portal, count: int, *, status: str = "open") -> None:
    """So many new invoices in one transaction."""
    client = portal.session.scalars(sa.select(Client)).one()
    for number in range(count):
        invoice = Invoice(client=client, number=f"F{number}", due_on=dt.date(2026, 12, 1), status=status)
        portal.session.add(invoice)
    portal.session.commit()


def _states(portal: Portal) -> Counter[tuple[str, str]]:
    return Counter((message.state, message.reason) for message in portal.messages())


def _held(portal: Portal) -> list[Group]:
    with portal.fresh() as session:
        return held_groups(session)


def _decide(portal: Portal, *, approve: bool, id: UUID | None = None, who: str = "Eva") -> Group:
    wanted = id or _held(portal)[0].id
    return within(portal.state, lambda session: decide(session, wanted, approve=approve, who=who, now=now()))


def test_what_stays_under_the_ceiling_goes(limited: Portal) -> None:
    _charge(limited, 3)
    assert _states(limited) == {("queued", ""): 3}
    assert _held(limited) == []


def test_a_transaction_above_it_is_held_whole_and_not_its_tail(limited: Portal) -> None:
    _charge(limited, 5)
    assert _states(limited) == {("held", "surge"): 5}
    (found,) = _held(limited)
    assert (found.trigger, found.ceiling, found.usual, found.messages) == (KEY, 3, None, 5)
    assert {message.detail for message in limited.messages()} == {str(found.id)}
    assert {message.text for message in limited.messages()} == {f"Invoice F{number}" for number in range(5)}


def test_what_adds_up_over_a_day_is_held_from_the_ceiling_on(limited: Portal) -> None:
    for _ in range(6):
        _charge(limited, 1)
    assert _states(limited) == {("queued", ""): 3, ("held", "surge"): 3}
    assert [each.messages for each in _held(limited)] == [3]


def test_other_triggers_are_not_held_with_it(limited: Portal) -> None:
    limited.switch_on("seat_confirmed")
    _charge(limited, 5)
    limited.queue()
    assert _states(limited)["queued", ""] == 1


def test_what_does_not_hold_opens_no_group(limited: Portal) -> None:
    """Five paid invoices text nobody: no run waits with nothing in it."""
    _charge(limited, 5, status="paid")
    assert (_states(limited), _held(limited)) == ({}, [])


def test_a_learned_usual_limits_as_a_ceiling_does(limited: Portal) -> None:
    _ceiling(limited, None)
    today = now().astimezone(limited.state.settings.zone).date()
    with limited.fresh() as session, session.begin():
        learn(session, KEY, {today - DAY * n: 2 for n in range(1, 9)})
    _charge(limited, 101)
    assert _states(limited) == {("held", "surge"): 101}
    assert [(each.ceiling, each.usual) for each in _held(limited)] == [(100, 2)]


def test_nothing_known_is_no_limit(limited: Portal) -> None:
    _ceiling(limited, None)
    _charge(limited, 120)
    assert _states(limited) == {("queued", ""): 120}


def test_what_the_code_fires_is_guarded_and_what_a_person_fires_is_not(limited: Portal, ana: Client) -> None:
    _charge(limited, 3)
    invoice = limited.session.scalars(sa.select(Invoice)).first()
    assert invoice is not None
    limited.sms.fire(KEY, invoice, operator="Eva")
    limited.session.commit()
    limited.sms.fire(KEY, invoice)
    limited.session.commit()
    assert _states(limited) == {("queued", ""): 4, ("held", "surge"): 1}


def test_a_rolled_back_run_leaves_no_group(limited: Portal, ana: Client) -> None:
    """Promise 1: the group is written with the messages, in the host's transaction."""
    limited.session.add_all([Invoice(client=ana, number=f"F{n}", due_on=dt.date(2026, 12, 1)) for n in range(5)])
    limited.session.flush()
    limited.session.rollback()
    assert (_states(limited), _held(limited)) == ({}, [])


def test_approved_it_goes_with_the_rest_of_its_day(limited: Portal) -> None:
    _charge(limited, 5)
    decided = _decide(limited, approve=True)
    assert (decided.state, decided.who, decided.messages) == ("approved", "Eva", 5)
    assert run_job(limited.state, "surges", now=True) == 5
    assert _states(limited) == {("queued", "surge_approved"): 5}
    _charge(limited, 4)
    assert _states(limited) == {("queued", "surge_approved"): 5, ("queued", ""): 4}
    assert len(claim_some(limited).messages) == 9


def test_what_is_not_true_any_more_is_not_sent_although_it_was_approved(limited: Portal) -> None:
    """Promise 4."""
    _charge(limited, 5)
    limited.session.execute(sa.update(Invoice).values(status="paid"))
    limited.session.commit()
    _decide(limited, approve=True)
    run_job(limited.state, "surges", now=True)
    assert claim_some(limited).messages == ()
    assert _states(limited) == {("suppressed", "no_longer_true"): 5}


def test_what_is_too_late_by_then_expires(limited: Portal) -> None:
    _charge(limited, 4)
    with limited.fresh() as session, session.begin():
        session.execute(sa.update(Message).values(expires_at=now() - DAY))
    _decide(limited, approve=True)
    run_job(limited.state, "surges", now=True)
    assert _states(limited) == {("expired", "too_late"): 4}


def test_dropped_it_is_cancelled_and_the_rest_of_the_day_is_asked_about_anew(limited: Portal) -> None:
    _charge(limited, 5)
    first = _decide(limited, approve=False).id
    run_job(limited.state, "surges", now=True)
    assert _states(limited) == {("cancelled", "surge_dropped"): 5}
    _charge(limited, 1)
    (second,) = _held(limited)
    assert second.id != first
    assert second.messages == 1


def test_who_decides_second_is_told_who_was_first(limited: Portal) -> None:
    _charge(limited, 5)
    found = _decide(limited, approve=True, who="Eva")
    with pytest.raises(SmsError, match="approved by Eva") as told:
        _decide(limited, approve=False, id=found.id, who="Rui")
    assert told.value.code == "surge_decided"
    assert [(each.state, each.who) for each in _decided(limited)] == [("approved", "Eva")]


def _decided(portal: Portal) -> list[Group]:
    with portal.fresh() as session:
        return decided_groups(session)


def test_of_two_at_once_one_decides(limited: Portal) -> None:
    _charge(limited, 5)
    wanted = _held(limited)[0].id
    told: list[str] = []
    start = Barrier(2)

    def try_it(approve: bool) -> None:
        with limited.app.app_context():
            start.wait()
            try:
                told.append(_decide(limited, approve=approve, id=wanted, who=str(approve)).state)
            except SmsError as error:
                told.append(error.code)

    threads = [Thread(target=try_it, args=(approve,)) for approve in (True, False)]
    for each in threads:
        each.start()
    for each in threads:
        each.join()
    (decided,) = _decided(limited)
    assert sorted(told) == sorted([decided.state, "surge_decided"])


def test_two_that_open_a_group_at_once_open_one(limited: Portal) -> None:
    """Two web processes go over the ceiling at the same moment."""
    start = Barrier(2)

    def charge(_number: int) -> None:
        with limited.app.app_context():
            start.wait()
            _charge(limited, 5)
            limited.db.session.remove()

    threads = [Thread(target=charge, args=(number,)) for number in range(2)]
    for each in threads:
        each.start()
    for each in threads:
        each.join()
    assert [each.messages for each in _held(limited)] == [10]


def test_an_unknown_group_cannot_be_decided(limited: Portal) -> None:
    with pytest.raises(SmsError, match="no held run"):
        _decide(limited, approve=True, id=uuid4())
    with limited.fresh() as session, pytest.raises(SmsError, match="no held run"):
        group(session, uuid4())


def test_a_broken_off_release_goes_on_and_repeats_nothing(limited: Portal) -> None:
    """In pages; what a person decided about one message stays."""
    _charge(limited, 7)
    found = _decide(limited, approve=True)
    single = limited.messages()[6].id
    with limited.fresh() as session, session.begin():
        choose(session, Choice.CANCEL, single, state=limited.state, who="Rui", now=now())
    with limited.fresh() as session, session.begin():
        assert carry_out(session, found.id, now=now(), most=4) == 4
    assert run_job(limited.state, "surges", now=True) == 2
    assert run_job(limited.state, "surges", now=True) == 0
    assert _states(limited) == {("queued", "surge_approved"): 6, ("cancelled", "by_hand"): 1}
    with limited.fresh() as session:
        told = Counter(session.scalars(sa.select(Event.reason)))
    assert told == {"surge_approved": 6, "by_hand": 1}


def test_what_still_comes_to_a_decided_group_is_moved_too(limited: Portal) -> None:
    """A transaction that looked before the decision commits after it."""
    _charge(limited, 5)
    found = _decide(limited, approve=True)
    run_job(limited.state, "surges", now=True)
    late = limited.queue(trigger=KEY, state=MessageState.HELD, reason="surge", detail=str(found.id))
    assert run_job(limited.state, "surges", now=True) == 1
    assert limited.message(late).state == "queued"


def test_what_waits_is_not_carried_out(limited: Portal) -> None:
    _charge(limited, 5)
    with limited.fresh() as session, session.begin():
        assert carry_out(session, _held(limited)[0].id, now=now()) == 0
    assert run_job(limited.state, "surges", now=True) == 0


def test_a_group_shows_some_of_its_messages(limited: Portal) -> None:
    _charge(limited, 5)
    with limited.fresh() as session:
        assert len(sample(session, _held(limited)[0], most=2)) == 2


def test_a_raised_ceiling_holds_at_once(limited: Portal) -> None:
    """What a process remembers of the day does not outlive a change of the ceiling."""
    _charge(limited, 3)
    _ceiling(limited, 10)
    _charge(limited, 5)
    assert _states(limited) == {("queued", ""): 8}


def test_what_other_processes_wrote_is_counted_before_anything_is_held(limited: Portal) -> None:
    _charge(limited, 1)
    memory = surge._memory(limited.state)
    memory._seen[KEY].amount = 3  # as after a rolled-back transaction of two
    _charge(limited, 1)
    assert _states(limited) == {("queued", ""): 2}


def test_one_surge_stands_for_a_trigger_and_a_day(limited: Portal) -> None:
    _charge(limited, 5)
    _charge(limited, 5)
    with limited.fresh() as session:
        assert session.scalar(sa.select(sa.func.count()).select_from(Surge)) == 1
