"""Forms with Flask-WTF's token, which hold with and without the host's ``CSRFProtect``."""

from __future__ import annotations

from typing import Any

from flask import current_app, flash, g, request
from flask_admin.form import BaseForm
from flask_wtf import FlaskForm
from flask_wtf.csrf import generate_csrf, validate_csrf
from markupsafe import Markup
from wtforms import ValidationError
from wtforms.widgets import HiddenInput

from sms_plugin.web.translation import gettext, speaks_babel


class TokenForm(BaseForm):
    """The base of every form of the pages."""

    class Meta(FlaskForm.Meta):
        """Flask-WTF's token; WTForms' own messages in the viewer's language where Flask-Babel is in use."""

        def get_translations(self, form: Any) -> Any:
            """Flask-Admin's translations, or none: they fail where Flask-Babel is installed and not initialised."""
            return BaseForm.Meta().get_translations(form) if speaks_babel() else None

    def hidden_tag(self) -> Markup:
        """The hidden fields, the token among them; Flask-Admin's own templates ask for it, too."""
        return Markup("").join(field() for field in self if isinstance(field.widget, HiddenInput))


def token_field() -> Markup:
    """The hidden field of a form that is written by hand."""
    return Markup('<input type="hidden" name="{}" value="{}">').format(_name(), generate_csrf())


def has_token() -> bool:
    """Whether the request carries a valid token; where it does not, the viewer is told to try again.

    For routes that take a plain POST.
    """
    if not current_app.config.get("WTF_CSRF_ENABLED", True) or g.get("csrf_valid", False):
        return True
    try:
        validate_csrf(request.form.get(_name()) or request.headers.get("X-CSRFToken"))
    except ValidationError:
        flash(_too_old(), "error")
        return False
    return True


def explain_token(form: Any) -> None:
    """Say so where a form was refused for its token alone: a hidden field shows no error of its own."""
    token = getattr(form, _name(), None)
    if token is not None and token.errors:
        flash(_too_old(), "error")


def _too_old() -> str:
    return gettext("This page was open for too long, or your session has ended. Nothing was done: please try again.")


def _name() -> str:
    name: str = current_app.config.get("WTF_CSRF_FIELD_NAME", "csrf_token")
    return name
