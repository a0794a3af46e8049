"""The record: who changed which piece of configuration, from what to what; who looked at what, and took what out
(X12, X23).
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from flask import flash, request
from flask.typing import ResponseReturnValue
from flask_admin import expose
from sqlalchemy.orm import Session

from sms_plugin.host.identity import RecordRef
from sms_plugin.models import Access, Change, Provider, Template
from sms_plugin.outbox.accesses import Deed, Sought, looks
from sms_plugin.outbox.changes import ChangesSought, changes
from sms_plugin.outbox.walking import Walked
from sms_plugin.web.base import Page
from sms_plugin.web.change_words import KINDS, Field, Names, done_words, fields_changed, kind_word, name_of_changed
from sms_plugin.web.history import day_of
from sms_plugin.web.host_records import Named, named
from sms_plugin.web.look_words import DEEDS, deed_words, filter_words, place_words
from sms_plugin.web.paging import PARAMETER, Cursor, read_cursor, write_cursor
from sms_plugin.web.permissions import Right
from sms_plugin.web.shown import name_of
from sms_plugin.web.translation import gettext, lazy_gettext

SIZE = 30


@dataclass(frozen=True, kw_only=True)
class Changed:
    """A change as the page shows it. ``url`` is the page of what was changed; None where there is none."""

    at: datetime
    who: str
    kind: str
    name: str
    done: str
    fields: list[Field]
    url: str | None


@dataclass(frozen=True, kw_only=True)
class Looked:
    """A look, a print or a file as the page shows it."""

    at: datetime
    who: str
    done: str
    about: Named | None
    place: str
    detail: str
    same_url: str | None  #: who else looked at it


class ChangePages(Page):
    """The record of changes, and of looks, prints and files."""

    page = "change"
    title = lazy_gettext("Record")
    icon = "fa-history"
    right = Right.READ

    def is_accessible(self) -> bool:
        """Whether the current user may read messages, or change what is recorded here."""
        return self.may(Right.READ) or self.may(Right.CONFIGURE)

    @expose("/")
    def index_view(self) -> ResponseReturnValue:
        """A page of the changes that are sought."""
        given = _given("who", "kind", "name", "since", "until")
        sought = ChangesSought(
            who=given.get("who", ""),
            kind=given.get("kind", ""),
            name=given.get("name", ""),
            since=_day(given, "since"),
            before=_day(given, "until", days=1),
        )
        session = self.state.db.session()
        found = changes(session, sought, most=SIZE, after=_after("change", Change.id))
        names = _names(session, found.rows)
        return self.render(
            "sms/changes.html",
            given=given,
            kinds=[(kind, str(word)) for kind, word in KINDS.items()],
            rows=[self._changed(each, names) for each in found.rows],
            found=found,
            **self._ways(".index_view", "change", found, given),
        )

    @expose("/looks/")
    def looks_view(self) -> ResponseReturnValue:
        """A page of looks, prints and files, for whoever may configure."""
        if not self.may(Right.CONFIGURE):
            return self.tell("refused", right=Right.CONFIGURE, no_rule=False), 403
        given = _given("who", "deed", "of", "since", "until")
        sought = Sought(
            who=given.get("who", ""),
            deed=Deed(given["deed"]) if given.get("deed") in set(Deed) else None,
            about=_ref(given.get("of", "")),
            since=_day(given, "since"),
            before=_day(given, "until", days=1),
        )
        found = looks(self.state.db.session(), sought, most=SIZE, after=_after("look", Access.id))
        return self.render(
            "sms/looks.html",
            given=given,
            deeds=[(deed.value, str(word)) for deed, word in DEEDS.items()],
            about=self._about(sought.about),
            rows=[self._looked(each) for each in found.rows],
            found=found,
            **self._ways(".looks_view", "look", found, given),
        )

    def _changed(self, change: Change, names: Names) -> Changed:
        kind, _, name = change.what.partition(" ")
        # what stands in a provider's settings is for whoever may see that page
        tells = kind != "provider" or self.may(Right.CONFIGURE)
        return Changed(
            at=change.at,
            who=change.who,
            kind=kind_word(kind),
            name=name_of_changed(change, state=self.state),
            done=done_words(change),
            fields=fields_changed(change, names=names, state=self.state) if tells else [],
            url=self._way(kind, name, names) if self.may(Right.CONFIGURE) else None,
        )

    def _way(self, kind: str, name: str, names: Names) -> str | None:
        if kind == "trigger" and name in self.state.registry.reasons:
            return self.page_url("trigger", "edit_view", key=name)
        if kind == "provider" and name in names.kinds:
            return self.page_url("provider", "edit_view", name=name)
        by_name = {each: id for id, each in names.templates.items()}
        if kind == "template" and name in by_name:
            return self.page_url("template", "edit_view", id=by_name[name])
        return None

    def _looked(self, row: Access) -> Looked:
        ref = RecordRef(entity=row.entity, key=row.record) if row.entity and row.record is not None else None
        return Looked(
            at=row.at,
            who=row.who,
            done=deed_words(row.action),
            about=self._about(ref),
            place="" if ref is not None else place_words(row.record or ""),
            detail=filter_words(row.detail, state=self.state),
            same_url=None if ref is None else self.get_url(".looks_view", of=f"{ref.entity}:{ref.key}"),
        )

    def _about(self, ref: RecordRef | None) -> Named | None:
        if ref is None:
            return None
        return named(ref, admin=self.admin, state=self.state, name=name_of(ref, state=self.state))

    def _ways(self, view: str, of: str, found: Walked[Any], given: dict[str, str]) -> dict[str, str | None]:
        at = None if found.next is None else write_cursor(Cursor(values=(found.next,)), of=of)
        return {
            "next_url": None if at is None else self.get_url(view, **given, **{PARAMETER: at}),
            "first_url": self.get_url(view, **given) if request.args.get(PARAMETER) else None,
        }


def _names(session: Session, rows: Iterable[Change]) -> Names:
    """The names of templates and the kinds of providers that these changes speak of: there are few of both."""
    if not any(row.what.startswith(("template ", "trigger ", "provider ")) for row in rows):
        return Names()
    templates = session.execute(sa.select(Template.id, Template.name)).all()
    providers = session.execute(sa.select(Provider.name, Provider.kind)).all()
    return Names(templates={row.id: row.name for row in templates}, kinds={row.name: row.kind for row in providers})


def _given(*names: str) -> dict[str, str]:
    """What the address asks for, without what is empty; a day that is none is told and left out."""
    given = {name: value for name in names if (value := request.args.get(name, "").replace("\0", "").strip()[:310])}
    for name in ("since", "until"):
        if name in given and day_of(given[name]) is None:
            flash(gettext("“%(day)s” is no day: write it as 2026-01-31.", day=given.pop(name)), "warning")
    return given


def _day(given: dict[str, str], name: str, *, days: int = 0) -> datetime | None:
    day = day_of(given[name]) if name in given else None
    return None if day is None else day + timedelta(days=days)


def _after(of: str, column: Any) -> UUID | None:
    written = request.args.get(PARAMETER)
    if not written:
        return None
    try:
        (after,) = read_cursor(written, of=of, columns=(column,)).values
    except ValueError:
        flash(gettext("This link to a further page no longer holds: here is the first one."), "warning")
        return None
    found: UUID = after
    return found


def _ref(written: str) -> RecordRef | None:
    entity, _, key = written.partition(":")
    return RecordRef(entity=entity[:120], key=key[:190]) if entity and key else None
