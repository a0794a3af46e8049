"""One message by hand: whom, what, when, what it costs, and once (S1, M6, P17, X6, X8)."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Callable
from typing import Any
from zoneinfo import ZoneInfo

import pytest
import sqlalchemy as sa
from flask import Flask
from flask_admin import Admin
from flask_sqlalchemy import SQLAlchemy

from sms_plugin.models import OptOut, Provider, Template
from sms_plugin.testing import drain
from sms_plugin.testing.phone_server import PhoneServer
from sms_plugin.wording.templates import Draft, create
from tests.demo.visitor import Visitor
from tests.portal import Client, Portal
from tests.web.conftest import Mounted
from tests.web.hosts import ClientAdmin, host, shows, storage, token

PAGE = "/admin/sms/individual/"
ANA = "clients/Client|1"
NUMBER = "+351912345678"


@pytest.fixture
def portal(mounted: Mounted, phone: PhoneServer) -> Portal:
    made = mounted(mount=host())
    with made.app.app_context():
        made.use(phone)
        made.session.add_all(
            [
                Client(id=1, name="Ana", phone="912 345 678", billing_phone="913 333 333"),
                Client(id=2, name="hidden", phone="914 444 444"),
            ]
        )
        made.session.commit()
    return made


@pytest.fixture
def visitor(portal: Portal) -> Visitor:
    return Visitor(client=portal.app.test_client())


class Form:
    """The page as somebody fills it in."""

    def __init__(self, visitor: Visitor, **fields: Any) -> None:
        self.visitor = visitor
        page = visitor.read(PAGE)
        once = re.search(r'name="once" value="([0-9a-f]+)"', page)
        assert once
        self.fields = {"csrf_token": token(page), "once": once[1], "what": "words", "text": "Hello", **fields}

    def post(self, path: str = PAGE, **fields: Any) -> Any:
        return self.visitor.client.post(path, data={**self.fields, **fields})

    def look(self, **fields: Any) -> str:
        answer = self.post(step="look", **fields)
        assert answer.status_code == 200
        return str(answer.text)

    def live(self, **fields: Any) -> str:
        answer = self.post(f"{PAGE}look/", **fields)
        assert answer.status_code == 200
        return str(answer.json["html"])

    def send(self, **fields: Any) -> Any:
        return self.post(step="send", **{"sure": "1", **fields})


def _messages(portal: Portal) -> list[Any]:
    with portal.app.app_context():
        return portal.messages()


def _change(portal: Portal, work: Callable[[Portal], None]) -> None:
    with portal.app.app_context():
        work(portal)
        portal.session.commit()


def test_a_client_is_found_by_name_and_by_number_and_their_numbers_are_listed(visitor: Visitor) -> None:
    form = Form(visitor)
    for typed in ("An", "912 345 678", "+351 912-345-678"):
        assert ANA in form.post(step="find", to=typed).text
        assert ANA in form.post(f"{PAGE}people/", to=typed).json["html"]
    page = form.post(step="find", who=ANA).text
    assert 'value="+351912345678" checked' in page
    assert "+351913333333" in page
    assert shows(page, "billing")


def test_a_client_who_was_texted_is_found_by_a_number_that_is_kept_in_an_odd_spelling(
    portal: Portal, visitor: Visitor
) -> None:
    """The host's column cannot be asked for every spelling; who was texted at the number is known."""
    _change(portal, lambda portal: setattr(portal.session.get_one(Client, 1), "phone", "91 234-5678"))
    assert ANA not in Form(visitor).post(step="find", to="912 345 678").text
    Form(visitor, who=ANA).send(number=NUMBER)
    assert ANA in Form(visitor).post(step="find", to="912 345 678").text
    _change(portal, lambda portal: setattr(portal.session.get_one(Client, 1), "phone", "919 999 999"))
    assert ANA not in Form(visitor).post(step="find", to="912 345 678").text


def test_somebody_whom_the_hosts_view_hides_is_neither_found_nor_written_to(portal: Portal, visitor: Visitor) -> None:
    form = Form(visitor)
    assert "clients/Client|2" not in form.post(step="find", to="hidden").text
    assert shows(form.look(who="clients/Client|2"), "This person is not there any more.")
    form.send(who="clients/Client|2")
    assert _messages(portal) == []


