"""Sending from the host's records: shown before it goes, sent once (S9)."""

from __future__ import annotations

import datetime as dt
import re
from dataclasses import replace
from typing import Any

import pytest

from sms_plugin import Debt, Entity, Section, money
from sms_plugin.models import OptOut
from sms_plugin.testing import drain
from sms_plugin.testing.phone_server import PhoneServer
from sms_plugin.web.send import MOST
from tests.demo.visitor import Visitor
from tests.portal import Client, Invoice, Portal
from tests.portal.app import declarations
from tests.web.conftest import Mounted
from tests.web.hosts import hidden, host, shows, token

SEND = "/admin/invoice/sms/send/"
SELECTED = "/admin/invoice/sms/send-selected/"


@pytest.fixture
def portal(mounted: Mounted, phone: PhoneServer) -> Portal:
    made = mounted(mount=host())
    with made.app.app_context():
        made.use(phone)
        made.session.add(Client(id=1, name="Ana", phone="912 345 678", billing_phone="913 333 333"))
        made.session.add_all(
            [
                Invoice(id=1, client_id=1, number="F1", due_on=dt.date(2026, 12, 1)),
                Invoice(id=2, client_id=1, number="F2", due_on=dt.date(2026, 12, 2)),
            ]
        )
        made.session.commit()
        made.switch_on("charge_due_soon", text="{contact_firstname}, {invoice_number} is due.")
    return made


@pytest.fixture
def visitor(portal: Portal) -> Visitor:
    return Visitor(client=portal.app.test_client())


def _look(visitor: Visitor, path: str = SEND, **fields: Any) -> str:
    fields.setdefault("record", "1")
    page = visitor.read(f"{SEND}?record=1")
    answer = visitor.client.post(path, data={"csrf_token": token(page), "step": "look", **fields})
    assert answer.status_code == 200
    return answer.text


def _confirm(visitor: Visitor, shown: str, path: str = SEND, **fields: Any) -> Any:
    kept = {name: hidden(shown, name) for name in ("csrf_token", "what", "once", "shown", "number", "text")}
    return visitor.client.post(path, data={"record": "1", "step": "send", **kept, **fields})


def _messages(portal: Portal) -> list[Any]:
    with portal.app.app_context():
        return portal.messages()


def test_looking_sends_nothing_and_shows_all_of_it(portal: Portal, visitor: Visitor) -> None:
    page = _look(visitor, what="trigger:charge_due_soon")
    assert shows(page, "Ana, F1 is due.")
    assert shows(page, "+351913333333")  # what is about money goes to the number for it
    assert shows(page, "1 SMS")
    assert _messages(portal) == []


def test_a_confirmation_sends_it_with_who_did_it(portal: Portal, visitor: Visitor) -> None:
    answer = _confirm(visitor, _look(visitor, what="trigger:charge_due_soon"))
    assert (answer.status_code, answer.location) == (303, "/admin/invoice/sms/?record=1")
    (message,) = _messages(portal)
    assert (message.text, message.trigger, message.step) == ("Ana, F1 is due.", "charge_due_soon", "hand")
    assert message.operator
    assert (message.client, message.record) == ("1", "1")


@pytest.mark.parametrize(
    "fields", [{"what": "trigger:charge_due_soon"}, {"what": "words", "text": "Hi {invoice_number}"}]
)
def test_what_was_shown_reaches_the_phone(
    portal: Portal, visitor: Visitor, phone: PhoneServer, fields: dict[str, str]
) -> None:
    page = _look(visitor, **fields)
    _confirm(visitor, page)
    drain(portal.app)
    (arrived,) = phone.ledger()
    assert shows(page, arrived["text"])
    assert [message.state for message in _messages(portal)] in (["sent"], ["delivered"])


