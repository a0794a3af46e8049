"""A test message stands beside the queue (P15)."""

from __future__ import annotations

import datetime as dt

import pytest

from sms_plugin.errors import SmsError
from sms_plugin.outbox.lapses import lapse_attempts
from sms_plugin.outbox.trial import open_trial
from sms_plugin.providers.active import find
from sms_plugin.states import MessageState
from sms_plugin.testing import drain
from sms_plugin.testing.phone_server import PhoneServer
from tests.portal import Portal

NOW = dt.datetime(2026, 11, 21, 12, tzinfo=dt.UTC)


@pytest.fixture
def left_open(portal: Portal, phone: PhoneServer) -> Portal:
    """A portal whose process died while a test message was on its way."""
    portal.use(phone)
    with portal.fresh() as session, session.begin():
        open_trial(
            session,
            find(session, "phone"),
            to="912345678",
            text="Hi",
            who="Rita",
            settings=portal.state.settings,
            now=NOW,
        )
    return portal


def test_the_queue_does_not_send_it_again(left_open: Portal, phone: PhoneServer) -> None:
    drain(left_open.app)
    assert phone.ledger() == []


def test_one_that_nobody_came_back_from_is_unknown(left_open: Portal) -> None:
    """Promise 3."""
    with left_open.fresh() as session, session.begin():
        assert lapse_attempts(session, now=NOW + dt.timedelta(seconds=20)) == 0
        assert lapse_attempts(session, now=NOW + dt.timedelta(minutes=2)) == 1
    assert [message.state for message in left_open.messages()] == [MessageState.UNKNOWN]


@pytest.mark.parametrize(("to", "text", "code"), [("12", "Hi", "too_short"), ("912345678", " ", "empty_text")])
def test_what_cannot_be_sent_leaves_nothing_behind(
    portal: Portal, phone: PhoneServer, to: str, text: str, code: str
) -> None:
    portal.use(phone)
    settings = portal.state.settings
    with portal.fresh() as session:
        provider = find(session, "phone")
        with pytest.raises(SmsError) as told:
            open_trial(session, provider, to=to, text=text, who="Rita", settings=settings, now=NOW)
    assert told.value.code == code
    assert portal.messages() == []
