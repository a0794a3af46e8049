"""Comments of the staff, written below a record that is talked over."""

# mypy: allow-untyped-calls

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from flask import abort, flash, redirect, request
from flask.typing import ResponseReturnValue
from flask_admin import expose

from host_demo.access import signed_in
from host_demo.database import db
from host_demo.sales import SalesRefused, comment_on


class Talked:
    """Mixed into the view of a record with ``comments``; its details page shows them and takes another."""

    get_one: Callable[[Any], Any]
    get_url: Callable[..., str]

    @expose("/comment/", methods=("POST",))
    def comment_view(self) -> ResponseReturnValue:
        record = self.get_one(request.form.get("id", ""))
        if record is None:
            abort(404)
        try:
            comment_on(db.session, record, text=request.form.get("text", ""), by=signed_in())
            db.session.commit()
        except SalesRefused as refusal:
            db.session.rollback()
            flash(str(refusal), "danger")
        return redirect(self.get_url(".details_view", id=record.id))