def test_words_that_were_shown_go_although_their_record_changes(
    portal: Portal, visitor: Visitor, phone: PhoneServer
) -> None:
    _confirm(visitor, _look(visitor, what="words", text="Hi {invoice_number}"))
    with portal.app.app_context():
        portal.session.get_one(Invoice, 1).number = "F9"
        portal.session.commit()
    drain(portal.app)
    assert [each["text"] for each in phone.ledger()] == ["Hi F1"]


def test_a_double_click_sends_once_and_says_so(portal: Portal, visitor: Visitor) -> None:
    page = _look(visitor, what="words", text="Hello {contact_firstname}")
    _confirm(visitor, page)
    again = _confirm(visitor, page)
    assert shows(visitor.read(again.location), "Nothing was sent twice.")
    assert [message.text for message in _messages(portal)] == ["Hello Ana"]


def test_sending_again_on_purpose_tells_when_it_was_sent(portal: Portal, visitor: Visitor) -> None:
    _confirm(visitor, _look(visitor, what="trigger:charge_due_soon"))
    again = _look(visitor, what="trigger:charge_due_soon")
    assert shows(again, "already sent on")
    _confirm(visitor, again)
    assert len(_messages(portal)) == 2


def test_what_changed_since_it_was_shown_is_shown_again(portal: Portal, visitor: Visitor) -> None:
    page = _look(visitor, what="trigger:charge_due_soon")
    with portal.app.app_context():
        portal.session.get_one(Client, 1).name = "Anna"
        portal.session.commit()
    answer = _confirm(visitor, page)
    assert answer.status_code == 200
    assert shows(answer.text, "Meanwhile something has changed")
    assert shows(answer.text, "Anna, F1 is due.")
    assert _messages(portal) == []


def test_without_a_token_nothing_is_sent(portal: Portal, visitor: Visitor) -> None:
    page = _look(visitor, what="trigger:charge_due_soon")
    for path in (SEND, SELECTED):
        assert _confirm(visitor, page, path, csrf_token="forged").status_code == 200
    assert visitor.client.get(f"{SEND}?record=1&step=send&what=trigger:charge_due_soon").status_code == 200
    assert _messages(portal) == []


def test_words_go_to_the_number_that_was_chosen_among_the_persons_own(portal: Portal, visitor: Visitor) -> None:
    page = visitor.read(f"{SEND}?record=1")
    assert "+351912345678" in page
    assert "+351913333333" in page
    _confirm(visitor, _look(visitor, what="words", text="Hello", number="+351913333333"))
    assert [message.number for message in _messages(portal)] == ["+351913333333"]
    foreign = _look(visitor, what="words", text="Hello", number="+351919999999")
    assert shows(foreign, "This is none of the person's numbers.")
    assert shows(foreign, "Nothing can be sent")


def _off(portal: Portal) -> None:
    portal.switch_off("charge_due_soon")


def _paid(portal: Portal) -> None:
    portal.session.get_one(Invoice, 1).status = "paid"


def _no_number(portal: Portal) -> None:
    client = portal.session.get_one(Client, 1)
    client.phone = client.billing_phone = None


def _opted_out(portal: Portal) -> None:
    now = dt.datetime.now(dt.UTC)
    portal.session.add(OptOut(number="+351913333333", purpose="", source="test", wording="", since=now))


def _no_provider(portal: Portal) -> None:
    portal.session.get_one(type(portal.provider()), portal.provider().id).active = None


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        (_off, "This trigger is switched off."),
        (_paid, "What the text says was not true"),
        (_no_number, "The person has no number that can be texted."),
        (_opted_out, "This number does not want texts of this kind."),
        (_no_provider, "No provider was active."),
    ],
)
def test_what_cannot_go_is_said_before_and_is_not_sent(
    portal: Portal, visitor: Visitor, wrong: Any, words: str
) -> None:
    with portal.app.app_context():
        wrong(portal)
        portal.session.commit()
    page = _look(visitor, what="trigger:charge_due_soon")
    assert shows(page, words)
    assert shows(page, "Nothing can be sent")
    assert 'value="send"' not in page
    forced = visitor.client.post(
        SEND, data={"csrf_token": token(page), "record": "1", "step": "send", "what": "trigger:charge_due_soon"}
    )
    assert forced.status_code == 200
    assert _messages(portal) == []


