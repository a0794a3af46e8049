"""The first steps on the overview: ticked one by one, put away, and gone when all are done (issue 7 item 11)."""

from __future__ import annotations

import re
from uuid import uuid4

from sms_plugin.models import Runner
from sms_plugin.outbox.tallies import tally
from sms_plugin.testing.phone_server import PhoneServer
from tests.demo.visitor import TOKEN, Visitor
from tests.outbox.steps import now
from tests.portal import Portal

OVERVIEW = "/admin/sms/overview/"
STEPS = f"{OVERVIEW}first-steps/"


def _done(page: str) -> list[bool]:
    steps = page.partition('class="sms-checklist"')[2].partition("</ol>")[0]
    return ["sms-done" in step for step in re.findall(r"<li[^>]*>", steps)]


def test_the_first_steps_are_ticked_one_by_one_and_then_disappear(
    pages: Portal, visitor: Visitor, phone: PhoneServer
) -> None:
    assert _done(visitor.read(OVERVIEW)) == [False, False, False, False, False, True, False, False]
    with pages.app.app_context():
        pages.use(phone)
    assert _done(visitor.read(OVERVIEW)) == [True, False, False, True, False, True, False, False]
    with pages.app.app_context(), pages.fresh() as session, session.begin():
        tally(session, {"state:sent": 1})
    assert _done(visitor.read(OVERVIEW))[:4] == [True, True, False, True]
    with pages.app.app_context(), pages.fresh() as session, session.begin():
        tally(session, {"state:sent": -1, "state:delivered": 1})
        session.add(Runner(id=uuid4(), kind="worker", host="here", pid=77, started_at=now(), seen_at=now()))
    assert _done(visitor.read(OVERVIEW)) == [True, True, True, True, True, True, False, False]
    with pages.app.app_context():
        pages.switch_on("charge_created")
    assert "First steps" not in visitor.read(OVERVIEW)


def test_a_provider_that_never_tells_what_arrived_is_not_waited_for(pages: Portal, visitor: Visitor) -> None:
    with pages.app.app_context():
        pages.use_kind("console", {}, name="console")
    page = visitor.read(OVERVIEW)
    assert len(_done(page)) == 7
    assert "See that it arrived" not in page


def test_the_first_steps_can_be_put_away_and_fetched_again(pages: Portal, visitor: Visitor) -> None:
    token = TOKEN.search(visitor.read(OVERVIEW))
    assert token
    answer = visitor.client.post(STEPS, data={"csrf_token": token[1]}, follow_redirects=True)
    assert "Put away" not in answer.text
    assert "Show the first steps" in answer.text
    answer = visitor.client.post(STEPS, data={"csrf_token": token[1], "show": "1"}, follow_redirects=True)
    assert "Put away" in answer.text


def test_without_a_token_nothing_is_put_away(pages: Portal, visitor: Visitor) -> None:
    visitor.client.post(STEPS, data={})
    assert "Put away" in visitor.read(OVERVIEW)
