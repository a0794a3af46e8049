"""What every page of the admin shares: closed to strangers, a token in every form, no SQL in a message."""

# mypy: allow-untyped-calls

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from flask import abort, current_app, flash, redirect, request, url_for
from flask.typing import ResponseReturnValue
from flask_admin.contrib.sqla import ModelView
from flask_admin.form import BaseForm
from flask_admin.form.rules import BaseRule
from flask_wtf import FlaskForm
from sqlalchemy.exc import IntegrityError
from wtforms import SelectField, ValidationError

from host_demo.access import signed_in
from host_demo.refusals import Refused


class Closed:
    """A page for the staff: others are asked to sign in, or told that it is not theirs."""

    admins_only = False

    def is_accessible(self) -> bool:
        staff = signed_in()
        return staff is not None and (staff.is_admin or not self.admins_only)

    def inaccessible_callback(self, name: str, **kwargs: Any) -> ResponseReturnValue:
        if signed_in() is None:
            return redirect(url_for("access.login", next=request.full_path.rstrip("?")))
        abort(403)


class PortalForm(BaseForm):
    """A form of Flask-Admin that carries Flask-WTF's token, with or without ``CSRFProtect``."""

    class Meta(FlaskForm.Meta):
        def get_translations(self, form: BaseForm) -> Any:
            return BaseForm.Meta().get_translations(form)


class Token(BaseRule):
    """Keeps the token in a form that is laid out by rules; Flask-Admin drops what its rules do not name."""

    @property
    def visible_fields(self) -> list[str]:
        return ["csrf_token"]

    def __call__(self, *_args: Any, **_kwargs: Any) -> str:
        return ""  # hidden fields are written before the rules


class PortalView(Closed, ModelView):
    form_base_class = PortalForm
    can_view_details = True
    can_delete = False
    named_filter_urls = True
    page_size = 25
    list_template = "portal/list.html"
    details_template = "portal/details.html"
    create_template = "portal/create.html"
    edit_template = "portal/edit.html"
    record = "record"
    looks_in = ""

    def __init__(self, model: Any, session: Any, **options: Any) -> None:
        super().__init__(model, session, menu_icon_type="fa", **options)

    def search_placeholder(self) -> str:
        return self.looks_in

    def get_one(self, id: Any) -> Any:
        try:
            return self.session.session.get(self.model, int(id))
        except ValueError:
            return None

    def handle_view_exception(self, exc: Exception) -> bool:
        """Say what is wrong in words: a database's own message may hold a client's data."""
        if isinstance(exc, Refused | ValidationError):
            flash(str(exc), "danger")
        elif isinstance(exc, IntegrityError):
            flash("Another record has this already, or one that it needs is gone.", "danger")
        else:
            current_app.logger.exception("A record of %s could not be saved.", self.name)
            flash("This could not be saved. The reason is in the log.", "danger")
        return True


class AnswerField(SelectField):
    """Yes, no, or not asked: a checkbox would turn a question never put into a no."""

    def __init__(self, label: str | None = None, validators: Any = None, **options: Any) -> None:
        options.pop("allow_blank", None)
        choices = {"": "Not asked", "yes": "Yes", "no": "No"}
        super().__init__(label, validators, coerce=_answer, choices=offered(choices), **options)


def offered(labels: Mapping[str, str]) -> Any:
    """The choices of a select, by value, in the one shape that WTForms takes from 3.1 to 3.3 and beyond."""
    return lambda: list(labels.items())


def _answer(value: object) -> bool | None:
    return {"yes": True, "True": True, "no": False, "False": False}.get(str(value))
