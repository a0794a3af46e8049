from __future__ import annotations

import re
from html import unescape

from flask import Flask
from sqlalchemy import select

from host_demo.database import db
from host_demo.models import Client, PhoneNumber
from tests.demo.visitor import Visitor


def test_the_form_keeps_a_client_with_numbers_and_contacts(portal: Flask, operator: Visitor) -> None:
    fields = {
        "first_name": "Nuno",
        "last_name": "Sá",
        "language": "pt",
        "region": "PT",
        "timezone": "Europe/Lisbon",
        "accepts_billing": "yes",
        "accepts_service": "",
        "accepts_marketing": "no",
        "numbers-0-number": "910 000 099",
        "numbers-0-main": "y",
        "contacts-0-name": "Rita Sá",
        "contacts-0-is_primary": "y",
    }
    operator.send("/admin/client/new/", **fields)
    with portal.app_context():
        client = db.session.scalars(select(Client).where(Client.last_name == "Sá")).one()
        assert (client.full_name, client.mobile) == ("Nuno Sá", "910 000 099")
        assert client.primary_contact is not None
        assert [client.agrees(purpose) for purpose in ("billing", "service", "marketing", "staff")] == [
            True,
            None,
            False,
            None,
        ]


def test_a_question_never_put_stays_so_when_the_client_is_saved(portal: Flask, admin: Visitor) -> None:
    page = admin.read("/admin/client/edit/?id=4")
    assert page.count('<option selected value="">Not asked</option>') == 1
    assert page.count('<option selected value="yes">Yes</option>') == 2


def test_the_main_number_comes_first() -> None:
    client = Client(numbers=[PhoneNumber(number="1", billing=True), PhoneNumber(number="2", main=True, billing=False)])
    assert client.phones == ["2", "1"]
    assert client.mobile == "2"
    assert client.billing_numbers == ["1"]


def test_a_record_that_is_not_there_is_told_so(admin: Visitor) -> None:
    for wrong in ("99999", "abc"):
        answer = admin.client.get(f"/admin/client/details/?id={wrong}", follow_redirects=True)
        assert "Record does not exist" in answer.text


def test_each_figure_leads_to_a_list_of_as_many(admin: Visitor) -> None:
    figures = re.findall(r'class="figure [^"]*" href="([^"]+)".*?<b>(\d+)</b>', admin.read("/admin/"), re.DOTALL)
    assert len(figures) == 4
    for href, count in figures:
        assert f"{count} in all" in admin.read(unescape(href)), href
