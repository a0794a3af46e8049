"""The groups: people under one name, fixed ones or all whom a saved filter finds when it is asked (S6)."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from flask import abort, flash, redirect, request
from flask.typing import ResponseReturnValue
from flask_admin import expose
from sqlalchemy.orm import Session

from sms_plugin.batches import groups
from sms_plugin.batches.groups import Wanted
from sms_plugin.batches.uses import where_used
from sms_plugin.errors import SmsError
from sms_plugin.host.bound import BoundEntity
from sms_plugin.host.identity import RecordRef
from sms_plugin.host.search import MOST, Found, find
from sms_plugin.models import Group, database_now
from sms_plugin.web import condition_fields as shown_fields
from sms_plugin.web import group_cells as cells
from sms_plugin.web.apart import reading, within
from sms_plugin.web.base import explained
from sms_plugin.web.bulk_sources import LOOKED_THROUGH, entity_label
from sms_plugin.web.conditions import REFRESH, Reading, in_words, read, reading_of
from sms_plugin.web.editing import plain, seen
from sms_plugin.web.forms import has_token
from sms_plugin.web.group_members import Members, members, read_ref
from sms_plugin.web.looks import listed
from sms_plugin.web.permissions import Right, actor
from sms_plugin.web.rows import Rows
from sms_plugin.web.sights import shown_refs
from sms_plugin.web.trail import changes_of
from sms_plugin.web.translation import gettext, lazy_gettext, ngettext

#: What a group without a saved filter is called in an address.
FIXED = "fixed"


class GroupPages(Rows):
    """The list of groups, and the page of each: what it is, and who is in it now."""

    page = "group"
    title = lazy_gettext("Groups")
    icon = "fa-users"
    right = Right.READ
    scripts = ("conditions.js",)
    table = Group
    order = ("name",)
    descending = False
    empty = lazy_gettext(
        "No group yet. Keep clients together that you text together: the ones you choose, or all whom a filter finds."
    )
    list_template = "sms/groups.html"
    can_edit = True
    action_disallowed_list = ("delete",)
    column_list = ("name", "kind", "size", "changed_at")
    column_labels = {  # noqa: RUF012 - Flask-Admin's own way of saying it
        "name": lazy_gettext("Name"),
        "kind": lazy_gettext("Who is in it"),
        "size": lazy_gettext("How many"),
        "changed_at": lazy_gettext("Changed"),
    }

    def __init__(self, db: Any, **options: Any) -> None:
        self.column_formatters = {"name": cells.name, "kind": cells.kind, "size": cells.size}
        super().__init__(db, **options)

    @property
    def can_create(self) -> bool:  # type: ignore[override]
        """Whoever sends to many makes groups."""
        return self.may(Right.BULK)

    @property
    def can_delete(self) -> bool:  # type: ignore[override]
        """Whoever sends to many deletes groups."""
        return self.may(Right.BULK)

    @expose("/new/", methods=("GET", "POST"))
    def create_view(self) -> ResponseReturnValue:
        """Make a group: of what kind first, then its name and its filter."""
        self._must_edit()
        of = request.args.get("of", "")
        entity = self.state.registry.entities.get(of)
        if entity is None and of != FIXED:
            return self.render("sms/group_kinds.html", kinds=self._kinds())
        found = self._read(entity)
        wanted = _wanted(entity, found)
        if request.method == "GET" or not self._is_saving(found):
            return self._form(wanted, found, entity=entity)
        who = actor()

        def work(session: Session) -> int:
            return groups.create(session, wanted, state=self.state, who=who, now=database_now(session)).id

        return self._saved(work, wanted, found, entity=entity)

    @expose("/edit/", methods=("GET", "POST"))
    def edit_view(self) -> ResponseReturnValue:
        """What a group is, who is in it now, and whoever else should be."""
        group = self._group()
        if group is None:
            return redirect(self.get_url(".index_view"))
        entity = self.state.registry.entities.get(group.entity or "")
        if request.method == "GET":
            kept = Reading() if entity is None else reading_of(group.conditions, entity)
            return self._form(_of(group), kept, entity=entity, group=group)
        self._must_edit()
        found = self._read(entity)
        wanted = _wanted(entity, found)
        if not self._is_saving(found):
            return self._form(wanted, found, entity=entity, group=group)
        id, looked_at, who = group.id, seen(request.form), actor()

        def work(session: Session) -> int:
            held, now = groups.locked(session, id), database_now(session)
            return groups.change(session, held, wanted, seen=looked_at, state=self.state, who=who, now=now).id

        return self._saved(work, wanted, found, entity=entity, group=group)

    @expose("/members/", methods=("POST",))
    def members_view(self) -> ResponseReturnValue:
        """Add records to a group of fixed members, or take some out."""
        self._must_edit()
        group = self._group()
        if group is None:
            return redirect(self.get_url(".index_view"))
        back = redirect(self.get_url(".edit_view", id=group.id), 303)
        if not has_token():
            return back
        refs = [ref for each in request.form.getlist("ref")[: groups.AT_ONCE + 1] if (ref := read_ref(each))]
        adding, id, who = request.form.get("do") == "add", group.id, actor()
        if adding:
            refs = shown_refs(refs, admin=self.admin, state=self.state)
        if not refs:
            flash(gettext("Nobody was chosen: tick one at least."), "warning")
            return back

        def work(session: Session) -> int:
            held, now = groups.locked(session, id), database_now(session)
            return (groups.add if adding else groups.remove)(session, held, refs, who=who, now=now)

        try:
            number = within(self.state, work)
        except SmsError as error:
            flash(explained(error), "error")
            return back
        flash(_done(number, adding=adding), "success" if number else "info")
        return back

    @expose("/delete/", methods=("POST",))
    def delete_view(self) -> Any:
        """Delete a group, for whoever may."""
        self._must_edit()
        return super().delete_view()

    def delete_model(self, model: Any) -> bool:
        """Delete one that no send reaches any more; where some do, they are named."""
        id, who = model.id, actor()

        def work(session: Session) -> None:
            groups.delete(session, groups.locked(session, id), who=who, now=database_now(session))

        try:
            within(self.state, work)
        except SmsError as error:
            self.handle_view_exception(error)
            return False
        self.state.db.session.expire_all()
        return True

    def _must_edit(self) -> None:
        if not self.may(Right.BULK):
            abort(403)

    def _group(self) -> Group | None:
        found: Group | None = self.get_one(request.values.get("id"))
        if found is None:
            flash(gettext("This group is not there any more."), "error")
        return found

    def _read(self, entity: BoundEntity | None) -> Reading:
        if entity is None or request.method == "GET":
            return Reading()
        return read(request.form, entity, state=self.state)

    def _is_saving(self, found: Reading) -> bool:
        """Whether the form is to be saved: it has its token, wants more than its lists, and all of it holds."""
        if not has_token() or REFRESH in request.form:
            return False
        if found.problems:
            flash(gettext("Nothing is saved yet: see what is said below."), "error")
        return not found.problems

    def _saved(
        self,
        work: Callable[[Session], int],
        wanted: Wanted,
        found: Reading,
        *,
        entity: BoundEntity | None,
        group: Group | None = None,
    ) -> ResponseReturnValue:
        """Saved, and on to the group; or the form again, with all that was typed and what is wrong with it."""
        try:
            id = within(self.state, work)
        except SmsError as error:
            self.state.db.session.rollback()
            if group is not None:
                self.state.db.session.refresh(group)
            flash(explained(error), "error")
            return self._form(wanted, found, entity=entity, group=group)
        flash(gettext("The group “%(name)s” is saved.", name=wanted.name), "success")
        return redirect(self.get_url(".edit_view", id=id), 303)

    def _form(self, wanted: Wanted, found: Reading, *, entity: BoundEntity | None, group: Group | None = None) -> str:
        """The page of one group, as it is wanted."""
        state = self.state
        kept: Mapping[str, Any] = {"words": request.args.get("words", "").replace("\0", "").strip()[:200]}
        kind = request.args.get("kind", "")
        people = self._people()
        offered = people.get(kind) or next(iter(people.values()), None)
        return self.render(
            "sms/group.html",
            stored=group,
            wanted=wanted,
            entity=entity,
            label="" if entity is None else entity_label(entity, admin=self.admin),
            fields=None if entity is None else shown_fields.fields(entity, found, state=state),
            lines=[] if group is None or entity is None else in_words(group.conditions, entity, state=state),
            members=None if group is None else self._members(group),
            further="after" in request.args,
            people=[(each.key, entity_label(each, admin=self.admin)) for each in people.values()],
            kind=offered.key if offered is not None else "",
            found=self._found(offered, kept["words"]) if group is not None and offered is not None else None,
            uses=[] if group is None else where_used(state.db.session(), group.id),
            changes=[] if group is None else changes_of(state.db.session(), f"group {group.name}"),
            **kept,
        )

    def _members(self, group: Group) -> Members:
        found = members(group, after=request.args.get("after", ""), admin=self.admin, state=self.state)
        numbers = [each.number for each in found.those]
        listed(self.state, numbers, full=self.may(Right.SEND), place=f"{self.page}:{group.id}", name=group.name)
        return found

    def _found(self, entity: BoundEntity, words: str) -> list[Found] | None:
        if not words or not self.may(Right.BULK):
            return None
        with reading(self.state) as session:
            some = find(session, entity, words, most=LOOKED_THROUGH)
        found = {RecordRef(entity=each.entity, key=each.key): each for each in some}
        return [found[each] for each in shown_refs(found, admin=self.admin, state=self.state)][:MOST]

    def _people(self) -> dict[str, BoundEntity]:
        """Whoever can be a fixed member."""
        return {key: each for key, each in self.state.registry.entities.items() if each.person is not None}

    def _kinds(self) -> list[tuple[str, str, bool]]:
        """What a saved filter may choose among: whatever has filters, and all people."""
        entities = self.state.registry.entities.values()
        offered = [each for each in entities if each.filters or each.person is not None]
        offered.sort(key=lambda each: (each.person is None, not each.filters))
        return [(each.key, entity_label(each, admin=self.admin), bool(each.filters)) for each in offered]


def _wanted(entity: BoundEntity | None, found: Reading) -> Wanted:
    return Wanted(
        name=plain(request.form.get("name", "")),
        description=plain(request.form.get("description", "")),
        entity=None if entity is None else entity.key,
        conditions=found.conditions,
    )


def _of(group: Group) -> Wanted:
    return Wanted(name=group.name, description=group.description, entity=group.entity, conditions=group.conditions)


def _done(number: int, *, adding: bool) -> str:
    if not number:
        return (
            gettext("Nothing has changed: they were in the group already.")
            if adding
            else gettext("Nothing has changed.")
        )
    if adding:
        return ngettext("One is in the group now.", "%(num)s more are in the group now.", number)
    return ngettext("One is out of the group.", "%(num)s are out of the group.", number)
