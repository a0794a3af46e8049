"""One provider at most is active (P13), and what it was given in confidence stays so (P14)."""

from __future__ import annotations

import datetime as dt
import logging
from collections.abc import Iterator
from pathlib import Path

import pytest
import sqlalchemy as sa
from sqlalchemy.exc import IntegrityError

from sms_plugin.errors import ConfigurationError, SmsError
from sms_plugin.models import Change, Provider
from sms_plugin.providers.active import activate, active_id, add, deactivate, find, pause, resume, stop
from sms_plugin.providers.lines import line
from sms_plugin.providers.settings import check_credentials
from sms_plugin.secrets import new_key
from sms_plugin.testing import drain
from sms_plugin.testing.phone_server import PhoneServer
from tests.portal import Portal, make_portal
from tests.portal.app import KEY

NOW = dt.datetime(2026, 11, 21, 12, tzinfo=dt.UTC)
SECRET = "correct-horse-battery-staple"


def _add(portal: Portal, name: str, **given: object) -> None:
    with portal.fresh() as session, session.begin():
        add(session, state=portal.state, name=name, kind="phone", given=given, who="Rita", now=NOW)


def _activate(portal: Portal, name: str) -> None:
    with portal.fresh() as session, session.begin():
        activate(session, find(session, name), who="Rita", now=NOW)


@pytest.fixture
def two(portal: Portal) -> Portal:
    _add(portal, "one")
    _add(portal, "two")
    return portal


def test_a_new_provider_is_saved_and_not_active(two: Portal) -> None:
    """P14: saved and active are different things."""
    with two.fresh() as session:
        assert active_id(session) is None


def test_activating_one_deactivates_the_other(two: Portal) -> None:
    _activate(two, "one")
    _activate(two, "two")
    assert (two.provider("one").active, two.provider("two").active) == (None, 1)


def test_the_database_refuses_a_second_active_provider(two: Portal) -> None:
    """P13: not even SQL by hand can do it."""
    _activate(two, "one")
    with two.db.engine.begin() as connection, pytest.raises(IntegrityError):
        connection.exec_driver_sql("UPDATE sms_provider SET active = 1 WHERE name = 'two'")


@pytest.mark.parametrize("value", [0, 2])
def test_active_is_one_or_nothing(two: Portal, value: int) -> None:
    with two.db.engine.begin() as connection, pytest.raises((IntegrityError, sa.exc.OperationalError)):
        connection.execute(sa.text("UPDATE sms_provider SET active = :value"), {"value": value})


def test_after_deactivating_none_is_active(two: Portal) -> None:
    _activate(two, "one")
    with two.fresh() as session, session.begin():
        deactivate(session, find(session, "one"), who="Rita", now=NOW)
        assert active_id(session) is None


def test_every_change_is_recorded_with_who_and_without_secrets(two: Portal) -> None:
    """X12."""
    _activate(two, "one")
    with two.fresh() as session:
        told = [(change.who, change.what, change.action) for change in session.scalars(sa.select(Change))]
    assert sorted(told) == [
        ("Rita", "provider one", "activated"),
        ("Rita", "provider one", "added"),
        ("Rita", "provider two", "added"),
    ]


@pytest.mark.parametrize(
    ("name", "kind", "given", "code"),
    [
        ("one", "phone", {}, "name_taken"),
        (" one ", "phone", {}, "name_taken"),
        ("  ", "phone", {}, "bad_name"),
        ("n" * 81, "phone", {}, "bad_name"),
        ("new", "phone", {"base_url": "ftp://nowhere"}, "bad_settings"),
        ("new", "phone", {"colour": "red"}, "bad_settings"),
    ],
)
def test_what_cannot_be_a_provider_is_refused(
    two: Portal, name: str, kind: str, given: dict[str, object], code: str
) -> None:
    with two.fresh() as session, session.begin(), pytest.raises(SmsError) as told:
        add(session, state=two.state, name=name, kind=kind, given=given, who="Rita", now=NOW)
    assert told.value.code == code


