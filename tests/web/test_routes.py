"""Every route of the plugin, tried by everybody: none fails, none opens that is closed, none changes things unasked."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import pytest
import sqlalchemy as sa

from sms_plugin.models import Change, Group, Message, Provider, Template
from sms_plugin.testing.phone_server import PhoneServer
from sms_plugin.web.paging import Cursor, write_cursor
from tests.portal import Client
from tests.web import routes, staged
from tests.web.conftest import Mounted
from tests.web.routes import RIGHTS, ROUTES
from tests.web.staged import Stage

pytestmark = pytest.mark.one_database("sqlite", "who may go where is the same on each; the pages' tests run on all")

EVERYBODY = [
    set[str](),
    *({right} for right in sorted(RIGHTS)),
    {"read", "send"},
    {"read", "export"},
    set(RIGHTS),
]
REFUSED = 403
#: What nothing is called, on any database.
BAD = ("", "abc", "0", "-1", "9" * 40, "<script>bad", "\0", "[1", "0b7c6f3e-0000-4000-8000-000000000000")


@pytest.fixture
def stage(mounted: Mounted, phone: PhoneServer) -> Stage:
    return staged.stage(mounted, phone)


@pytest.fixture
def addresses(stage: Stage) -> dict[str, str]:
    patterns = routes.patterns(stage.portal.app)
    return {name: routes.address(patterns[name], route) for name, route in ROUTES.items()}


@pytest.fixture
def unchanged(stage: Stage) -> Iterator[Mapping[str, Any]]:
    """What the tables hold, which is what they hold after the test."""
    before = stage.contents()
    yield before
    assert stage.contents() == before


def test_every_route_of_the_plugin_is_in_the_list(stage: Stage) -> None:
    """A new route comes with who may go there, or the rest of this file knows nothing of it."""
    assert set(routes.patterns(stage.portal.app)) == set(ROUTES)


@pytest.mark.parametrize("rights", EVERYBODY, ids=lambda rights: "+".join(sorted(rights)) or "nobody")
def test_a_route_opens_to_those_who_may_and_to_nobody_else(
    stage: Stage, addresses: Mapping[str, str], rights: set[str]
) -> None:
    """X12: a real thing is asked for, and every form has its token."""
    before = stage.contents()
    for name, route in ROUTES.items():
        stage.may(rights)
        method = name.partition(" ")[0]
        query, form = route.query(stage), route.form(stage)
        answer = stage.send(addresses[name], method=method, query=query, form=form, token=True)
        assert answer.status_code < 500, name
        assert (answer.status_code != REFUSED) == route.open_to(rights), f"{name} answers {answer.status}"
        if not route.open_to(rights):
            assert stage.contents() == before, f"{name} changed something for somebody who may not go there"
        elif route.writes:
            assert stage.contents() != before, f"{name} did nothing: a test without the token would prove nothing"
            stage.put_back(before)


def test_a_form_without_its_token_changes_nothing(
    stage: Stage, addresses: Mapping[str, str], unchanged: Mapping[str, Any]
) -> None:
    """The same forms that change something where they have it, as the test above sees to."""
    stage.may(RIGHTS)
    for name, route in ROUTES.items():
        if name.startswith("POST"):
            form = route.form(stage)
            for extra in ({}, {"csrf_token": "forged"}):
                answer = stage.send(
                    addresses[name], method="POST", query=route.query(stage), form={**form, **extra}, token=False
                )
                assert answer.status_code < 500, name
            assert stage.contents() == unchanged, name
    assert stage.phone.ledger() == []


def test_looking_changes_nothing(stage: Stage, addresses: Mapping[str, str], unchanged: Mapping[str, Any]) -> None:
    """Nor does a form's content in an address."""
    stage.may(RIGHTS)
    for name, route in ROUTES.items():
        if name.startswith("GET"):
            for query in (route.query(stage), {}, {**route.query(stage), "confirmed": "1", "on": "1", "step": "send"}):
                answer = stage.send(addresses[name], method="GET", query=query, form={}, token=False)
                assert answer.status_code < 500, name
            assert stage.contents() == unchanged, name


def test_the_other_method_is_no_way_in(
    stage: Stage, addresses: Mapping[str, str], unchanged: Mapping[str, Any]
) -> None:
    stage.may(RIGHTS)
    for name in ROUTES:
        method, _, endpoint = name.partition(" ")
        other = {"GET": "POST", "POST": "GET"}[method]
        if f"{other} {endpoint}" not in ROUTES:
            answer = stage.send(addresses[name], method=other, query={}, form={}, token=True)
            assert answer.status_code == 405, f"{other} {endpoint}"


def test_what_names_nothing_is_told_and_changes_nothing(
    stage: Stage, addresses: Mapping[str, str], unchanged: Mapping[str, Any]
) -> None:
    """``?id=abc`` and its like, in every field that names something, by every method."""
    stage.may(RIGHTS)
    named = ("id", "key", "name", "record", "rowid", "list_form_pk", "kind", "trigger", "number", "choice")
    for name, route in ROUTES.items():
        method = name.partition(" ")[0]
        query, form = route.query(stage), route.form(stage)
        asked = [each for each in named if each in query or each in form]
        if not asked or name in {f"POST sms_{page}.create_view" for page in ("provider", "template", "group", "bulk")}:
            continue
        for bad in BAD:
            answer = stage.send(
                addresses[name],
                method=method,
                query={**query, **{each: bad for each in asked if each in query}},
                form={**form, **{each: bad for each in asked if each in form}},
                token=True,
            )
            assert answer.status_code < 500, f"{name} with {bad!r}: {answer.status}"
            assert "<script>bad" not in answer.text, name
        assert stage.contents() == unchanged, name


