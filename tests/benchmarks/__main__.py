"""``python -m tests.benchmarks``: every figure of the README, in one run of half an hour."""

from __future__ import annotations

import os
import platform
import resource
import sqlite3
import sys
import tempfile
from pathlib import Path

from tests import databases
from tests.benchmarks import between, claims, drain, latency, neighbour, rate, transactions, workers
from tests.benchmarks.ground import phones


def _say(line: str = "") -> None:
    sys.stdout.write(line + "\n")
    sys.stdout.flush()


def _drains(url: str, folder: Path) -> None:
    _say(f"Drain, {drain.THREADS} threads, one message a request, against a bare requests loop:")
    for kind in (databases.SQLITE, databases.POSTGRESQL):
        if databases.missing(kind):
            _say(f"  {kind}: left out, {databases.missing(kind)}")
            continue
        place = folder / kind
        place.mkdir()
        for milliseconds, messages, rounds in ((0, 2000, 5), (20, 1500, 3)):
            got = drain.measure(url, kind, place, latency_ms=milliseconds, messages=messages, rounds=rounds)
            _say(
                f"  {kind}, provider answers in {milliseconds:>2} ms: {got.ratio:.2f} of it"
                f"  (ours {got.ours:.0f}/s, bare {got.bare:.0f}/s; median of {rounds} x {messages})"
            )


def _latency(url: str, folder: Path) -> None:
    got = latency.measure(url, folder, commits=200)
    _say(f"Commit to request, idle: median {got.median:.0f} ms, p99 {got.p99:.0f} ms  ({got.commits} commits)")


def _between(url: str, folder: Path) -> None:
    _say("Commit in one process to request from another one's worker, idle:")
    for kind in databases.kinds():
        place = folder / f"between-{kind}"
        place.mkdir()
        got = between.measure(url, kind, place, commits=200)
        _say(f"  {kind}: median {got.median:.0f} ms, p99 {got.p99:.0f} ms  ({got.commits} commits)")


def _rate(url: str, folder: Path) -> None:
    _say(f"{rate.WORKERS} workers under a rate of {rate.COUNT} a second, for a minute:")
    for kind in databases.kinds():
        place = folder / f"rate-{kind}"
        place.mkdir()
        got = rate.measure(url, kind, place, seconds=60)
        _say(f"  {kind}: {got.average:.1f}/s on average, {got.most} in the fullest second, {got.twice} sent twice")


def _workers(url: str, folder: Path) -> None:
    _say(f"Two workers against one, the provider answers in {workers.LATENCY_MS} ms:")
    for kind in databases.kinds():
        got = workers.measure(url, kind, folder / f"workers-{kind}", messages=1500)
        _say(f"  {kind}: {got.ratio:.2f} times  ({got.two:.0f}/s and {got.one:.0f}/s)")


def _claims(url: str, folder: Path) -> None:
    _say(f"A claim of {claims.TAKE}, median:")
    for kind in databases.kinds():
        got = claims.measure(url, kind, folder / f"claims-{kind}", backlog=1_000_000, claimed=100_000)
        _say(
            f"  {kind}: {got.few:.1f} ms behind 10,000, {got.many:.1f} ms behind {got.backlog:,}:"
            f" {got.many / got.few:.2f} times; {got.later:.1f} ms after {got.claimed:,} were claimed"
        )


def _transactions(url: str, folder: Path) -> None:
    for name, got in (
        ("Firing a trigger", transactions.fire(url, folder, transactions=300)),
        ("A change that no hook names", transactions.change(url, folder, transactions=1000)),
    ):
        _say(
            f"{name} adds {got.difference:.2f} ms to the host's transaction"
            f"  ({got.with_plugin:.2f} ms with, {got.without:.2f} ms without; median of {got.transactions})"
        )


def _neighbours(url: str, folder: Path) -> None:
    _say(f"The host's own commits on SQLite, {neighbour.THREADS} threads, while a worker drains:")
    for name, changed in (("as decided", False), ("each text worded anew", True)):
        got = neighbour.measure(url, folder, seconds=10, messages=6000, changed=changed)
        _say(
            f"  {name}: median {got.beside.median:.1f} ms, p99 {got.beside.p99:.0f} ms, {got.beside.refused} refused"
            f"  (alone {got.alone.median:.1f} and {got.alone.p99:.0f} ms; {got.beside.number} commits,"
            f" {got.drained:.0f} messages/s drained)"
        )


def main() -> None:
    """Print the ratios, and the memory that it all took."""
    _say(
        f"Python {platform.python_version()}, SQLite {sqlite3.sqlite_version} (WAL), {os.cpu_count()} cores;"
        " the phone server in a process of its own"
    )
    with tempfile.TemporaryDirectory() as folder, phones() as url:
        for section in (_drains, _latency, _between, _rate, _workers, _transactions, _neighbours, _claims):
            section(url, Path(folder))
    _say(f"Memory at its highest: {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024} MiB")


if __name__ == "__main__":
    main()
