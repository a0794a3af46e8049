# mypy: allow-untyped-calls

from __future__ import annotations

import re

import pytest
from flask import Flask
from flask_login import login_user
from sqlalchemy import select

from host_demo.access import may
from host_demo.database import db
from host_demo.models import Role, Staff
from host_demo.seed.people import ADMIN_LOGIN, ADMIN_PASSWORD, OPERATOR_PASSWORD
from tests.demo.visitor import Visitor

PAGES = [
    "/admin/",
    "/admin/client/",
    "/admin/client/?search=Sousa",
    "/admin/client/?flt0_language_equals=uk",
    "/admin/client/new/",
    "/admin/client/edit/?id=4",
    "/admin/client/details/?id=4",
    "/admin/invoice/",
    "/admin/invoice/?search=Carvalho",
    "/admin/invoice/?flt0_status_equals=overdue",
    "/admin/invoice/?flt0_city_contains=Porto",
    "/admin/invoice/new/?client=4",
    "/admin/invoice/edit/?id=3",
    "/admin/invoice/details/?id=3",
    "/admin/payment/",
    "/admin/payment/new/",
    "/admin/payment/details/?id=1",
    *(
        f"/admin/{kind}/{page}"
        for kind in (
            *("lead", "estimate", "proposal", "contract", "order", "item", "papers", "supplier"),
            *("service", "booking", "repair", "plan", "accesspoint", "server", "city", "task", "meeting", "reminder"),
        )
        for page in ("", "new/", "edit/?id=1", "details/?id=1")
    ),
    "/admin/lead/?flt0_status_equals=new",
    "/admin/proposal/?search=Hotel",
    "/admin/contract/?flt0_status_equals=signed",
    "/admin/order/?search=Ribeiro",
    "/admin/service/?flt0_status_equals=blocked&flt1_city_contains=Porto",
    "/admin/service/?search=Sousa",
    "/admin/booking/?search=Rita",
    "/admin/repair/?search=Carvalho",
    "/admin/task/?flt0_assignee_contains=Rui",
    "/admin/meeting/?search=linha",
    "/admin/reminder/?flt0_done_equals=0",
    "/admin/reminder/new/?about=client&id=4",
]
STAFF_PAGES = ["/admin/staff/", "/admin/staff/new/", "/admin/staff/edit/?id=2", "/admin/staff/details/?id=2"]
AJAX = [
    "/admin/invoice/ajax/lookup/?name=client&query=Carv",
    "/admin/payment/ajax/lookup/?name=invoice&query=Carv",
    "/admin/proposal/ajax/lookup/?name=lead&query=Pau",
    "/admin/meeting/ajax/lookup/?name=contacts&query=In",
]
FORMS = [
    "/login",
    "/logout",
    "/admin/payment/new/",
    "/admin/client/edit/?id=4",
    "/admin/invoice/action/",
    "/admin/order/step/",
    "/admin/proposal/comment/",
    "/admin/service/deadlines/",
    "/admin/booking/confirm/",
]


def test_every_page_is_closed_without_a_login(stranger: Visitor) -> None:
    for path in PAGES + STAFF_PAGES + AJAX:
        response = stranger.client.get(path)
        assert response.status_code == 302, path
        assert response.location.startswith("/login?next=/admin/"), path


def test_every_page_answers_an_administrator(admin: Visitor) -> None:
    for path in PAGES + STAFF_PAGES + AJAX:
        admin.read(path)


def test_every_page_but_the_staff_answers_an_operator(operator: Visitor) -> None:
    for path in PAGES + AJAX:
        operator.read(path)


@pytest.mark.parametrize("path", STAFF_PAGES)
def test_an_operator_is_refused_at_the_staff(operator: Visitor, path: str) -> None:
    assert operator.client.get(path).status_code == 403


