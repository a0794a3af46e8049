"""``flask sms check``: clean on the demo, and every mistake of a broken portal in one run."""

from __future__ import annotations

import datetime as dt
import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import sqlalchemy as sa
from flask import Flask
from flask_admin import Admin
from flask_admin.contrib.sqla import ModelView
from flask_sqlalchemy import SQLAlchemy
from sqlalchemy.orm import Session

import sms_plugin
from host_demo import create_app
from host_demo.setup import prepare
from sms_plugin import SMS, Entity, Person, SMSRecord, schema
from sms_plugin.models import Base, Provider, TriggerRow
from sms_plugin.secrets import Vault, new_key
from tests.portal import Client, Parcel, Portal, make_portal
from tests.portal.app import KEY
from tests.web.hosts import storage

ROOT = Path(__file__).parent.parent.parent


@pytest.mark.one_database("sqlite", "the demo's own")
def test_the_demo_is_clean(tmp_path: Path) -> None:
    app = create_app({"SQLALCHEMY_DATABASE_URI": f"sqlite:///{tmp_path / 'demo.db'}", "TESTING": True})
    prepare(app, today=dt.date(2026, 11, 21))
    result = app.test_cli_runner().invoke(args=["sms", "check"])
    *notes, last = result.output.splitlines()
    # it shows all that there is, reminders of one debt side by side among it (X22)
    assert [note for note in notes if "tell of the same thing" not in note] == []
    assert last == "Nothing is wrong."
    assert result.exit_code == 0


def _plant(url: str) -> None:
    """What only the database can show."""
    engine = sa.create_engine(url)
    schema.upgrade(engine)
    now = dt.datetime.now(dt.UTC)
    with Session(engine) as session, session.begin():
        session.add(
            Provider(
                name="old",
                kind="phone",
                settings={},
                secrets=Vault([new_key()]).seal({"token": "x"}),
                token="t",
                active=1,
                created_at=now,
                changed_at=now,
            )
        )
        for key, text in (("charge_created", "Pay {invoice_totl}"), ("gone_by_now", "Hello")):
            session.add(TriggerRow(key=key, on=True, on_since=now, texts={"en": text}, changed_at=now))
    engine.dispose()


def _check(url: str, *, app: str = "tests.cli.broken_portal:create_app") -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "flask", "--app", app, "sms", "check"],
        cwd=ROOT,
        env={**os.environ, "BROKEN_SQLALCHEMY_DATABASE_URI": url},
        capture_output=True,
        text=True,
        check=False,
    )


MISTAKES = [
    ("SMS_PUBLIC_UR is no setting", "Did you mean 'SMS_PUBLIC_URL'?"),
    ("SMS_TIMEZONE is 'Lisbon'", "Give an IANA name"),
    ("Customer has no 'fone'", "Did you mean 'phone'?"),
    ("hook 'charge_createt': there is no such trigger", "Did you mean 'charge_created'?"),
    ("is neither a mapped column nor SQL", "give a column or an SQL expression"),
    ("is no mapped attribute of Bill", "Give a column or relationship"),
    ("nothing says who 'client' is for Ticket", "with the path to a person"),
    ("primary key 'id' of Blob holds bytes", "Declare an entity whose key"),
    ("Archived lives in another database", "both must be in the default bind"),
    ("provider old: The credentials", "Add the key that they were saved with"),
    ("{invoice_totl} at character 5", "is unknown"),
    ("trigger gone_by_now: It is on, but nobody declares it", "switch it off"),
]


@pytest.mark.one_database("sqlite", "what is declared, not what is stored")
def test_twelve_mistakes_of_a_broken_portal_are_all_named_in_one_run(tmp_path: Path) -> None:
    """Issue: each planted mistake is named, with how to mend it."""
    url = f"sqlite:///{tmp_path / 'broken.db'}"
    _plant(url)
    result = _check(url)
    assert result.returncode == 1
    missing = [mistake for mistake in MISTAKES if not all(part in result.stdout for part in mistake)]
    assert missing == [], result.stdout + result.stderr


