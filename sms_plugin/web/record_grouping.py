"""Putting the selected rows of a host's own view into a group of fixed members, or into a new one (S6, S9)."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from flask import abort, flash, redirect, request
from flask.typing import ResponseReturnValue
from flask_admin import expose
from flask_admin.actions import action
from flask_admin.tools import iterdecode
from sqlalchemy.orm import Session

from sms_plugin.batches import groups
from sms_plugin.batches.groups import AT_ONCE, Wanted
from sms_plugin.errors import SmsError
from sms_plugin.host.identity import RecordRef, key_of, key_text
from sms_plugin.host.search import label_of
from sms_plugin.models import Group, database_now
from sms_plugin.state import State
from sms_plugin.web.apart import reading, within
from sms_plugin.web.base import explained
from sms_plugin.web.editing import plain
from sms_plugin.web.forms import has_token
from sms_plugin.web.permissions import Right, actor
from sms_plugin.web.reach import Ground
from sms_plugin.web.told import told_in_words
from sms_plugin.web.translation import gettext, lazy_gettext, ngettext
from sms_plugin.web.way_back import way_back

#: What is chosen in place of a group that there is; so many groups are offered, and so many of the chosen are named.
NEW, OFFERED, NAMED = "new", 1000, 50


@dataclass(frozen=True, kw_only=True)
class _Wish:
    """What the form says."""

    group: str = ""  #: the number of one, or ``NEW``
    name: str = ""  #: of a new one


class Grouping:
    """The part of ``SMSRecord`` that puts people into groups, for whoever may send to many."""

    get_url: Callable[..., str]
    sms_ground: Callable[[], Ground | None]
    sms_may: Callable[[Right], bool]
    sms_reached: Callable[[Sequence[str]], list[Any]]
    sms_render: Callable[..., str]

    def is_action_allowed(self, name: str) -> bool:
        """As the view says; ours where the rows are people, to those who may send to many."""
        if name == "sms_group" and (self._sms_people() is None or not self.sms_may(Right.BULK)):
            return False
        permitted: bool = super().is_action_allowed(name)  # type: ignore[misc]
        return permitted

    @action("sms_group", lazy_gettext("Add to an SMS group"))
    @told_in_words
    def sms_group_action(self, ids: list[str]) -> ResponseReturnValue | None:
        """Show who was selected, and the groups that they can be put into. Nothing is changed by it."""
        return self._sms_grouped([key_text(iterdecode(each)) for each in ids], None)

    @expose("/sms/group/", methods=("GET", "POST"))
    @told_in_words
    def sms_group_view(self) -> ResponseReturnValue:
        """Put the selected rows that the view itself would show into the chosen group; by GET, show them."""
        wish = None
        if request.method == "POST" and has_token():
            wish = _Wish(group=request.form.get("group", "")[:9], name=plain(request.form.get("name", ""))[:81])
        return self._sms_grouped(request.values.getlist("record")[: AT_ONCE + 1], wish)

    def _sms_people(self) -> Ground | None:
        """What the view stands on, where its rows are people."""
        ground = self.sms_ground()
        return None if ground is None or ground.entity.person is None else ground

    def _sms_grouped(self, keys: Sequence[str], wish: _Wish | None) -> ResponseReturnValue:
        if not self.sms_may(Right.BULK):
            abort(403)
        ground = self._sms_people()
        if ground is None:
            abort(404)
        back = way_back(self.get_url(".index_view"))
        if len(keys) > AT_ONCE:
            flash(gettext("At most %(most)s rows can be added at once: choose fewer.", most=AT_ONCE), "warning")
            return redirect(back)
        chosen = self.sms_reached(keys)
        if not chosen:
            flash(gettext("None of the chosen rows is there any more."), "warning")
            return redirect(back)
        refs = [RecordRef(entity=ground.entity.key, key=key_of(each)) for each in chosen]
        if wish is not None and _is_told(wish):
            try:
                name, added = _added(refs, wish, state=ground.state)
            except SmsError as error:
                ground.state.db.session.rollback()
                flash(explained(error), "error")
            else:
                flash(_done(name, added, len(refs) - added), "success" if added else "info")
                return redirect(back, 303)
        elif wish is not None:
            flash(gettext("Choose a group, or give a new one a name."), "warning")
        return self._sms_page(ground, chosen, missing=len(set(keys)) - len(chosen), wish=wish or _Wish(), back=back)

    def _sms_page(self, ground: Ground, chosen: Sequence[Any], *, missing: int, wish: _Wish, back: str) -> str:
        with reading(ground.state) as session:
            offered = list(_fixed(session))
        return self.sms_render(
            "sms/group_rows.html",
            action=self.get_url(".sms_group_view", url=back),
            back_url=back,
            missing=missing,
            count=len(chosen),
            names=[label_of(each, ground.entity) for each in chosen[:NAMED]],
            keys=[key_of(each) for each in chosen],
            groups=offered,
            wish=wish,
            new=NEW,
        )


def _is_told(wish: _Wish) -> bool:
    return bool(wish.name.strip()) if wish.group == NEW else wish.group.isascii() and wish.group.isdecimal()


def _fixed(session: Session) -> Sequence[tuple[int, str]]:
    """The groups of fixed members, by name."""
    rows = session.execute(
        sa.select(Group.id, Group.name).where(Group.entity.is_(None)).order_by(Group.name).limit(OFFERED)
    )
    return [(row.id, row.name) for row in rows]


def _added(refs: Sequence[RecordRef], wish: _Wish, *, state: State) -> tuple[str, int]:
    """The name of the group, and how many of them were not in it. Commits. Raises ``SmsError``."""
    who = actor()

    def work(session: Session) -> tuple[str, int]:
        now = database_now(session)
        if wish.group == NEW:
            group = groups.create(session, Wanted(name=wish.name), state=state, who=who, now=now)
        else:
            group = groups.locked(session, int(wish.group))
        return group.name, groups.add(session, group, refs, who=who, now=now)

    return within(state, work)


def _done(name: str, added: int, already: int) -> str:
    """How many were added, and how many were in it already."""
    told = ngettext(
        "One is in the group “%(name)s” now.", "%(num)s more are in the group “%(name)s” now.", added, name=name
    )
    there = ngettext(
        "One was in the group “%(name)s” already.", "%(num)s were in the group “%(name)s” already.", already, name=name
    )
    return " ".join([told] * bool(added) + [there] * bool(already))
