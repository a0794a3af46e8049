"""Checking what a hand fires, while the hand can still be told (T1: "by hand")."""

from __future__ import annotations

from sms_plugin.errors import SmsError, did_you_mean
from sms_plugin.people.recipients import recipients
from sms_plugin.state import State


def check_fire(trigger: str, record: object, *, state: State) -> None:
    """Raise ``SmsError`` where firing this trigger for this record could never reach anybody. Reads only.

    Whether the trigger is on, and what the text will be, is seen when the transaction commits.
    """
    registry = state.registry
    reason = registry.reason(trigger)
    entity = registry.entity_of(type(record))
    if entity is None:
        raise SmsError(
            f"{type(record).__name__} is no declared entity.",
            code="unknown_entity",
            hint=did_you_mean(type(record).__name__, [each.model.__name__ for each in registry.entities.values()])
            or "Declare it: SMS(Entity(…)).",
        )
    hooks = [hook for hook in registry.hooks_of(trigger) if hook.entity.key == entity.key]
    if not hooks and entity.section != reason.section:
        raise SmsError(
            f"{trigger!r} is about {reason.section!r}, but {type(record).__name__} is of {entity.section!r}.",
            code="wrong_section",
            hint="Give the record that the trigger's text is about, or hook the trigger in its entity.",
        )
    with state.db.session.no_autoflush:
        people = recipients(
            record,
            entity=entity,
            to=hooks[0].to if hooks else (),
            purpose=reason.purpose,
            audience=reason.audience,
            registry=registry,
            settings=state.settings,
        )
    if not people:
        raise SmsError(
            f"This {type(record).__name__} leads to no {reason.audience} to text.",
            code="no_recipient",
            hint=f"Its way to the {reason.audience} is empty: give the record one first.",
        )
