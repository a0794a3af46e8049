"""Files of recipients in the form: read, told what is wrong with them, and their rows kept with the draft (S6)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import islice
from typing import Any, cast
from uuid import UUID

import sqlalchemy as sa
from flask import request
from sqlalchemy.orm import Session

from sms_plugin.batches.audience import FILE
from sms_plugin.batches.delimited import UnreadableFile
from sms_plugin.batches.files import MOST_BYTES, FileRow, Sheet, read_file
from sms_plugin.models import BatchRow
from sms_plugin.state import State
from sms_plugin.web.apart import within
from sms_plugin.web.bulk_sources import Block
from sms_plugin.web.bulk_words import file_words

_ROWS = cast(sa.Table, BatchRow.__table__)
#: Rows of a file that are written in one transaction.
_AT_ONCE = 1000
_LONGEST_NAME = 120


@dataclass(frozen=True, kw_only=True)
class Taken:
    """What became of the files that came with a form."""

    blocks: Sequence[Block]
    sheets: Mapping[int, Sheet]  #: by the number of their block
    problems: Sequence[str]  #: in words: files that cannot be taken as they are


def taken_files(blocks: Sequence[Block], *, state: State) -> Taken:
    """The blocks with the columns of the files that were given with them; each file was read to its end."""
    kept: list[Block] = []
    sheets: dict[int, Sheet] = {}
    problems: list[str] = []
    for block in blocks:
        given = request.files.get(f"s{block.number}-file") if block.kind == FILE else None
        if given is None or not given.filename:
            kept.append(block)
            continue
        try:
            data = given.stream.read(MOST_BYTES + 1)
            sheet = read_file(data, region=state.settings.region, phone=block.wanted)
            for _ in sheet.rows():
                pass  # a row that cannot be taken is told before anything is written
        except UnreadableFile as error:
            problems.append(file_words(error))
            kept.append(block)
            continue
        sheets[block.number] = sheet
        name = given.filename.replace("\0", "")[-_LONGEST_NAME:]
        kept.append(replace(block, name=name, columns=sheet.columns, phone=sheet.phone))
    return Taken(blocks=kept, sheets=sheets, problems=problems)


def keep_rows(batch_id: UUID, sheet: Sheet, *, state: State) -> int:
    """How many rows of a file were written beside a draft, in place of those that stood there. Commits, some at a time:
    the draft names the file only when all of them are there.
    """
    while within(state, lambda session: _clear(session, batch_id)):
        pass
    number = 0
    for rows in _some(sheet.rows()):
        values = [{"batch_id": batch_id, "line": row.line, "phone": row.phone, "values": row.values} for row in rows]
        within(state, lambda session, values=values: _write(session, values))  # type: ignore[misc]
        number += len(rows)
    return number


def _clear(session: Session, batch_id: UUID) -> int:
    of = _ROWS.c.batch_id == batch_id
    lines = session.scalars(sa.select(_ROWS.c.line).where(of).order_by(_ROWS.c.line).limit(_AT_ONCE)).all()
    if lines:
        session.execute(sa.delete(_ROWS).where(of, _ROWS.c.line <= lines[-1]))
    return len(lines)


def _write(session: Session, values: list[dict[str, Any]]) -> None:
    session.execute(sa.insert(BatchRow), values)


def _some(rows: Iterable[FileRow]) -> Iterator[list[FileRow]]:
    rows = iter(rows)
    while some := list(islice(rows, _AT_ONCE)):
        yield some
