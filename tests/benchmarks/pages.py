"""The pages on a million messages: ``python -m tests.benchmarks.pages [--database URL]``, on an empty database or one
that an earlier run has filled.

Medians of whole requests on the server, template included; bars: pages 100 ms, a conversation 20 ms, an export's
first byte 100 ms and 32 MiB of memory.
"""

from __future__ import annotations

import argparse
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from zoneinfo import ZoneInfo

import sqlalchemy as sa
from sqlalchemy.orm import Session

from sms_plugin.models import Message
from sms_plugin.outbox.export import Layout, export
from sms_plugin.outbox.history import Selection, about_record, history
from sms_plugin.outbox.queue import Part
from sms_plugin.web.paging import Cursor, write_cursor
from tests.benchmarks.million import CLIENTS, MESSAGES, SEND, large_portal
from tests.portal import Client, Portal

_ROUNDS = 15
_QUEUE, _LIST = "/admin/sms/queue/", "/admin/sms/message/"


@dataclass(frozen=True, kw_only=True)
class Exported:
    """What the export of everything took."""

    first_byte: float  #: milliseconds
    seconds: float
    grown: float  #: MiB of resident memory at the highest, above those before
    lines: int


@dataclass(frozen=True, kw_only=True)
class Taken:
    """Medians in milliseconds. On a machine that others use, too, the second tells what the page itself costs."""

    clock: float
    processor: float  #: of this process: with SQLite all of it, else without the database server's part


