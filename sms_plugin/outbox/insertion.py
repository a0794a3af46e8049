"""Inserting rows that may be there already, in each database's own words."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects import mysql, postgresql, sqlite


def insert_once(table: sa.Table, *, unique: str | Sequence[str], dialect: str) -> Any:
    """An insert that leaves out a row whose ``unique`` columns stand already; its ``rowcount`` tells whether it did."""
    columns = [unique] if isinstance(unique, str) else list(unique)
    if dialect == "sqlite":
        insert: Any = sqlite.insert(table).on_conflict_do_nothing(index_elements=columns)
    elif dialect == "postgresql":
        insert = postgresql.insert(table).on_conflict_do_nothing(index_elements=columns)
    else:
        insert = mysql.insert(table).prefix_with("IGNORE")
    return insert.execution_options(preserve_rowcount=True)