def test_a_shortcode_whose_attribute_raises_is_named(portal: Portal, ana: Client) -> None:
    """What only a record can show: the attribute exists, and breaks."""
    broken = make_portal(
        portal.app.config["SQLALCHEMY_DATABASE_URI"],
        Entity(
            Client,
            "clients",
            person=Person(name="name", phones="phone"),
            shortcodes={"contact_firstname": lambda client: client.nmae},
        ),
    )
    result = broken.app.test_cli_runner().invoke(args=["sms", "check"])
    assert result.exit_code == 1
    assert "shortcode contact_firstname" in result.output
    assert "nmae" in result.output


def test_a_table_that_the_portal_has_not_made_is_named(portal: Portal) -> None:
    with portal.app.app_context():
        Parcel.__table__.drop(portal.db.engine)  # type: ignore[attr-defined]
    result = portal.app.test_cli_runner().invoke(args=["sms", "check"])
    with portal.app.app_context():
        Parcel.__table__.create(portal.db.engine)  # type: ignore[attr-defined]
    assert result.exit_code == 1
    assert "no table parcel" in result.output


def test_pages_without_a_key_for_their_sessions_are_told(portal: Portal) -> None:
    def mount(app: Flask, _db: SQLAlchemy) -> Mapping[str, Any]:
        return {"admin": Admin(app)}

    keyless = make_portal(portal.app.config["SQLALCHEMY_DATABASE_URI"], mount=mount, SECRET_KEY=None)
    assert "SECRET_KEY is missing" in keyless.app.test_cli_runner().invoke(args=["sms", "check"]).output


def test_a_mixin_that_its_view_hides_is_told(portal: Portal) -> None:
    class Late(ModelView, SMSRecord):
        pass

    def mount(app: Flask, db: SQLAlchemy) -> Mapping[str, Any]:
        admin = Admin(app)
        admin.add_view(Late(Client, storage(db)))
        return {}

    late = make_portal(portal.app.config["SQLALCHEMY_DATABASE_URI"], mount=mount)
    output = late.app.test_cli_runner().invoke(args=["sms", "check"]).output
    assert "view Late: SMSRecord comes after the view's base" in output
    assert "no admin=" in output


def test_without_tables_it_says_which_command_makes_them(tmp_path: Path) -> None:
    result = _check(f"sqlite:///{tmp_path / 'empty.db'}")
    assert "They are at nothing" in result.stdout
    assert "flask sms upgrade" in result.stdout


@pytest.mark.parametrize("table", sorted(Base.metadata.tables))
@pytest.mark.one_database("sqlite", "each table in turn; test_schema does one on every kind")
def test_a_table_that_was_changed_by_hand_is_noticed(tmp_path: Path, table: str) -> None:
    url = f"sqlite:///{tmp_path / 'demo.db'}"
    app = create_app({"SQLALCHEMY_DATABASE_URI": url, "TESTING": True})
    with app.app_context():
        app.test_cli_runner().invoke(args=["sms", "upgrade"])
    engine = sa.create_engine(url)
    with engine.begin() as connection:
        connection.exec_driver_sql("PRAGMA foreign_keys=OFF")
        connection.exec_driver_sql(f"ALTER TABLE {table} ADD COLUMN stray INTEGER")
    engine.dispose()
    result = app.test_cli_runner().invoke(args=["sms", "check"])
    assert result.exit_code == 1
    assert "stray" in result.output


def test_words_that_nothing_here_can_write_are_told(portal: Portal, monkeypatch: pytest.MonkeyPatch) -> None:
    """``num2words`` is an extra; what needs it is named before a text does."""
    worded = Entity(Client, "clients", shortcodes={"contract_subtotal_word": "id"})
    told = make_portal(portal.app.config["SQLALCHEMY_DATABASE_URI"], worded)
    monkeypatch.setattr("sms_plugin.cli.checks.can_tell_words", lambda: False)
    output = told.app.test_cli_runner().invoke(args=["sms", "check"]).output
    assert "note   shortcodes: {contract_subtotal_word} cannot be written" in output
    assert "flask-admin-sms[words]" in output


