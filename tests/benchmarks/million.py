"""A portal that has texted for a year: a million messages to a hundred thousand clients, on any database."""

from __future__ import annotations

import datetime as dt
import random
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from flask_admin import Admin

from sms_plugin.models import Access, Batch, Change, Message, Provider, Runner, new_id
from tests.benchmarks.ground import tuned
from tests.portal import Client, Portal, make_portal

MESSAGES, CLIENTS = 1_000_000, 100_000
_AT_ONCE = 10_000
_YEAR = dt.timedelta(days=365)
#: A send to many that a quarter of the messages belong to.
SEND = UUID(int=99)
_CHANGES, _LOOKS = 5_000, 100_000
_TEXT = "Dear client {}, your invoice F{} of {} EUR falls due soon. Please pay in time, thank you. Acme"
#: (state, reason, share in thousandths): most went well, fifty thousand wait.
_STATES = (
    ("delivered", "", 800),
    ("sent", "", 60),
    ("failed", "bad_number", 20),
    ("undelivered", "unreachable", 15),
    ("suppressed", "no_consent", 40),
    ("expired", "too_late", 4),
    ("cancelled", "by_hand", 1),
    ("held", "missing_value", 9),
    ("unknown", "timeout", 1),
    ("queued", "", 50),
)
_LOOK = {"sqlite": ("ANALYZE",), "postgresql": ("VACUUM ANALYZE",)}
_TRIGGERS = (("charge_created", 40), ("charge_due_soon", 30), ("invoice_payment_recorded", 28), ("seat_soon", 2))


@contextmanager
def large_portal(url: str, *, messages: int = MESSAGES, clients: int = CLIENTS) -> Iterator[Portal]:
    """The portal with its admin, filled; the database must be empty, or filled by an earlier run."""
    portal = make_portal(url, mount=lambda app, db: {"admin": Admin(app)})
    with portal.app.app_context():
        if portal.db.engine.dialect.name == "sqlite":
            tuned(portal.db.engine)
        with portal.fresh() as session:
            is_filled = session.scalar(sa.select(Message.id).limit(1)) is not None
        if not is_filled:
            fill(portal, messages=messages, clients=clients)
        yield portal
        portal.db.session.remove()
        portal.db.engine.dispose()


def fill(portal: Portal, *, messages: int, clients: int) -> None:
    """Write the clients, two providers and the messages, the oldest first, and let the database look at them."""
    now = dt.datetime.now(dt.UTC)
    with portal.fresh() as session, session.begin():
        for number in (1, 2):
            session.add(_provider(number, now))
        session.add(Runner(id=UUID(int=1), kind="worker", host="here", pid=1, started_at=now, seen_at=now + _YEAR))
    with portal.db.engine.begin() as connection:
        rows = [{"id": n, "name": f"Client {n}", "phone": _number(n), "language": "en"} for n in range(1, clients + 1)]
        connection.execute(sa.insert(Client.__table__), rows)  # type: ignore[arg-type]
    _keep_record(portal, now)
    with _without_indexes(portal):
        _write(portal, messages, clients, now)
    with portal.db.engine.connect() as connection:
        connection.execution_options(isolation_level="AUTOCOMMIT")
        for statement in _LOOK.get(connection.dialect.name, ("ANALYZE TABLE sms_message", "ANALYZE TABLE client")):
            connection.exec_driver_sql(statement)


@contextmanager
def _without_indexes(portal: Portal) -> Iterator[None]:
    """Indexes are made once at the end: to keep them up row by row takes several times as long."""
    table: Any = Message.__table__
    for index in table.indexes:
        index.drop(portal.db.engine)
    yield
    for index in table.indexes:
        index.create(portal.db.engine)


def _write(portal: Portal, messages: int, clients: int, now: dt.datetime) -> None:
    chance = random.Random(1)
    insert: Any = sa.insert(Message.__table__)  # type: ignore[arg-type]
    for start in range(0, messages, _AT_ONCE):
        some = range(start, min(start + _AT_ONCE, messages))
        with portal.db.engine.begin() as connection:
            connection.execute(insert, [_message(n, messages, clients, now, chance) for n in some])


def _keep_record(portal: Portal, now: dt.datetime) -> None:
    """A year of changes and looks, and the send to many."""
    with portal.fresh() as session, session.begin():
        send = {"going": MESSAGES // 4, "stop_share": 20, "created_at": now, "changed_at": now}
        session.add(Batch(id=SEND, name="Spring", state="running", purpose="marketing", once="spring", **send))
    with portal.db.engine.begin() as connection:
        for table, count, of in ((Change, _CHANGES, _change), (Access, _LOOKS, _look)):
            rows = [of(n, now - _YEAR * (1 - n / count)) for n in range(count)]
            connection.execute(sa.insert(table.__table__), rows)  # type: ignore[arg-type]


def _change(n: int, at: dt.datetime) -> dict[str, Any]:
    detail = {"texts": [{"en": _TEXT}, {"en": _TEXT.upper()}], "hour": [8, 9]}
    what = ("trigger charge_created", "provider provider 1", "template Due")[n % 3]
    return {"id": new_id(at), "at": at, "who": f"User {n % 40}", "what": what, "action": "changed", "detail": detail}


def _look(n: int, at: dt.datetime) -> dict[str, Any]:
    of = {"entity": "clients/Client", "record": str(n % CLIENTS + 1), "detail": {"number": "+351******678"}}
    return {"id": new_id(at), "at": at, "who": f"User {n % 40}", "action": "looked" if n % 9 else "exported", **of}


def _provider(number: int, now: dt.datetime) -> Provider:
    return Provider(
        id=number,
        name=f"provider {number}",
        kind="console",
        settings={},
        secrets="",
        token=f"token-{number}",
        active=1 if number == 1 else None,
        created_at=now,
        changed_at=now,
    )


def _number(client: int) -> str:
    return f"+3519{10_000_000 + client}"


def _message(n: int, messages: int, clients: int, now: dt.datetime, chance: random.Random) -> dict[str, Any]:
    waits_from = messages - messages // 4  # what waits is of late
    state, reason = _one(_STATES, chance) if n >= waits_from else _one(_STATES[:-3], chance)
    at = now - _YEAR * (1 - n / messages)
    client = chance.randrange(1, clients + 1)
    went = state in {"delivered", "sent", "failed", "undelivered", "unknown"}
    priority = chance.choice((0, 1, 1, 2))
    return {
        "id": new_id(at),
        "direction": "out",
        "state": state,
        "reason": reason,
        "detail": "",
        "trigger": _one(_TRIGGERS, chance)[0],
        "step": "",
        "moment": "",
        "purpose": "billing",
        "priority": priority,
        "batch_id": SEND if priority == 2 else None,
        "subject": "",
        "operator": "",
        "entity": "invoice/Invoice",
        "record": str(n),
        "person_entity": "clients/Client",
        "person": str(client),
        "client_entity": "clients/Client",
        "client": str(client),
        "number": _number(client),
        "language": "en",
        "text": _TEXT.format(client, n, n % 500),
        "encoding": "gsm7",
        "segments": 1,
        "due_at": at if n % 2 else now + dt.timedelta(seconds=n % 100_000),
        "created_at": at,
        "changed_at": at,
        "provider_id": (2 if n % 5000 == 0 else 1) if went else None,
        "attempts": int(went),
        "lapses": 0,
    }


def _one(choices: tuple[Any, ...], chance: random.Random) -> Any:
    return chance.choices(choices, [choice[-1] for choice in choices])[0][:-1]
