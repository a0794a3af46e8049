"""Values of which a run makes thousands: to the type checker frozen dataclasses, at run time made as fast as others."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TypeVar, dataclass_transform

T = TypeVar("T")


@dataclass_transform(frozen_default=True, kw_only_default=True, field_specifiers=(field,))
def made_often(*, eq: bool = True) -> Callable[[type[T]], type[T]]:
    """A class whose instances nobody changes, of named fields; with ``eq`` they are equal, and hash, by these.

    A frozen dataclass sets each field by a call of its own, which takes three times as long as all the rest.
    """

    def made(cls: type[T]) -> type[T]:
        return dataclass(kw_only=True, eq=eq, unsafe_hash=eq)(cls)

    return made
