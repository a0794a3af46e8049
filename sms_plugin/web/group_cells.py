"""The cells of the list of groups: what each is, and how many are in it."""

from __future__ import annotations

import time
from typing import Any

from flask import g
from markupsafe import Markup

from sms_plugin.batches import groups
from sms_plugin.errors import SmsError
from sms_plugin.models import Group
from sms_plugin.web.apart import reading
from sms_plugin.web.bulk_sources import entity_label
from sms_plugin.web.conditions import in_words
from sms_plugin.web.group_members import size_words, today_of, why
from sms_plugin.web.sights import is_narrowed
from sms_plugin.web.translation import gettext

#: The list counts members for so long, in seconds; further groups are counted on their own page.
_PATIENCE = 0.3


def name(view: Any, _context: Any, row: Group, _column: str) -> Markup:
    """The name, the way to the group, and what it is for."""
    link = Markup('<a href="{}">{}</a>').format(view.get_url(".edit_view", id=row.id), row.name)
    if not row.description:
        return link
    return link + Markup('<br><small class="text-muted">{}</small>').format(row.description)


def kind(view: Any, _context: Any, row: Group, _column: str) -> Markup | str:
    """That its members are fixed, or what its filter asks."""
    if row.entity is None:
        return gettext("fixed members")
    entity = view.state.registry.entities.get(row.entity)
    if entity is None:
        return Markup('<span class="sms-state sms-state-bad">{}</span>').format(
            gettext("The portal does not have “%(entity)s” any more", entity=row.entity)
        )
    lines = in_words(row.conditions, entity, state=view.state) or [gettext("all of them")]
    told = Markup("").join(Markup('<br><small class="text-muted">{}</small>').format(each) for each in lines)
    return Markup("{}{}").format(entity_label(entity, admin=view.admin), told)


def size(view: Any, _context: Any, row: Group, _column: str) -> Markup | str:
    """How many, as long as counting takes no time; else the group's own page says it."""
    began = g.setdefault("sms_counting", time.monotonic())
    entity = view.state.registry.entities.get(row.entity or "")
    is_part = entity is not None and is_narrowed(entity, admin=view.admin)
    if is_part or time.monotonic() - began > _PATIENCE:
        return Markup('<a href="{}">{}</a>').format(view.get_url(".edit_view", id=row.id), gettext("see the group"))
    try:
        with reading(view.state) as session:
            return size_words(groups.size(session, row, state=view.state, today=today_of(view.state)))
    except SmsError as error:
        told = why(error, row, state=view.state)
        return Markup('<span class="sms-state sms-state-bad">{}</span> <small>{}</small>').format(
            gettext("Cannot be asked"), told
        )