def _told(portal: Portal, mount: Any = None, **config: Any) -> str:
    other = make_portal(portal.app.config["SQLALCHEMY_DATABASE_URI"], mount=mount, tables=False, **config)
    output = other.app.test_cli_runner().invoke(args=["sms", "check"]).output
    with other.app.app_context():
        other.db.engine.dispose()
    return output


def test_an_admin_that_was_never_put_on_the_app_is_told(portal: Portal) -> None:
    """Its pages would be 404, and nothing would say why."""
    assert "It is not on this app" in _told(portal, lambda app, db: {"admin": Admin(name="Office")})
    assert "It is not on this app" not in _told(portal, lambda app, db: {"admin": Admin(app)})


def test_a_tick_that_names_no_trigger_is_told(portal: Portal) -> None:
    class Ticked(SMSRecord, ModelView):
        sms_tick = "repair_mesage"

    def mount(app: Flask, db: SQLAlchemy) -> Mapping[str, Any]:
        admin = Admin(app)
        admin.add_view(Ticked(Client, storage(db)))
        return {"admin": admin}

    told = "view Ticked: There is no trigger 'repair_mesage' for its sms_tick. Did you mean 'repair_message'?"
    output = _told(portal, mount)
    assert told in output, output


@pytest.mark.parametrize(
    ("options", "told"),
    [
        ({}, True),
        ({"include_name": sms_plugin.include_name}, False),
        ({"include_object": lambda item, name, *rest: not name.startswith("sms_")}, False),
        ({"include_name": lambda *given: True, "render_as_batch": True}, True),
    ],
    ids=["as it comes", "as the README says", "by a rule of its own", "by a rule that lets it"],
)
def test_a_flask_migrate_that_would_drop_the_tables_is_told(
    portal: Portal, options: dict[str, Any], told: bool
) -> None:
    def mount(app: Flask, db: SQLAlchemy) -> Mapping[str, Any]:
        app.extensions["migrate"] = SimpleNamespace(configure_args=options)  # as Flask-Migrate leaves it there
        return {}

    assert ("include_name=sms_plugin.include_name" in _told(portal, mount)) is told


def test_a_db_that_is_not_on_the_app_is_told() -> None:
    app = Flask("portal")
    app.config.update(SMS_SECRET_KEYS=KEY)
    SMS().init_app(app, db=SQLAlchemy())
    result = app.test_cli_runner().invoke(args=["sms", "check"])
    assert "WRONG  database: The db that init_app was given is not on this app." in result.output
    assert result.exit_code == 1


def test_a_table_of_the_hosts_that_has_the_name_of_one_of_ours_is_told(empty_database_url: str) -> None:
    portal = make_portal(empty_database_url, tables=False)
    with portal.app.app_context(), portal.db.engine.begin() as connection:
        connection.exec_driver_sql("CREATE TABLE sms_message (id INTEGER)")
    output = portal.app.test_cli_runner().invoke(args=["sms", "check"]).output
    with portal.app.app_context():
        portal.db.engine.dispose()
    assert "did not finish making: sms_message. Give your own another name" in output


@pytest.mark.one_database("sqlite", "nothing here is about tables")
def test_an_app_that_matches_hosts_is_told() -> None:
    """Receipts would be 404."""
    app = Flask("portal", host_matching=True, static_host="portal.example.com")
    app.config.update(SMS_SECRET_KEYS=KEY, SQLALCHEMY_DATABASE_URI="sqlite://")
    db = SQLAlchemy(app)
    SMS().init_app(app, db=db)
    assert (
        "WRONG  app: It is made with host_matching=True" in app.test_cli_runner().invoke(args=["sms", "check"]).output
    )
    with app.app_context():
        db.engine.dispose()
