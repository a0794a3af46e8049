"""Putting the pages into the host's admin: one set of views for each ``Admin``, in one menu category (issue Pages)."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from flask import Blueprint, Flask, url_for
from flask_admin import Admin

from sms_plugin.web.base import FILES, Closed, Page
from sms_plugin.web.bulk import BulkPages
from sms_plugin.web.changes import ChangePages
from sms_plugin.web.explain import ExplainPages
from sms_plugin.web.express import ExpressPages, stand_at_the_foot
from sms_plugin.web.forecast import ForecastPages
from sms_plugin.web.groups import GroupPages
from sms_plugin.web.history import HistoryPages
from sms_plugin.web.individual import IndividualPages
from sms_plugin.web.measuring import MeasurePages
from sms_plugin.web.messages import MessagePages
from sms_plugin.web.overview import OverviewPage
from sms_plugin.web.permissions import Policy
from sms_plugin.web.printing import PrintPages
from sms_plugin.web.provider import ProviderPages
from sms_plugin.web.queue import QueuePage
from sms_plugin.web.rows import Rows
from sms_plugin.web.surges import SurgePage
from sms_plugin.web.triggers import TriggerPages
from sms_plugin.web.wordings import WordingPages

#: The pages in the order of the menu. A new page is one line here.
PAGES: tuple[type[Page] | type[Rows], ...] = (
    OverviewPage,
    IndividualPages,
    QueuePage,
    SurgePage,
    MessagePages,
    HistoryPages,
    PrintPages,
    GroupPages,
    BulkPages,
    ForecastPages,
    ExplainPages,
    TriggerPages,
    WordingPages,
    ProviderPages,
    ChangePages,
    MeasurePages,
    ExpressPages,
)


def mount(
    app: Flask,
    *,
    db: Any,
    admins: Sequence[Admin],
    category: str,
    url_prefix: str,
    allow: Callable[[str], object] | None,
    user: Callable[[], object] | None,
) -> None:
    """Add the pages to each admin, and their files to the app. Without an admin there are no pages."""
    app.extensions["sms_policy"] = Policy(allow=allow, user=user, admins=tuple(admins))
    app.extensions["sms_prefixes"] = {}
    if not admins:
        return
    app.register_blueprint(_files(url_prefix))
    for number, admin in enumerate(admins):
        prefix = "sms" if number == 0 else f"{admin.endpoint}_sms"
        app.extensions["sms_prefixes"][admin] = prefix
        stand_at_the_foot(app, admin)
        if not any(isinstance(view, Closed) for view in admin._views):  # an Admin that is shared by two apps has them
            for page in PAGES:
                admin.add_view(build(page, db=db, admin=admin, category=category, prefix=prefix))


def page_url(app: Flask, admin: Admin, page: str, action: str = "index_view", **values: Any) -> str:
    """The address of a page of the plugin in an admin, for the host's own pages."""
    return url_for(f"{app.extensions['sms_prefixes'][admin]}_{page}.{action}", **values)


def build(page: type[Page] | type[Rows], *, db: Any, admin: Admin, category: str, prefix: str) -> Page | Rows:
    """A page's view for one admin, ready to be added to it."""
    below = f"sms/{page.page}"
    options: dict[str, Any] = {
        "name": page.title,
        "category": category,
        "endpoint": f"{prefix}_{page.page}",
        "url": f"/{below}" if admin.url in ("", "/", None) else below,
        "menu_icon_type": "fa",
        "menu_icon_value": page.icon,
    }
    view = page(db, **options) if issubclass(page, Rows) else page(**options)
    view.prefix = prefix
    return view


def _files(url_prefix: str) -> Blueprint:
    return Blueprint(
        FILES,
        __name__,
        url_prefix=url_prefix,
        template_folder="templates",
        static_folder="static",
        static_url_path="/static/sms",  # an admin that stands at our prefix has its own below /static
    )
