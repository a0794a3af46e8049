"""Who may be reached in private networks: the provider's own switch says so, the portal's setting, or its mode."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from threading import Event
from typing import Any

import pytest

from sms_plugin.jobs.runner import flush_of
from sms_plugin.models import Attempt
from sms_plugin.providers.active import activate, add, find
from sms_plugin.providers.lines import line_of
from sms_plugin.testing.gateway_contract import ScriptedServer
from sms_plugin.testing.loopback import Reply
from tests.portal import Portal, make_portal

NOW = dt.datetime(2026, 11, 21, 12, tzinfo=dt.UTC)
WAY = {"url": "/send?to={d}&text={m}", "success": "status"}
Made = Callable[..., Portal]


@pytest.fixture
def made(database_url: str, request: pytest.FixtureRequest) -> Made:
    """Makes a portal with these settings, in its app context."""

    def make(**config: object) -> Portal:
        settings: dict[str, Any] = {"TESTING": False, "SMS_SCHEDULER": "off", **config}
        portal = make_portal(database_url, **settings)
        context = portal.app.app_context()
        context.push()
        request.addfinalizer(context.pop)
        request.addfinalizer(portal.db.engine.dispose)
        request.addfinalizer(portal.db.session.remove)
        return portal

    return make


def _add(portal: Portal, *, host: str, port: int = 443, private: bool = False) -> None:
    given = {**WAY, "host": host, "port": port, "ssl": port == 443, "private_address": private}
    with portal.fresh() as session, session.begin():
        add(session, state=portal.state, name="own", kind="generic", given=given, who="Rita", now=NOW)


def _may(portal: Portal, *, switched: bool) -> bool:
    _add(portal, host="sms.example.com", private=switched)
    with portal.fresh() as session:
        return line_of(find(session, "own"), state=portal.state, now=NOW).private


@pytest.mark.parametrize(
    ("config", "switched", "may"),
    [
        ({}, False, False),
        ({}, True, True),
        ({"DEBUG": True}, False, True),
        ({"TESTING": True}, False, True),
        ({"SMS_PRIVATE_GATEWAYS": True}, False, True),
        ({"SMS_PRIVATE_GATEWAYS": False}, True, False),
        ({"SMS_PRIVATE_GATEWAYS": False, "DEBUG": True}, False, False),
    ],
)
@pytest.mark.one_database("sqlite", "asks settings only")
def test_the_portals_setting_decides_and_without_it_the_providers_own(
    made: Made, config: dict[str, object], switched: bool, may: bool
) -> None:
    assert _may(made(**config), switched=switched) is may


@pytest.mark.parametrize("switched", [False, True])
def test_a_message_reaches_a_private_address_only_where_it_may(made: Made, switched: bool) -> None:
    """P21: the address stops the provider; the message stays."""
    portal = made()
    with ScriptedServer() as server:
        server.will(Reply(body=b"OK"))
        host, _, port = server.url.removeprefix("http://").rpartition(":")
        _add(portal, host=host, port=int(port), private=switched)
        with portal.fresh() as session, session.begin():
            activate(session, find(session, "own"), who="Rita", now=NOW)
        portal.sms.send(to="+351912345678", text="Hello")
        portal.db.session.commit()
        flush = flush_of(portal.state)
        flush.run(Event())
        flush.close()
        assert len(server.requests) == int(switched)
    stopped = portal.provider("own").stopped_reason
    with portal.fresh() as session:
        (attempt,) = session.query(Attempt).all()
    assert (stopped, attempt.reason) == (("", "") if switched else ("private_address", "private_address"))


def test_check_says_whose_address_will_be_refused(made: Made) -> None:
    portal = made()
    _add(portal, host="127.0.0.1", port=8080)
    output = portal.app.test_cli_runner().invoke(args=["sms", "check"]).output
    assert "note   provider own: Nothing will be sent through it. The provider's host leads to this machine" in output
    with portal.fresh() as session, session.begin():
        activate(session, find(session, "own"), who="Rita", now=NOW)
    result = portal.app.test_cli_runner().invoke(args=["sms", "check"])
    assert "WRONG  provider own: Nothing will be sent through it." in result.output
    assert result.exit_code == 1