@pytest.mark.parametrize(
    "fields",
    [
        {"what": "words", "text": " "},
        {"what": "words", "text": "x" * 2000},
        {"what": "words", "text": "{"},
        {"what": "words", "text": "{no_such_thing}"},
        {"what": "trigger:no_such_trigger"},
        {"what": "trigger:"},
        {"what": "template:4711"},
        {"what": "template:abc"},
        {"what": ""},
        {"what": "words", "text": "x\x00y", "number": "<script>"},
    ],
)
def test_bad_input_is_told_and_sends_nothing(portal: Portal, visitor: Visitor, fields: dict[str, str]) -> None:
    page = _look(visitor, **fields)
    assert 'value="send"' not in page
    assert _messages(portal) == []


def test_rows_of_one_client_are_one_message_unless_each_is_wanted(portal: Portal, visitor: Visitor) -> None:
    both = {"record": ["1", "2"], "what": "trigger:charge_due_soon"}
    page = _look(visitor, SELECTED, **both)
    assert shows(page, "Ana, F1 is due.")
    assert shows(page, "The same number gets the message about another row:")
    _confirm(visitor, page, SELECTED, record=["1", "2"])
    assert [message.text for message in _messages(portal)] == ["Ana, F1 is due."]
    each = _look(visitor, SELECTED, each="1", **both)
    _confirm(visitor, each, SELECTED, record=["1", "2"], each="1")
    assert sorted(message.text or "" for message in _messages(portal)[1:]) == ["Ana, F1 is due.", "Ana, F2 is due."]


@pytest.fixture
def debts(mounted: Mounted, phone: PhoneServer) -> Portal:
    """A portal whose invoices are debts, three of them of one client."""
    declared = [
        each if each.name != "invoice/Invoice" else replace(each, debt=Debt(money("total"), since="due_on"))
        for each in (one for one in declarations() if isinstance(one, Entity))
    ]
    made = mounted(declared=(*declared, Section("company", {"company_name": lambda: "Acme"})), mount=host())
    with made.app.app_context():
        made.use(phone)
        made.session.add(Client(id=1, name="Ana", phone="912 345 678"))
        for number, day in ((1, 20), (2, 10), (3, 15)):
            due = dt.date(2026, 11, day)
            made.session.add(Invoice(id=number, client_id=1, number=f"F{number}", due_on=due, total=10 * number))
        made.session.commit()
        text = "{contact_firstname}: {debt_count}, {debt_total}, {debt_oldest}, {invoice_number}"
        made.switch_on("charge_due_soon", text=text)
    return made


@pytest.mark.parametrize(
    "fields",
    [
        {"what": "trigger:charge_due_soon"},
        {
            "what": "words",
            "text": "{contact_firstname}: {debt_count}, {debt_total}, {debt_oldest}, {invoice_number}",
        },
    ],
)
def test_debts_of_one_client_are_told_in_one_message_with_count_total_and_oldest(
    debts: Portal, phone: PhoneServer, fields: dict[str, str]
) -> None:
    visitor = Visitor(client=debts.app.test_client())
    page = _look(visitor, SELECTED, record=["1", "2", "3"], **fields)
    assert shows(page, "Ana: 3, ")
    assert "60" in page
    assert shows(page, ", F2")
    assert not shows(page, "The same number gets the message about another row:")
    _confirm(visitor, page, SELECTED, record=["1", "2", "3"])
    _confirm(visitor, page, SELECTED, record=["1", "2", "3"])
    drain(debts.app)
    (text,) = (each["text"] for each in phone.ledger())
    assert text.startswith("Ana: 3, ")
    assert text.endswith(", F2")
    assert shows(_look(visitor, SELECTED, record=["3", "1"], **fields), "already sent on")


