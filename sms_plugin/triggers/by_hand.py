"""Checking what a hand fires, while the hand can still be told (T1: "by hand")."""

from __future__ import annotations

from sqlalchemy import inspect
from sqlalchemy.orm import object_session

from sms_plugin.errors import SmsError, did_you_mean
from sms_plugin.host.bound import BoundEntity, Reason
from sms_plugin.people.recipients import recipients
from sms_plugin.state import State


def check_fire(trigger: str, record: object, *, state: State) -> None:
    """Raise ``SmsError`` where firing this trigger for this record could never reach anybody.

    Reads only; a record that was added and not yet flushed is flushed first, as a query would, so that it knows its
    relations. Whether the trigger is on, and what the text will be, is seen when the transaction commits.
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
    _check_section(reason, entity, hooked=bool(registry.hooks_of(trigger, entity=entity.key)))
    _flush(record)
    with state.db.session.no_autoflush:
        people = recipients(
            record,
            entity=entity,
            to=registry.to_by_hand(trigger, entity=entity.key),
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


def _flush(record: object) -> None:
    session = object_session(record)
    if inspect(record).transient:
        raise SmsError(
            f"This {type(record).__name__} is in no session, so no commit will bring it.",
            code="not_added",
            hint="Add it to the session first: db.session.add(…).",
        )
    if session is not None and inspect(record).pending:
        session.flush()


def _check_section(reason: Reason, entity: BoundEntity, *, hooked: bool) -> None:
    if not hooked and entity.section != reason.section:
        raise SmsError(
            f"{reason.key!r} is about {reason.section!r}, but {entity.model.__name__} is of {entity.section!r}.",
            code="wrong_section",
            hint="Give the record that the trigger's text is about, or hook the trigger in its entity.",
        )
