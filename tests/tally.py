"""How many tests ran on which database, counted from what ran: the last lines of ``make test``.

Each run of pytest adds a line of JSON to the file that ``SMS_TEST_TALLY`` names.
"""

from __future__ import annotations

import json
import os
import re
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from tests import databases

#: The file of the tally; without it nothing is written.
FILE = "SMS_TEST_TALLY"
NONE = "no database"
MARKER = "one_database"
_DRIVERS = {"sqlite": databases.SQLITE, "postgresql": databases.POSTGRESQL, "mysql": databases.MARIADB}
_DRIVERS |= {"mariadb": databases.MARIADB}


class Tally:
    """A pytest plugin that watches on which databases tests run, and tells it at the end."""

    def __init__(self, config: pytest.Config) -> None:
        self._ran: Counter[str] = Counter()
        self._skipped = 0
        self._unnamed: set[str] = set()
        self._touched: set[str] = set()
        self._worker = hasattr(config, "workerinput")
        config.addinivalue_line("markers", f"{MARKER}(kind, why): runs on this kind of database only")
        databases.settle_for_workers()
        sa.event.listen(sa.Engine, "do_connect", self._connecting)

    def _connecting(self, dialect: sa.Dialect, *_: object) -> None:
        self._touched.add(_DRIVERS[dialect.name])

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_protocol(self, item: pytest.Item) -> object:
        self._touched.clear()
        return (yield)

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_makereport(self, item: pytest.Item, call: pytest.CallInfo[None]) -> object:
        if call.when == "call":
            item.user_properties.append((FILE, (_said(item), sorted(self._touched))))
        return (yield)

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Where there are workers, called in the first process for each test of theirs."""
        if report.skipped:
            self._skipped += 1
        if report.when != "call" or report.skipped or self._worker:
            return
        said, touched = _watched(report)
        self._ran[said or NONE] += 1
        if set(touched) - {said}:
            self._unnamed.add(re.sub(r"\[.*", "", report.nodeid))

    @pytest.hookimpl(trylast=True)
    def pytest_sessionfinish(self) -> None:
        if self._worker:
            return
        databases.drop_all_of_this_run()
        if file := os.environ.get(FILE):
            line = {"ran": self._ran, "skipped": self._skipped, "unnamed": sorted(self._unnamed)}
            with Path(file).open("a") as tally:
                tally.write(json.dumps(line) + "\n")

    def pytest_terminal_summary(self, terminalreporter: pytest.TerminalReporter) -> None:
        terminalreporter.write_line(told(self._ran))
        for test in sorted(self._unnamed):
            terminalreporter.write_line(f"touches a database without saying which: {test}")


def only_kind(item: pytest.Item | pytest.Function) -> str | None:
    """The only kind of database that a test is for, by its marker. Raises ``ValueError`` where it does not say why."""
    marker = item.get_closest_marker(MARKER)
    if marker is None:
        return None
    kind, why = marker.args
    if kind not in databases.ALL or not why:
        raise ValueError(f"{item.nodeid}: {MARKER} wants a kind of database and why")
    return str(kind)


def _said(item: pytest.Item) -> str | None:
    """The kind of database that a test says it runs on."""
    callspec = getattr(item, "callspec", None)
    if callspec is not None and "database_kind" in callspec.params:
        kind: str = callspec.params["database_kind"]
        return kind
    return only_kind(item)


def _watched(report: pytest.TestReport) -> tuple[str | None, list[str]]:
    """What a test said, and what it touched."""
    found: Any = next(value for name, value in report.user_properties if name == FILE)
    return found[0], found[1]


def told(ran: Counter[str]) -> str:
    """Tests × database in one line."""
    return "Tests: " + " · ".join(f"{name} {ran[name]}" for name in (NONE, *databases.ALL))
