"""Whatever a host does in its transactions, messages exist exactly for what it committed, and nothing of its is lost
(promise 1, X1).

A program of random steps runs three times at once: in a portal with the plugin, in a session that knows no plugin, and
in a model of plain dictionaries that says what is to be texted.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from sqlalchemy import Engine, event
from sqlalchemy.orm import Session, object_session

from sms_plugin import Entity, Hook, Person, Trigger, added, changed, created, signal
from sms_plugin.host.entity import Declaration
from tests.portal import Base, Client, Invoice, Portal, Staff, Task, make_portal
from tests.portal.models import followers
from tests.triggers.programs import CLIENT, FOLLOWS, INVOICES, NUMBERS, STAFF, TASKS, Program, Step, called


def _read(invoice: Invoice) -> str:
    """A shortcode that raises, makes the database raise, writes and then raises, or does none of it."""
    session = object_session(invoice)
    assert session is not None
    match invoice.number.partition(" ")[0]:
        case "raises":
            raise KeyError(invoice.number)
        case "asks":
            session.execute(sa.text("SELECT nothing FROM nowhere"))
        case "writes":
            session.execute(sa.text("UPDATE client SET name = 'somebody else'"))
            raise KeyError(invoice.number)
    return invoice.number


def _declarations() -> list[Declaration]:
    follows = Trigger(key="follows", section="task", label="Follows", audience="staff", text={"en": "{task_name}"})
    call = Trigger(key="call", section="invoice", label="Call", text={"en": "{invoice_number}"})
    return [
        Entity(Client, "clients", person=Person(name="name", phones="phone")),
        Entity(Staff, "staff", person=Person(name="name", phones="phone")),
        Entity(
            Invoice,
            "invoice",
            to={"client": "client"},
            shortcodes={"invoice_number": _read},
            hooks=[
                Hook("charge_created", created()),
                Hook("invoice_overdue_notice", changed(Invoice.status, to="paid")),
                Hook(call, signal(called, record="invoice")),
            ],
        ),
        Entity(Task, "task", shortcodes={"task_name": "name"}, hooks=[Hook(follows, added(Task.followers))]),
    ]


_which = st.integers(0, 9)
_task, _staff = st.sampled_from(TASKS), st.sampled_from(STAFF)


def _step(name: str, *arguments: st.SearchStrategy[Any]) -> st.SearchStrategy[Step]:
    return st.tuples(st.just(name), *arguments)


_STEPS = st.lists(
    st.one_of(
        _step("create", st.sampled_from(NUMBERS)),
        _step("create", st.just("good")),
        _step("change", _which, st.sampled_from(["open", "paid", "void"])),
        _step("change", _which, st.just("paid")),
        _step("delete", _which),
        _step("call", _which),
        _step("fire", _which),
        _step("follow", _task, _staff, st.booleans()),
        _step("unfollow", _task, _staff, st.booleans()),
        _step("replace", _task, st.lists(_staff, unique=True)),
        _step("flush"),
        _step("look"),
        _step("forget"),
        _step("savepoint"),
        _step("savepoint"),
        _step("release", _which),
        _step("undo", _which),
        _step("collide"),
        _step("rollback"),
        _step("abandon"),
        _step("commit"),
        _step("commit"),
        _step("finish"),
    ),
    min_size=3,
    max_size=30,
)


@contextmanager
def _programs(portal: Portal, plain: Engine) -> Iterator[Callable[[], Program]]:
    """Programs to run, each on empty tables."""
    with portal.app.app_context():
        for engine in (portal.db.engine, plain):
            _as_others_do(engine)
        Base.metadata.create_all(plain)
        portal.use_kind("console", {}, name="console")
        keys = ("charge_created", "invoice_overdue_notice", "call")
        portal.switch_on(*keys, text="{invoice_number}", since=dt.datetime(2026, 1, 1, tzinfo=dt.UTC))
        portal.switch_on("follows")

        def fresh() -> Program:
            portal.db.session.remove()
            with portal.fresh() as session, session.begin():
                session.execute(sa.text("DELETE FROM sms_message"))
                _seed(session)
            with Session(plain) as session, session.begin():
                _seed(session)
            return Program(portal, plain)

        yield fresh
        portal.db.session.remove()
        portal.db.engine.dispose()
        plain.dispose()


@pytest.fixture(scope="module")
def many(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[[], Program]]:
    """Programs on SQLite, for which nobody waits."""
    folder: Path = tmp_path_factory.mktemp("property")
    portal = make_portal(f"sqlite:///{folder / 'portal.db'}", *_declarations())
    with _programs(portal, sa.create_engine(f"sqlite:///{folder / 'plain.db'}")) as fresh:
        yield fresh


@pytest.fixture
def some(database_url: str, empty_database_url: str) -> Iterator[Callable[[], Program]]:
    """Programs on any kind of database."""
    with _programs(make_portal(database_url, *_declarations()), sa.create_engine(empty_database_url)) as fresh:
        yield fresh


def _as_others_do(engine: Engine) -> None:
    """SQLite with the transactions that every other database has, and without waiting for the disk."""
    if engine.dialect.name != "sqlite":
        return
    engine.dispose()

    def connected(connection: Any, _record: object) -> None:
        connection.isolation_level = None
        connection.execute("PRAGMA synchronous = OFF")

    event.listen(engine, "connect", connected)
    event.listen(engine, "begin", lambda connection: connection.exec_driver_sql("BEGIN"))


def _seed(session: Session) -> None:
    for table in reversed(Base.metadata.sorted_tables):
        session.execute(sa.delete(table))
    session.execute(sa.insert(Client), [{"id": CLIENT, "name": "Ana", "phone": "912345678"}])
    session.execute(
        sa.insert(Invoice),
        [{"id": key, "client_id": CLIENT, "number": name, "status": at} for key, (name, at) in INVOICES.items()],
    )
    session.execute(sa.insert(Task), [{"id": task, "name": f"task {task}"} for task in TASKS])
    session.execute(sa.insert(Staff), [{"id": staff, "name": "Staff", "phone": f"91300000{staff}"} for staff in STAFF])
    session.execute(sa.insert(followers), [{"task_id": task, "staff_id": staff} for task, staff in FOLLOWS])


#: Programs that found a mistake once, or that would take long to be found by chance.
FOUND: list[list[Step]] = [
    [("savepoint",), ("change", 0, "paid"), ("release", 0), ("change", 0, "open")],
    [("change", 0, "paid"), ("savepoint",), ("change", 0, "open"), ("undo", 0)],
    [("call", 1), ("commit",), ("change", 1, "paid")],
    [("savepoint",), ("call", 0), ("undo", 0)],
    [("change", 2, "paid"), ("change", 0, "void")],
    [("create", "good"), ("savepoint",), ("create", "good"), ("finish",)],
    [("create", "good"), ("fire", 3), ("collide",), ("flush",), ("delete", 3)],
    [("savepoint",), ("savepoint",), ("call", 0), ("release", 1), ("undo", 0), ("call", 0)],
    [("follow", 1, 1, True), ("commit",), ("unfollow", 1, 1, False), ("rollback",), ("follow", 1, 2, False)],
    [("savepoint",), ("call", 0), ("abandon",), ("call", 0)],
    [("change", 1, "void"), ("flush",), ("change", 1, "paid")],
    [("unfollow", 1, 3, True), ("flush",), ("follow", 1, 3, False)],
    [("follow", 2, 3, False), ("flush",), ("unfollow", 2, 3, True)],
    [("call", 2), ("replace", 1, [1, 3]), ("delete", 2)],
    [("savepoint",), ("savepoint",), ("follow", 1, 1, False), ("change", 0, "paid"), ("undo", 0), ("replace", 1, [1])],
    [("create", "good"), ("savepoint",), ("savepoint",), ("delete", 3), ("change", 0, "paid"), ("undo", 0)],
]


def _with_found(test: Callable[..., None]) -> Callable[..., None]:
    for steps in FOUND:
        test = example(steps=steps)(test)
    return test


@pytest.mark.one_database("sqlite", "hundreds of programs; some run on every kind below")
@_with_found
@settings(max_examples=400, deadline=None, suppress_health_check=list(HealthCheck))
@given(steps=_STEPS)
def test_messages_exist_exactly_for_what_was_committed(many: Callable[[], Program], steps: list[Step]) -> None:
    _run(many(), steps)


@_with_found
@settings(max_examples=25, deadline=None, suppress_health_check=list(HealthCheck))
@given(steps=_STEPS)
def test_so_they_do_on_every_database(some: Callable[[], Program], steps: list[Step]) -> None:
    _run(some(), steps)


def _run(program: Program, steps: list[Step]) -> None:
    try:
        program.run(steps)
    finally:
        program.plain.close()
        program.portal.session.rollback()
