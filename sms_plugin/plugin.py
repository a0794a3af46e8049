"""The facade: what a host declares and mounts. It holds declarations only; all else is one frozen ``State`` per app."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import datetime
from inspect import signature
from typing import Any
from urllib.parse import urlsplit
from uuid import UUID, uuid4

from flask import Flask, current_app
from flask_admin import Admin
from sqlalchemy.orm import Session
from werkzeug.routing import BuildError, MapAdapter

from sms_plugin import settings as settings_module
from sms_plugin.batches.truth import no_longer_chosen
from sms_plugin.catalog.loader import load
from sms_plugin.checking import tolerated
from sms_plugin.cli import sms as commands
from sms_plugin.errors import ConfigurationError, SmsError, worded
from sms_plugin.gateways.registry import kinds
from sms_plugin.host.entity import Declaration, Entity
from sms_plugin.jobs.embedded import Embedded
from sms_plugin.models import database_now
from sms_plugin.outbox.by_hand import send_text
from sms_plugin.outbox.optouts import stop
from sms_plugin.people.consent import HOST, Word, opt_in
from sms_plugin.secrets import Vault, new_key
from sms_plugin.settings import Settings
from sms_plugin.state import Database, Links, State
from sms_plugin.text.phones import parse_phone
from sms_plugin.triggers import muting
from sms_plugin.triggers.by_hand import check_fire
from sms_plugin.triggers.noticing import connect, notice_hand, notice_written, watch
from sms_plugin.web import optout
from sms_plugin.web.mounting import mount
from sms_plugin.web.webhooks import blueprint, exempt, take_first

log = logging.getLogger(__name__)


class SMS:
    """What a portal's developer makes once and mounts on each app: ``SMS(client, invoice, …).init_app(app, db=db)``."""

    def __init__(self, *declared: Declaration) -> None:
        self._declared = declared
        self._db: Database | None = None

    def init_app(
        self,
        app: Flask,
        *,
        db: Any,
        admin: Admin | Sequence[Admin] | None = None,
        category: str = "SMS",
        allow: Callable[[str], object] | None = None,
        user: Callable[[], object] | None = None,
        language: Callable[[], str | None] | None = None,
    ) -> None:
        """Mount the plugin: after the host's models are imported, before or after its views.

        ``admin`` is the Flask-Admin that the pages go into, or several; without one there are no pages. They stand in
        the menu's ``category``, which may be one of the host's own. ``allow`` says whether the current user has a
        right: ``"configure"``, ``"send"``, ``"bulk"``, ``"approve"``, ``"read"`` or ``"export"``; without it, whoever
        may see the admin's index view has them all. ``user`` gives the current user for the record of changes; without
        it, Flask-Login's is named. ``language`` gives the viewer's language (``"pt_BR"``), or None; without it,
        Flask-Babel does where the host uses it. Raises ``ConfigurationError`` for a wrong ``SMS_*`` setting, a missing
        key, a second call.
        """
        _check_new(app, db)
        admins = [admin] if isinstance(admin, Admin) else list(admin or ())
        _check_mounting(admins, allow)
        state = self._state_of(app, db, language)
        self._db = db
        app.extensions["sms"] = state
        connect(db.session.session_factory.class_)
        for declared in self._declared:
            if isinstance(declared, Entity):
                watch(declared)
        _mount(app, state)
        prefix = state.settings.url_prefix
        mount(app, db=db, admins=admins, category=category, url_prefix=prefix, allow=allow, user=user)

    def _state_of(self, app: Flask, db: Any, language: Callable[[], str | None] | None) -> State:
        tolerate = tolerated()
        settings = settings_module.read(app.config, tolerate=tolerate)
        return State(
            settings=settings,
            db=db,
            declared=self._declared,
            catalogue=load(),
            vault=_vault(settings, tolerate),
            gateways=kinds(),
            links=_links(app, settings),
            viewers_language=language or (lambda: None),
            is_testing=lambda: bool(app.testing),
            is_debugging=lambda: bool(app.debug),
            no_longer_chosen=no_longer_chosen,
        )

    def start(self, app: Flask) -> None:
        """Start the embedded runner of this process now, instead of with the first request.

        For servers with a hook of their own, such as gunicorn's ``post_worker_init``. Raises ``ConfigurationError``.
        """
        embedded: Embedded = app.extensions["sms_embedded"]
        embedded.start()

    def stop(self, app: Flask) -> None:
        """End the embedded runner of this process after what it has in flight; without one, nothing."""
        embedded: Embedded = app.extensions["sms_embedded"]
        embedded.stop()

    def fire(self, trigger: str, record: object, *, once: str | None = None, operator: str = "") -> None:
        """Fire a trigger by hand for a record, in the caller's transaction; decided when that commits.

        ``once`` is the occasion: the same one again sends nothing; without it, every call is an occasion of its own.
        A trigger that is off, or has no text, sends nothing. Raises ``SmsError`` for an unknown trigger, a record of
        no declared entity, one that the trigger's text cannot be about, and one that reaches nobody.
        """
        state = _state()
        check_fire(trigger, record, state=state)
        session = state.db.session()
        notice_hand(session, record, trigger=trigger, once=once or uuid4().hex, operator=operator)

    @contextmanager
    def muted(self) -> Iterator[None]:
        """Have nothing fire that happens inside the block: for imports.

        Records that are created and changed, members that are added, signals and ``fire`` are counted for
        ``flask sms status`` and fire nothing, whenever the transaction commits; what ``send`` is given goes. What the
        host's session holds unwritten is flushed where the block begins and where it ends, so that each change belongs
        to its side. Blocks may stand in one another; a thread that is started inside is not muted. Dates are looked at
        in the table: what is imported with a date ahead is reminded of like all else.
        """
        scoped = _state().db.session
        if scoped.registry.has():
            scoped().flush()
        with muting.muted():
            yield
            if scoped.registry.has():
                scoped().flush()

    def send(
        self, *, to: str, text: str, once: str | None = None, purpose: str = "service", operator: str = ""
    ) -> UUID:
        """Queue one text to one number, in the caller's transaction; the message's id.

        ``to`` is read in the portal's region; the text goes as it is, without shortcodes. ``once`` is the occasion: the
        same one again gives the id of the message that stands already. Raises ``SmsError`` for what is no number that
        can be texted, and for an empty text.
        """
        state = _state()
        session: Session = state.db.session()
        message = send_text(
            session,
            to=to,
            text=text,
            once=once,
            purpose=purpose,
            operator=operator,
            settings=state.settings,
            now=_now(session),
        )
        notice_written(session)
        return message

    def consent(self, to: str, *, agrees: bool, purpose: str = "", wording: str = "") -> bool:
        """Keep what somebody said elsewhere of texts to a number, in the caller's transaction; whether that changed
        anything.

        ``purpose`` is billing, service, marketing or staff, and empty for all texts; ``wording`` is what was said or
        signed, to be shown again. A no drops what waits for the number. Raises ``SmsError`` for what is no number.
        """
        state = _state()
        session: Session = state.db.session()
        number, now = parse_phone(to, region=state.settings.region).e164, _now(session)
        if agrees:
            return opt_in(session, number, source=HOST, now=now, purpose=purpose, wording=wording)
        return stop(session, number, Word(source=HOST, wording=wording), now=now, purpose=purpose)


