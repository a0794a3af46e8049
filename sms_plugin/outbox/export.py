"""Messages as CSV for people's spreadsheets: streamed in pages, so that a million rows take the memory of one (Q4)."""

from __future__ import annotations

import csv
import io
import re
import unicodedata
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy.orm import Session

from sms_plugin.host.identity import RecordRef
from sms_plugin.host.registry import Registry
from sms_plugin.outbox.charges import COSTS
from sms_plugin.outbox.history import Selection, read
from sms_plugin.outbox.names import named_by, names_of

#: The columns of Q4, by code; doors translate. Cost and channel stay empty where nobody knows them.
COLUMNS = (
    "time",
    "direction",
    "person",
    "number",
    "text",
    "status",
    "segments",
    "cost",
    "reason_to_text",
    "operator",
    "channel",
)
SEPARATORS = (",", ";", "\t")
#: Stands before a cell that a spreadsheet would take for a formula; ``unguarded`` takes it away again.
PREFIX = "'"

#: The first page is small, so that the download begins at once.
_FIRST, _REST = 100, 1000
#: With the prefix before it, it still is one: so the prefix can be told from a quote that was written.
_FORMULA = re.compile(r"""[\s\x00-\x1f"'`\u200b\ufeff]*[=+\-@＝＋－＠\t\r]""")
#: So many names are kept from page to page.
_NAMES = 2000


@dataclass(frozen=True, kw_only=True)
class Layout:
    """How the file is written."""

    separator: str = ","
    bom: bool = False  #: makes Excel read UTF-8
    zone: ZoneInfo
    header: Sequence[str] = COLUMNS
    #: the words of a state, a direction and a trigger: ("state", "sent") → "Sent"
    say: Callable[[str, str], str] = lambda kind, code: code


def export(
    pages: Callable[[], AbstractContextManager[Session]],
    *,
    of: Selection,
    layout: Layout,
    registry: Registry,
    newest_first: bool = False,
) -> Iterator[bytes]:
    """The file in pieces, each read in a short transaction of its own: ``pages`` gives the session of one page.

    Closing the iterator ends it: nothing more is asked of the database.
    """
    yield (b"\xef\xbb\xbf" if layout.bom else b"") + _lines([layout.header], layout)
    names: dict[RecordRef, str] = {}
    last: Any = None
    most = _FIRST
    while True:
        beside = {} if last is None else {"before" if newest_first else "after": last}
        with pages() as session:
            rows = read(session, of=of, most=most, newest_first=newest_first, **beside)
            unnamed = [row for row in rows if named_by(row) not in names]
            if len(names) + len(unnamed) > _NAMES:
                names, unnamed = {}, list(rows)
            nameless = {ref: "" for row in unnamed if (ref := named_by(row)) is not None}
            names |= nameless | names_of(session, unnamed, registry=registry)
        if rows:
            yield _lines([_cells(row, names, layout) for row in rows], layout)
        if len(rows) < most:
            return
        last, most = rows[-1].id, _REST


def guarded(cell: str) -> str:
    """The cell as no spreadsheet takes it for a formula: telephone numbers, too, begin with a plus."""
    return PREFIX + cell if _FORMULA.match(cell) else cell


def unguarded(cell: str) -> str:
    """What was written before ``guarded`` put its prefix there."""
    return cell[len(PREFIX) :] if cell.startswith(PREFIX) and _FORMULA.match(cell[len(PREFIX) :]) else cell


def file_name(about: str, *, at: datetime) -> str:
    """A name of letters, digits and hyphens that every system and header takes, ending in the day and ``.csv``."""
    plain = unicodedata.normalize("NFKD", about).encode("ascii", "ignore").decode()
    words = re.sub("[^A-Za-z0-9]+", "-", plain).strip("-").lower()[:60].rstrip("-")
    return "-".join(part for part in ("sms", words, at.date().isoformat()) if part) + ".csv"


def _cells(row: Any, names: dict[RecordRef, str], layout: Layout) -> list[str]:
    ref = named_by(row)
    return [
        row.created_at.astimezone(layout.zone).isoformat(sep=" ", timespec="seconds"),
        layout.say("direction", row.direction),
        "" if ref is None else names.get(ref, ""),
        row.number or "",
        row.text or "",
        layout.say("state", row.state),
        str(row.segments or ""),
        _cost(row),
        row.subject or ("" if row.trigger is None else layout.say("trigger", row.trigger)),
        row.operator,
        row.channel,
    ]


def _cost(row: Any) -> str:
    """What was paid, or is expected to be; nothing for what did not go."""
    return "" if row.cost is None or row.state not in COSTS else f"{row.cost:f} {row.currency}".strip()


def _lines(rows: Sequence[Sequence[str]], layout: Layout) -> bytes:
    written = io.StringIO()
    csv.writer(written, delimiter=layout.separator).writerows([guarded(cell) for cell in row] for row in rows)
    return written.getvalue().encode("utf-8", "replace")
