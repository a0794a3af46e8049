"""What a host's view stands on, and which of its records it would show itself: no more is reached through it (X12)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from flask import current_app, url_for
from flask_admin import Admin
from flask_admin.contrib.sqla import ModelView
from sqlalchemy.exc import StatementError

from sms_plugin.host.bound import BoundEntity
from sms_plugin.host.identity import key_of, key_values
from sms_plugin.outbox.truth import among
from sms_plugin.state import State
from sms_plugin.web.base import FILES


@dataclass(frozen=True, kw_only=True)
class Ground:
    """What a host's view stands on: the plugin of its app, and the entity that its model is."""

    state: State
    entity: BoundEntity


def ground_of(model: type[Any]) -> Ground | None:
    """What a view of the model stands on; None where there is no plugin, no page of it, or no entity of this model."""
    state: State | None = current_app.extensions.get("sms")
    if state is None or FILES not in current_app.blueprints:
        return None
    entity = state.resolution.entity_of(model)
    return None if entity is None else Ground(state=state, entity=entity)


def reached(view: Any, keys: Sequence[str]) -> list[Any]:
    """The records with these keys that the view itself would show, in the order of the keys."""
    good = [key for key in dict.fromkeys(keys) if _is_key(view.model, key)]
    if not good:
        return []
    try:
        found = {key_of(record): record for record in view.get_query().filter(among(view.model, good))}
    except (StatementError, OverflowError):
        current_app.extensions["sms"].db.session.rollback()  # a value that the column cannot hold
        return []
    records = [found[key] for key in good if key in found]
    if type(view).get_one is ModelView.get_one:
        return records
    # a rule of the host's about single records counts too
    return [record for record in records if view.get_one(str(view.get_pk_value(record))) is not None]


def explain_url(entity: BoundEntity, key: str, *, admin: Admin | None) -> str | None:
    """The page that explains what was decided about a record of the host's; None where the admin has none."""
    prefix = current_app.extensions.get("sms_prefixes", {}).get(admin)
    if prefix is None:
        return None
    about = "record" if entity.person is None else "of"
    asked: dict[str, Any] = {about: f"{entity.key}:{key}"}
    return url_for(f"{prefix}_explain.index_view", **asked)


def _is_key(model: type[Any], key: str) -> bool:
    try:
        key_values(model, key)
    except (ValueError, TypeError, ArithmeticError, LookupError):
        return False
    return "\0" not in key
