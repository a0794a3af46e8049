"""A quick message from any page of the host's admin: a button at its foot, and the panel behind it (S8)."""

from __future__ import annotations

import copy
import logging
from typing import Any
from uuid import UUID

from flask import Flask, current_app, render_template, url_for
from flask.typing import ResponseReturnValue
from flask_admin import Admin, expose
from jinja2 import TemplateError, nodes
from markupsafe import Markup

from sms_plugin.trails import trail
from sms_plugin.web import translation
from sms_plugin.web.base import Page, static_url
from sms_plugin.web.forms import has_token
from sms_plugin.web.individual import sent
from sms_plugin.web.outlook import Outlook, Typed, outlook, typed
from sms_plugin.web.permissions import Right, actor, allowed
from sms_plugin.web.translation import lazy_gettext

log = logging.getLogger(__name__)

#: The base template that puts the button at the foot of what the admin's own base makes.
FOOT = "sms/foot.html"
#: The block that every base template of Flask-Admin has, and templates that override it keep by ``super()``.
_BLOCK = "tail"


class ExpressPages(Page):
    """The panel, as pieces of page."""

    page = "express"
    title = lazy_gettext("Express message")
    in_menu = False
    right = Right.SEND

    @expose("/")
    def index_view(self) -> ResponseReturnValue:
        """The panel's form, empty."""
        return self._form(typed({}))  # type: ignore[arg-type]

    @expose("/send/", methods=("POST",))
    def send_view(self) -> ResponseReturnValue:
        """Send what was confirmed; the form with what stands against it, or the way to the message."""
        form = typed()
        if not has_token():
            return self._form(form)
        found = outlook(form, admin=self.admin, who=actor(), state=self.state)
        message = sent(form, found, state=self.state)
        if isinstance(message, UUID):
            url = self.page_url("message", "details_view", id=message) if self.may(Right.READ) else ""
            return self.render("sms/express_done.html", url=url)
        return self._form(form, message)

    def _form(self, form: Typed, found: Outlook | None = None) -> str:
        return self.render("sms/express.html", form=form, found=found)


def stand_at_the_foot(app: Flask, admin: Admin) -> None:
    """Give every page of the admin the button, by a base template that extends the one it has.

    An admin whose theme names no base template, or one of another making, is left as it is: ``absent_because`` says so.
    """
    app.add_template_global(_foot, "sms_foot")
    theme: Any = getattr(admin, "theme", None)
    base = getattr(theme, "base_template", None)
    if not isinstance(base, str) or base == FOOT:
        return
    try:
        extended = copy.copy(theme)
        extended.base_template, extended.sms_base = FOOT, base
        admin.theme = extended
    except (AttributeError, TypeError) as error:
        log.warning("the admin %s has no express message: its theme cannot be extended: %s", admin.name, trail(error))


def absent_because(app: Flask, admin: Admin) -> str:
    """Why the pages of an admin have no express message; empty where they have."""
    theme: Any = getattr(admin, "theme", None)
    if getattr(theme, "base_template", None) != FOOT:
        return "its theme names no base template that could be extended, or it was changed after init_app"
    base: str = theme.sms_base
    try:
        known = _has_block(app, base)
    except TemplateError as error:
        return f"its base template {base} cannot be read: {type(error).__name__}"
    return "" if known else f"its base template {base} has no block {_BLOCK!r}"


def _has_block(app: Flask, name: str, *, most: int = 10) -> bool:
    """Whether a template, or one that it extends, has the block."""
    environment = app.jinja_env
    for _ in range(most):
        assert environment.loader is not None  # noqa: S101 - Flask's own
        source, _file, _fresh = environment.loader.get_source(environment, name)
        tree = environment.parse(source)
        if any(block.name == _BLOCK for block in tree.find_all(nodes.Block)):
            return True
        parent = next(tree.find_all(nodes.Extends), None)
        if parent is None or not isinstance(parent.template, nodes.Const):
            return False
        name = str(parent.template.value)
    return False


def _foot(view: object, nonce: object = "") -> Markup:
    """The button, to those who may send; nothing for others, and whatever fails costs the host's page nothing."""
    admin = getattr(view, "admin", None)
    try:
        prefix = current_app.extensions.get("sms_prefixes", {}).get(admin)
        if prefix is None or not allowed(Right.SEND, admin=admin):
            return Markup("")
        shown = render_template(
            "sms/express_button.html",
            _=translation.gettext,
            individual=url_for(f"{prefix}_individual.index_view"),
            panel=url_for(f"{prefix}_express.index_view"),
            nonce=nonce,
            sms_static=static_url,
        )
    except Exception as error:  # noqa: BLE001 - whatever fails in ours, the host's page goes on without it
        log.error("the express message cannot be offered: %s", trail(error))
        return Markup("")
    return Markup(shown)  # noqa: S704 - a template of ours, escaped
