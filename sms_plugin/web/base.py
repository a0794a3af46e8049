"""What every page shares: closed unless allowed, no SQL and no secret in what it tells, scripts without inline code."""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import Any, ClassVar

from flask import abort, current_app, flash, request, url_for
from flask.typing import ResponseReturnValue
from flask_admin import Admin, BaseView
from sqlalchemy.exc import DBAPIError, IntegrityError, SQLAlchemyError
from wtforms import ValidationError

from sms_plugin.errors import ConfigurationError, SmsError
from sms_plugin.state import State
from sms_plugin.trails import lacks_tables, trail
from sms_plugin.web import translation
from sms_plugin.web.forms import token_field
from sms_plugin.web.moments import moment
from sms_plugin.web.permissions import Right, allowed, has_rule, lacks_rule
from sms_plugin.web.translation import gettext, in_words

log = logging.getLogger(__name__)

#: The blueprint of the pages' templates and static files.
FILES = "sms_files"


class Closed:
    """What ``Page`` and ``Rows`` share. ``page`` names the view in addresses and endpoints, ``title`` in the menu."""

    page: ClassVar[str]
    title: ClassVar[Any]
    icon: ClassVar[str] = "fa-comment-o"
    right: ClassVar[Right] = Right.READ
    in_menu: ClassVar[bool] = True
    scripts: ClassVar[tuple[str, ...]] = ()  #: files of the page's own, beside ``sms.js``

    admin: Admin | None
    prefix: str  #: of the endpoints of this admin's pages

    @property
    def state(self) -> State:
        """The plugin of the current app."""
        state: State = current_app.extensions["sms"]
        return state

    @property
    def extra_css(self) -> list[str]:
        """The plugin's one stylesheet."""
        return [static_url("sms.css")]

    @property
    def extra_js(self) -> list[str]:
        """What all pages share, then the page's own."""
        return [shared_script(), *(static_url(name) for name in self.scripts)]

    def may(self, right: Right | str) -> bool:
        """Whether the current user has a right, in this page's admin; templates write it as a word."""
        return allowed(Right(right), admin=self.admin)

    def is_accessible(self) -> bool:
        """Whether the current user has the page's right."""
        return self.may(self.right)

    def is_visible(self) -> bool:
        """Whether the menu shows the page to those who may see it."""
        return self.in_menu

    def inaccessible_callback(self, name: str, **kwargs: Any) -> ResponseReturnValue:
        """The way to the host's login for a stranger; for everybody else 403, in words."""
        admin: Any = self.admin
        index = admin.index_view
        if has_rule(admin) and not index.is_accessible():
            hosts: ResponseReturnValue | None = index.inaccessible_callback(name, **kwargs)
            return hosts or abort(403)
        to_login = _to_login()
        if to_login is not None:
            return to_login
        if lacks_rule(admin):
            log.error("the SMS pages are closed to all: this portal has no rule for them; give init_app allow=…")
        return self.tell("refused", right=self.right, no_rule=lacks_rule(admin)), 403

    def tell(self, what: str, **values: Any) -> str:
        """A page that says why there is no page: ``refused`` or ``broken``."""
        told: str = self.render(f"sms/{what}.html", **values)
        return told

    def ask(self, question: str, *, back: str) -> str:
        """A page that asks before a POST is done, where our script did not; ``confirmed`` tells the answer."""
        not_kept = ("csrf_token", "confirmed")
        kept = [(name, value) for name, value in request.form.items(multi=True) if name not in not_kept]
        asked: str = self.render("sms/confirm.html", question=question, fields=kept, back=back)
        return asked

    def page_url(self, page: str, action: str = "index_view", **values: Any) -> str:
        """The address of another page of the plugin in the same admin: ``page_url("provider", "edit_view", id=1)``."""
        return url_for(f"{self.prefix}_{page}.{action}", **values)

    def render(self, template: str, **values: Any) -> str:
        """The template, with what all templates of the plugin may use."""
        shared = {
            "_": translation.gettext,
            "ngettext": translation.ngettext,
            "in_words": translation.in_words,
            "retold": translation.retold,
            "may": self.may,
            "moment": moment,
            "page_url": self.page_url,
            "sms_static": static_url,
            "sms_script": shared_script,
            "token_field": token_field,
        }
        rendered: str = super().render(template, **shared, **values)  # type: ignore[misc]
        return rendered

    def _run_view(self, view: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:
        """Run a view; what the database or the set-up refuses is told in words, and logged without what was in hand."""
        try:
            return view(self, *args, **kwargs)
        except (SQLAlchemyError, ConfigurationError) as error:
            self.state.db.session.rollback()
            log.error("the page %s failed: %s", request.path, trail(error))
            return self.tell("broken", why=explained(error)), 503

    def handle_view_exception(self, error: Exception) -> bool:
        """Say why something was not saved: our own sentences whole, never those of the database."""
        if not isinstance(error, SmsError | ConfigurationError | ValidationError):
            log.error("what the page %s was given could not be saved: %s", request.path, trail(error))
        flash(explained(error), "error")
        return True


def explained(error: BaseException) -> str:
    """What an error means for the person at the page, without SQL, parameters and secrets."""
    if isinstance(error, SmsError | ConfigurationError | ValidationError):
        return in_words(error)
    if isinstance(error, IntegrityError):
        return gettext("Something else has this name already, or still needs what you wanted to change.")
    if isinstance(error, DBAPIError) and lacks_tables(error):
        return gettext("The plugin's tables are missing or old. An administrator has to run: flask sms upgrade")
    if isinstance(error, SQLAlchemyError):
        return gettext("The database did not take this. Nothing was changed; the reason is in the portal's log.")
    return gettext("This could not be done. Nothing was changed; the reason is in the portal's log.")


def confirmed() -> bool:
    """Whether the person was asked, and said yes."""
    return "confirmed" in request.form


def static_url(name: str) -> str:
    """The address of one of the plugin's own files."""
    return url_for(f"{FILES}.static", filename=name)


def shared_script() -> str:
    """The address of what all pages share; it says in which language the page is, which Flask-Admin's base does not."""
    return url_for(f"{FILES}.static", filename="sms.js", lang=translation.language().replace("_", "-"))


def _to_login() -> ResponseReturnValue | None:
    """Flask-Login's way to the login page for somebody who is not signed in, where the host uses it."""
    manager = getattr(current_app, "login_manager", None)
    if manager is None:
        return None
    from flask_login import current_user

    user: Any = current_user
    if user.is_authenticated or not (manager.login_view or manager.unauthorized_callback):
        return None
    way: ResponseReturnValue = manager.unauthorized()
    return way


class Page(Closed, BaseView):  # type: ignore[misc, override]
    """A page of its own. It needs an ``@expose("/")`` view, named ``index_view`` by habit."""
