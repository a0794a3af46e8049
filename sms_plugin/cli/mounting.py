"""What is wrong with how the plugin stands in a portal: its admins, its views, its other extensions."""

# mypy: allow-untyped-calls

from __future__ import annotations

from collections.abc import Iterator, Mapping
from importlib.util import find_spec
from typing import Any

from flask import Flask

from sms_plugin.cli.finding import Finding
from sms_plugin.errors import did_you_mean
from sms_plugin.models import Message
from sms_plugin.state import State
from sms_plugin.web.express import absent_because
from sms_plugin.web.permissions import lacks_rule, mounted_admins
from sms_plugin.web.records import SMSRecord, late_mixins, undeclared


def mounting(app: Flask, plugin: State) -> Iterator[Finding]:
    """Each mistake, with how to mend it."""
    yield from _admins(app)
    yield from _pages(app)
    yield from _views(app, plugin)
    yield from _migrations(app)


def _admins(app: Flask) -> Iterator[Finding]:
    known = app.extensions.get("admin", ())
    for admin in mounted_admins():
        if admin not in known:
            yield Finding(
                f"admin {admin.name}",
                "It is not on this app, so that nobody reaches its pages, the SMS pages among them. Make it with"
                " Admin(app, …), or call admin.init_app(app).",
            )
    if known and not mounted_admins():
        yield Finding("admin", "init_app was given no admin=, so there are no SMS pages.", grave=False)
    if known and find_spec("flask_babel") is not None and "babel" not in app.extensions:
        # Flask-Admin takes its words from it wherever it can be imported, and asks the app for it at every one
        yield Finding(
            "Flask-Babel",
            "It is installed and not initialised: every page of Flask-Admin fails with KeyError: 'babel', the SMS pages"
            " with them. Call Babel(app), or uninstall Flask-Babel.",
        )


def _pages(app: Flask) -> Iterator[Finding]:
    if app.url_map.host_matching:
        yield Finding(
            "app",
            "It is made with host_matching=True, and the plugin's files, receipts and links out of texts belong to no"
            " host: nobody reaches them. Make it without, or with subdomain_matching=True.",
        )
    if mounted_admins() and not app.secret_key:
        yield Finding(
            "settings",
            "SECRET_KEY is missing: without it there is no session, so no form of the SMS pages can be sent. Set it to"
            " a long random text.",
        )
    for admin in mounted_admins():
        if why := absent_because(app, admin):
            yield Finding(f"admin {admin.name}", f"Its pages have no express message: {why}.", grave=False)
    with app.test_request_context():
        closed = [admin.name for admin in mounted_admins() if lacks_rule(admin)]
    for name in closed:
        yield Finding(
            f"admin {name}",
            "Nobody has said who may use the SMS pages, so they open only under debug or testing. Give init_app"
            " allow=…, or the admin an index view with an is_accessible of its own.",
            grave=False,
        )


def _views(app: Flask, plugin: State) -> Iterator[Finding]:
    admins = app.extensions.get("admin", ())
    for view in late_mixins(admins):
        yield Finding(f"view {view}", "SMSRecord comes after the view's base, which hides it: write it first.")
    for view in undeclared(admins, state=plugin):
        yield Finding(f"view {view}", "It has SMSRecord, but its model is no declared entity: SMS(Entity(…)).")
    known = plugin.resolution.reasons
    ticked = [each for admin in admins for each in admin._views if isinstance(each, SMSRecord)]
    for each in ticked:
        if each.sms_tick and each.sms_tick not in known:
            hint = did_you_mean(each.sms_tick, known) or "Name one that `flask sms catalog` shows."
            told = f"There is no trigger {each.sms_tick!r} for its sms_tick. {hint}"
            yield Finding(f"view {type(each).__name__}", told)


def _migrations(app: Flask) -> Iterator[Finding]:
    """Flask-Migrate compares what the portal's models say with the database, and drops what it does not know."""
    migrate = app.extensions.get("migrate")
    if migrate is not None and _looks_at_ours(getattr(migrate, "configure_args", {})):
        yield Finding(
            "Flask-Migrate",
            "`flask db migrate` would drop the plugin's tables. Unless your migrations/env.py keeps it from that, write"
            " Migrate(app, db, include_name=sms_plugin.include_name).",
            grave=False,
        )


def _looks_at_ours(options: Mapping[str, Any]) -> bool:
    table: Any = Message.__table__
    try:
        if "include_name" in options and not options["include_name"](table.name, "table", {"schema_name": None}):
            return False
        rule = options.get("include_object")
        return rule is None or bool(rule(table, table.name, "table", True, None))
    except Exception:  # noqa: BLE001 - a host's own function may ask for what is there while Alembic runs only
        return False
