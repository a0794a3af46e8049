"""What the host declared, checked and ready to be asked. Resolving collects every mistake before it complains."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from sms_plugin.errors import ConfigurationError, SmsError, did_you_mean, worded
from sms_plugin.host.bound import BoundEntity, BoundHook, Plan, Reason, Target
from sms_plugin.host.identity import RecordRef, key_of
from sms_plugin.host.when import HookKind

#: Shortcodes of the plugin's own, which every text may use, and the section that they stand with.
BUILT_IN: Mapping[str, str] = {"optout_link": "company"}


@dataclass(frozen=True, kw_only=True)
class Registry:
    """The resolved declarations of one portal."""

    entities: Mapping[str, BoundEntity]
    reasons: Mapping[str, Reason]
    hooks: tuple[BoundHook, ...]
    company: Mapping[str, Callable[[], object]]  #: shortcodes that belong to no record
    company_sections: Mapping[str, str]  #: the section of each of them
    known_shortcodes: frozenset[str]
    problems: tuple[ConfigurationError, ...] = ()
    _by_type: dict[type[Any], BoundEntity | None] = field(default_factory=dict, repr=False)
    _by_person: dict[type[Any], BoundEntity | None] = field(default_factory=dict, repr=False)
    _plans: dict[type[Any], Plan | None] = field(default_factory=dict, repr=False)

    def entity_of(self, model: type[Any]) -> BoundEntity | None:
        """The entity of a model or of its nearest base, or None."""
        if model not in self._by_type:
            by_model = {entity.model: entity for entity in self.entities.values()}
            self._by_type[model] = next((by_model[base] for base in model.__mro__ if base in by_model), None)
        return self._by_type[model]

    def person_of(self, model: type[Any]) -> BoundEntity | None:
        """The declared person that a model is, by itself or by a base, or None."""
        if model not in self._by_person:
            people = {entity.model: entity for entity in self.entities.values() if entity.person is not None}
            self._by_person[model] = next((people[base] for base in model.__mro__ if base in people), None)
        return self._by_person[model]

    def ref_of(self, record: object) -> RecordRef | None:
        """The soft name of a record, or None for one of no entity."""
        entity = self.entity_of(type(record))
        return None if entity is None else RecordRef(entity=entity.key, key=key_of(record))

    def plan_of(self, model: type[Any]) -> Plan | None:
        """What to watch in records of a model, or None where no hook does."""
        if model not in self._plans:
            plan = Plan()
            for hook in self.hooks:
                if issubclass(model, hook.entity.model):
                    _watch(plan, hook)
            self._plans[model] = plan or None
        return self._plans[model]

    def reason(self, trigger: str) -> Reason:
        """A trigger by its key. Raises ``SmsError`` for one that nobody declared."""
        try:
            return self.reasons[trigger]
        except KeyError:
            raise SmsError(
                worded("There is no trigger %(trigger)r.", trigger=trigger),
                code="unknown_trigger",
                hint=did_you_mean(trigger, self.reasons) or worded("See `flask sms trigger list`."),
            ) from None

    def hooks_of(self, trigger: str, *, entity: str | None = None) -> tuple[BoundHook, ...]:
        """The hooks that fire a trigger, of all entities or of the one with this key."""
        return tuple(hook for hook in self.hooks if hook.trigger == trigger and entity in {None, hook.entity.key})

    def to_by_hand(self, trigger: str, *, entity: str) -> tuple[Target, ...]:
        """Whom a hand reaches that fires a trigger for a record of an entity; empty: whom the entity itself reaches."""
        return next((hook.to for hook in self.hooks_of(trigger, entity=entity) if hook.to), ())

    def date_hooks(self) -> Iterable[BoundHook]:
        """The hooks that the sweep looks after."""
        return (hook for hook in self.hooks if hook.when.kind in {HookKind.DATE, HookKind.YEARLY})

    def reachable(self, trigger: str) -> frozenset[str]:
        """The shortcodes that a text of this trigger may use.

        Where several hooks fire it, those that every one of them reaches; where none does yet, those of its section.
        """
        reason = self.reason(trigger)
        names = [self._reached_from(hook.entity, hook.reaches) for hook in self.hooks_of(trigger)]
        return frozenset.intersection(*names) if names else self.reachable_in(reason.section)

    def reachable_in(self, section: str | None) -> frozenset[str]:
        """The shortcodes that every record of a section reaches; the company's alone for None or a section of none."""
        names = [self._reached_from(entity, frozenset()) for entity in self.entities_of(section)]
        return frozenset.intersection(*names) if names else frozenset({*self.company, *BUILT_IN})

    @cached_property
    def company_only(self) -> frozenset[str]:
        """The company's shortcodes that no record offers: nobody has to be asked whether one does."""
        return frozenset(self.company).difference(*(entity.shortcodes for entity in self.entities.values()))

    @cached_property
    def sections(self) -> tuple[str, ...]:
        """The sections that have records, in the order of their declaration."""
        return tuple(dict.fromkeys(entity.section for entity in self.entities.values()))

    def entities_of(self, section: str | None) -> tuple[BoundEntity, ...]:
        """The entities of a section."""
        return tuple(entity for entity in self.entities.values() if entity.section == section)

    def subjects(self, trigger: str) -> tuple[BoundEntity, ...]:
        """The entities whose records a trigger's text is about: those that are hooked, else those of its section."""
        hooked = tuple({hook.entity.key: hook.entity for hook in self.hooks_of(trigger)}.values())
        return hooked or self.entities_of(self.reason(trigger).section)

    def section_of(self, shortcode: str) -> str:
        """The section that offers a shortcode; empty where none does."""
        if shortcode in self.company_sections:
            return self.company_sections[shortcode]
        sections = (entity.section for entity in self.entities.values() if shortcode in entity.shortcodes)
        return next(sections, BUILT_IN.get(shortcode, ""))

    def reached_from(self, entity: BoundEntity) -> frozenset[str]:
        """The shortcodes that a record of the entity reaches, the company's among them."""
        return self._reached_from(entity, frozenset())

    def _reached_from(self, entity: BoundEntity, others: frozenset[str]) -> frozenset[str]:
        reached = set(entity.shortcodes) | set(self.company) | set(BUILT_IN)
        for key in entity.reaches | others:
            reached |= set(self.entities[key].shortcodes)
        return frozenset(reached)


def _watch(plan: Plan, hook: BoundHook) -> None:
    match hook.when.kind:
        case HookKind.CREATED:
            plan.created.append(hook)
        case HookKind.CHANGED:
            plan.changed.setdefault(hook.when.attribute.key, []).append(hook)  # type: ignore[union-attr]
        case HookKind.ADDED:
            plan.added.setdefault(hook.when.attribute.key, []).append(hook)  # type: ignore[union-attr]