def test_what_is_shown_reaches_the_phone_with_subject_and_operator(
    portal: Portal, visitor: Visitor, phone: PhoneServer
) -> None:
    form = Form(visitor, who=ANA, text="Hello {contact_firstname}", subject="call back")
    page = form.live()
    assert shows(page, "Hello Ana")
    assert shows(page, "9 characters")
    shown = re.search(r'name="shown" value="([0-9a-f]+)"', page)
    assert shown
    answer = form.send(shown=shown[1])
    assert answer.status_code == 303
    drain(portal.app)
    (message,) = _messages(portal)
    assert (message.text, message.subject, message.client, message.number) == ("Hello Ana", "call back", "1", NUMBER)
    assert message.operator
    assert [each["text"] for each in phone.ledger()] == ["Hello Ana"]
    told = visitor.read(answer.location)
    assert shows(told, "is on its way")
    assert f"message/details/?id={message.id}" in told


def test_one_of_their_other_numbers_can_be_chosen_and_a_strangers_cannot(portal: Portal, visitor: Visitor) -> None:
    Form(visitor, who=ANA).send(number="+351913333333")
    assert [message.number for message in _messages(portal)] == ["+351913333333"]
    assert shows(Form(visitor, who=ANA).look(number="+351919999999"), "This is none of the person's numbers.")
    Form(visitor, who=ANA).send(number="+351919999999")
    assert len(_messages(portal)) == 1


def test_another_number_goes_into_the_clients_history(portal: Portal, visitor: Visitor) -> None:
    assert Form(visitor, who=ANA).send(number="other", other="919 99").status_code == 200
    assert Form(visitor, who=ANA).send(number="other", other="919 999-999").status_code == 303
    (message,) = _messages(portal)
    assert (message.number, message.client) == ("+351919999999", "1")


@pytest.mark.parametrize("typed", ["919 999 999", "(919) 999-999", "+351 919999999", "00351 919 999 999"])
def test_a_number_alone_is_written_to_in_every_spelling(portal: Portal, visitor: Visitor, typed: str) -> None:
    assert Form(visitor, to=typed, text="Hello from {company_name}").look().count("Hello from Acme") == 1
    assert Form(visitor, to=typed).send().status_code == 303
    (message,) = _messages(portal)
    assert (message.number, message.client, message.entity) == ("+351919999999", None, None)


def test_a_number_of_one_client_is_theirs_without_being_chosen(portal: Portal, visitor: Visitor) -> None:
    form = Form(visitor, to=NUMBER, text="Hello {contact_firstname}")
    assert shows(form.look(), "Hello Ana")
    Form(visitor, to=NUMBER).send()
    assert [message.client for message in _messages(portal)] == ["1"]


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"to": "+55 11 8765-4321"}, "Add the ninth digit"),
        ({"to": "12"}, "too short"),
        ({"to": "21 000 00 00"}, ""),
        ({"to": ""}, "Nobody is chosen yet."),
        ({"to": "Ana"}, "Choose one of those who are found."),
        ({"who": ANA, "number": "other", "other": "abc"}, "This is not a telephone number."),
        ({"who": ANA, "text": " "}, "The text is empty."),
        ({"who": ANA, "text": "x" * 2000}, "2000 characters"),
        ({"who": ANA, "text": "{contact_frstname}"}, "contact_firstname"),
        ({"who": ANA, "text": "{"}, ""),
        ({"to": "919999999", "text": "{contact_firstname}"}, "contact_firstname"),
        ({"who": ANA, "what": "template:4711"}, "This template is not on offer any more."),
        ({"who": ANA, "when": "later", "at": "soon"}, "This is no time."),
        ({"who": ANA, "when": "later", "at": "2020-01-01T10:00"}, "This time is over."),
        ({"who": ANA, "when": "later", "at": "2099-01-01T10:00"}, "more than a year ahead"),
        ({"who": "clients/Client|x\0", "text": "Hello"}, "This person is not there any more."),
        ({"who": "nothing", "text": "Hello"}, "This person is not there any more."),
    ],
)
def test_what_cannot_go_is_told_in_words_and_nothing_typed_is_lost(
    portal: Portal, visitor: Visitor, fields: dict[str, str], words: str
) -> None:
    form = Form(visitor, **fields, subject="kept subject")
    answer = form.send()
    assert answer.status_code == 200
    assert words in answer.text
    assert 'role="alert"' in answer.text
    assert "kept subject" in answer.text
    assert form.post(f"{PAGE}look/").status_code == 200
    assert _messages(portal) == []


@pytest.mark.parametrize(
    ("zone", "at"), [("Europe/Kyiv", "0001-01-01T00:00"), ("America/Sao_Paulo", "9999-12-31T23:59")]
)
def test_a_day_that_is_outside_the_calendar_elsewhere_is_no_time(
    mounted: Mounted, phone: PhoneServer, zone: str, at: str
) -> None:
    made = mounted(mount=host(), SMS_TIMEZONE=zone)
    with made.app.app_context():
        made.use(phone)
    form = Form(Visitor(client=made.app.test_client()), to="919999999", when="later", at=at)
    assert shows(form.send().text, "This is no time.")


