"""Building the recipients of a send to very many, against the bare floor: the same texts rendered, numbers parsed,
measured, and rows inserted, with nobody decided about. Both take turns on one database, in a process of their own.
"""

from __future__ import annotations

import argparse
import datetime as dt
import json
import resource
import subprocess
import sys
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any
from uuid import UUID

import phonenumbers
import sqlalchemy as sa

from sms_plugin.batches.audience import Audience, Source
from sms_plugin.batches.building import begin, build_some
from sms_plugin.batches.drafting import Asked, save
from sms_plugin.models import Batch, BatchRecipient
from sms_plugin.outbox.enqueue import occurrence
from sms_plugin.text.formats import Style
from sms_plugin.text.segments import measure as measured
from sms_plugin.text.shortcodes import parse, render
from sms_plugin.transactions import within
from tests import databases
from tests.benchmarks.firing import LISBON, Taken
from tests.benchmarks.ground import close, tuned
from tests.portal import Client, Portal, make_portal

#: Rows of one of the floor's transactions; on SQLite ours are held to a hundred, so that the host gets its turn.
PAGE = 500
TEXT = "Hello {contact_firstname}, the office is closed on Monday. {company_name}"
_CLIENT: Any = Client.__table__
_RECIPIENT: Any = BatchRecipient.__table__


@dataclass(frozen=True, kw_only=True)
class Built:
    """Recipients per second both ways by the clock, the floor's own work as a share of ours, memory at its highest."""

    recipients: int
    ours: float
    bare: float
    work: float
    peak: float  #: MiB

    @property
    def ratio(self) -> float:
        return self.ours / self.bare


def measure(kind: str, folder: Path, *, recipients: int) -> Built:
    """So many recipients on a fresh database of the kind, in a process of its own."""
    folder.mkdir(parents=True)
    with databases.fresh(kind, folder) as database:
        command = [sys.executable, "-m", "tests.benchmarks.building", database, str(recipients)]
        answer = subprocess.run(command, check=True, capture_output=True, text=True)
    return Built(**json.loads(answer.stdout.splitlines()[-1]))


def build(database: str, *, recipients: int) -> Built:
    """What both cost in this process."""
    portal = make_portal(database)
    with portal.app.app_context():
        tuned(portal.db.engine)
        portal.use_kind("console", {}, name="console")
        fill(portal, recipients)
        few = "Once {contact_firstname}"
        _ours(portal, text=few, most=PAGE)
        _bare(
            portal, begun(portal, text=few), min(recipients, PAGE)
        )  # what is read and compiled once is nobody's price
        ours, bare = Taken(), Taken()
        floor = begun(portal, text=TEXT)
        bare.add(lambda: _bare(portal, floor, recipients))
        whole = begun(portal, text=TEXT)
        ours.add(lambda: _built(portal, whole))
        _check(portal, floor, whole, recipients)
        close(portal.app, portal.db)
    return Built(
        recipients=recipients,
        ours=recipients / ours.clock,
        bare=recipients / bare.clock,
        work=bare.work / ours.work,
        peak=resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024,
    )


def fill(portal: Portal, recipients: int) -> None:
    """A client for each recipient."""
    for start in range(0, recipients, 5000):
        ids = range(start + 1, min(start + 5000, recipients) + 1)
        with portal.db.engine.begin() as connection:
            connection.execute(sa.insert(_CLIENT), [_client(id) for id in ids])


def begun(portal: Portal, *, text: str) -> UUID:
    """A batch to every client whose building has begun."""
    state, now = portal.state, dt.datetime.now(dt.UTC)
    audience = Audience(sources=(Source(kind="filters", entity="clients/Client"),))
    asked = Asked(name="June", texts={"en": text}, audience=audience)
    batch = within(state, lambda s: save(s, asked, once=f"{now}", who="Olga", now=now, state=state).id)
    within(state, lambda s: begin(s, batch, version=0, who="Olga", now=now, state=state).id)
    return batch


def _built(portal: Portal, batch: UUID) -> None:
    while build_some(portal.state, batch, seconds=10):
        pass


def _ours(portal: Portal, *, text: str, most: int) -> None:
    batch = begun(portal, text=text)
    for _ in range(2 + most // PAGE):
        build_some(portal.state, batch, seconds=0)


def _client(id: int) -> dict[str, Any]:
    return {"id": id, "name": f"Ana {id}", "phone": f"{91 + id // 10_000_000}{id // 10000 % 1000:03} {id % 10000:04}"}


def _bare(portal: Portal, batch: UUID, recipients: int) -> None:
    """As many rows without anything that decides them: the clients are read, as whoever texts them has to."""
    parsed, style = parse(TEXT), Style(language="en", timezone=LISBON)
    for start in range(0, recipients, PAGE):
        with portal.db.engine.begin() as connection:
            found = connection.execute(
                sa.select(_CLIENT).where(_CLIENT.c.id > start).order_by(_CLIENT.c.id).limit(PAGE)
            ).all()
            rows = [_row(client, batch, parsed, style) for client in found]
            connection.execute(sa.insert(_RECIPIENT), rows)


def _row(client: Any, batch: UUID, parsed: Any, style: Style) -> dict[str, Any]:
    values: dict[str, object] = {"contact_firstname": client.name, "company_name": "Acme"}
    text = render(parsed, value=values.__getitem__, style=style)
    size = measured(text)
    number = phonenumbers.parse(client.phone, "PT")
    assert phonenumbers.is_valid_number(number)
    return {
        "batch_id": batch,
        "occurrence": occurrence("bare", str(batch), str(client.id)),
        "is_left_out": False,
        "reason": "",
        "detail": "",
        "name": client.name,
        "entity": "clients/Client",
        "record": str(client.id),
        "person_entity": "clients/Client",
        "person": str(client.id),
        "client_entity": "clients/Client",
        "client": str(client.id),
        "records": None,
        "source": 0,
        "number": phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164),
        "language": "en",
        "timezone": "",
        "text": text,
        "redacted": None,
        "encoding": str(size.encoding),
        "segments": size.segments,
        "cost": None,
    }


def _check(portal: Portal, floor: UUID, whole: UUID, recipients: int) -> None:
    """Both must have written the same texts to the same numbers, or they did not do the same."""
    with portal.fresh() as session:
        assert session.get_one(Batch, whole).going == recipients
        for client in (1, recipients):
            rows = session.execute(
                sa.select(_RECIPIENT.c.number, _RECIPIENT.c.text, _RECIPIENT.c.segments).where(
                    _RECIPIENT.c.batch_id.in_([floor, whole]),
                    _RECIPIENT.c.is_left_out.is_(False),
                    _RECIPIENT.c.record == str(client),
                )
            ).all()
            assert len(rows) == 2, rows
            assert len(set(rows)) == 1, rows


def main() -> None:
    """One database and a number of recipients, as the command line says."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("database")
    parser.add_argument("recipients", type=int)
    given = parser.parse_args()
    sys.stdout.write(json.dumps(asdict(build(given.database, recipients=given.recipients))) + "\n")


if __name__ == "__main__":
    main()
