"""The staff and their logins; for administrators."""

# ruff: noqa: RUF012 -- Flask-Admin is told what to show by plain class attributes
# mypy: allow-untyped-calls

from __future__ import annotations

from typing import Any

from flask_admin.contrib.sqla.filters import FilterEqual
from wtforms import PasswordField, ValidationError

from host_demo.access import signed_in
from host_demo.backoffice import cells
from host_demo.backoffice.base import PortalView, offered
from host_demo.formats import ROLES
from host_demo.models import Role, Staff
from sms_plugin import SMSRecord

SHORTEST_PASSWORD = 8


class StaffView(SMSRecord, PortalView):
    record = "member"
    looks_in = "Name or login"
    admins_only = True
    column_list = ("name", "login", "role", "phone", "active")
    column_searchable_list = ("name", "login")
    column_filters = (FilterEqual(Staff.role, "Role", options=list(ROLES.items())),)
    column_details_list = ["name", "login", "role", "phone", "active"]
    column_labels = {"active": "May sign in"}
    column_formatters = {
        "name": lambda view, _context, staff, _name: cells.member(view, staff),
        "role": lambda _view, _context, staff, _name: ROLES[staff.role],
    }
    form_columns = ("name", "login", "role", "phone", "password", "active")
    form_choices = {"role": offered(ROLES)}
    form_extra_fields = {"password": PasswordField("Password", description="Leave it empty to keep the present one.")}

    def on_model_change(self, form: Any, model: Any, is_created: bool) -> None:
        model.login = model.login.strip().lower()
        password = form.password.data
        if password:
            if len(password) < SHORTEST_PASSWORD:
                raise ValidationError(f"A password has at least {SHORTEST_PASSWORD} characters.")
            model.set_password(password)
        elif is_created:
            raise ValidationError("A new member needs a password.")
        me = signed_in()
        if me is not None and me.id == model.id and not (model.active and model.role == Role.ADMIN):
            raise ValidationError("You cannot take your own access away.")