def test_a_debt_that_is_paid_before_it_goes_falls_out_of_the_message(debts: Portal, phone: PhoneServer) -> None:
    visitor = Visitor(client=debts.app.test_client())
    page = _look(visitor, SELECTED, record=["1", "2", "3"], what="trigger:charge_due_soon")
    _confirm(visitor, page, SELECTED, record=["1", "2", "3"])
    with debts.app.app_context():
        debts.session.get_one(Invoice, 2).status = "paid"
        debts.session.commit()
    drain(debts.app)
    (text,) = (each["text"] for each in phone.ledger())
    assert text.startswith("Ana: 2, ")
    assert text.endswith(", F3")


def test_one_message_each_is_chosen_against_gathering(debts: Portal) -> None:
    visitor = Visitor(client=debts.app.test_client())
    page = _look(visitor, SELECTED, record=["1", "2"], what="trigger:charge_due_soon", each="1")
    _confirm(visitor, page, SELECTED, record=["1", "2"], each="1")
    assert len(_messages(debts)) == 2


def test_in_quiet_hours_the_selected_rows_go_now_or_after_them_as_is_chosen(
    mounted: Mounted, phone: PhoneServer
) -> None:
    hour = (dt.datetime.now(dt.UTC).hour + 12) % 24
    made = mounted(mount=host(), SMS_QUIET_HOURS=f"{(hour + 1) % 24}-{hour}")
    with made.app.app_context():
        made.use(phone)
        made.session.add(Client(id=1, name="Ana", phone="912 345 678", timezone="UTC"))
        made.session.add(Invoice(id=1, client_id=1, number="F1", due_on=dt.date(2026, 12, 1)))
        made.session.commit()
        made.switch_on("charge_due_soon", text="{invoice_number} is due.")
    visitor = Visitor(client=made.app.test_client())
    for fields in ({"what": "trigger:charge_due_soon"}, {"what": "words", "text": "Hi"}):
        page = _look(visitor, **fields)
        assert shows(page, "These are quiet hours where it goes")
        assert _confirm(visitor, page, step="send").status_code == 200
        before = len(_messages(made))
        _confirm(visitor, page, step="send_open")
        assert len(_messages(made)) == before + 1
        waiting = _messages(made)[-1]
        assert waiting.due_at > dt.datetime.now(dt.UTC)
        _confirm(visitor, _look(visitor, **fields), step="send_now")
        assert _messages(made)[-1].due_at <= dt.datetime.now(dt.UTC)
    drain(made.app)
    assert len(phone.ledger()) == 2


def _card(visitor: Visitor) -> dict[str, str]:
    page = visitor.read("/admin/client/details/?id=1")
    return {name: hidden(page, name) for name in ("csrf_token", "record", "number", "once", "what")}


def test_a_line_on_the_card_is_answered_in_and_leads_back_to_it(
    portal: Portal, visitor: Visitor, phone: PhoneServer
) -> None:
    form = {**_card(visitor), "text": "We come at ten", "step": "reply"}
    here = "/admin/client/sms/send/?url=%2Fadmin%2Fclient%2Fdetails%2F%3Fid%3D1"
    for _ in range(2):
        answer = visitor.client.post(here, data=form)
        assert (answer.status_code, answer.location) == (303, "/admin/client/details/?id=1")
    drain(portal.app)
    assert [each["text"] for each in phone.ledger()] == ["We come at ten"]
    assert "We come at ten" in visitor.read("/admin/client/details/?id=1")
    assert hidden(visitor.read("/admin/client/details/?id=1"), "number") == "+351912345678"


def test_an_answer_that_reads_otherwise_than_it_was_typed_is_shown_first(portal: Portal, visitor: Visitor) -> None:
    form = {**_card(visitor), "text": "Dear {contact_firstname}", "step": "reply"}
    answer = visitor.client.post("/admin/client/sms/send/", data=form)
    assert answer.status_code == 200
    assert shows(answer.text, "Dear Ana")
    assert _messages(portal) == []