def measure(portal: Portal) -> Iterator[tuple[str, Taken]]:
    """The name of each page and what it took."""
    client = portal.app.test_client()
    for name, path in _pages(portal).items():

        def read(path: str = path) -> None:
            assert client.get(path, buffered=True).status_code == 200

        yield name, median(read)
    with portal.fresh() as session:
        someone = session.get_one(Client, CLIENTS // 2)
        of = about_record(someone, registry=portal.state.registry)
        yield "a client's history (its question)", median(lambda: history(session, of=of))


def median(work: Callable[[], object]) -> Taken:
    """The medians of some rounds; the first, which warms up, does not count."""
    work()
    clock: list[float] = []
    processor: list[float] = []
    for _ in range(_ROUNDS):
        began, used = time.perf_counter(), time.process_time()
        work()
        processor.append((time.process_time() - used) * 1000)
        clock.append((time.perf_counter() - began) * 1000)
    return Taken(clock=statistics.median(clock), processor=statistics.median(processor))


def export_all(portal: Portal) -> Exported:
    """The export of all messages, read as a download reads it."""

    @contextmanager
    def pages() -> Iterator[Session]:
        with closing(portal.state.session()) as session:
            yield session

    before, highest = _resident(), 0.0
    began = time.perf_counter()
    pieces = export(
        pages, of=Selection(), layout=Layout(zone=ZoneInfo("Europe/Lisbon")), registry=portal.state.registry
    )
    lines = sum(next(pieces).count(b"\n") for _ in range(2))
    first = (time.perf_counter() - began) * 1000
    for piece in pieces:
        lines += piece.count(b"\n")
        highest = max(highest, _resident())
    return Exported(first_byte=first, seconds=time.perf_counter() - began, grown=highest - before, lines=lines)


def _pages(portal: Portal) -> dict[str, str]:
    with portal.fresh() as session:
        middle = (
            session.execute(
                sa.select(Message.id, Message.created_at).order_by(Message.id).offset(MESSAGES // 2).limit(1)
            ).one_or_none()
            or session.execute(sa.select(Message.id, Message.created_at).limit(1)).one()
        )
        queued = sa.select(Message).where(Message.state == "queued", Message.priority == 1)
        waiting = session.scalars(queued.order_by(Message.due_at, Message.id).offset(5000).limit(1)).first()
    with portal.app.test_request_context():
        deep = write_cursor(Cursor(values=(middle.id,)), of="message")
        place = None
        if waiting is not None:
            values = (middle.created_at, int(Part.LATER), waiting.priority, waiting.due_at, waiting.id, 5000)
            place = write_cursor(Cursor(values=values), of="queue")
    number = "912+345+678" if waiting is None else (waiting.number or "").replace("+", "%2B")
    client = "" if waiting is None else waiting.client
    day = middle.created_at.date()
    return {
        "queue, first page": _QUEUE,
        "queue, a deep page": f"{_QUEUE}?at={place}" if place else _QUEUE,
        "queue, held": f"{_QUEUE}?state=held",
        "queue, unknown": f"{_QUEUE}?state=unknown",
        "queue, a client's": f"{_QUEUE}?client=clients/Client:{client}",
        "queue, a number's": f"{_QUEUE}?number={number}",
        "queue, a send to many": f"{_QUEUE}?batch={SEND}",
        "queue, one trigger": f"{_QUEUE}?trigger=charge_created",
        "queue, a rare trigger": f"{_QUEUE}?trigger=birthday_greeting",
        "queue, a client by name": f"{_QUEUE}?client=Client+{CLIENTS - 5}",
        "queue, a rare reason": f"{_QUEUE}?state=held&reason=quarantined",
        "messages, first page": _LIST,
        "messages, a deep page": f"{_LIST}?at={deep}",
        "messages, failed": f"{_LIST}?state=failed",
        "messages, delivered": f"{_LIST}?state=delivered",
        "messages, one trigger": f"{_LIST}?trigger=charge_created",
        "messages, a trigger that never fired": f"{_LIST}?trigger=birthday_greeting",
        "messages, a state of a trigger": f"{_LIST}?trigger=seat_soon&state=cancelled",
        "messages, a rare provider": f"{_LIST}?provider=2",
        "messages, one number": f"{_LIST}?number={number}",
        "messages, one client": f"{_LIST}?client=clients/Client:{client}",
        "messages, a send to many": f"{_LIST}?batch={SEND}",
        "messages, what failed of a send to many": f"{_LIST}?batch={SEND}&state=failed",
        "messages, one day": f"{_LIST}?since={day}&until={day}",
        "messages, words in a number": f"{_LIST}?number={number}&words=invoice",
        "messages, words that a month does not hold": f"{_LIST}?since={day}&until={day}&words=zebra",
        "a number's conversation": f"/admin/sms/history/?number={number}",
        "a number's conversation, on paper": f"/admin/sms/print/?number={number}",
        "why a number was texted": f"/admin/sms/explain/?number={number}",
        "why a client was texted": f"/admin/sms/explain/?of=clients/Client:{client}",
        "the record of changes": "/admin/sms/change/",
        "the record of changes, somebody rare": "/admin/sms/change/?who=zeno",
        "looks": "/admin/sms/change/looks/",
        "looks at one client's history": f"/admin/sms/change/looks/?of=clients/Client:{client}",
        "looks, somebody rare": "/admin/sms/change/looks/?who=zeno",
        "one message": f"{_LIST}details/?id={middle.id}",
    }


def _resident() -> float:
    """MiB of resident memory, now."""
    pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1])
    return pages * 4096 / 2**20


def say(url: str) -> None:
    """Fill the database, and print what each page takes."""

    def line(text: str) -> None:
        sys.stdout.write(text + "\n")
        sys.stdout.flush()

    began = time.perf_counter()
    with large_portal(url) as portal:
        kind = portal.db.engine.dialect.name
        filled = time.perf_counter() - began
        line(f"Pages on {kind}, {MESSAGES:,} messages, {CLIENTS:,} clients (filled in {filled:.0f} s):")
        for name, taken in measure(portal):
            line(f"  {name}: {taken.clock:.1f} ms ({taken.processor:.1f} ms of processor)")
        got = export_all(portal)
        line(
            f"  export of all: first byte after {got.first_byte:.0f} ms, {got.lines:,} lines in {got.seconds:.0f} s,"
            f" memory +{got.grown:.1f} MiB"
        )


def main() -> None:
    """One database, as the command line says; SQLite in a folder of its own without one."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--database", help="an SQLAlchemy URL of an empty database")
    url = parser.parse_args().database
    if url:
        say(url)
    else:
        with tempfile.TemporaryDirectory() as folder:
            say(f"sqlite:///{Path(folder) / 'portal.db'}")


if __name__ == "__main__":
    main()
