"""What a deed is given: the hour, somebody who does it, and a draw among the records that it can be done to."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime
from random import Random
from typing import Any, TypeVar

from sqlalchemy import select
from sqlalchemy.orm import DeclarativeBase

from host_demo.database import AnySession
from host_demo.models import Client, Staff

R = TypeVar("R", bound=DeclarativeBase)
#: How many records a deed looks at before it draws one.
_AMONG = 60


@dataclass(frozen=True, kw_only=True)
class Day:
    """One moment of a day that is played."""

    session: AnySession
    at: datetime
    chance: Random
    staff_ids: tuple[int, ...]

    @property
    def on(self) -> date:
        return self.at.date()

    def one(self, kind: type[R], *which: Any) -> R | None:
        """One of the newest records of a kind for which these hold; None where there is none."""
        model: Any = kind
        query: Any = select(kind).where(*which).order_by(model.id.desc()).limit(_AMONG)
        found: list[R] = list(self.session.scalars(query))
        return self.chance.choice(found) if found else None

    def client(self) -> Client:
        """Any client."""
        found = self.one(Client)
        assert found is not None  # noqa: S101 -- the portal is never without
        return found

    def somebody(self, *, but: Staff | None = None) -> Staff:
        """A member of the staff, another one than ``but`` where there is another."""
        others = [each for each in self.staff_ids if but is None or each != but.id]
        return self.session.get_one(Staff, self.chance.choice(others or self.staff_ids))


#: Does something in the day's session and says what; nothing to say where there was nothing to do.
Deed = Callable[[Day], str]
