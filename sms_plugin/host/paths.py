"""Paths from a record to what it reaches: steps by relationships, the last one anything that the class has."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

from sqlalchemy import inspect
from sqlalchemy.orm import Mapper, RelationshipProperty, joinedload, selectinload
from sqlalchemy.orm.interfaces import LoaderOption

from sms_plugin.errors import ConfigurationError, did_you_mean


@dataclass(frozen=True)
class Path:
    """A path that was checked against its model."""

    steps: tuple[str, ...]
    relationships: tuple[Any, ...]  #: the instrumented attributes of the leading steps, for eager loading
    target: type[Any] | None  #: the model at its end, where the last step is a relationship too

    def read(self, record: object) -> object:
        """What stands at the end; a list as soon as a step is a collection. None where a step is missing."""
        found: object = record
        for step in self.steps:
            if isinstance(found, list):
                found = _flat(getattr(each, step) for each in found if each is not None)
            elif found is None:
                return None
            else:
                found = getattr(found, step)
                found = _flat(found) if isinstance(found, (list, set, tuple)) else found
        return found

    def eager(self) -> LoaderOption | None:
        """The loader option that brings the records along the path in one go."""
        option: Any = None
        for attribute in self.relationships:
            if option is None:
                option = _loader(attribute)(attribute)
            else:
                option = _chain(option, attribute)
        return option  # type: ignore[no-any-return]


def _loader(attribute: Any) -> Callable[[Any], Any]:
    return selectinload if attribute.property.uselist else joinedload


def _chain(option: Any, attribute: Any) -> Any:
    return option.selectinload(attribute) if attribute.property.uselist else option.joinedload(attribute)


def _flat(found: Iterable[object]) -> list[object]:
    flat: list[object] = []
    for each in found:
        if isinstance(each, (list, set, tuple)):
            flat.extend(each)
        else:
            flat.append(each)
    return flat


def check_path(model: type[Any], path: str, *, where: str) -> Path:
    """The path, checked. Raises ``ConfigurationError`` naming ``where`` it was declared and the step that is wrong."""
    steps = tuple(path.split("."))
    relationships: list[Any] = []
    at: type[Any] | None = model
    for number, step in enumerate(steps):
        if at is None:
            raise ConfigurationError(
                f"{where}: {'.'.join(steps[:number])!r} of {path!r} is no relationship, so nothing can follow it.",
                code="bad_path",
                hint="Every step but the last must be a relationship.",
            )
        mapper: Mapper[Any] = inspect(at)
        if not hasattr(at, step) and step not in getattr(at, "__annotations__", {}):
            raise ConfigurationError(
                f"{where}: {at.__name__} has no {step!r} (in {path!r}).",
                code="bad_path",
                hint=did_you_mean(step, _names(mapper, at)) or f"Known are {', '.join(sorted(_names(mapper, at))[:12])}.",
            )
        relationship = mapper.relationships.get(step)
        at = _related(relationship)
        if relationship is not None:
            relationships.append(getattr(relationship.parent.class_, step))
    return Path(steps=steps, relationships=tuple(relationships), target=at)


def _related(relationship: RelationshipProperty[Any] | None) -> type[Any] | None:
    return None if relationship is None else relationship.mapper.class_


def _names(mapper: Mapper[Any], model: type[Any]) -> set[str]:
    own = {name for name in dir(model) if not name.startswith("_")}
    return {key for key in mapper.all_orm_descriptors.keys() if not key.startswith("_")} | (own - {"metadata", "registry"})
