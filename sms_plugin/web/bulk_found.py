"""What a send to many was looked for by, in the words of whoever confirms or approves it (S4, X12)."""

from __future__ import annotations

from collections.abc import Iterable

from flask_admin import Admin

from sms_plugin.batches.audience import FILE, FILTERS, GROUP, Source
from sms_plugin.models import Group
from sms_plugin.state import State
from sms_plugin.web.bulk_sources import entity_label
from sms_plugin.web.bulk_words import source_words
from sms_plugin.web.conditions import in_words
from sms_plugin.web.translation import gettext


def found_by(sources: Iterable[Source], *, state: State, admin: Admin | None) -> list[str]:
    """A line for each source: the filters that were set, the name of the group or of the file."""
    return [_line(each, state=state, admin=admin) for each in sources]


def _line(source: Source, *, state: State, admin: Admin | None) -> str:
    if source.kind == GROUP:
        group = state.db.session().get(Group, source.group)
        return source_words(GROUP) if group is None else gettext("The group “%(name)s”", name=group.name)
    if source.kind == FILE and source.name:
        return gettext("The file “%(name)s”", name=source.name)
    entity = state.registry.entities.get(source.entity)
    if source.kind != FILTERS or entity is None:
        return source_words(source.kind)
    what = entity_label(entity, admin=admin)
    asked = "; ".join(in_words(source.conditions, entity, state=state))
    return f"{what} · {asked}" if asked else gettext("%(what)s: all of them", what=what)
