"""The provider page's exchange, prices, budget and balance; what the budget held is let go (P15, P17, X10)."""

from __future__ import annotations

import re
from decimal import Decimal

import pytest
import sqlalchemy as sa

from sms_plugin.models import Provider
from sms_plugin.states import MessageState
from sms_plugin.testing import drain
from sms_plugin.testing.phone_server import PhoneServer
from tests.demo.visitor import TOKEN, Visitor
from tests.portal import Portal
from tests.web.test_provider_pages import HOME, ONE, pages, press, provider, saved, told

__all__ = ["pages", "saved"]

MONEY = {"currency": "eur", "prices": "351 0,03\n* 0.10", "balance_low": "20", "budget_day": "5", "budget_month": "60"}


def test_a_test_message_shows_what_was_said_without_a_secret(
    saved: Portal, visitor: Visitor, phone: PhoneServer
) -> None:
    """Issue 5, 7: the exchange, the verdict, and what it means."""
    html = press(visitor, "try", to="912345678", text="Is this on?").text
    shown = html.partition("What was said")[2].partition("</section>")[0]
    assert "POST " in shown
    assert "Is this on?" in shown
    assert "Accepted" in shown
    assert "took the test message" in shown
    assert "•••" in shown
    for secret in (phone.token, phone.receipt_secret, provider(saved).token):
        assert secret not in shown


def test_a_test_of_the_connection_shows_it_and_keeps_the_balance(
    saved: Portal, visitor: Visitor, phone: PhoneServer
) -> None:
    """P17."""
    html = press(visitor, "connect").text
    assert "GET " in html.partition("What was said")[2]
    assert phone.token not in html
    found = provider(saved)
    assert found.balance is not None
    assert f"{found.balance:f}" in visitor.read(HOME)


def test_where_no_answer_came_the_reason_is_shown(saved: Portal, visitor: Visitor, phone: PhoneServer) -> None:
    phone.set(mode="reset_after")
    html = press(visitor, "try", to="912345678", text="Hi").text
    assert "No answer came." in html


def test_prices_and_budget_are_saved_and_shown_as_they_were_typed(saved: Portal, visitor: Visitor) -> None:
    assert "are saved" in press(visitor, "money", **MONEY).text
    found = provider(saved)
    assert (found.currency, found.prices) == ("EUR", {"351": "0.03", "": "0.10"})
    assert [found.balance_low, found.budget_day, found.budget_month] == [Decimal(20), Decimal(5), Decimal(60)]
    html = visitor.read(ONE)
    assert "351 0.03\n* 0.10" in html.replace("\r", "")
    assert "Counted today: 0.00 EUR" in html
    press(visitor, "money")
    assert (provider(saved).prices, provider(saved).budget_day) == ({}, None)


@pytest.mark.parametrize(
    ("field", "typed", "words"),
    [
        ("prices", "351", "is no price"),
        ("prices", "351 0.03", "needs a price for every number"),
        ("currency", "EURO", "is no currency"),
        ("budget_day", "a lot", "is no amount"),
        ("budget_day", "-5", "from 0"),
        ("budget_month", "NaN", "from 0"),
        ("balance_low", "1e99", "from 0"),
    ],
)
def test_what_cannot_be_meant_is_refused_and_stays_typed(
    saved: Portal, visitor: Visitor, field: str, typed: str, words: str
) -> None:
    html = press(visitor, "money", **MONEY | {field: typed}).text
    assert words in told(html)
    assert typed in html
    assert provider(saved).prices == {}


def test_an_account_that_runs_low_is_warned_of(saved: Portal, visitor: Visitor) -> None:
    """P17."""
    press(visitor, "activate")
    with saved.app.app_context(), saved.fresh() as session, session.begin():
        at = session.scalars(sa.select(Provider.created_at)).one()
        values = {"balance": Decimal("3.5"), "balance_unit": "EUR", "balance_at": at, "balance_low": Decimal(20)}
        session.execute(sa.update(Provider).values(values))
    assert "runs low: 3.5 EUR left" in visitor.read("/admin/sms/queue/")
    assert ">low<" in visitor.read(HOME)


def test_a_stopped_provider_is_told_on_its_page(saved: Portal, visitor: Visitor, phone: PhoneServer) -> None:
    """P21."""
    press(visitor, "activate")
    phone.set(mode="refuse")
    with saved.app.app_context():
        saved.queue()
        drain(saved.app)
    assert "it refused the account" in visitor.read(ONE)
    assert "is stopped: nothing goes" in visitor.read("/admin/sms/message/")
    assert "is stopped: nothing goes" in visitor.read("/admin/sms/queue/")


def test_what_the_budget_held_is_let_go_from_the_queue(saved: Portal, visitor: Visitor, phone: PhoneServer) -> None:
    """X10: held, not lost."""
    press(visitor, "activate")
    press(visitor, "money", **MONEY | {"budget_day": "0"})
    with saved.app.app_context():
        message = saved.queue(segments=1)
        drain(saved.app)
        assert saved.message(message).reason == "budget"
    page = "/admin/sms/queue/?state=held&reason=budget"
    assert "is used up: messages are held" in visitor.read(page)
    assert "Let them all go" in visitor.read(page)
    press(visitor, "money", **MONEY)
    token = TOKEN.search(visitor.read(page))
    assert token
    path = "/admin/sms/queue/let-go/"
    answer = visitor.client.post(path, data={"csrf_token": token[1]}, follow_redirects=True)
    assert "in the queue again" in told(answer.text)
    with saved.app.app_context():
        drain(saved.app)
        assert saved.message(message).state == MessageState.SENT
    assert "Counted today: 0.03 EUR" in visitor.read(ONE)


def test_the_page_of_a_message_tells_what_it_cost(saved: Portal, visitor: Visitor) -> None:
    press(visitor, "activate")
    press(visitor, "money", **MONEY)
    with saved.app.app_context():
        message = saved.queue(segments=2)
    assert "0.06 EUR, as expected" in visitor.read(f"/admin/sms/message/details/?id={message}")
    assert "0.06 EUR" not in visitor.read("/admin/sms/message/export/")
    with saved.app.app_context():
        drain(saved.app)
    assert ",0.06 EUR," in visitor.read("/admin/sms/message/export/")


def test_the_counter_tells_the_cost_of_a_text_while_it_is_written(saved: Portal, visitor: Visitor) -> None:
    """P17: from the cheapest country to the dearest, as nobody knows yet who gets it."""
    press(visitor, "activate")
    press(visitor, "money", **MONEY)
    token = TOKEN.search(visitor.read(ONE))
    assert token
    answer = visitor.client.post(
        "/admin/sms/measure/", data={"csrf_token": token[1], "section": "invoice", "text": "Olá"}
    )
    assert "0.03 to 0.10 EUR" in answer.get_json()["html"]


def test_every_gateway_stands_in_the_choice_that_changes_the_form(saved: Portal, visitor: Visitor) -> None:
    """Issue 5, 7; at once with a script, by a button without one."""
    html = visitor.read(f"{HOME}new/?kind=generic")
    offered = re.findall(r'<option value="([^"]+)"', html.partition('id="sms-kind"')[2].partition("</select>")[0])
    assert set(offered) == set(saved.state.gateways)
    assert "data-sms-swap" in html
