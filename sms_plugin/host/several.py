"""One thing or several: what a host's attribute or function gives."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence, Set
from typing import TypeGuard

_ONE = (str, bytes, bytearray)


def is_collection(found: object) -> TypeGuard[Sequence[object] | Set[object]]:
    """Whether it is a sequence or a set of things, such as an association proxy gives; a text is one thing."""
    return isinstance(found, (Sequence, Set)) and not isinstance(found, _ONE)


def members(found: object) -> list[object]:
    """All that a path or a function led to: none for None, the values of a mapping, whatever can be gone through
    (a query, a generator) one by one, else the thing itself. A record is one thing, however its class is made.
    """
    if found is None:
        return []
    if isinstance(found, _ONE):
        return [found]
    if isinstance(found, Mapping):
        found = found.values()
    if isinstance(found, Iterable) and not hasattr(type(found), "__mapper__"):
        return [each for each in found if each is not None]
    return [found]
