"""A list of the plugin's own rows: keyset-paged, with ids that are checked before the database sees them."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from importlib.metadata import version
from typing import Any, ClassVar
from urllib.parse import parse_qsl, urlencode, urlsplit

import sqlalchemy as sa
from flask import flash, g, has_request_context, redirect, request
from flask_admin import expose
from flask_admin.contrib.sqla import ModelView
from flask_admin.helpers import is_form_submitted

from sms_plugin.web.base import Closed, confirmed
from sms_plugin.web.forms import TokenForm, explain_token, has_token
from sms_plugin.web.moments import moment
from sms_plugin.web.paging import PARAMETER, Cursor, beyond, read_cursor, read_value, write_cursor
from sms_plugin.web.translation import gettext
from sms_plugin.web.way_back import way_back

#: The most rows that one action takes.
MOST = 1000
#: Flask-Admin takes the Flask-SQLAlchemy object from 2.1 on; before, only its session.
_TAKES_DB = tuple(int(part) for part in version("flask-admin").split(".")[:2]) >= (2, 1)


class Rows(Closed, ModelView):  # type: ignore[misc, override]
    """A list of one of the plugin's tables. Nothing can be created, edited or deleted unless the page says so.

    ``order`` names the columns of the list's order, the last one unique, none of them ever null; ``descending`` goes
    for all of them. There is no count, no OFFSET and no sorting by other columns.
    """

    table: ClassVar[type[Any]]
    order: ClassVar[tuple[str, ...]] = ("id",)
    descending: ClassVar[bool] = True
    empty: ClassVar[Any] = ""  #: what an empty list says: what to do next

    form_base_class = TokenForm
    list_template = "sms/list.html"
    can_create = can_edit = can_delete = False
    simple_list_pager = True
    column_sortable_list = ()
    page_size = 25
    can_set_page_size = True
    page_size_options = (25, 50, 100)
    create_modal = edit_modal = details_modal = False

    def __init__(self, db: Any, **options: Any) -> None:
        self.column_type_formatters = {**self.column_type_formatters, datetime: _moment}
        super().__init__(self.table, db if _TAKES_DB else db.session, **options)

    @property
    def columns(self) -> list[Any]:
        """The columns of the order."""
        return [getattr(self.table, name) for name in self.order]

    @property
    def column_default_sort(self) -> list[tuple[str, bool]]:  # type: ignore[override]
        """The order of the list; turned round for a page before a row."""
        turned = has_request_context() and "sms_cursor" in g and g.sms_cursor is not None and g.sms_cursor.back
        return [(name, self.descending != turned) for name in self.order]

    def get_query(self) -> Any:
        """All rows that may be seen; for the list, those beyond the cursor."""
        query = super().get_query()
        cursor: Cursor | None = g.get("sms_cursor")
        if cursor is None:
            return query
        descending = self.descending != cursor.back
        dialect = self.state.db.engine.dialect.name
        return query.filter(beyond(self.columns, cursor.values, descending=descending, dialect=dialect))

    def get_list(  # type: ignore[override]
        self,
        page: Any,
        sort_column: Any,
        sort_desc: Any,
        search: Any,
        filters: Any,
        execute: bool = True,
        page_size: int | None = None,
    ) -> Any:
        """One page; where the next one and the one before begin is kept for the pager."""
        size = page_size or self.page_size
        cursor = self._cursor()
        g.sms_cursor = cursor
        try:
            _, rows = super().get_list(None, None, False, search, filters, page_size=size + 1)
        finally:
            g.sms_cursor = None
        more_rows, rows = len(rows) > size, rows[:size]
        back = cursor is not None and cursor.back
        if back:
            rows.reverse()
        has_next, has_previous = (True, more_rows) if back else (more_rows, cursor is not None)
        g.sms_pages = {
            "next": self._at(rows[-1]) if rows and has_next else None,
            "previous": self._at(rows[0], back=True) if rows and has_previous else None,
        }
        return None, rows

    def pager_url(self, way: str) -> str | None:
        """The address of the ``next`` or the ``previous`` page, or None where there is none."""
        at = g.get("sms_pages", {}).get(way)
        return None if at is None else _with(request.full_path, at)

    def first_url(self) -> str | None:
        """The address of the first page, from a page further on."""
        return _with(request.full_path, None) if PARAMETER in request.args else None

    def get_one(self, id: Any) -> Any:
        """The row with the key, where it is one and ``get_query`` shows it; else None."""
        try:
            key = read_value(self._key, id)
        except ValueError:
            return None
        return self.get_query().filter(self._key == key).one_or_none()

    def chosen(self, ids: Sequence[str]) -> list[Any]:
        """The rows that an action was given, in the order of their keys, without those that are none or hidden."""
        keys = []
        for each in ids[:MOST]:
            try:
                keys.append(read_value(self._key, each))
            except ValueError:
                continue
        return list(self.get_query().filter(self._key.in_(keys)).order_by(self._key))

    def validate_form(self, form: Any) -> bool:
        """Whether the form was sent and holds; one that was refused for its token says so."""
        valid: bool = super().validate_form(form)
        if not valid and is_form_submitted():
            explain_token(form)
        return valid

    @expose("/delete/", methods=("POST",))
    def delete_view(self) -> Any:
        """Delete a row once the person was asked; without our script, a page asks."""
        row = self.get_one(request.form.get("id")) if self.can_delete else None
        if not has_token():
            return redirect(self._back())
        if row is not None and not confirmed():
            return self.ask(gettext("Delete “%(name)s”? This cannot be undone.", name=row), back=self._back())
        return super().delete_view()

    @expose("/action/", methods=("POST",))
    def action_view(self) -> Any:
        """Do something with the chosen rows, once the person was asked where the action wants that."""
        name = request.form.get("action", "")
        if not has_token():
            return redirect(self._back())
        question = self._actions_data.get(name, (None, "", None))[2]
        if question and not confirmed() and request.form.getlist("rowid") and self.is_action_allowed(name):
            return self.ask(str(question), back=self._back())
        return super().action_view()

    def get_empty_list_message(self) -> str:
        """What an empty list says."""
        return str(self.empty) or gettext("There is nothing here yet.")

    def render(self, template: str, **values: Any) -> str:
        """As for every page; a new search or filter begins at the first page."""
        if "extra_args" in values:
            values["extra_args"] = {k: v for k, v in values["extra_args"].items() if k != PARAMETER}
            values["clear_search_url"] = _with(values["clear_search_url"], None)
        return super().render(template, **values)

    def _back(self) -> str:
        return way_back(self.get_url(".index_view"))

    @property
    def _key(self) -> Any:
        (column,) = sa.inspect(self.table).primary_key
        return getattr(self.table, column.key)

    def _cursor(self) -> Cursor | None:
        given = request.args.get(PARAMETER)
        if not given:
            return None
        try:
            return read_cursor(given, of=self.page, columns=self.columns)
        except ValueError:
            flash(gettext("This link to a further page no longer holds: here is the first one."), "warning")
            return None

    def _at(self, row: Any, *, back: bool = False) -> str:
        return write_cursor(Cursor(values=tuple(getattr(row, name) for name in self.order), back=back), of=self.page)


def _moment(_view: Any, value: datetime, _name: str) -> Any:
    return moment(value)


def _with(url: str, at: str | None) -> str:
    """The address with another cursor, or none."""
    parts = urlsplit(url)
    kept = [(name, value) for name, value in parse_qsl(parts.query) if name not in (PARAMETER, "page")]
    query = urlencode(kept if at is None else [*kept, (PARAMETER, at)])
    return f"{parts.path}?{query}" if query else parts.path
