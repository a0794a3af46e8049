"""Many rows in one parameter of a statement, on SQLite: as a list in JSON, which it reads quicker than a parameter for
each value can be made ready.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.types import TypeEngine


def listed(parameter: str, **columns: TypeEngine[Any]) -> sa.Subquery:
    """The rows that ``in_json`` made, bound under this name, as something to select from, with these columns."""
    each = sa.func.json_each(sa.bindparam(parameter, type_=sa.Text())).table_valued("value", name=f"{parameter}_each")
    values = (
        sa.type_coerce(sa.func.json_extract(each.c.value, sa.literal_column(f"'$[{at}]'")), kind).label(name)
        for at, (name, kind) in enumerate(columns.items())
    )
    return sa.select(*values).subquery(parameter)


def in_json(rows: Iterable[Sequence[UUID | str | None]]) -> str:
    """The rows as ``listed`` reads them."""
    return json.dumps([[each.hex if isinstance(each, UUID) else each for each in row] for row in rows])
