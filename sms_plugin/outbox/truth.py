"""Asking the host's database whether what a message says still holds (promise 4)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from functools import lru_cache
from hashlib import blake2b
from typing import Any, TypeAlias

import sqlalchemy as sa
from sqlalchemy import inspect
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.orm import Session

from sms_plugin.host.bound import BoundEntity, BoundHook
from sms_plugin.host.identity import key_text, key_values
from sms_plugin.host.stepping import direction_of, is_own, own_step
from sms_plugin.host.when import Dated, Yearly, lead_time
from sms_plugin.values import made_often

#: The step of a message that a person or the host's own code fired.
BY_HAND = "hand"


@made_often()
class Answer:
    """What the database says of one record."""

    version: bytes  #: of the record's own row
    holds: tuple[bool, ...]  #: per hook: its ``only``
    dates: tuple[object, ...]  #: per hook: the value of its date, None for other hooks
    leads: tuple[object, ...]  #: per hook: the record's own lead time, None where it says none

    def still(self, hooks: Sequence[BoundHook], *, step: str, moment: str) -> bool:
        """Whether an occurrence of this step and moment is still true. Without hooks the record only has to exist."""
        if not hooks:
            return True
        for hook, holds, value, lead in zip(hooks, self.holds, self.dates, self.leads, strict=True):
            if not holds:
                continue
            if step == BY_HAND or (_is_of(hook, step, lead) and _date_holds(hook, value, moment)):
                return True
        return False

    def of(self, at: int) -> Answer:
        """The answer of one hook alone."""
        if len(self.holds) == 1:
            return self
        return replace(self, holds=(self.holds[at],), dates=(self.dates[at],), leads=(self.leads[at],))


def _is_of(hook: BoundHook, step: str, lead: object) -> bool:
    """Whether an occurrence of this step is the hook's. Whatever offset the admin gave it, its direction is the same;
    a lead time that the record says itself has to be the one that it says now.
    """
    when = hook.when
    if not isinstance(when, Dated):
        return hook.step == step
    if not is_own(step):
        return direction_of(step) == when.direction
    own = lead_time(when, lead)
    return own is not None and step == own_step(when.direction, own, by_day=when.by_day)


def _date_holds(hook: BoundHook, value: object, moment: str) -> bool:
    """Whether the record's date is still the one that the message was decided for."""
    if not isinstance(hook.when, (Dated, Yearly)):
        return True
    if isinstance(hook.when, Yearly) or hook.declared.once is not None:
        return value is not None
    return isinstance(value, date) and value.isoformat() == moment


def ask(session: Session, *, entity: BoundEntity, hooks: Sequence[BoundHook], keys: Sequence[str]) -> dict[str, Answer]:
    """The answers for the records that exist, by their key as text: one query. Reads only, without a flush.

    Raises what the host's expressions make the database raise: call it in a savepoint where that must not hurt.
    """
    if not keys:
        return {}
    dialect = session.get_bind().dialect.name
    question = _question(entity.model, tuple(hooks), dialect)  # type: ignore[arg-type]  # a class is hashable
    values = [key_values(entity.model, key) for key in keys]
    wanted = [value[0] for value in values] if question.first == 1 else values
    answers: dict[str, Answer] = {}
    told: dict[tuple[Any, ...], _Told] = {}  # what many records say alike is kept once
    with session.no_autoflush:
        for found in session.execute(question.query, {"sms_keys": wanted}).all():
            row = tuple(found)
            asked = row[question.second :]
            if asked not in told:
                told[asked] = _told(asked, len(hooks))
            holds, dates, leads = told[asked]
            version = blake2b(repr(row[question.first : question.second]).encode(), digest_size=16).digest()
            answers[key_text(row[: question.first])] = Answer(version=version, holds=holds, dates=dates, leads=leads)
    return answers


#: What the hooks' ``only`` say, the values of their dates, the record's own lead times.
_Told: TypeAlias = tuple[tuple[bool, ...], tuple[object, ...], tuple[object, ...]]


def _told(asked: tuple[Any, ...], hooks: int) -> _Told:
    return tuple(map(bool, asked[:hooks])), asked[hooks : 2 * hooks], asked[2 * hooks :]


@dataclass(frozen=True, kw_only=True)
class _Question:
    """A query whose rows hold the key, up to ``first``, the row itself, up to ``second``, then what the hooks ask."""

    query: sa.Select[Any]
    first: int
    second: int


@lru_cache(maxsize=256)
def _question(model: type[Any], hooks: tuple[BoundHook, ...], dialect: str) -> _Question:
    """Declarations do not change while a portal runs: their question is put together once."""
    own = key_columns(model)
    row_columns = [getattr(model, name) for name in _row_attributes(model)]
    asked: list[sa.Label[Any]] = [
        (sa.true() if hook.declared.only is None else hook.declared.only).label(f"sms_only_{n}")
        for n, hook in enumerate(hooks)
    ]
    dates = [
        (hook.when.at if isinstance(hook.when, (Dated, Yearly)) else sa.null()).label(f"sms_at_{n}")
        for n, hook in enumerate(hooks)
    ]
    leads = [
        (hook.when.lead if isinstance(hook.when, Dated) and hook.when.lead is not None else sa.null()).label(
            f"sms_lead_{n}"
        )
        for n, hook in enumerate(hooks)
    ]
    return _Question(
        query=sa.select(*own, *row_columns, *asked, *dates, *leads).select_from(model).where(bound(model, dialect)),
        first=len(own),
        second=len(own) + len(row_columns),
    )


def bound(model: type[Any], dialect: str) -> sa.ColumnElement[bool]:
    """What selects the records whose keys are given as ``sms_keys``: PostgreSQL's driver reads hundreds of parameters
    anew each time, and takes whole numbers as one.
    """
    own = key_columns(model)
    if len(own) > 1:
        return sa.tuple_(*own).in_(sa.bindparam("sms_keys", expanding=True))
    if dialect == "postgresql" and type(own[0].type) in {sa.Integer, sa.BigInteger}:
        return own[0] == sa.any_(sa.bindparam("sms_keys", type_=ARRAY(own[0].type)))  # type: ignore[no-any-return]
    return own[0].in_(sa.bindparam("sms_keys", expanding=True))  # type: ignore[no-any-return]


def among(model: type[Any], keys: Sequence[str]) -> sa.ColumnElement[bool]:
    """What selects the records with these keys."""
    columns = key_columns(model)
    values = [key_values(model, key) for key in keys]
    if len(columns) == 1:
        return columns[0].in_([value[0] for value in values])  # type: ignore[no-any-return]
    return sa.tuple_(*columns).in_(values)


def key_columns(model: type[Any]) -> list[Any]:
    """The attributes of a model that are its primary key."""
    mapper = inspect(model)
    return [getattr(model, mapper.get_property_by_column(column).key) for column in mapper.primary_key]


def _row_attributes(model: type[Any]) -> list[str]:
    """The columns of the row that can show in a text: no blobs, nothing deferred, no subqueries."""
    return [
        attribute.key
        for attribute in inspect(model).column_attrs
        if not attribute.deferred
        and isinstance(attribute.expression, sa.Column)
        and not isinstance(attribute.expression.type, sa.LargeBinary)
    ]


def local_day(now: datetime, zone: Any) -> str:
    """The local day of a moment, as text."""
    return now.astimezone(zone).date().isoformat()
