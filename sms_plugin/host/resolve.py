"""From what the host wrote to what holds: every path, name and model is checked, every mistake collected."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeVar

import sqlalchemy as sa
from sqlalchemy import inspect
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import InstrumentedAttribute
from sqlalchemy.orm.interfaces import LoaderOption

from sms_plugin.catalog.loader import Catalogue
from sms_plugin.errors import ConfigurationError, did_you_mean
from sms_plugin.host.bound import (
    BoundEntity,
    BoundHook,
    BoundPerson,
    LinkReader,
    MoneyReader,
    Reader,
    Reason,
    ShortcodeReader,
    Target,
)
from sms_plugin.host.entity import Declaration, Entity, Hook, LinkTo, MoneyOf, Person, Read, Section, Trigger
from sms_plugin.host.identity import check_key
from sms_plugin.host.paths import Path, check_path
from sms_plugin.host.registry import Registry
from sms_plugin.host.when import Added, Changed, Dated, HookKind, Signalled, Yearly, step_name

T = TypeVar("T")
_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*\Z")
PURPOSES = ("billing", "service", "marketing", "staff")


@dataclass
class _Resolution:
    """One run over the declarations."""

    declared: Sequence[Entity[Any]]
    problems: list[ConfigurationError] = field(default_factory=list)
    models: dict[type[Any], Entity[Any]] = field(default_factory=dict)

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

    def person_entity(self, model: type[Any]) -> Entity[Any] | None:
        """The declared person that a model is, by itself or by a base."""
        for base in model.__mro__:
            found = self.models.get(base)
            if found is not None and found.person is not None:
                return found
        return None


def resolve(
    declared: Iterable[Declaration], *, catalogue: Catalogue, same_bind: Callable[[type[Any]], bool]
) -> Registry:
    """The registry of these declarations, with its ``problems``; raises nothing for what a host can get wrong.

    ``same_bind`` says whether a model lives in the database that the plugin's tables are in (promise 1).
    """
    given = list(declared)
    entities = [each for each in given if isinstance(each, Entity)]
    sections = [each for each in given if isinstance(each, Section)]
    run = _Resolution(entities)
    sound = [entity for entity in entities if _check_model(run, entity, same_bind)]
    bound = {entity.name: each for entity in sound if (each := _bind(run, entity)) is not None}
    own = [each for each in given if isinstance(each, Trigger)]
    own += [hook.trigger for entity in sound for hook in entity.hooks if isinstance(hook.trigger, Trigger)]
    reasons = _reasons(run, catalogue, own)
    hooks = tuple(
        hook
        for entity in sound
        if entity.name in bound
        for declared_hook in entity.hooks
        if (hook := _bind_hook(run, bound[entity.name], declared_hook, reasons)) is not None
    )
    _check_steps(run, hooks)
    company, company_sections = _company(run, sections)
    known = set(catalogue.shortcodes) | set(company)
    known |= {name for entity in bound.values() for name in entity.shortcodes}
    return Registry(
        entities=bound,
        reasons=reasons,
        hooks=hooks,
        company=company,
        company_sections=company_sections,
        known_shortcodes=frozenset(known),
        problems=tuple(run.problems),
    )


def _check_model(run: _Resolution, entity: Entity[Any], same_bind: Callable[[type[Any]], bool]) -> bool:
    where = f"Entity {entity.name}"
    try:
        inspect(entity.model)
    except SQLAlchemyError as error:
        run.complain(
            f"{where}: {entity.model!r} is no mapped class ({type(error).__name__}).",
            code="bad_model",
            hint="Give a model of the host's database; import all models before the first request.",
        )
        return False
    if entity.model in run.models or any(entity.name == other.name for other in run.models.values()):
        run.complain(
            f"{where} is declared twice.", code="declared_twice", hint="Declare each model once; join the two."
        )
        return False
    if not same_bind(entity.model):
        run.complain(
            f"{where}: {entity.model.__name__} lives in another database (bind) than the plugin's tables.",
            code="other_bind",
            hint="A message commits together with the host's change, so both must be in the default bind.",
        )
        return False
    if run.attempt(lambda: check_key(entity.model, where=where) or True) is None:
        return False
    run.models[entity.model] = entity
    return True


def _bind(run: _Resolution, entity: Entity[Any]) -> BoundEntity | None:
    where = f"Entity {entity.name}"
    before = len(run.problems)
    reaches: set[str] = set()
    eager: list[LoaderOption] = []
    person = None if entity.person is None else _person(run, entity.model, entity.person, where=where)
    to = {
        audience: _targets(run, entity, wanted, reaches, eager, where=f"{where}, to[{audience!r}]")
        for audience, wanted in entity.to.items()
    }
    if person is not None and entity.person is not None and isinstance(entity.person.client, str):
        _reach(run, entity.model, entity.person.client, reaches, eager)
    also = _also(run, entity, reaches, eager, where=where)
    shortcodes: dict[str, ShortcodeReader] = {}
    for name, wanted in entity.shortcodes.items():
        reader = _shortcode(run, entity.model, wanted, eager, where=f"{where}, shortcode {name!r}")
        if not _NAME.match(name):
            run.complain(
                f"{where}: {name!r} cannot be a shortcode.",
                code="bad_shortcode_name",
                hint="Letters, digits and underscores, not beginning with a digit.",
            )
        elif reader is not None:
            shortcodes[name] = reader
    if len(run.problems) > before:
        return None
    return BoundEntity(
        key=entity.name,
        model=entity.model,
        section=entity.section,
        person=person,
        to=to,
        also=also,
        shortcodes=shortcodes,
        reaches=frozenset(reaches),
        eager=tuple(eager),
    )


def _reader(
    run: _Resolution, model: type[Any], read: Read[Any], *, where: str, eager: list[LoaderOption] | None = None
) -> Reader:
    if not isinstance(read, str):
        return read
    path = run.attempt(lambda: check_path(model, read, where=where))
    if path is None:
        return lambda record: None
    _load(path, eager)
    return path.read


def _load(path: Path, eager: list[LoaderOption] | None) -> None:
    option = path.eager()
    if eager is not None and option is not None:
        eager.append(option)


def _person(run: _Resolution, model: type[Any], person: Person[Any], *, where: str) -> BoundPerson:
    def read(what: Read[Any] | None, name: str) -> Reader | None:
        return None if what is None else _reader(run, model, what, where=f"{where}, person's {name}")

    phones = person.phones if isinstance(person.phones, Mapping) else {"mobile": person.phones}
    return BoundPerson(
        name=_reader(run, model, person.name, where=f"{where}, person's name"),
        phones={
            flag: _reader(run, model, wanted, where=f"{where}, person's phones[{flag!r}]")
            for flag, wanted in phones.items()
        },
        language=read(person.language, "language"),
        timezone=read(person.timezone, "timezone"),
        region=read(person.region, "region"),
        consents=person.consents,
        client=read(person.client, "client"),
    )


def _targets(
    run: _Resolution,
    entity: Entity[Any],
    wanted: Read[Any] | Person[Any] | Sequence[Read[Any]],
    reaches: set[str],
    eager: list[LoaderOption],
    *,
    where: str,
) -> tuple[Target, ...]:
    if isinstance(wanted, Person):
        person = _person(run, entity.model, wanted, where=where)
        if isinstance(wanted.client, str):
            _reach(run, entity.model, wanted.client, reaches, eager)
        return (Target(read=lambda record: record, person=person),)
    several = [wanted] if isinstance(wanted, str) or callable(wanted) else list(wanted)
    targets = []
    for each in several:
        if isinstance(each, str) and run.attempt(lambda each=each: _check_people(run, entity, each, where)) is None:  # type: ignore[misc]
            continue
        targets.append(Target(read=_reader(run, entity.model, each, where=where, eager=eager)))
        if isinstance(each, str):
            _reach(run, entity.model, each, reaches, eager)
    return tuple(targets)


def _check_people(run: _Resolution, entity: Entity[Any], path: str, where: str) -> bool:
    target = check_path(entity.model, path, where=where).target
    if target is not None and run.person_entity(target) is None:
        raise ConfigurationError(
            f"{where}: {path!r} leads to {target.__name__}, which is no declared person.",
            code="no_person",
            hint=f"Declare Entity({target.__name__}, …, person=Person(name=…, phones=…)).",
        )
    return True


def _reach(
    run: _Resolution, model: type[Any], path: str, reaches: set[str], eager: list[LoaderOption], depth: int = 2
) -> None:
    """Note what a path leads to, and the client behind a person that it leads to."""
    try:
        found = check_path(model, path, where="")
    except ConfigurationError:
        return  # complained of where it is declared
    target = None if found.target is None else _declared(run, found.target)
    if target is None:
        return
    reaches.add(target.name)
    if depth and target.person is not None and isinstance(target.person.client, str):
        _reach(run, target.model, target.person.client, reaches, eager, depth - 1)


def _declared(run: _Resolution, model: type[Any]) -> Entity[Any] | None:
    return next((run.models[base] for base in model.__mro__ if base in run.models), None)


def _also(
    run: _Resolution, entity: Entity[Any], reaches: set[str], eager: list[LoaderOption], *, where: str
) -> dict[str, Reader]:
    also: dict[str, Reader] = {}
    for section, path in entity.also.items():
        here = f"{where}, also[{section!r}]"
        found = run.attempt(lambda path=path, here=here: check_path(entity.model, path, where=here))  # type: ignore[misc]
        if found is None:
            continue
        target = None if found.target is None else _declared(run, found.target)
        if target is None or target.section != section:
            run.complain(
                f"{here}: {path!r} leads to no declared entity of the section {section!r}.",
                code="bad_also",
                hint="Name the section of the entity that the path leads to, and declare that entity.",
            )
            continue
        _load(found, eager)
        reaches.add(target.name)
        also[section] = found.read
    return also


def _shortcode(
    run: _Resolution, model: type[Any], wanted: Any, eager: list[LoaderOption], *, where: str
) -> ShortcodeReader | None:
    if isinstance(wanted, MoneyOf):
        currency = None if wanted.currency is None else _reader(run, model, wanted.currency, where=where, eager=eager)
        return MoneyReader(amount=_reader(run, model, wanted.amount, where=where, eager=eager), currency=currency)
    if isinstance(wanted, LinkTo):
        values = {name: _reader(run, model, path, where=where) for name, path in wanted.values.items()}
        return LinkReader(declared=wanted, values=values)
    if not isinstance(wanted, str) and not callable(wanted):
        run.complain(f"{where} is {wanted!r}.", code="bad_shortcode", hint="Give a path, a function, money or link.")
        return None
    return _reader(run, model, wanted, where=where, eager=eager)


def _reasons(run: _Resolution, catalogue: Catalogue, triggers: Iterable[Trigger]) -> dict[str, Reason]:
    reasons = {
        key: Reason(
            key=key,
            section=entry.section,
            audience=entry.audience,
            purpose=entry.purpose,
            label=entry.label,
            text=entry.text,
        )
        for key, entry in catalogue.triggers.items()
    }
    own: dict[str, Trigger] = {}
    for trigger in triggers:
        _add_trigger(run, trigger, reasons, own)
    return reasons


def _add_trigger(run: _Resolution, trigger: Trigger, reasons: dict[str, Reason], own: dict[str, Trigger]) -> None:
    if own.get(trigger.key) == trigger:
        return
    if trigger.key in reasons:
        run.complain(
            f"Trigger {trigger.key!r} is declared twice, or ships with the plugin.",
            code="trigger_twice",
            hint="Choose another key, or hook the shipped one by its key.",
        )
        return
    if not _NAME.match(trigger.key) or trigger.purpose not in PURPOSES:
        run.complain(
            f"Trigger {trigger.key!r} with purpose {trigger.purpose!r} cannot be.",
            code="bad_trigger",
            hint=f"A key is a name without spaces; the purpose is one of {', '.join(PURPOSES)}.",
        )
        return
    own[trigger.key] = trigger
    reasons[trigger.key] = Reason(
        key=trigger.key,
        section=trigger.section,
        audience=trigger.audience,
        purpose=trigger.purpose,
        label={"en": trigger.label},
        text=trigger.text,
    )


def _bind_hook(
    run: _Resolution, entity: BoundEntity, hook: Hook[Any], reasons: Mapping[str, Reason]
) -> BoundHook | None:
    key = hook.trigger if isinstance(hook.trigger, str) else hook.trigger.key
    where = f"Entity {entity.key}, hook {key!r}"
    if key not in reasons:
        run.complain(f"{where}: there is no such trigger.", code="unknown_trigger", hint=did_you_mean(key, reasons))
        return None
    before = len(run.problems)
    _check_when(run, entity, hook, where=where)
    if hook.only is not None and not _is_sql(hook.only):
        run.complain(
            f"{where}: only={hook.only!r} is not SQL.",
            code="bad_only",
            hint="Give an expression on the model's columns, such as Invoice.status == 'open'.",
        )
    declared = run.models[entity.model]
    to: tuple[Target, ...] = ()
    if hook.to is not None:
        reaches: set[str] = set()
        to = _targets(run, declared, hook.to, reaches, [], where=f"{where}, to")
    audience = reasons[key].audience
    if not to and entity.person is None and audience not in entity.to:
        run.complain(
            f"{where}: nothing says who {audience!r} is for {entity.model.__name__}.",
            code="no_audience",
            hint=f"Give the entity to={{{audience!r}: …}} with the path to a person, or the hook to=….",
        )
    if len(run.problems) > before:
        return None
    return BoundHook(
        trigger=key, entity=entity, when=hook.when, step=step_name(hook.when), declared=hook, to=to
    )


def _check_when(run: _Resolution, entity: BoundEntity, hook: Hook[Any], *, where: str) -> None:
    when = hook.when
    if isinstance(when, (Changed, Added)):
        attribute = when.attribute
        if not isinstance(attribute, InstrumentedAttribute) or not issubclass(entity.model, attribute.class_):
            run.complain(
                f"{where}: {attribute!r} is no mapped attribute of {entity.model.__name__}.",
                code="bad_attribute",
                hint=f"Give a column or relationship such as {entity.model.__name__}.status.",
            )
        elif isinstance(when, Added) and not getattr(attribute.property, "uselist", False):
            run.complain(
                f"{where}: {attribute.key!r} is no collection.",
                code="bad_attribute",
                hint="added(…) watches collections; for a single value use changed(…).",
            )
    elif isinstance(when, (Dated, Yearly)):
        _check_date(run, when, where=where)
    elif isinstance(when, Signalled) and not when.record:
        run.complain(f"{where}: the signal's record has no name.", code="bad_signal", hint='Give record="…".')


def _check_date(run: _Resolution, when: Dated | Yearly, *, where: str) -> None:
    if not _is_sql(when.at):
        run.complain(
            f"{where}: {when.at!r} is neither a mapped column nor SQL.",
            code="bad_date",
            hint="The database selects the due rows: give a column or an SQL expression, not a Python property.",
        )
    elif not isinstance(when.at.type, (sa.Date, sa.DateTime)) and not _impl_is_date(when.at.type):
        run.complain(
            f"{where}: its column holds {when.at.type!r}, no date.", code="bad_date", hint="Give a date or a time."
        )
    elif isinstance(when, Dated) and not when.by_day and _date_only(when.at.type):
        run.complain(
            f"{where}: hours from a date without a time of day.",
            code="bad_date",
            hint="Count in days, or give a column with a time.",
        )


def _impl_is_date(kind: Any) -> bool:
    return isinstance(getattr(kind, "impl", None), (sa.Date, sa.DateTime))


def _date_only(kind: Any) -> bool:
    return isinstance(kind, sa.Date) or isinstance(getattr(kind, "impl", None), sa.Date)


def _is_sql(value: object) -> bool:
    return isinstance(value, (sa.SQLColumnExpression, sa.ColumnElement)) and hasattr(value, "type")


def _check_steps(run: _Resolution, hooks: Iterable[BoundHook]) -> None:
    seen: set[tuple[str, str, str]] = set()
    for hook in hooks:
        if hook.when.kind not in {HookKind.DATE, HookKind.YEARLY}:
            continue
        step = (hook.trigger, hook.entity.key, hook.step)
        if step in seen:
            run.complain(
                f"Entity {hook.entity.key}: {hook.trigger!r} has the step {hook.step!r} twice.",
                code="step_twice",
                hint="Give each hook of one trigger another offset.",
            )
        seen.add(step)


def _company(
    run: _Resolution, sections: Iterable[Section]
) -> tuple[dict[str, Callable[[], object]], dict[str, str]]:
    company: dict[str, Callable[[], object]] = {}
    where: dict[str, str] = {}
    for section in sections:
        for name, read in section.shortcodes.items():
            if not _NAME.match(name) or not callable(read):
                run.complain(
                    f"Section {section.name!r}: {name!r} cannot be a shortcode.",
                    code="bad_shortcode",
                    hint="Give a name of letters, digits and underscores, and a function without arguments.",
                )
                continue
            company[name] = read
            where[name] = section.name
    return company, where
