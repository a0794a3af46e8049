"""How a database answers what some work asks of it, in its own words."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import sqlalchemy as sa
from sqlalchemy import Connection
from sqlalchemy.orm import Session

from tests.portal import Portal

_VERBS = ("SELECT", "UPDATE", "DELETE", "INSERT", "WITH")


def look_at(portal: Portal, *tables: str) -> None:
    """Have the planner look at tables that were filled."""
    with portal.db.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        for table in tables:
            words = "ANALYZE TABLE" if connection.dialect.name == "mysql" else "ANALYZE"
            connection.exec_driver_sql(f"{words} {table}").close()


def plans(
    portal: Portal, work: Callable[[Session], object], *, about: Callable[[str], bool] = lambda statement: True
) -> list[str]:
    """The plan of each statement of the work that is ``about`` something, a line for each of its steps. The work is
    undone.
    """
    asked: list[tuple[str, Any]] = []

    def note(connection: object, cursor: object, statement: str, parameters: object, *rest: object) -> None:
        if statement.lstrip().startswith(_VERBS) and about(statement):
            asked.append((statement, parameters))

    with portal.fresh() as session:
        sa.event.listen(portal.db.engine, "before_cursor_execute", note)
        work(session)
        sa.event.remove(portal.db.engine, "before_cursor_execute", note)
        session.rollback()
    with portal.db.engine.connect() as connection:
        if connection.dialect.name == "postgresql":
            # so few rows fit into a page or two, which is read at once; what counts is that the index can serve
            for other in ("seqscan", "bitmapscan", "mergejoin", "hashjoin"):
                connection.exec_driver_sql(f"SET enable_{other} = off")
        return [_plan(connection, statement, parameters) for statement, parameters in asked]


def _plan(connection: Connection, statement: str, parameters: Any) -> str:
    explain = "EXPLAIN QUERY PLAN" if connection.dialect.name == "sqlite" else "EXPLAIN"
    one = parameters[0] if isinstance(parameters, list) else parameters  # of many rows the first
    rows = connection.exec_driver_sql(f"{explain} {statement}", one)
    return "\n".join(" ".join(map(str, row)) for row in rows)


def scans(plan: str, *tables: str) -> list[str]:
    """The steps of a plan that go through a whole table, or through a whole index of it."""
    lines = plan.splitlines()
    return [
        line
        for number, line in enumerate(lines)
        if _is_scan(line, lines[number + 1 : number + 2]) and any(table in line for table in tables)
    ]


def _is_scan(line: str, following: list[str]) -> bool:
    """SQLite says SCAN, PostgreSQL names a scan without a condition below it, MariaDB says ALL or index."""
    words = line.split()
    if words[:1] == ["SCAN"]:
        return True
    if "Scan" in words and " on " in line:
        return "Seq Scan" in line or not any("Index Cond" in each for each in following)
    return len(words) > 4 and words[0].isdigit() and words[1] != "INSERT" and words[3] in {"ALL", "index"}
