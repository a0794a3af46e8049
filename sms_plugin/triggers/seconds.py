"""The seconds between two times as the database reckons them: each has its own way to say it."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.functions import FunctionElement


class _Seconds(FunctionElement[float]):
    """Seconds from the first time to the second."""

    name = "sms_seconds"
    inherit_cache = True
    type = sa.Float()


def seconds_between(first: sa.ColumnElement[Any], second: Any) -> sa.ColumnElement[Any]:
    """The seconds from one time, or day, to another, as a number."""
    return _Seconds(first, second)


@compiles(_Seconds)
def _standard(element: _Seconds, compiler: Any, **options: Any) -> str:
    first, second = (compiler.process(each, **options) for each in element.clauses)
    return f"EXTRACT(EPOCH FROM ({second} - {first}))"


@compiles(_Seconds, "sqlite")
def _sqlite(element: _Seconds, compiler: Any, **options: Any) -> str:
    first, second = (compiler.process(each, **options) for each in element.clauses)
    return f"(strftime('%s', {second}) - strftime('%s', {first}))"


@compiles(_Seconds, "mysql", "mariadb")
def _mariadb(element: _Seconds, compiler: Any, **options: Any) -> str:
    first, second = (compiler.process(each, **options) for each in element.clauses)
    return f"TIMESTAMPDIFF(SECOND, {first}, {second})"