def test_an_unknown_kind_and_an_unknown_name_say_what_was_meant(two: Portal) -> None:
    with two.fresh() as session:
        with pytest.raises(ConfigurationError, match="Did you mean 'phone'"):
            add(session, state=two.state, name="x", kind="phon", given={}, who="Rita", now=NOW)
        with pytest.raises(SmsError, match="Did you mean 'one'"):
            find(session, "onne")


def test_a_stop_is_told_once_and_resume_ends_it(two: Portal) -> None:
    """P21."""
    _activate(two, "one")
    with two.fresh() as session, session.begin():
        number = find(session, "one").id
        assert stop(session, number, reason="no_credit", detail="", now=NOW)
        assert not stop(session, number, reason="blocked", detail="", now=NOW)
    with two.fresh() as session, session.begin():
        found = line(session, state=two.state, now=NOW)
        assert found is not None
        assert found.closed == "stopped"
        resume(session, find(session, "one"), who="Rita", now=NOW)
        open_again = line(session, state=two.state, now=NOW)
        assert open_again is not None
        assert open_again.closed == ""


def test_a_pause_is_never_shortened_and_ends_by_itself(two: Portal) -> None:
    _activate(two, "one")
    with two.fresh() as session, session.begin():
        number = find(session, "one").id
        pause(session, number, until=NOW + dt.timedelta(minutes=5))
        pause(session, number, until=NOW + dt.timedelta(minutes=1))
    with two.fresh() as session:
        for minutes, closed in ((1, "paused"), (6, "")):
            found = line(session, state=two.state, now=NOW + dt.timedelta(minutes=minutes))
            assert found is not None
            assert found.closed == closed


@pytest.mark.one_database("sqlite", "reads the file")
def test_a_secret_is_nowhere_in_the_database_file_and_nowhere_in_the_log(
    tmp_path: Path, phone: PhoneServer, caplog: pytest.LogCaptureFixture
) -> None:
    """Promise 9: also when the provider refuses it."""
    caplog.set_level(logging.DEBUG)
    file = tmp_path / "portal.db"
    portal = make_portal(f"sqlite:///{file}")
    with portal.app.app_context():
        portal.use(phone, token=SECRET)
        portal.queue(text="a body that is private")
        assert drain(portal.app).closed == "stopped"
        portal.db.session.remove()
        portal.db.engine.dispose()
    assert SECRET.encode() not in file.read_bytes()
    assert SECRET not in caplog.text
    assert "a body that is private" not in caplog.text
    assert "+351912345678" not in caplog.text
    assert SECRET not in repr(portal.state)


@pytest.fixture
def rekeyed(database_url: str, phone: PhoneServer) -> Iterator[tuple[Portal, str]]:
    """A portal with a provider, and the address of its database."""
    portal = make_portal(database_url)
    with portal.app.app_context():
        portal.use(phone)
        portal.queue()
        yield portal, database_url
        portal.db.session.remove()
        portal.db.engine.dispose()


def test_with_a_new_key_before_the_old_one_everything_is_still_read(rekeyed: tuple[Portal, str]) -> None:
    """P14: keys are changed by putting the new one first."""
    portal = make_portal(rekeyed[1], tables=False, SMS_SECRET_KEYS=[new_key(), KEY])
    with portal.app.app_context():
        assert drain(portal.app).accepted == 1
        portal.db.engine.dispose()


def test_a_wrong_key_names_the_provider_and_loses_nothing(rekeyed: tuple[Portal, str]) -> None:
    portal = make_portal(rekeyed[1], tables=False, SMS_SECRET_KEYS=new_key())
    with portal.app.app_context():
        told = "provider 'phone' cannot be read with SMS_SECRET_KEYS"
        with portal.fresh() as session, pytest.raises(ConfigurationError, match=told):
            check_credentials(session, state=portal.state)
        with pytest.raises(ConfigurationError):
            drain(portal.app)
        assert [message.state for message in portal.messages()] == ["queued"]
        portal.db.engine.dispose()


def test_the_token_of_a_provider_is_unguessable(two: Portal) -> None:
    with two.fresh() as session:
        tokens = list(session.scalars(sa.select(Provider.token)))
    assert len(set(tokens)) == 2
    assert {len(token) for token in tokens} == {43}
