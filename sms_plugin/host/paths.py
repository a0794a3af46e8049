"""Paths from a record to what it reaches: steps by relationships, the last one anything that the class has."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import inspect
from sqlalchemy.orm import Mapper, joinedload, selectinload
from sqlalchemy.orm.interfaces import LoaderOption

from sms_plugin.errors import ConfigurationError, did_you_mean
from sms_plugin.host.several import is_collection

_NOT_FOR_PEOPLE = {"metadata", "registry", "query", "query_class"}
#: Ways of loading that give a query in place of records, so that nothing can be loaded in advance.
_BY_QUERY = {"dynamic", "write_only"}


@dataclass(frozen=True)
class Path:
    """A path that was checked against its model."""

    steps: tuple[str, ...]
    relationships: tuple[Any, ...]  #: the instrumented attributes of the leading steps
    target: type[Any] | None  #: the model at its end, where the last step is a relationship too
    aware: bool = False  #: its times have a timezone, even where the database (SQLite) gives them back without

    def read(self, record: object) -> object:
        """What stands at the end; a list as soon as a step is a collection. None where a step is missing."""
        found: object = record
        for number, step in enumerate(self.steps):
            several = number < len(self.relationships) and self.relationships[number].property.uselist
            if isinstance(found, list):
                read = [getattr(each, step) for each in found if each is not None]
                found = [one for each in read for one in _members(each, several=several)]
            elif found is None:
                return None
            else:
                found = getattr(found, step)
                if several or is_collection(found):
                    found = _members(found, several=several)
        if self.aware and isinstance(found, datetime) and found.tzinfo is None:
            return found.replace(tzinfo=UTC)
        return found

    def reader(self) -> Callable[[object], object]:
        """As ``read``, with as little to decide for each record as the path allows."""
        if self.aware or len(self.steps) > 2 or any(each.property.uselist for each in self.relationships):
            return self.read
        if len(self.steps) == 1:
            return self._by_one_step(self.steps[0])
        return self._by_two_steps(*self.steps)

    def _by_one_step(self, step: str) -> Callable[[object], object]:
        def read(record: object) -> object:
            found = None if record is None else getattr(record, step)
            return list(found) if is_collection(found) else found

        return read

    def _by_two_steps(self, first: str, second: str) -> Callable[[object], object]:
        def read(record: object) -> object:
            between = None if record is None else getattr(record, first)
            if between is None:
                return None
            if is_collection(between):
                return self.read(record)
            found = getattr(between, second)
            return list(found) if is_collection(found) else found

        return read

    def eager(self) -> LoaderOption | None:
        """The loader option that brings the records along the path in one go."""
        option: Any = None
        for attribute in self.relationships:
            if attribute.property.lazy in _BY_QUERY:
                break
            if option is None:
                option = selectinload(attribute) if attribute.property.uselist else joinedload(attribute)
            else:
                chain = option.selectinload if attribute.property.uselist else option.joinedload
                option = chain(attribute)
        return option  # type: ignore[no-any-return]


def column_at(model: type[Any], path: Path) -> Any | None:
    """The column at the end of a path that begins at the model; None where something else stands there."""
    at = path.relationships[-1].property.mapper.class_ if path.relationships else model
    step = path.steps[-1]
    if path.target is not None or step not in inspect(at).column_attrs:
        return None
    return getattr(at, step)


def _members(found: Any, *, several: bool) -> list[object]:
    if several and isinstance(found, Mapping):
        return list(found.values())
    if is_collection(found) or (several and isinstance(found, Iterable)):
        return list(found)
    return [found]


def check_path(model: type[Any], path: str, *, where: str) -> Path:
    """The path, checked. Raises ``ConfigurationError`` naming ``where`` it was declared and the wrong step."""
    steps = tuple(path.split("."))
    relationships: list[Any] = []
    at: type[Any] | None = model
    aware = False
    for number, step in enumerate(steps):
        if at is None:
            raise ConfigurationError(
                f"{where}: {'.'.join(steps[:number])!r} of {path!r} is no relationship; nothing can follow it.",
                code="bad_path",
                hint="Every step but the last must be a relationship.",
            )
        attribute = _relationship(at, step, path=path, where=where)
        aware = attribute is None and _is_aware(at, step)
        at = None if attribute is None else attribute.property.mapper.class_
        if attribute is not None:
            relationships.append(attribute)
    return Path(steps=steps, relationships=tuple(relationships), target=at, aware=aware)


def _is_aware(model: type[Any], step: str) -> bool:
    column = inspect(model).columns.get(step)
    return column is not None and bool(getattr(column.type, "timezone", False))


def _relationship(model: type[Any], step: str, *, path: str, where: str) -> Any | None:
    """The relationship that the step is, or None for any other attribute that the class has."""
    mapper: Mapper[Any] = inspect(model)
    if not step or (not hasattr(model, step) and step not in getattr(model, "__annotations__", {})):
        names = _names(mapper, model)
        raise ConfigurationError(
            f"{where}: {model.__name__} has no {step!r} (in {path!r}).",
            code="bad_path",
            hint=did_you_mean(step, names) or f"Known are {', '.join(sorted(names)[:12])}.",
        )
    relationship = mapper.relationships.get(step)
    if relationship is None:
        return None
    if relationship.lazy == "write_only":
        raise ConfigurationError(
            f"{where}: {model.__name__}.{step} (in {path!r}) is write-only, so nobody can be read from it.",
            code="bad_path",
            hint="Give a function that asks the database for them.",
        )
    return getattr(relationship.parent.class_, step)


def _names(mapper: Mapper[Any], model: type[Any]) -> set[str]:
    own = {name for name in dir(model) if not name.startswith("_")}
    mapped = {key for key, _ in mapper.all_orm_descriptors.items() if not key.startswith("_")}
    return mapped | (own - _NOT_FOR_PEOPLE)
