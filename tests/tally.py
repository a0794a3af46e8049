"""How many tests ran on which database, counted from what ran: the last lines of ``make test``.

Each run of pytest adds a line of JSON to the file that ``SMS_TEST_TALLY`` names.
"""

from __future__ import annotations

import json
import os
import re
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from tests import databases

#: The file of the tally, and the name of the run that is counted; without a file nothing is written.
FILE, PART = "SMS_TEST_TALLY", "SMS_TEST_PART"
NONE = "no database"
MARKER = "one_database"
_CELLS = (NONE, *databases.ALL)
_DIALECTS = {"postgresql": databases.POSTGRESQL, "mysql": databases.MARIADB, "mariadb": databases.MARIADB}


@dataclass(kw_only=True)
class Counts:
    """What ran: tests by kind of database, tests that were skipped, tests that do not say what they touch."""

    parts: dict[str, Counter[str]] = field(default_factory=dict)
    skipped: set[str] = field(default_factory=set)
    unnamed: set[str] = field(default_factory=set)

    def add(self, part: str, kind: str) -> None:
        """Count a test."""
        self.parts.setdefault(part, Counter())[kind] += 1

    def total(self) -> Counter[str]:
        """Tests by kind of database, all parts together."""
        return sum(self.parts.values(), Counter())

    def table(self) -> str:
        """Tests × database: a line for each part, and one for all where there are several."""
        rows = dict(self.parts)
        if len(rows) != 1:
            rows["tests"] = self.total()
        width = max(map(len, rows))
        return "".join(
            f"{name:{width}}  " + " · ".join(f"{kind} {row[kind]}" for kind in _CELLS) + "\n"
            for name, row in rows.items()
        )

    def amiss(self) -> list[str]:
        """What a whole run must not have: a database without tests, a skipped test, one that does not say its kind."""
        total = self.total()
        found = [f"No test ran on {kind}." for kind in databases.ALL if not total[kind]]
        found += [f"Skipped: {test}" for test in sorted(self.skipped)]
        return found + [
            f"{test} touches a database without saying which: ask for database_url, or mark it {MARKER}(kind, why)."
            for test in sorted(self.unnamed)
        ]


class Tally:
    """A pytest plugin that watches on which databases tests run, and tells it at the end."""

    def __init__(self, config: pytest.Config) -> None:
        self._counts = Counts()
        self._part = os.environ.get(PART, "tests")
        self._touched: set[str] = set()
        self._worker = hasattr(config, "workerinput")
        config.addinivalue_line("markers", f"{MARKER}(kind, why): runs on this kind of database only")
        databases.settle_for_workers()
        sa.event.listen(sa.Engine, "do_connect", self._connecting)

    def _connecting(self, dialect: sa.Dialect, *_: object) -> None:
        self._touched.add(_DIALECTS.get(dialect.name, dialect.name))

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
        if self._worker:
            return
        if report.skipped:
            self._counts.skipped.add(report.nodeid)
        elif report.when == "call":
            said, touched = _watched(report)
            self._counts.add(self._part, said or NONE)
            if set(touched) - {said}:
                self._counts.unnamed.add(re.sub(r"\[.*", "", report.nodeid))

    @pytest.hookimpl(trylast=True)
    def pytest_sessionfinish(self) -> None:
        if self._worker:
            return
        databases.drop_all_of_this_run()
        if os.environ.get(FILE):
            _write(self._counts)

    def pytest_terminal_summary(self, terminalreporter: pytest.TerminalReporter) -> None:
        if self._counts.parts:
            terminalreporter.write(self._counts.table())
        for test in sorted(self._counts.unnamed):
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


def path() -> Path:
    """The file of the tally."""
    return Path(os.environ[FILE])


def read() -> Counts:
    """What has been counted since the file was begun."""
    counts = Counts()
    for line in path().read_text().splitlines() if path().exists() else []:
        read = json.loads(line)
        for part, ran in read["parts"].items():
            counts.parts[part] = counts.parts.get(part, Counter()) + Counter(ran)
        counts.skipped.update(read["skipped"])
        counts.unnamed.update(read["unnamed"])
    return counts


def _write(counts: Counts) -> None:
    line = {"parts": counts.parts, "skipped": sorted(counts.skipped), "unnamed": sorted(counts.unnamed)}
    path().parent.mkdir(parents=True, exist_ok=True)
    with path().open("a") as file:
        file.write(json.dumps(line) + "\n")


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
