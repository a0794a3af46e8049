"""One run over the declarations: what was declared, and every mistake that was found."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, TypeVar

from sms_plugin.errors import ConfigurationError
from sms_plugin.host.entity import Entity

T = TypeVar("T")


@dataclass
class Resolution:
    """Collects mistakes instead of stopping at the first one."""

    problems: list[ConfigurationError] = field(default_factory=list)
    models: dict[type[Any], Entity[Any]] = field(default_factory=dict)  #: those whose model is sound

    def attempt(self, work: Callable[[], T]) -> T | None:
        """What the work gives, or None after noting its mistake."""
        try:
            return work()
        except ConfigurationError as problem:
            self.problems.append(problem)
            return None

    def complain(self, message: str, *, code: str, hint: str = "") -> None:
        """Note a mistake."""
        self.problems.append(ConfigurationError(message, code=code, hint=hint))

    def declared(self, model: type[Any]) -> Entity[Any] | None:
        """The entity that a model is, by itself or by a base."""
        return next((self.models[base] for base in model.__mro__ if base in self.models), None)

    def person(self, model: type[Any]) -> Entity[Any] | None:
        """The declared person that a model is, by itself or by a base."""
        return next((each for base in model.__mro__ if (each := self.models.get(base)) and each.person), None)

    def people(self) -> list[Entity[Any]]:
        """Every declared person."""
        return [entity for entity in self.models.values() if entity.person is not None]
