"""The portal as a Flask app."""

# mypy: allow-untyped-calls

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from flask import Flask, Response, render_template
from flask.typing import ResponseReturnValue
from flask_wtf import CSRFProtect
from werkzeug.exceptions import HTTPException

from host_demo.access import access, login_manager, may, signed_in
from host_demo.backoffice import make_admin
from host_demo.booking_page import public_booking
from host_demo.cli import demo
from host_demo.config import defaults
from host_demo.database import db, tune
from host_demo.formats import badge, day, moment, money
from host_demo.languages import chosen, speak
from host_demo.models import LONGEST_COMMENT
from host_demo.offers import offers
from host_demo.pages import pages
from host_demo.policy import nonce
from host_demo.sms import sms

csrf = CSRFProtect()

CONTENT_SECURITY_POLICY = (
    "default-src 'self'; script-src 'nonce-{nonce}'; style-src 'self' 'nonce-{nonce}'; img-src 'self' data:; "
    "object-src 'none'; base-uri 'none'; frame-ancestors 'none'; form-action 'self'"
)


def create_app(config: Mapping[str, Any] | None = None) -> Flask:
    """The portal, with the SMS plugin mounted; its tables are made by ``setup.prepare``."""
    app = Flask(__name__, instance_path=str(Path.cwd() / "instance"))
    app.config.update(defaults())
    app.config.from_prefixed_env("DEMO")
    app.config.update(config or {})
    db.init_app(app)
    with app.app_context():
        tune(db.engine)
    csrf.init_app(app)
    login_manager.init_app(app)
    app.register_blueprint(access)
    app.register_blueprint(pages)
    app.register_blueprint(offers)
    app.register_blueprint(public_booking)
    speak(app)
    app.register_error_handler(HTTPException, _explain)
    app.after_request(_keep_to_this_machine)
    app.context_processor(
        lambda: {"me": signed_in(), "badge": badge, "day": day, "money": money, "longest_comment": LONGEST_COMMENT}
    )
    app.add_template_global(moment)
    app.cli.add_command(demo)
    admin = make_admin(app)
    sms.init_app(app, db=db, admin=admin, allow=may, language=chosen)
    return app


def _explain(error: HTTPException) -> ResponseReturnValue:
    if error.response is not None:
        return error.get_response()
    return render_template("portal/error.html", error=error), error.code or 500


def _keep_to_this_machine(response: Response) -> Response:
    response.headers.setdefault("Content-Security-Policy", CONTENT_SECURITY_POLICY.format(nonce=nonce()))
    response.headers.setdefault("Referrer-Policy", "same-origin")
    return response
