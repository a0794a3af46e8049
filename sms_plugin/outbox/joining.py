"""Texts that come in parts, put together in whatever order their parts come.

What a phone calls the group of a text is a number below 256, or below 65,536, that it uses again: a group of the same
name is another text once the first is whole, or has such a part already, or is older than yesterday. Where the parts
stand in the text so far is kept in ``detail``, as their numbers and lengths.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Session

from sms_plugin.gateways.contract import Part
from sms_plugin.models import Message, first_id
from sms_plugin.models.insertion import insert_once
from sms_plugin.outbox.enqueue import occurrence
from sms_plugin.outbox.tallies import state_counter, tally
from sms_plugin.states import MessageState
from sms_plugin.text.segments import measure

_MESSAGE: Any = Message.__table__
#: The text stands with each of several clients who have the number; the others' rows are copies of the first.
SHARED, COPY = "shared_number", "shared_copy"
#: The step of a text of which parts have not come.
INCOMPLETE = "incomplete"
#: So many texts of one group's name are told apart within a day.
_SAME_NAME = 8
#: Where more parts are told than the column can list, each is a text of its own.
MOST_PARTS = 30


@dataclass(frozen=True, kw_only=True)
class Piece:
    """A part of a text, and the rows that it would be if it came first."""

    group: bytes
    part: Part
    text: str = field(repr=False)
    rows: Sequence[dict[str, Any]] = field(repr=False)


@dataclass(frozen=True, kw_only=True)
class Joined:
    """The rows of a text that is whole now; none while parts lack, or where the part was known."""

    messages: tuple[UUID, ...] = ()
    text: str = field(default="", repr=False)


def key_of_group(*parts: str) -> bytes:
    """The key of a group's name, the same for all texts that use it."""
    return occurrence("group", *parts)


def join(session: Session, piece: Piece, *, number: str | None, now: datetime) -> Joined:
    """Put the part where it belongs. Writes in the caller's transaction."""

    def again() -> Joined:
        return join(session, piece, number=number, now=now)

    keys = [_key(piece.group, day, place) for day in (now - timedelta(days=1), now) for place in range(_SAME_NAME)]
    standing = {
        bytes(row.occurrence): row
        for row in session.execute(
            sa.select(*_MESSAGE.c["id", "occurrence", "step", "detail", "text"])
            .where(_MESSAGE.c.occurrence.in_(keys))
            .with_for_update()
        )
    }
    for key in keys:
        if key in standing:
            held = _parts(standing[key])
            if held.get(piece.part.number) == piece.text:
                return Joined()
            if standing[key].step == INCOMPLETE and piece.part.number not in held:
                return _added(session, standing[key], held, piece, now)
    for key in keys[_SAME_NAME:]:
        if key not in standing:
            ids = _begun(session, piece, key)
            # where another process began it at this moment, it stands now
            return Joined(messages=ids if piece.part.total <= 1 else (), text=piece.text) if ids else again()
    return Joined(messages=_begun(session, piece, None), text=piece.text)  # better by itself than lost


def _key(group: bytes, day: datetime, place: int) -> bytes:
    return occurrence(group.hex(), day.date().isoformat(), str(place))


def write_once(session: Session, first: dict[str, Any], copies: Sequence[dict[str, Any]]) -> tuple[UUID, ...]:
    """The ids of the row of a text and of those of its other clients, written now; none where the text stands already.

    Writes in the caller's transaction.
    """
    if not insert_once(session.connection(), _MESSAGE, [first], unique="occurrence"):
        return ()
    if copies:
        session.connection().execute(sa.insert(_MESSAGE), list(copies))
    tally(session, {state_counter(MessageState.RECEIVED): 1 + len(copies)})
    return (first["id"], *(row["id"] for row in copies))


def _begun(session: Session, piece: Piece, key: bytes | None) -> tuple[UUID, ...]:
    """The rows of a text whose first part this is; none where somebody else began it."""
    step = INCOMPLETE if piece.part.total > 1 else ""
    moment = (key or piece.group).hex()
    own = {"step": step, "detail": _detail({piece.part.number: piece.text}), "moment": moment}
    first, *copies = [row | own for row in piece.rows]
    return write_once(session, first | {"occurrence": key}, copies)


def _added(session: Session, row: Any, held: dict[int, str], piece: Piece, now: datetime) -> Joined:
    held = dict(sorted({**held, piece.part.number: piece.text}.items()))
    text, whole = "".join(held.values()), len(held) >= piece.part.total
    size = measure(text)
    ids = tuple(sorted({row.id, *_copies(session, row, piece, now)}))
    session.connection().execute(
        sa.update(_MESSAGE)
        .where(_MESSAGE.c.id.in_(ids))
        .values(
            text=text,
            encoding=str(size.encoding),
            segments=size.segments,
            step="" if whole else INCOMPLETE,
            detail=_detail(held),
            changed_at=now,
        )
    )
    return Joined(messages=ids, text=text) if whole else Joined()


def _copies(session: Session, row: Any, piece: Piece, now: datetime) -> list[UUID]:
    """The rows of a text; those of other clients are found by their number."""
    of_text = sa.select(_MESSAGE.c.id).where(
        _MESSAGE.c.number == piece.rows[0]["number"],
        _MESSAGE.c.id >= first_id(now - timedelta(days=2)),
        _MESSAGE.c.moment == bytes(row.occurrence).hex(),
    )
    return list(session.execute(of_text).scalars())


def _detail(held: dict[int, str]) -> str:
    return " ".join(f"{number}:{len(text)}" for number, text in sorted(held.items()))


def _parts(row: Any) -> dict[int, str]:
    """The parts that a text has, by their numbers."""
    held: dict[int, str] = {}
    at = 0
    for number, length in re.findall(r"(\d+):(\d+)", row.detail):
        held[int(number)] = (row.text or "")[at : at + int(length)]
        at += int(length)
    return held