def test_without_the_tick_nothing_is_sent(portal: Portal, visitor: Visitor) -> None:
    assert shows(Form(visitor, who=ANA).send(sure="").text, "Tick that it may go.")
    assert _messages(portal) == []


def test_a_second_click_sends_nothing_and_leads_to_the_same_message(portal: Portal, visitor: Visitor) -> None:
    form = Form(visitor, who=ANA)
    first, second = form.send(), form.send()
    assert first.location == second.location
    assert len(_messages(portal)) == 1


def test_what_reads_otherwise_than_it_was_typed_is_shown_before_it_goes(portal: Portal, visitor: Visitor) -> None:
    answer = Form(visitor, who=ANA, text="Hello {contact_firstname}").send()
    assert shows(answer.text, "This is how it reads: look at it, and send it.")
    assert shows(answer.text, "Hello Ana")
    assert _messages(portal) == []


def test_a_template_goes_with_its_version(portal: Portal, visitor: Visitor) -> None:
    with portal.app.app_context(), portal.fresh() as session, session.begin():
        draft = Draft(name="Greeting", section="clients", texts={"en": "Good day, {contact_firstname}"})
        create(session, draft, registry=portal.state.registry, who="test", now=dt.datetime.now(dt.UTC))
        id = session.scalar(sa.select(Template.id))
    form = Form(visitor, who=ANA, what=f"template:{id}")
    page = form.look()
    assert shows(page, "Good day, Ana")
    shown = re.search(r'name="shown" value="([0-9a-f]+)"', page)
    assert shown
    form.send(shown=shown[1])
    (message,) = _messages(portal)
    assert message.text == "Good day, Ana"
    assert message.wording_id


def test_a_time_of_the_viewers_is_kept_and_shown(portal: Portal, visitor: Visitor) -> None:
    at = (dt.datetime.now(dt.UTC) + dt.timedelta(days=2)).replace(second=0, microsecond=0)
    local = at.astimezone(portal.state.settings.zone)
    answer = Form(visitor, who=ANA).send(when="later", at=f"{local:%Y-%m-%dT%H:%M}")
    assert shows(visitor.read(answer.location), "is planned for")
    (message,) = _messages(portal)
    assert (message.state, message.due_at) == ("queued", at)
    assert message.expires_at > at
    drain(portal.app)
    assert [message.state for message in _messages(portal)] == ["queued"]


def test_the_counter_tells_cost_and_balance_and_what_made_it_dearer(portal: Portal, visitor: Visitor) -> None:
    def priced(portal: Portal) -> None:
        portal.session.execute(
            sa.update(Provider).values(prices={"351": "2"}, currency="credits", balance=3, balance_unit="credits")
        )

    _change(portal, priced)
    page = Form(visitor, who=ANA, text="São " + "x" * 70).live()
    for words in ("74 characters", "UCS-2", "2 SMS", "4 credits", "balance: 3 credits", "does not cover"):
        assert shows(page, words), words
    assert 'data-sms-replace="ã"' in page


def _opted_out(portal: Portal) -> None:
    now = dt.datetime.now(dt.UTC)
    portal.session.add(OptOut(number=NUMBER, purpose="", source="test", wording="", since=now))


def _no_provider(portal: Portal) -> None:
    portal.session.execute(sa.update(Provider).values(active=None))


@pytest.mark.parametrize(
    ("wrong", "words", "mend"),
    [
        (_opted_out, "This number does not want texts of this kind.", "START"),
        (_no_provider, "No provider was active.", "Activate one"),
    ],
)
def test_a_refusal_says_what_to_do(
    portal: Portal, visitor: Visitor, wrong: Callable[[Portal], None], words: str, mend: str
) -> None:
    _change(portal, wrong)
    for fields in ({"who": ANA}, {"to": NUMBER}):
        page = Form(visitor, **fields).send().text
        assert shows(page, words)
        assert mend in page
    assert _messages(portal) == []


@pytest.fixture
def night(mounted: Mounted, phone: PhoneServer) -> Portal:
    """A portal whose quiet hours are all but one hour, which is not this one."""
    made = mounted(mount=host(), SMS_QUIET_HOURS=_not_now("UTC"))
    with made.app.app_context():
        made.use(phone)
        made.session.add(Client(id=1, name="Ana", phone="912 345 678", timezone="UTC"))
        made.session.commit()
    return made