def test_the_card_of_somebody_who_may_only_read_has_no_line_to_answer_in(mounted: Mounted) -> None:
    made = mounted(mount=host(rights={"read"}))
    with made.app.app_context():
        made.session.add(Client(id=1, name="Ana", phone="912 345 678"))
        made.session.commit()
    page = Visitor(client=made.app.test_client()).read("/admin/client/details/?id=1")
    assert "sms-on-record" in page
    assert "sms-reply" not in page


def test_a_selection_is_bounded(portal: Portal, visitor: Visitor) -> None:
    rows = [str(number) for number in range(MOST + 1)]
    answer = visitor.client.post("/admin/invoice/action/", data={"action": "sms_send", "rowid": rows})
    assert answer.status_code == 302
    posted = visitor.client.post(SELECTED, data={"csrf_token": token(visitor.read(f"{SEND}?record=1")), "record": rows})
    assert posted.status_code == 302


def _told(visitor: Visitor, look: str, form: dict[str, str]) -> dict[str, Any]:
    told = visitor.client.post(look, data=form).json
    assert isinstance(told, dict)
    return told


def test_a_line_below_any_record_tells_while_one_types_what_the_text_comes_to(portal: Portal, visitor: Visitor) -> None:
    """S9, M6: below an invoice, which is nobody by itself, as on the client's card; by the plugin's own part."""
    for card in ("/admin/client/details/?id=1", "/admin/invoice/edit/?id=1"):
        page = visitor.read(card)
        look = re.search(r'data-sms-look="([^"]+)"', page)
        assert look is not None
        assert "single.js" in page
        form = {name: hidden(page, name) for name in ("csrf_token", "record", "number", "once", "what")}
        told = _told(visitor, look[1], {**form, "text": "Dear {contact_firstname}"})
        assert told["goes"]
        assert shows(told["html"], "8 characters")
        assert shows(told["html"], "Dear Ana")
        told = _told(visitor, look[1], {**form, "text": "Dear {contact_frstname}"})
        assert not told["goes"]
        assert "contact_firstname" in told["html"]
        assert shows(_told(visitor, look[1], {**form, "text": ""})["html"], "Write something to send.")
    assert _messages(portal) == []


def test_a_line_below_a_record_that_is_not_there_or_without_a_token_tells_nothing(
    portal: Portal, visitor: Visitor
) -> None:
    form = _card(visitor)
    assert visitor.client.post("/admin/client/sms/look/", data={**form, "record": "4711"}).status_code == 404
    assert visitor.client.post("/admin/client/sms/look/", data={**form, "csrf_token": "x"}).status_code == 400


def test_what_was_chosen_for_quiet_hours_below_a_record_counts(mounted: Mounted, phone: PhoneServer) -> None:
    """X6: it is asked beside the text, so it is not asked again."""
    hour = (dt.datetime.now(dt.UTC).hour + 12) % 24
    made = mounted(mount=host(), SMS_QUIET_HOURS=f"{(hour + 1) % 24}-{hour}")
    with made.app.app_context():
        made.use(phone)
        made.session.add(Client(id=1, name="Ana", phone="912 345 678", timezone="UTC"))
        made.session.commit()
    visitor = Visitor(client=made.app.test_client())
    form = {**_card(visitor), "text": "We come at ten", "step": "reply"}
    assert shows(_told(visitor, "/admin/client/sms/look/", form)["html"], "These are quiet hours")
    assert visitor.client.post("/admin/client/sms/send/", data=form).status_code == 200
    assert _messages(made) == []
    assert visitor.client.post("/admin/client/sms/send/", data={**form, "hour": "open"}).status_code == 303
    (message,) = _messages(made)
    assert message.due_at > dt.datetime.now(dt.UTC)
