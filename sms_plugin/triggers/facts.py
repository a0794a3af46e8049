"""What was noticed in a host's transaction, and what of it is left at its end."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from sqlalchemy import inspect

from sms_plugin.host.bound import BoundHook, Plan
from sms_plugin.host.registry import Registry
from sms_plugin.host.when import ANY, Added, Changed


class FactKind(StrEnum):
    """What happened to a record."""

    CREATED = "created"
    CHANGED = "changed"
    ADDED = "added"
    REMOVED = "removed"
    SIGNAL = "signal"
    HAND = "hand"


#: What SQLAlchemy itself did not see: if its transaction just fades away, nobody will ever know.
SPOKEN = frozenset({FactKind.SIGNAL, FactKind.HAND})


@dataclass(frozen=True, eq=False)
class Fact:
    """One thing that happened. Holds the record itself, so that nothing is loaded or lost before the decision."""

    kind: FactKind
    record: Any
    attribute: str = ""
    old: object = None
    member: Any = None
    hook: BoundHook | None = None  #: of a signal
    trigger: str = ""  #: of a hand
    once: str = ""
    operator: str = ""


@dataclass(frozen=True, eq=False, kw_only=True)
class Netted:
    """A hook that fires for a record, after all that went there and back was taken out."""

    hook: BoundHook | None
    record: Any
    member: Any = None
    value: object = None
    trigger: str
    once: str = ""
    operator: str = ""


def net(facts: Iterable[Fact], registry: Registry) -> list[Netted]:
    """What is left of these facts: nothing for records that are gone, for changes undone and members taken out again."""
    created: dict[Any, None] = {}
    changes: dict[tuple[Any, str], object] = {}
    members: dict[tuple[Any, str, Any], None] = {}
    spoken: list[Fact] = []
    for fact in facts:
        match fact.kind:
            case FactKind.CREATED:
                created[fact.record] = None
            case FactKind.CHANGED:
                changes.setdefault((fact.record, fact.attribute), fact.old)
            case FactKind.ADDED:
                members[(fact.record, fact.attribute, fact.member)] = None
            case FactKind.REMOVED:
                members.pop((fact.record, fact.attribute, fact.member), None)
            case FactKind.SIGNAL | FactKind.HAND:
                spoken.append(fact)
    left = [
        Netted(hook=hook, record=record, trigger=hook.trigger)
        for record in created
        if _here(record)
        for hook in _plan(registry, record).created
    ]
    left += _changed(changes, created, registry)
    left += [
        Netted(hook=hook, record=record, member=member, trigger=hook.trigger)
        for record, attribute, member in members
        if _here(record) and _here(member)
        for hook in _plan(registry, record).added.get(attribute, ())
        if isinstance(hook.when, Added) and member in getattr(record, attribute)
    ]
    left += [
        Netted(
            hook=fact.hook,
            record=fact.record,
            trigger=fact.trigger or (fact.hook.trigger if fact.hook else ""),
            once=fact.once,
            operator=fact.operator,
        )
        for fact in spoken
        if _here(fact.record)
    ]
    return left


def _changed(changes: dict[tuple[Any, str], object], created: dict[Any, None], registry: Registry) -> list[Netted]:
    left: list[Netted] = []
    for (record, attribute), old in changes.items():
        if record in created or not _here(record):
            continue
        new = getattr(record, attribute)
        for hook in _plan(registry, record).changed.get(attribute, ()):
            when = hook.when
            if isinstance(when, Changed) and old != new and _fits(when.to, new) and _fits(when.from_, old):
                left.append(Netted(hook=hook, record=record, value=new, trigger=hook.trigger))
    return left


def _plan(registry: Registry, record: Any) -> Plan:
    return registry.plan_of(type(record)) or Plan()


def _fits(wanted: object, value: object) -> bool:
    if wanted is ANY:
        return True
    return bool(wanted(value)) if callable(wanted) else wanted == value


def _here(record: Any) -> bool:
    """Whether the record is in the database as far as its transaction knows."""
    state = inspect(record)
    return bool(state.identity is not None and not state.deleted and not state.was_deleted)