def _now(session: Session) -> datetime:
    with session.no_autoflush:
        return database_now(session)


def _state() -> State:
    state: State | None = current_app.extensions.get("sms")
    if state is None:
        raise ConfigurationError(
            "The SMS plugin is not mounted on this app.", code="not_mounted", hint="Call sms.init_app(app, db=db)."
        )
    return state


def _check_new(app: Flask, db: Any) -> None:
    """Raise ``ConfigurationError`` for an app that has the plugin already, or a ``db`` that is none."""
    if "sms" in app.extensions:
        raise ConfigurationError(
            "The SMS plugin is mounted on this app already.",
            code="mounted_twice",
            hint="Call init_app once for each app, with all declarations.",
        )
    if not hasattr(db, "session") or not hasattr(db.session, "session_factory"):
        raise ConfigurationError(
            f"db={db!r} has no session.", code="bad_db", hint="Give the portal's Flask-SQLAlchemy object."
        )


def _check_mounting(admins: Sequence[object], allow: object) -> None:
    """Refuse what would only show as pages that are closed to all, or as an error of Flask-Admin's."""
    for each in admins:
        if not isinstance(each, Admin):
            raise ConfigurationError(
                f"admin={each!r} is no Flask-Admin.", code="bad_admin", hint="Give your Admin(…), or a list of several."
            )
    if allow is None:
        return
    try:
        signature(allow).bind("read")  # type: ignore[arg-type]
    except TypeError:
        raise ConfigurationError(
            f"allow={allow!r} cannot be asked for a right.",
            code="bad_allow",
            hint='Give a function of one argument: allow("send") says whether the current user may send.',
        ) from None
    except ValueError:  # what is written in C may not tell
        return


def _vault(settings: Settings, tolerate: list[ConfigurationError] | None) -> Vault:
    """The vault of the host's keys; while the set-up is checked, a bad key is noted and a passing one stands in."""
    try:
        if settings.secret_keys or tolerate is None:
            return Vault(settings.secret_keys)
    except ConfigurationError as problem:
        if tolerate is None:
            raise
        tolerate.append(problem)
    return Vault([new_key()])


def _mount(app: Flask, state: State) -> None:
    embedded = Embedded(app, state)
    app.extensions["sms_embedded"] = embedded
    hooks = blueprint(state.settings.url_prefix)
    ways_out = optout.blueprint(state.settings.url_prefix)
    app.register_blueprint(hooks)
    app.register_blueprint(ways_out)

    def before_all_else() -> None:
        """Before any function of the host's: resolve, take webhooks out of CSRF, start the runner, take receipts."""
        exempt(app, hooks)
        optout.exempt(app, ways_out)
        _ = state.resolution
        embedded.start_with_first_request()
        take_first()

    exempt(app, hooks)
    optout.exempt(app, ways_out)
    app.cli.add_command(commands)
    app.before_request_funcs.setdefault(None, []).insert(0, before_all_else)


def _links(app: Flask, settings: Settings) -> Links:
    adapters: list[MapAdapter] = []

    def links(endpoint: str, values: Mapping[str, object]) -> str:
        if settings.public_url is None:
            raise SmsError(
                worded("A link needs SMS_PUBLIC_URL."),
                code="no_public_url",
                hint=worded("Set it to the address under which clients reach the portal."),
            )
        if not adapters:
            parts = urlsplit(settings.public_url)
            adapters.append(app.url_map.bind(parts.netloc, script_name=parts.path or "/", url_scheme=parts.scheme))
        try:
            return adapters[0].build(endpoint, dict(values), force_external=True)
        except BuildError as error:
            raise SmsError(
                worded(
                    "There is no page %(page)r with the values %(values)s.",
                    page=endpoint,
                    values=", ".join(sorted(values)) or "–",
                ),
                code="bad_link",
                hint=""
                if error.suggested is None
                else worded("Did you mean %(known)r?", known=error.suggested.endpoint),
            ) from None

    return links
