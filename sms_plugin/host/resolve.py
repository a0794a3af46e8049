"""From what the host wrote to what holds: every path, name and model is checked, every mistake collected."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from sqlalchemy import inspect
from sqlalchemy.exc import SQLAlchemyError

from sms_plugin.catalog.loader import Catalogue
from sms_plugin.host.binding import bind
from sms_plugin.host.bound import Reason
from sms_plugin.host.entity import Declaration, Entity, Section, Trigger
from sms_plugin.host.hooking import bind_hook, in_line
from sms_plugin.host.identity import check_key
from sms_plugin.host.naming import NAME, by_language
from sms_plugin.host.registry import Registry
from sms_plugin.host.resolution import Resolution

PURPOSES = ("billing", "service", "marketing", "staff")
#: What quiet hours may do to a trigger's messages.
QUIET = ("defer", "forward", "ignore")

SameBind = Callable[[type[Any]], bool]


def resolve(declared: Iterable[Declaration], *, catalogue: Catalogue, same_bind: SameBind) -> Registry:
    """The registry of these declarations, with its ``problems``; raises nothing for what a host can get wrong.

    ``same_bind`` says whether a model lives in the database that the plugin's tables are in (promise 1).
    """
    run = Resolution()
    given = list(declared)
    _check_kinds(run, given)
    entities = [each for each in given if isinstance(each, Entity)]
    sound = [entity for entity in entities if _check_model(run, entity, same_bind)]
    bound = {entity.name: bind(run, entity) for entity in sound}
    own = [each for each in given if isinstance(each, Trigger)]
    own += [hook.trigger for each in sound for hook in each.hooks if isinstance(hook.trigger, Trigger)]
    reasons = _reasons(run, catalogue, own)
    hooks = in_line(
        run,
        [
            hook
            for entity in sound
            for each in entity.hooks
            if (hook := bind_hook(run, each, declared=entity, entity=bound[entity.name], reasons=reasons))
        ],
    )
    company, company_sections = _company(run, [each for each in given if isinstance(each, Section)])
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


def _check_kinds(run: Resolution, given: Iterable[object]) -> None:
    for each in given:
        if not isinstance(each, (Entity, Section, Trigger)):
            run.complain(
                f"{each!r} is no declaration.",
                code="bad_declaration",
                hint="Give SMS(…) entities, sections and triggers: Entity(Invoice, …), not Invoice.",
            )


def _check_model(run: Resolution, entity: Entity[Any], same_bind: SameBind) -> bool:
    """Whether the model can be an entity; what is against it is noted."""
    before = len(run.problems)
    where = _mapped(run, entity)
    if where is None:
        return False
    if entity.model in run.models or any(entity.name == other.name for other in run.models.values()):
        run.complain(
            f"{where} is declared twice.", code="declared_twice", hint="Declare each model once; join the two."
        )
    elif not same_bind(entity.model):
        run.complain(
            f"{where}: {entity.model.__name__} lives in another database (bind) than the plugin's tables.",
            code="other_bind",
            hint="A message commits together with the host's change, so both must be in the default bind.",
        )
    else:
        run.attempt(lambda: check_key(entity.model, where=where))
    if len(run.problems) > before:
        return False
    run.models[entity.model] = entity
    return True


def _mapped(run: Resolution, entity: Entity[Any]) -> str | None:
    """How to speak of the entity, or None after noting that its model is none."""
    hint = "Give a model of the host's database; import all models before the first request."
    model: object = entity.model
    if not isinstance(model, type):
        run.complain(f"An entity of {model!r}: that is no class.", code="bad_model", hint=hint)
        return None
    where = f"Entity {entity.name}"
    try:
        _ = inspect(entity.model).relationships  # asking for them makes the mappers find one another
    except SQLAlchemyError as error:
        why = str(error).partition("\n")[0]
        run.complain(
            f"{where}: {entity.model.__name__} is no mapped class, or no whole one: {why}", code="bad_model", hint=hint
        )
        return None
    return where


def _reasons(run: Resolution, catalogue: Catalogue, triggers: Iterable[Trigger]) -> dict[str, Reason]:
    reasons = {
        key: Reason(
            key=key,
            section=entry.section,
            audience=entry.audience,
            purpose=entry.purpose,
            label=entry.label,
            text=entry.text,
            help=entry.help,
            quiet=entry.quiet,
        )
        for key, entry in catalogue.triggers.items()
    }
    own: dict[str, Trigger] = {}
    for trigger in triggers:
        if own.get(trigger.key) != trigger and _check_trigger(run, trigger, taken=trigger.key in reasons):
            own[trigger.key] = trigger
            reasons[trigger.key] = Reason(
                key=trigger.key,
                section=trigger.section,
                audience=trigger.audience,
                purpose=trigger.purpose,
                label=by_language(trigger.label),
                text=trigger.text,
                help=by_language(trigger.help),
                quiet=trigger.quiet,
            )
    return reasons


def _check_trigger(run: Resolution, trigger: Trigger, *, taken: bool) -> bool:
    if taken:
        run.complain(
            f"Trigger {trigger.key!r} is declared twice, or ships with the plugin.",
            code="trigger_twice",
            hint="Choose another key, or hook the shipped one by its key.",
        )
    elif not NAME.match(trigger.key) or trigger.purpose not in PURPOSES or trigger.quiet not in QUIET:
        run.complain(
            f"Trigger {trigger.key!r} with purpose {trigger.purpose!r} and quiet {trigger.quiet!r} cannot be.",
            code="bad_trigger",
            hint=f"A key is a name without spaces; the purpose is one of {', '.join(PURPOSES)},"
            f" quiet one of {', '.join(QUIET)}.",
        )
    else:
        return True
    return False


def _company(run: Resolution, sections: Iterable[Section]) -> tuple[dict[str, Callable[[], object]], dict[str, str]]:
    company: dict[str, Callable[[], object]] = {}
    where: dict[str, str] = {}
    for section in sections:
        for name, read in section.shortcodes.items():
            if not NAME.match(name) or not callable(read):
                run.complain(
                    f"Section {section.name!r}: {name!r} cannot be a shortcode.",
                    code="bad_shortcode",
                    hint="Give a name of letters, digits and underscores, and a function without arguments.",
                )
            elif name in company:
                run.complain(
                    f"Section {section.name!r}: {name!r} stands in {where[name]!r} already.",
                    code="declared_twice",
                    hint="Give each shortcode in one section.",
                )
            else:
                company[name] = read
                where[name] = section.name
    return company, where
