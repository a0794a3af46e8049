"""What ``flask sms check`` says of the host's engine: settings that make texting fragile, each with its remedy."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, Engine
from sqlalchemy.pool import QueuePool

#: Connections that a runner holds at once: the flush, a job, a sign of life, the look for new work.
RUNNER_NEEDS = 4
#: A busy timeout below this, in milliseconds, is none.
LEAST_PATIENCE = 1000

_BEGIN_AT_ONCE = (
    "On the engine's event `connect` set isolation_level = None, on `begin` execute BEGIN IMMEDIATE: see the README,"
    " Running it."
)


@dataclass(frozen=True)
class Weakness:
    """Something about the engine; ``grave`` where what is promised does not hold."""

    what: str
    grave: bool = False


def weaknesses(engine: Engine) -> Iterator[Weakness]:
    """Everything that deserves a look. Opens connections of its own; writes nothing."""
    yield from _pool(engine)
    with engine.connect() as connection:
        if engine.dialect.name == "sqlite":
            yield from _transactions(connection)
            if engine.url.database not in (None, "", ":memory:"):
                yield from _pragmas(connection)
        elif _is_autocommit(connection.connection.dbapi_connection):
            yield _EACH_STATEMENT


_EACH_STATEMENT = Weakness(
    "Each statement commits by itself: a rollback undoes nothing, and messages do not belong to your change."
    " Let the engine begin transactions.",
    grave=True,
)


def _is_autocommit(driver: Any) -> bool:
    asked = getattr(driver, "get_autocommit", None)  # PyMySQL; psycopg has an attribute
    return bool(asked()) if asked is not None else getattr(driver, "autocommit", False) is True


def _transactions(connection: Connection) -> Iterator[Weakness]:
    """How transactions begin on SQLite, by what its driver is seen to be told."""
    driver: Any = connection.connection.dbapi_connection
    told: list[str] = []
    driver.set_trace_callback(told.append)
    with connection.begin():
        began = driver.in_transaction
    driver.set_trace_callback(None)
    at_once = any(word in " ".join(told).upper() for word in ("IMMEDIATE", "EXCLUSIVE"))
    if not began and driver.isolation_level is None:
        yield _EACH_STATEMENT
    elif not began:
        yield Weakness(
            "Its driver begins a transaction before the first write only: a savepoint that comes earlier commits by"
            " itself, and a rollback then leaves your record without its message. " + _BEGIN_AT_ONCE
        )
    elif not at_once:
        yield Weakness(
            "Its transactions begin deferred: one that reads first and writes later is refused as locked at once,"
            " whatever the busy timeout, where somebody else wrote meanwhile. " + _BEGIN_AT_ONCE
        )


def _pragmas(connection: Connection) -> Iterator[Weakness]:
    def pragma(name: str) -> Any:
        return connection.exec_driver_sql(f"PRAGMA {name}").scalar()

    journal = pragma("journal_mode")
    if journal != "wal":
        yield Weakness(
            f"Its journal is {journal!r}: whoever reads keeps the writer out. Execute PRAGMA journal_mode = WAL."
        )
    patience = pragma("busy_timeout")
    if patience < LEAST_PATIENCE:
        yield Weakness(
            f"Its busy timeout is {patience} ms: two who write at once meet an error instead of waiting."
            " Execute PRAGMA busy_timeout = 5000 on each connection."
        )
    if pragma("synchronous") == 0:
        yield Weakness(
            "It does not wait for the disk at all: a power cut may lose what was sent, which then is sent again, or"
            " the whole file. Execute PRAGMA synchronous = NORMAL on each connection, or leave it at FULL."
        )


def _pool(engine: Engine) -> Iterator[Weakness]:
    pool = engine.pool
    if not isinstance(pool, QueuePool):
        return
    over: int = pool._max_overflow  # it has no public name; -1 is no limit
    if over >= 0 and pool.size() + over <= RUNNER_NEEDS:
        yield Weakness(
            f"Its pool gives {pool.size() + over} connections at most, and a runner alone needs {RUNNER_NEEDS}:"
            " requests would wait for it. Raise pool_size or max_overflow in SQLALCHEMY_ENGINE_OPTIONS."
        )