def test_a_cursor_that_was_tampered_with_leads_to_a_page(
    stage: Stage, addresses: Mapping[str, str], unchanged: Mapping[str, Any]
) -> None:
    """Cut short, of another list, signed with nothing, or no cursor at all."""
    stage.may(RIGHTS)
    with stage.portal.app.app_context():
        good = write_cursor(Cursor(values=(str(stage.message),)), of="another list")
    for name, route in ROUTES.items():
        if name.startswith("GET"):
            for at in (good, good[:-2], "\0", "a" * 3000):
                query = {**route.query(stage), "at": at, "page": "-1", "sort": "x", "page_size": "1000000"}
                answer = stage.send(addresses[name], method="GET", query=query, form={}, token=False)
                assert answer.status_code < 500, f"{name} at {at[:20]!r}"


def test_a_record_that_the_hosts_view_hides_is_not_reached(stage: Stage, unchanged: Mapping[str, Any]) -> None:
    stage.may(RIGHTS)
    for path in ("sms/", "sms/export/", "sms/send/"):
        answer = stage.send(f"/admin/client/{path}", method="GET", query={"record": "2"}, form={}, token=False)
        assert answer.status_code == 404, path
    form = {"record": "2", "what": "words", "text": "Hello", "step": "look"}
    assert stage.send("/admin/client/sms/send/", method="POST", query={}, form=form, token=True).status_code == 404
    answer = stage.send("/admin/client/sms/send-selected/", method="POST", query={}, form=form, token=True)
    assert "912" not in answer.text


def test_no_secret_stands_on_any_page(stage: Stage, addresses: Mapping[str, str]) -> None:
    """Promise 9: whoever may do everything sees none either."""
    stage.may(RIGHTS)
    for name, route in ROUTES.items():
        if name.startswith("GET"):
            answer = stage.send(addresses[name], method="GET", query=route.query(stage), form={}, token=False)
            assert stage.phone.token not in answer.text, name
            assert stage.phone.receipt_secret not in answer.text, name


def test_names_that_try_to_be_markup_or_formulas_are_neither(stage: Stage, addresses: Mapping[str, str]) -> None:
    """A client, a template, a provider, an operator, a subject and a text, wherever they are shown or written."""
    markup, formula = "<script>run(1)</script>", '=HYPERLINK("http://evil.example")'
    with stage.portal.app.app_context(), stage.portal.fresh() as session, session.begin():
        session.execute(sa.update(Client).where(Client.id == 1).values(name=formula))
        session.execute(sa.update(Template).values(name=Template.name + markup, description=formula))
        session.execute(sa.update(Provider).where(Provider.name == "phone").values(stopped_detail=markup))
        session.execute(sa.update(Provider).where(Provider.name == "unused").values(name=markup))
        session.execute(sa.update(Change).values(who=markup))
        session.execute(sa.update(Group).values(name=Group.name + markup, description=markup))
        told = {"text": formula, "subject": markup, "operator": markup, "detail": markup}
        session.execute(sa.update(Message).values(client_entity="clients/Client", client="1", **told))
    stage.may(RIGHTS)
    for name, route in ROUTES.items():
        if name.startswith("GET"):
            answer = stage.send(addresses[name], method="GET", query=route.query(stage), form={}, token=False)
            assert answer.status_code < 500, name
            if answer.mimetype == "text/csv":
                assert "\n=" not in answer.text, name
                assert ",=" not in answer.text, name
            else:
                assert "<script>run" not in answer.text, name


def test_a_client_without_a_number_is_told_of_and_not_texted(stage: Stage) -> None:
    with stage.portal.app.app_context():
        stage.portal.session.add(Client(id=3, name="Nobody", phone=None))
        stage.portal.session.commit()
    stage.may(RIGHTS)
    before, path = stage.contents(), "/admin/client/sms/send/"
    assert "no number" in stage.send(path, method="GET", query={"record": "3"}, form={}, token=False).text
    for step in ("look", "send"):
        form = {"record": "3", "what": "words", "text": "Hello", "step": step}
        assert stage.send(path, method="POST", query={}, form=form, token=True).status_code == 200
    assert stage.contents() == before


def test_a_receipt_for_an_unknown_address_or_a_forged_one_moves_no_message(stage: Stage) -> None:
    """X3: the one route that needs no right."""
    before = stage.contents()["sms_message"]
    token = stage.provider("phone").token
    for path in (token, "nobody", f"{token}/{stage.message}", f"{token}/{stage.waiting}"):
        for method in ("GET", "POST"):
            answer = stage.send(f"/sms/receipts/{path}", method=method, query={}, form={"state": "sent"}, token=False)
            assert 400 <= answer.status_code < 500, path
    assert stage.contents()["sms_message"] == before