def _not_now(zone: str) -> str:
    hour = (dt.datetime.now(ZoneInfo(zone)).hour + 12) % 24
    return f"{(hour + 1) % 24}-{hour}"


def test_in_quiet_hours_it_is_asked_whether_it_goes_now_or_after_them(night: Portal) -> None:
    visitor = Visitor(client=night.app.test_client())
    form = Form(visitor, who=ANA)
    page = form.send().text
    assert shows(page, "Choose whether it goes in the quiet hours or after them.")
    assert _messages(night) == []
    form.send(hour="open")
    Form(visitor, who=ANA).send(hour="now")
    later, now = sorted(_messages(night), key=lambda each: each.due_at, reverse=True)
    opens = later.due_at.astimezone(dt.UTC)
    assert (opens.minute, opens.second) == (0, 0)
    assert opens > dt.datetime.now(dt.UTC)
    assert now.due_at <= dt.datetime.now(dt.UTC)


def test_the_form_is_closed_to_those_who_may_not_send(mounted: Mounted) -> None:
    made = mounted(mount=host(rights={"read", "configure"}))
    client = made.app.test_client()
    assert client.get(PAGE).status_code == 403
    assert client.post(PAGE, data={"to": NUMBER, "text": "Hello", "sure": "1", "step": "send"}).status_code == 403
    assert client.post(f"{PAGE}people/", data={"to": "Ana"}).status_code == 403


def test_without_a_view_of_their_kind_people_are_found_all_the_same(mounted: Mounted) -> None:
    def bare(app: Flask, db: SQLAlchemy) -> dict[str, Any]:
        return {"admin": Admin(app)}

    def closed(app: Flask, db: SQLAlchemy) -> dict[str, Any]:
        admin = Admin(app)
        view = type("Shut", (ClientAdmin,), {"is_accessible": lambda self: False})
        admin.add_view(view(Client, storage(db)))
        return {"admin": admin}

    for mount, found in ((bare, True), (closed, False)):
        made = mounted(mount=mount)
        with made.app.app_context():
            made.session.merge(Client(id=1, name="Ana", phone="912345678"))
            made.session.commit()
        visitor = Visitor(client=made.app.test_client())
        assert (ANA in Form(visitor).post(f"{PAGE}people/", to="Ana").json["html"]) is found


#: A provider that takes so few characters, as Facilita Móvel and King Telecom do.
SHORT = {"host": "sms.example", "url": "/send?to={d}&msg={m}", "success": "status", "longest": 144}


def test_a_text_that_is_longer_than_the_provider_takes_is_refused_before_it_is_sent(
    portal: Portal, visitor: Visitor
) -> None:
    """P19: counted as it will be sent, with its shortcodes filled in."""
    with portal.app.app_context():
        portal.use_kind("generic", SHORT, name="short")
    text = "{contact_firstname} " + "x" * 141
    told = Form(visitor, who=ANA, text=text).live()
    assert shows(told, "The text is longer than the provider takes.")
    assert shows(told, "It has 145 characters, the provider takes 144.")
    page = Form(visitor, who=ANA, text=text).send()
    assert page.status_code == 200
    assert re.search(r'<textarea class="form-control is-invalid"', page.text)
    assert text in page.text
    Form(visitor, to="919 999 999", text="x" * 145).send()
    assert _messages(portal) == []
    assert Form(visitor, who=ANA, text=text[:-1]).send().status_code == 200  # reads otherwise than it was typed
    assert Form(visitor, who=ANA, text="x" * 144).send().status_code == 303


def test_a_template_that_becomes_longer_than_the_provider_takes_is_refused(portal: Portal, visitor: Visitor) -> None:
    """P19."""
    with portal.app.app_context():
        portal.use_kind("generic", SHORT, name="short")
        with portal.fresh() as session, session.begin():
            draft = Draft(name="Long", section="clients", texts={"en": "{contact_firstname} " + "y" * 141})
            kept = create(session, draft, who="test", now=dt.datetime.now(dt.UTC), registry=portal.state.registry)
            id = kept.id
    told = Form(visitor, who=ANA, what=f"template:{id}").send().text
    assert shows(told, "It has 145 characters, the provider takes 144.")
    assert _messages(portal) == []


def test_what_one_confirms_is_named_beside_the_tick(visitor: Visitor) -> None:
    """S1, S8: on the page and on the panel, which has no number before one is written."""
    for page in (PAGE, "/admin/sms/express/"):
        assert shows(visitor.read(page), "I have read the text, and whom it goes to: it may go")
