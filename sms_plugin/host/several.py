"""One thing or several: what a host's attribute or function gives."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence, Set
from enum import Enum
from functools import lru_cache
from typing import Any, TypeGuard


class _Kind(Enum):
    ONE = "one"
    MAPPING = "mapping"
    COLLECTION = "collection"
    OTHER = "other"  #: what can be gone through all the same


@lru_cache(maxsize=1024)
def _kind(of: type[Any]) -> _Kind:
    """What things of a class are. The abstract classes are asked once: they take as long as reading ten attributes."""
    if issubclass(of, (str, bytes, bytearray)) or hasattr(of, "__mapper__"):
        return _Kind.ONE
    if issubclass(of, Mapping):
        return _Kind.MAPPING
    if issubclass(of, (Sequence, Set)):
        return _Kind.COLLECTION
    return _Kind.OTHER if issubclass(of, Iterable) else _Kind.ONE


def is_collection(found: object) -> TypeGuard[Sequence[object] | Set[object]]:
    """Whether it is a sequence or a set of things, such as an association proxy gives; a text is one thing."""
    return _kind(found.__class__) is _Kind.COLLECTION  # type: ignore[arg-type]  # a class is hashable


def members(found: Any) -> list[object]:
    """All that a path or a function led to: none for None, the values of a mapping, whatever can be gone through
    (a query, a generator) one by one, else the thing itself. A record is one thing, however its class is made.
    """
    if found is None:
        return []
    kind = _kind(found.__class__)
    if kind is _Kind.ONE:
        return [found]
    return [each for each in (found.values() if kind is _Kind.MAPPING else found) if each is not None]
