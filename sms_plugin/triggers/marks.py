"""How far the sweep has come for one step of a date hook, read and written by each page without an object for it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from sms_plugin.host.bound import BoundHook
from sms_plugin.models import Mark
from sms_plugin.models.insertion import insert_once

_MARK: Any = Mark.__table__
_MOVES = (_MARK.c.swept_until, _MARK.c.sweeping_until, _MARK.c.cursor)
_THIS = [column == sa.bindparam(f"of_{column.name}") for column in _MARK.primary_key]
_READ = sa.select(*_MOVES).where(*_THIS)
_KEEP = sa.update(_MARK).where(
    *_THIS, *(each.is_not_distinct_from(sa.bindparam(f"was_{each.name}", type_=each.type)) for each in _MOVES)
)


@dataclass(frozen=True, kw_only=True)
class Place:
    """A step's mark as a page finds it, and as it leaves it."""

    key: Mapping[str, str]
    swept_until: datetime
    sweeping_until: datetime | None
    cursor: str | None  #: the last record of the pages done
    was: tuple[datetime, datetime | None, str | None]  #: as it stands in the database

    def keep(self, session: Session) -> None:
        """Write it, in the page's transaction. Where another sweep has moved it meanwhile, its word stands: what both
        found is written once all the same.
        """
        was = {f"was_{each.name}": value for each, value in zip(_MOVES, self.was, strict=True)}
        now = {"swept_until": self.swept_until, "sweeping_until": self.sweeping_until, "cursor": self.cursor}
        session.connection().execute(_KEEP, {**_named(self.key), **was, **now})


def mark_of(session: Session, hook: BoundHook, step: str, *, begins: datetime) -> Place | None:
    """The step's mark; a new one, or one from before the trigger or the step was switched on again, starts there.

    None where another sweep is making it at this moment, which then sweeps. A new one is written at once.
    """
    key = {"trigger": hook.trigger, "entity": hook.entity.key, "step": step}
    found = session.connection().execute(_READ, _named(key)).one_or_none()
    if found is None:
        insert_once(session.connection(), _MARK, [{**key, "swept_until": begins}], unique=tuple(key))
        found = session.connection().execute(_READ, _named(key)).one_or_none()
    if found is None:
        return None
    was = (found.swept_until, found.sweeping_until, found.cursor)
    if found.swept_until < begins:
        return Place(key=key, swept_until=begins, sweeping_until=None, cursor=None, was=was)
    return Place(key=key, swept_until=was[0], sweeping_until=was[1], cursor=was[2], was=was)


def _named(key: Mapping[str, str]) -> dict[str, str]:
    return {f"of_{name}": value for name, value in key.items()}
