"""Several apps, and what the plugin does while it is mounted."""

from __future__ import annotations

from pathlib import Path

import pytest
from flask import Flask

from sms_plugin import SMS, ConfigurationError
from tests.portal import Client, Invoice, Portal, make_portal
from tests.portal.app import KEY, declarations


def _invoice(portal: Portal) -> None:
    portal.session.add(Invoice(client=Client(name="Rui", phone="912345678")))
    portal.session.commit()


def test_two_apps_on_one_db_fire_once(sending: Portal) -> None:
    sending.switch_on("charge_created")
    other = Flask("tests.other")
    other.config.update(
        SQLALCHEMY_DATABASE_URI=sending.db.engine.url, TESTING=True, SMS_SECRET_KEYS=KEY, SMS_REGION="PT"
    )
    sending.db.init_app(other)
    sending.sms.init_app(other, db=sending.db)
    _invoice(sending)
    assert len(sending.messages()) == 1
    with other.app_context():
        _invoice(sending)
        assert len(sending.messages()) == 2
        sending.db.engine.dispose()


def test_two_apps_with_two_databases_keep_apart(sending: Portal, empty_database_url: str) -> None:
    sending.switch_on("charge_created")
    other = make_portal(empty_database_url)
    with other.app.app_context():
        other.switch_on("charge_created")
        _invoice(other)
        assert len(other.messages()) == 1
        other.db.session.remove()
        other.db.engine.dispose()
    assert sending.messages() == []
    _invoice(sending)
    assert len(sending.messages()) == 1


@pytest.mark.one_database("sqlite", "about places in memory, not about tables")
def test_many_portals_after_one_another_are_all_heard(tmp_path: Path) -> None:
    """A class of sessions that was forgotten must not lend its place in memory to one that is never listened to."""
    for number in range(12):
        portal = make_portal(f"sqlite:///{tmp_path / f'{number}.db'}")
        with portal.app.app_context():
            portal.switch_on("charge_created")
            _invoice(portal)
            assert len(portal.messages()) == 1
            portal.db.session.remove()
            portal.db.engine.dispose()


def test_a_second_mounting_on_one_app_is_refused(portal: Portal) -> None:
    with pytest.raises(ConfigurationError, match="mounted on this app already") as raised:
        SMS(*declarations()).init_app(portal.app, db=portal.db)
    assert raised.value.code == "mounted_twice"
