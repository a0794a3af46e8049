"""Inserting rows that may be there already, in each database's own words."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects import mysql, postgresql, sqlite


def insert_once(table: sa.Table, *, unique: str | Sequence[str], dialect: str) -> Any:
    """An insert that leaves out a row whose ``unique`` columns stand already, and waits for nobody's rollback."""
    columns = [unique] if isinstance(unique, str) else list(unique)
    if dialect == "sqlite":
        return sqlite.insert(table).on_conflict_do_nothing(index_elements=columns)
    if dialect == "postgresql":
        return postgresql.insert(table).on_conflict_do_nothing(index_elements=columns)
    return mysql.insert(table).prefix_with("IGNORE")
