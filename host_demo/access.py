"""Who is signed in, and what that person may do."""

# mypy: allow-untyped-calls

from __future__ import annotations

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_admin.helpers import is_safe_url
from flask_login import LoginManager, current_user, login_required, login_user, logout_user
from flask_wtf import FlaskForm
from sqlalchemy import select
from wtforms import PasswordField, StringField
from wtforms.validators import InputRequired

from host_demo.database import db
from host_demo.models import Role, Staff

login_manager = LoginManager()
login_manager.login_view = "access.login"

access = Blueprint("access", __name__)

RIGHTS = {
    Role.ADMIN: {"configure", "send", "bulk", "approve", "read", "export"},
    Role.OPERATOR: {"send", "bulk", "read"},
}
#: An operator sends so many at once; somebody who may approve lets more go.
OPERATORS_MOST = 20


def signed_in() -> Staff | None:
    """The member of the staff behind the request, or None."""
    staff = current_user._get_current_object()
    return staff if isinstance(staff, Staff) else None


def may(right: str) -> bool | int:
    """Whether the person behind the request has a right to the SMS pages; of ``bulk``, to how many at once."""
    staff = signed_in()
    if staff is None or right not in RIGHTS[staff.role]:
        return False
    return OPERATORS_MOST if right == "bulk" and staff.role is Role.OPERATOR else True


@login_manager.user_loader  # type: ignore[untyped-decorator]
def _load(staff_id: str) -> Staff | None:
    return db.session.get(Staff, int(staff_id))


class LoginForm(FlaskForm):
    login = StringField("Login", [InputRequired()], render_kw={"autocomplete": "username"})
    password = PasswordField("Password", [InputRequired()], render_kw={"autocomplete": "current-password"})


@access.route("/login", methods=["GET", "POST"])
def login() -> ResponseReturnValue:
    form = LoginForm()
    if form.validate_on_submit():
        staff = db.session.scalar(select(Staff).where(Staff.login == (form.login.data or "").strip().lower()))
        if staff and staff.has_password(form.password.data or "") and login_user(staff):
            return redirect(_asked_for() or url_for("admin.index"))
        flash("This login and password do not belong together.", "danger")
    return render_template("portal/login.html", form=form)


def _asked_for() -> str | None:
    """The page that sent the visitor here, where it is one of ours."""
    target = request.args.get("next", "")
    return target if target.startswith("/") and is_safe_url(target) else None


@access.post("/logout")
@login_required  # type: ignore[untyped-decorator]
def logout() -> ResponseReturnValue:
    logout_user()
    return redirect(url_for("access.login"))
