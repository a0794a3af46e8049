"""No stays no (promise 8, X7)."""

from __future__ import annotations

import datetime as dt

import pytest

from sms_plugin.models import OptOut
from sms_plugin.people.consent import opt_out, opted_out, stands_against
from tests.portal import Portal

NOW = dt.datetime(2026, 11, 13, tzinfo=dt.UTC)
NUMBER, OTHER = "+351912345678", "+351913000001"


@pytest.mark.parametrize(("said", "purpose", "stands"), [
    ("", "billing", True),
    ("", "marketing", True),
    ("marketing", "marketing", True),
    ("marketing", "billing", False),
])  # fmt: skip
def test_a_no_holds_for_its_purpose_or_for_all(portal: Portal, said: str, purpose: str, stands: bool) -> None:
    opt_out(portal.session, NUMBER, source="test", now=NOW, purpose=said)
    outs = opted_out(portal.session, [NUMBER, OTHER])
    assert stands_against(NUMBER, purpose, outs) is stands
    assert stands_against(OTHER, purpose, outs) is False
    portal.session.rollback()


def test_saying_it_again_changes_nothing(portal: Portal) -> None:
    opt_out(portal.session, NUMBER, source="reply", now=NOW, wording="STOP")
    opt_out(portal.session, NUMBER, source="card", now=NOW + dt.timedelta(days=1))
    found = portal.session.get_one(OptOut, (NUMBER, ""))
    assert (found.source, found.wording, found.since) == ("reply", "STOP", NOW)
    portal.session.rollback()


def test_nobody_is_asked_for_nothing(portal: Portal) -> None:
    assert opted_out(portal.session, []) == set()
