"""Flat cost (promise 10): the plugin's questions go by an index, whatever the table holds, on every database."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
import sqlalchemy as sa
from sqlalchemy.orm import Session

from sms_plugin.gateways.contract import Capabilities, Inbound, Outcome, Part, ReceiptStatus, Report, Verdict
from sms_plugin.host.identity import RecordRef
from sms_plugin.jobs import wake
from sms_plugin.models import Message, Receipt, TriggerRow
from sms_plugin.outbox.cap import gone_since
from sms_plugin.outbox.charges import let_go
from sms_plugin.outbox.claim import Claim, claim
from sms_plugin.outbox.depart import depart
from sms_plugin.outbox.explain import explain, of_client
from sms_plugin.outbox.gathering import gathered_of
from sms_plugin.outbox.history import about_number
from sms_plugin.outbox.inbound import place, take_in
from sms_plugin.outbox.lapses import lapse_attempts, lapse_leases
from sms_plugin.outbox.polling import Progress, Span, due
from sms_plugin.outbox.receipts import match_waiting, rematch, take
from sms_plugin.outbox.reconcile import doubts
from sms_plugin.outbox.scorecard import scorecard
from sms_plugin.outbox.settle import Finished, settle
from sms_plugin.outbox.tallies import counts_by_state
from sms_plugin.outbox.timeline import timeline
from sms_plugin.people.consent import said, said_of
from sms_plugin.triggers import dues, explaining, groups, surge, volumes
from sms_plugin.triggers.runs import runs
from sms_plugin.triggers.waiting import waiting
from tests.models.past import MANY, NOW, at, fill, row
from tests.plans import look_at, plans, scans
from tests.portal import Portal

#: Tables that grow with every message.
LARGE = ("sms_message", "sms_attempt", "sms_receipt", "sms_event", "sms_consent")
#: Indexes that hold what still asks for something only: reading all of one is cheap. MariaDB's hold more, and it is
#: asked there by their first column.
SMALL = ("ix_sms_attempt_open", "ix_sms_message_due")

Work = Callable[[Portal, Session], object]


def _claim(portal: Portal, session: Session) -> Claim:
    return claim(session, state=portal.state, provider_id=1, want=10, now=NOW, lease=dt.timedelta(minutes=1))


def _exchange(portal: Portal, session: Session) -> None:
    taken = _claim(portal, session).messages
    gone = depart(session, taken, provider_id=1, now=NOW, until=NOW + dt.timedelta(minutes=1))
    assert gone
    outcomes = [Outcome.ACCEPTED, Outcome.UNKNOWN]
    finished = [
        Finished(
            id=each.id,
            attempt=each.attempt,
            provider_id=1,
            verdict=Verdict(outcome=outcomes[number % 2], reason="timeout", reference=f"new {number}"),
        )
        for number, each in enumerate(gone)
    ]
    settle(session, finished, settings=portal.state.settings, now=NOW)


def _texts(portal: Portal, session: Session) -> None:
    """A word that stops a number, and the parts of a text."""
    sender, part = "351912345607", Part(group="1", number=1, total=2)
    texts = [
        Inbound(sender=sender, text="STOP", reference="in 1", answers="old 7"),
        Inbound(sender=sender, text="a", reference="in 2", part=part),
        Inbound(sender=sender, text="b", reference="in 3", part=replace(part, number=2)),
    ]
    placed = place(session, texts, provider_id=1, state=portal.state, now=NOW)
    assert [len(each.messages) for each in take_in(session, placed, state=portal.state, now=NOW)] == [1, 1]


_WORK: dict[str, Work] = {
    "claim": _claim,
    "depart and settle": _exchange,
    "lapse leases": lambda portal, session: lapse_leases(session, now=NOW),
    "lapse attempts": lambda portal, session: lapse_attempts(session, now=NOW),
    "doubts": lambda portal, session: doubts(session, now=NOW),
    "counts": lambda portal, session: counts_by_state(session),
    "receipt": lambda portal, session: take(
        session, [Report(status=ReceiptStatus.SENT, reference="old 7")], provider_id=1, about=None, now=NOW
    ),
    "receipts that wait": lambda portal, session: match_waiting(session, ["old 7"], provider_id=1, now=NOW),
    "scorecard": lambda portal, session: scorecard(session, 1, now=NOW),
    "what the budget held": lambda portal, session: let_go(session, most=10, who="", now=NOW),
    "what left to numbers": lambda portal, session: gone_since(
        session, {"+351912345607", "+351912345608"}, since=NOW - dt.timedelta(hours=12), but=set(), now=NOW
    ),
    "what a trigger wrote today": lambda portal, session: surge._amount(
        session, "trigger-1", NOW.date(), 5, portal.state
    ),
    "what a trigger wrote on a day": lambda portal, session: volumes._amount(
        session, "trigger-1", NOW.date(), portal.state.settings
    ),
    "what a run holds": lambda portal, session: session.execute(groups._held(row(2)["id"], at(2)).limit(5)).all(),
    "what is told together": lambda portal, session: gathered_of(session, "trigger-1", "invoice/Invoice", ["7", "8"]),
    "messages to ask about": lambda portal, session: due(
        session,
        Span(after=at(MANY - 20), until=at(MANY - 10)),
        Progress(since=at(MANY - 20), until=at(MANY - 10), provider_id=1),
        can=Capabilities(polled=10, prices=True, channels=("viber", "sms")),
    ),
    "runs of triggers": lambda portal, session: runs(
        session,
        {"charge_created": TriggerRow(key="charge_created", on=False, texts={})},
        state=portal.state,
        now=NOW,
    ),
    "look": lambda portal, session: [session.execute(query, {"now": NOW}) for query in [*wake._DUE, *wake._NEXT]],
    "texts from a phone": _texts,
    "what a number said": lambda portal, session: said(session, "+351912345607"),
    "what a person said": lambda portal, session: said_of(session, RecordRef(entity="clients/Client", key="7")),
    "explanation of a number": lambda portal, session: explain(
        session, of=about_number("+351912345607"), state=portal.state, most=10
    ),
    "explanation of a client": lambda portal, session: explain(
        session, of=of_client(RecordRef(entity="clients/Client", key="7")), state=portal.state, most=10
    ),
    "what waits, as a forecast counts it": lambda portal, session: list(
        waiting(session, after=NOW, until=NOW + dt.timedelta(days=1), state=portal.state, now=NOW)
    ),
    "timeline": lambda portal, session: timeline(session, row(7)["id"]),
}


@pytest.fixture
def unseen(portal: Portal) -> Portal:
    """A portal whose tables hold thousands of ended messages, and some of every other kind; no planner looked at them,
    as none does on SQLite unless it is told to.
    """
    portal.use_kind("console", {}, name="console")
    fill(portal)
    return portal


@pytest.fixture
def filled(unseen: Portal) -> Portal:
    """The same, looked at."""
    look_at(unseen, *LARGE)
    return unseen


@pytest.mark.parametrize("work", list(_WORK))
def test_no_question_reads_a_growing_table_from_end_to_end(work: str, filled: Portal) -> None:
    told = plans(filled, lambda session: _WORK[work](filled, session))
    assert told
    found = [step for plan in told for step in scans(plan, *LARGE)]
    assert [step for step in found if not any(name in step for name in SMALL)] == []


@pytest.mark.parametrize(
    "work",
    [
        "claim",
        "depart and settle",
        "explanation of a number",
        "receipt",
        "receipts that wait",
        "texts from a phone",
        "timeline",
    ],
)
def test_what_is_named_is_found_by_its_name_though_no_planner_ever_looked(work: str, unseen: Portal) -> None:
    """Never by all that a provider carried or all that is in a state, which is more with each message."""
    told = [_chosen(plan) for plan in plans(unseen, lambda session: _WORK[work](unseen, session))]
    assert told
    # the state alone, as SQLite says it and MariaDB by the bytes that it compares; with the id behind it names one
    many = ["ix_sms_attempt_departed", "ix_sms_message_state (state=?)", "ix_sms_message_state 50"]
    # a receipt that waits is named by its provider and its reference, in one index
    many += [] if "receipt" in work or "settle" in work else ["ix_sms_receipt_reference"]
    assert [plan for plan in told if any(index in plan for index in many)] == []


@pytest.mark.parametrize("seen", [False, True])
@pytest.mark.parametrize("work", ["depart and settle", "receipts that wait"])
def test_what_waits_for_an_answer_is_not_looked_for_among_what_others_sent(
    unseen: Portal, work: str, *, seen: bool
) -> None:
    """X3: of an account that others use, too, every receipt of theirs waits for ever."""
    with unseen.db.engine.begin() as connection:
        receipts: Any = Receipt.__table__
        connection.execute(sa.update(receipts).values(message_id=None))
    if seen:
        look_at(unseen, *LARGE)
    asked = plans(unseen, lambda session: _WORK[work](unseen, session), about=lambda said: "message_id IS NULL" in said)
    told = [_chosen(plan) for plan in asked]
    assert told
    assert [plan for plan in told if "ix_sms_receipt_message_id" in plan] == []
    assert [plan for plan in told if "ix_sms_receipt_reference" not in plan] == []


def test_receipts_that_came_alone_are_looked_for_among_themselves(filled: Portal) -> None:
    told = plans(filled, lambda session: rematch(session, now=NOW))
    assert told
    assert [step for plan in told for step in scans(plan, "sms_attempt", "sms_message")] == []


@pytest.mark.parametrize("asked", ["a sweep", "an explanation", "what was told together"])
def test_what_was_said_of_records_is_found_by_them_though_the_planner_has_old_figures(
    portal: Portal, asked: str
) -> None:
    """A run that writes very many asks after each page: all that its trigger ever sent is more with each."""
    said = [{**row(number), "entity": "invoice/Invoice", "record": str(number)} for number in range(MANY)]
    few, many = said[:20], [{**each, "trigger": "charge_due_soon"} for each in said[20:]]
    with portal.db.engine.begin() as connection:
        connection.execute(sa.insert(Message), few)
    look_at(portal, *LARGE)
    with portal.db.engine.begin() as connection:
        connection.execute(sa.insert(Message), many)
    (hook,) = portal.state.registry.hooks_of("charge_due_soon")
    keys = [str(number) for number in range(50, 70)]
    work: dict[str, Callable[[Session], object]] = {
        "a sweep": lambda session: dues._written(session, hook, keys),
        "an explanation": lambda session: explaining._written(session, hook.entity, hook.trigger, keys),
        "what was told together": lambda session: gathered_of(session, hook.trigger, hook.entity.key, keys),
    }
    told = plans(portal, work[asked], about=lambda statement: "sms_message" in statement)
    assert told
    assert [plan for plan in told if "ix_sms_message_trigger" in _chosen(plan)] == []


def _chosen(plan: str) -> str:
    """A plan without the indexes that MariaDB could have used."""
    lines = [line.split() for line in plan.splitlines()]
    return "\n".join(" ".join([*words[:4], *words[5:]] if words[0].isdigit() else words) for words in lines if words)
