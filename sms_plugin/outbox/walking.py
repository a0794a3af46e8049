"""Pages of a long record that no index serves by what is asked: so many rows at most are looked at for each."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Generic, TypeVar
from uuid import UUID

from sqlalchemy.orm import Session

T = TypeVar("T")

#: So many rows at most are looked at for one page.
LOOK_AT = 2000
_CHUNK = 200


@dataclass(frozen=True, kw_only=True)
class Walked(Generic[T]):
    """A page, the newest first. ``next`` is the id after which the next page begins; None at the end."""

    rows: tuple[T, ...]
    next: UUID | None
    cut: bool = False  #: the page is short because so many were looked at already: there may be more


def walk(
    session: Session, query: Any, key: Any, *, fits: Callable[[T], bool], most: int, after: UUID | None
) -> Walked[T]:
    """The next rows of the query that fit, after one or from the newest on; ``key`` is their id. Reads only."""
    chosen: list[T] = []
    last, looked = after, 0
    while True:
        page = query if last is None else query.where(key < last)
        rows = session.scalars(page.order_by(key.desc()).limit(_CHUNK)).all()
        for row in rows:
            if len(chosen) == most or looked == LOOK_AT:
                return Walked(rows=tuple(chosen), next=last, cut=len(chosen) < most)
            last, looked = row.id, looked + 1
            if fits(row):
                chosen.append(row)
        if len(rows) < _CHUNK:
            return Walked(rows=tuple(chosen), next=None)
