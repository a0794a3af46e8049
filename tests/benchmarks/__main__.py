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
from tests.benchmarks import (
    batches,
    between,
    building,
    claims,
    drain,
    firing,
    latency,
    neighbour,
    outage,
    rate,
    sweeping,
    transactions,
    webhooks,
    workers,
)
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


def _batches(url: str, folder: Path) -> None:
    _say(f"Drain through a gateway that takes {batches.BATCH} numbers with one text in a request, end to end:")
    for kind in databases.kinds():
        got = batches.measure(kind, folder / f"batches-{kind}", messages=50_000)
        _say(f"  {kind}: {got.per_second:.0f} messages/s  ({got.messages} messages)")


def _webhooks(url: str, folder: Path) -> None:
    _say("Receipts at one gunicorn worker, against a bare view that commits one row:")
    for kind in databases.kinds():
        place = folder / f"webhooks-{kind}"
        place.mkdir()
        got = webhooks.measure(url, kind, place, messages=500)
        _say(
            f"  {kind}: {got.ratio:.2f} of it  (ours {got.ours:.0f}/s, bare {got.bare:.0f}/s);"
            f" {got.repeated} rows for as many that came twice"
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


def _outages(url: str, folder: Path) -> None:
    _say(f"{outage.WORKERS} workers under a rate of {outage.COUNT} a second after an outage, for a minute:")
    for kind in databases.kinds():
        place = folder / f"outage-{kind}"
        place.mkdir()
        got = outage.measure(kind, place, queued=50_000, seconds=60)
        _say(
            f"  {kind}, {got.queued:,} queued: {got.average:.1f}/s on average, {got.most} in the fullest second;"
            f" {got.furthest} places before its turn at most"
        )


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
    beside = neighbour.measure_sweep(folder, due=2000)
    _say(
        f"  beside a sweep of 2,000: median {beside.beside.median:.1f} ms, p99 {beside.beside.p99:.0f} ms,"
        f" {beside.beside.refused} refused  (alone {beside.alone.median:.1f} and {beside.alone.p99:.0f} ms;"
        f" {beside.seconds:.1f} s)"
    )


def _firing(url: str, folder: Path) -> None:
    _say("Firing to very many, against rendering, parsing numbers, measuring and inserting alone:")
    for kind in (databases.SQLITE, databases.POSTGRESQL):
        if databases.missing(kind):
            _say(f"  {kind}: left out, {databases.missing(kind)}")
            continue
        few, many = (
            firing.measure(kind, folder / f"firing-{kind}-{number}", recipients=number) for number in (20_000, 100_000)
        )
        _say(
            f"  {kind}: {many.ratio:.2f} of it  (ours {many.ours:.0f}/s, bare {many.bare:.0f}/s; {many.work:.2f} by the"
            f" processor's time); memory {many.peak:.0f} MiB for {many.recipients:,},"
            f" {few.peak:.0f} for {few.recipients:,}"
        )


def _building(url: str, folder: Path) -> None:
    _say("Building a send to very many, against rendering, parsing numbers, measuring and inserting alone:")
    for kind in databases.kinds():
        few, many = (
            building.measure(kind, folder / f"building-{kind}-{number}", recipients=number)
            for number in (20_000, 100_000)
        )
        _say(
            f"  {kind}: {many.ratio:.2f} of it  (ours {many.ours:.0f}/s, bare {many.bare:.0f}/s; {many.work:.2f} by the"
            f" processor's time); memory {many.peak:.0f} MiB for {many.recipients:,},"
            f" {few.peak:.0f} for {few.recipients:,}"
        )


def _sweeping(url: str, folder: Path) -> None:
    _say(f"A sweep of {sweeping.TRIGGERS} triggers that finds 2,000 due:")
    for kind in (databases.SQLITE, databases.POSTGRESQL):
        if databases.missing(kind):
            _say(f"  {kind}: left out, {databases.missing(kind)}")
            continue
        few, many = (
            sweeping.measure(kind, folder / f"sweeping-{kind}-{number}", invoices=number, due=2000)
            for number in (100_000, 1_000_000)
        )
        _say(
            f"  {kind}: {many.seconds:.1f} s among {many.invoices:,} invoices, {many.seconds / few.seconds:.2f} times"
            f" that among {few.invoices:,}; {many.again:.1f} s when nothing is new"
        )


_SECTIONS = (
    _drains,
    _batches,
    _webhooks,
    _latency,
    _between,
    _rate,
    _outages,
    _workers,
    _transactions,
    _neighbours,
    _claims,
    _firing,
    _building,
    _sweeping,
)


def main() -> None:
    """Print the ratios, and the memory that it all took."""
    _say(
        f"Python {platform.python_version()}, SQLite {sqlite3.sqlite_version} (WAL), {os.cpu_count()} cores;"
        " the phone server in a process of its own"
    )
    with tempfile.TemporaryDirectory() as folder, phones() as url:
        for section in _SECTIONS:
            section(url, Path(folder))
    _say(f"Memory at its highest: {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024} MiB")


if __name__ == "__main__":
    main()
