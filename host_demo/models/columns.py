"""Column types that several tables share."""

from __future__ import annotations

from enum import StrEnum

from sqlalchemy import Enum


def words(kind: type[StrEnum]) -> Enum:
    """A column type that holds an enum by its values, as text of at most 16 characters on every database."""
    return Enum(kind, native_enum=False, length=16, values_callable=lambda members: [m.value for m in members])