def test_an_operator_does_not_see_the_staff_in_the_menu(operator: Visitor, admin: Visitor) -> None:
    assert "/admin/staff/" not in operator.read("/admin/")
    assert "/admin/staff/" in admin.read("/admin/")


def test_a_wrong_password_lets_nobody_in(stranger: Visitor) -> None:
    answer = stranger.sign_in(ADMIN_LOGIN, "not-it")
    assert "do not belong together" in answer.text
    assert stranger.client.get("/admin/").status_code == 302


def test_a_member_who_has_left_cannot_sign_in(portal: Flask, stranger: Visitor) -> None:
    stranger.sign_in("artur@nortefibra.example", "has-left-us")
    assert stranger.client.get("/admin/").status_code == 302


def test_signing_in_leads_to_the_page_that_was_asked_for(stranger: Visitor) -> None:
    answer = stranger.sign_in(ADMIN_LOGIN, ADMIN_PASSWORD, then="/admin/invoice/")
    assert answer.request.path == "/admin/invoice/"


@pytest.mark.parametrize("elsewhere", ["https://evil.example/", "//evil.example/", "/\\evil.example/"])
def test_signing_in_never_leads_to_another_site(stranger: Visitor, elsewhere: str) -> None:
    answer = stranger.sign_in(ADMIN_LOGIN, ADMIN_PASSWORD, then=elsewhere)
    assert answer.request.path == "/admin/"


def test_signing_out_closes_the_pages(admin: Visitor) -> None:
    token = re.search(r'name="csrf_token" value="([^"]+)"', admin.read("/admin/"))
    assert token
    admin.client.post("/logout", data={"csrf_token": token[1]})
    assert admin.client.get("/admin/").status_code == 302


@pytest.mark.parametrize("path", FORMS)
def test_a_form_without_its_token_is_refused(admin: Visitor, path: str) -> None:
    assert admin.client.post(path, data={"amount": "1", "action": "cancel"}).status_code == 400


def test_a_new_member_can_sign_in(admin: Visitor, stranger: Visitor) -> None:
    admin.send(
        "/admin/staff/new/",
        name="Nova",
        login="Nova@x.example",
        role="operator",
        active="y",
        password="long-enough",
    )
    assert stranger.sign_in("nova@x.example", "long-enough").request.path == "/admin/"


def test_a_password_left_empty_stays(admin: Visitor, portal: Flask) -> None:
    admin.send("/admin/staff/edit/?id=2", name="Rui T.", login="rui@x.example", role="operator", active="y")
    with portal.app_context():
        rui = db.session.get_one(Staff, 2)
        assert rui.name == "Rui T."
        assert rui.has_password(OPERATOR_PASSWORD)


def test_a_hash_is_never_on_a_page(admin: Visitor) -> None:
    for path in STAFF_PAGES:
        assert "scrypt" not in admin.read(path)


@pytest.mark.parametrize(
    ("role", "rights"),
    [(Role.ADMIN, {"configure", "send", "read", "export"}), (Role.OPERATOR, {"send", "read"})],
)
def test_rights_follow_the_role(portal: Flask, role: Role, rights: set[str]) -> None:
    with portal.test_request_context():
        login_user(db.session.scalars(select(Staff).where(Staff.role == role)).first())
        assert {right for right in ("configure", "send", "read", "export") if may(right)} == rights


def test_nobody_may_do_anything_without_a_login(portal: Flask) -> None:
    with portal.test_request_context():
        assert not may("read")


def test_pages_name_no_other_machine(admin: Visitor) -> None:
    for path in ["/login", *PAGES]:
        assert not re.findall(r'(?:src|href|action)="(?:https?:)?//', admin.read(path)), path


def test_an_error_is_told_without_sql(admin: Visitor) -> None:
    answer = admin.send(
        "/admin/staff/new/", name="Two", login=ADMIN_LOGIN.upper(), role="operator", password="long-enough"
    )
    assert "Another record has this already" in answer.text
    assert "INSERT" not in answer.text
