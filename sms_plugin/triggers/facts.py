"""What was noticed in a host's transaction, and what of it is left at its end."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from sqlalchemy import inspect
from sqlalchemy.orm import Session, WriteOnlyCollection

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
    muted: bool = False  #: it happened where the host had notices muted: kept only where it undoes others

    @property
    def fires(self) -> str:
        """The trigger of what was spoken."""
        return self.trigger if self.hook is None else self.hook.trigger


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
    problem: str = ""  #: what the host's own condition raised: nobody knows whether it fires


def net(facts: Iterable[Fact], *, session: Session, registry: Registry) -> list[Netted]:
    """What is left of these facts: nothing for records that are gone, for changes undone and members taken out again.

    Records are told apart by identity: a host's class may call equal what are two rows, or refuse to be hashed.
    """
    given = list(facts)
    created = {id(fact.record): fact.record for fact in given if fact.kind is FactKind.CREATED}
    left = [
        Netted(hook=hook, record=present, trigger=hook.trigger)
        for record in created.values()
        if (present := _present(record, session)) is not None
        for hook in _plan(registry, present).created
    ]
    changed = [fact for fact in given if fact.kind is FactKind.CHANGED and id(fact.record) not in created]
    left += _changed(changed, session, registry)
    left += _added(given, session, registry)
    for fact in given:
        if fact.kind in SPOKEN and (present := _present(fact.record, session)) is not None:
            left.append(
                Netted(
                    hook=fact.hook,
                    record=present,
                    trigger=fact.fires,
                    once=fact.once,
                    operator=fact.operator,
                )
            )
    return left


def _changed(facts: Iterable[Fact], session: Session, registry: Registry) -> list[Netted]:
    first: dict[tuple[int, str], Fact] = {}
    last: dict[tuple[int, str], Fact] = {}
    for fact in facts:
        last[id(fact.record), fact.attribute] = fact
        if not fact.muted:
            first.setdefault((id(fact.record), fact.attribute), fact)
    left: list[Netted] = []
    for key, fact in first.items():
        if last[key].muted:
            continue  # the value that it has now came where nothing was to fire
        record = _present(fact.record, session)
        if record is None:
            continue
        new = getattr(record, fact.attribute)
        for hook in _plan(registry, record).changed.get(fact.attribute, ()):
            enters, problem = entered(hook, fact.old, new)
            if enters:
                left.append(Netted(hook=hook, record=record, value=new, trigger=hook.trigger, problem=problem))
    return left


def _added(facts: Iterable[Fact], session: Session, registry: Registry) -> list[Netted]:
    """Those that were no members before and are now; one that was taken out and put back was one all along."""
    events: dict[tuple[int, str, int], list[Fact]] = {}
    for fact in facts:
        if fact.kind in {FactKind.ADDED, FactKind.REMOVED}:
            events.setdefault((id(fact.record), fact.attribute, id(fact.member)), []).append(fact)
    left: list[Netted] = []
    for first, *_, last in ([*each, each[-1]] for each in events.values()):
        if first.kind is not FactKind.ADDED or last.kind is not FactKind.ADDED:
            continue
        record, member = _present(first.record, session), _present(first.member, session)
        if record is None or member is None or not _among(member, getattr(record, first.attribute)):
            continue
        for hook in _plan(registry, record).added.get(first.attribute, ()):
            tells, problem = _tells(hook, record, member)
            if tells:
                left.append(Netted(hook=hook, record=record, member=member, trigger=hook.trigger, problem=problem))
    return left


def _tells(hook: BoundHook, record: Any, member: Any) -> tuple[bool, str]:
    """Whether the addition is to be told, and what kept us from knowing."""
    when = hook.when
    if not isinstance(when, Added) or when.unless is None:
        return True, ""
    try:
        return not when.unless(record, member), ""
    except Exception as error:  # noqa: BLE001 - the host's condition may raise anything; it holds this message only
        return True, type(error).__name__


def _among(member: Any, found: Any) -> bool:
    if isinstance(found, WriteOnlyCollection):
        return True  # it cannot be read; its events are all there is
    return any(each is member for each in (found.values() if hasattr(found, "values") else found))


def entered(hook: BoundHook, old: object, new: object) -> tuple[bool, str]:
    """Whether the value was entered, and what kept us from knowing."""
    when = hook.when
    if not isinstance(when, Changed) or old is new:
        return False, ""
    try:
        return bool(old != new) and _fits(when.to, new) and _fits(when.from_, old), ""
    except Exception as error:  # noqa: BLE001 - the host's condition may raise anything; it holds this message only
        return True, type(error).__name__


def _fits(wanted: object, value: object) -> bool:
    if wanted is ANY:
        return True
    return bool(wanted(value)) if callable(wanted) else wanted == value


def _plan(registry: Registry, record: Any) -> Plan:
    return registry.plan_of(type(record)) or Plan()


def _present(record: Any, session: Session) -> Any | None:
    """The record, where it is in the database as far as the transaction knows. An expunged one is fetched again; so is
    one that was deleted: where that was undone together with savepoints around it, SQLAlchemy does not take it back.
    """
    state = inspect(record)
    if state.identity is None:
        return None
    gone = state.detached or state.deleted or state.was_deleted
    return session.get(state.mapper.class_, state.identity) if gone else record
