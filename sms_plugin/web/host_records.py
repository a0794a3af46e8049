"""The way from a message to the host's own pages about its records, where the host's admin has them."""

from __future__ import annotations

import logging
from dataclasses import dataclass

from flask import url_for
from flask_admin import Admin
from flask_admin.contrib.sqla import ModelView
from flask_admin.tools import iterencode

from sms_plugin.host.identity import RecordRef, key_values
from sms_plugin.state import State

log = logging.getLogger(__name__)


@dataclass(frozen=True, kw_only=True)
class Named:
    """A record of the host as a page names it. ``url`` is its page in the host's admin; None where there is none."""

    name: str
    url: str | None


def named(ref: RecordRef, *, admin: Admin | None, state: State, name: str = "") -> Named:
    """The record, by its name if one is given, with the address of a page that the viewer may see. Never fails."""
    entity = state.registry.entities.get(ref.entity)
    if entity is None:
        return Named(name=name or f"{ref.entity} {ref.key}", url=None)
    url = None if admin is None else _url(admin, entity.model, ref.key)
    return Named(name=name or f"{entity.model.__name__} {ref.key}", url=url)


def _url(admin: Admin, model: type, key: str) -> str | None:
    """The details page, else the edit page, of the first view of the model that has one."""
    for view in admin._views:
        if isinstance(view, ModelView) and issubclass(model, view.model):
            try:
                url = _in_view(view, model, key)
            except Exception as error:  # noqa: BLE001 - a host's view may fail in any way; it costs the link only
                log.warning("there is no way to a record's page in %s: %s", view.endpoint, type(error).__name__)
                continue
            if url is not None:
                return url
    return None


def _in_view(view: ModelView, model: type, key: str) -> str | None:
    way = "details_view" if view.can_view_details else "edit_view" if view.can_edit else None
    if way is None or not view.is_accessible():
        return None
    values = [str(value) for value in key_values(model, key)]
    return url_for(f"{view.endpoint}.{way}", id=values[0] if len(values) == 1 else iterencode(values))
