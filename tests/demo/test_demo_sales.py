"""The pages of the demo's sales: what they keep, what they refuse, and what a reader with a link may do."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import func, select

from host_demo.clock import today
from host_demo.database import db
from host_demo.models import (
    LONGEST_COMMENT,
    Client,
    Contract,
    Estimate,
    Item,
    Lead,
    Order,
    Papers,
    Proposal,
    ProposalComment,
    Supplier,
)
from host_demo.sales import MOST_A_DAY
from tests.demo.visitor import Visitor

TODAY = today().isoformat()
OFFER = {
    "subject": "Fibra",
    "total": "75",
    "currency": "EUR",
    "issued_on": TODAY,
    "expires_on": TODAY,
    "status": "sent",
}
CONTRACT = {
    "client": "4",
    "subject": "Fibra",
    "starts_on": TODAY,
    "ends_on": TODAY,
    "currency": "EUR",
    "discount": "5",
    "status": "signed",
    "lines-0-description": "Fibra",
    "lines-0-quantity": "2",
    "lines-0-price": "10",
}
ORDER = {
    "client": "4",
    "currency": "EUR",
    "ordered_on": TODAY,
    "lines-0-product": "Router",
    "lines-0-quantity": "2",
    "lines-0-price": "10",
}
LEAD = {"name": "Nuno", "language": "pt", "region": "PT", "timezone": "Europe/Lisbon", "status": "new"}


def _last(portal: Flask, kind: type[Any]) -> Any:
    with portal.app_context():
        return db.session.scalars(select(kind).order_by(kind.id.desc())).first()


def _count(portal: Flask, kind: type[Any]) -> int:
    with portal.app_context():
        return db.session.scalar(select(func.count()).select_from(kind)) or 0


def _public(portal: Flask, kind: type[Any], id: int = 1) -> str:
    with portal.app_context():
        public_id: str = db.session.get_one(kind, id).public_id
        return public_id


@pytest.mark.parametrize(
    ("kind", "path", "fields"),
    [
        (Lead, "lead", LEAD),
        (Supplier, "supplier", {"name": "Novo", "language": "pt", "region": "PT"}),
        (Estimate, "estimate", {"client": "4", **OFFER}),
        (Proposal, "proposal", {"lead": "1", **OFFER}),
        (Contract, "contract", CONTRACT),
        (Order, "order", ORDER),
        (Item, "item", {"name": "Router", "client": "4", "status": "packed"}),
        (Papers, "papers", {"name": "Sousa, Lda.", "client": "1"}),
    ],
)
def test_a_record_is_made_shown_and_changed(
    portal: Flask, operator: Visitor, kind: type[Any], path: str, fields: dict[str, str]
) -> None:
    operator.send(f"/admin/{path}/new/", **fields)
    made = _last(portal, kind)
    name = getattr(made, "number", None) or made.name
    assert name in operator.read(f"/admin/{path}/details/?id={made.id}")
    assert name in operator.read(f"/admin/{path}/?search={name}")
    changed = "subject" if "subject" in fields else "email" if path in ("lead", "supplier", "order") else "name"
    answer = operator.send(f"/admin/{path}/edit/?id={made.id}", **_lines(made, fields) | {changed: "outro@x.example"})
    assert answer.status_code == 200
    assert getattr(_last(portal, kind), changed) == "outro@x.example"


def _lines(made: Any, fields: dict[str, str]) -> dict[str, str]:
    """The form again, its line being the one that was kept."""
    return fields | ({"lines-0-id": "1"} if "lines-0-price" in fields else {})


@pytest.mark.parametrize(
    ("kind", "path", "fields", "words"),
    [
        (Estimate, "estimate", {"client": "4", **OFFER, "total": "0"}, "must be from 0.01"),
        (Estimate, "estimate", {"client": "4", **OFFER, "total": "99999999999"}, "must be from 0.01"),
        (Estimate, "estimate", {"client": "4", **OFFER, "expires_on": "2020-01-01"}, "cannot end before"),
        (Estimate, "estimate", OFFER, "This field is required"),
        (Proposal, "proposal", OFFER, "choose one of them"),
        (Proposal, "proposal", {"client": "4", "lead": "1", **OFFER}, "choose one of them"),
        (Proposal, "proposal", {"lead": "1", **OFFER, "status": "mine"}, "Not a valid choice"),
        (Contract, "contract", {**CONTRACT, "discount": "21"}, "what the lines come to"),
        (Contract, "contract", {**CONTRACT, "discount": "-1"}, "what the lines come to"),
        (Contract, "contract", {**CONTRACT, "ends_on": "2020-01-01"}, "cannot end before"),
        (Contract, "contract", {**CONTRACT, "lines-0-quantity": "0"}, "quantity must be"),
        (Order, "order", {**ORDER, "lines-0-price": "-1"}, "the price must be"),
        (Order, "order", {**ORDER, "client": ""}, "a client, or a name and a phone"),
        (Order, "order", {**ORDER, "phone": "9" * 41}, "cannot be longer than 40"),
        (Supplier, "supplier", {"name": "Routerhaus", "language": "pt", "region": "PT"}, "already"),
        (Item, "item", {"name": "R", "client": "4", "status": "packed", "serial": "NF-R6-0001"}, "already"),
        (Papers, "papers", {"name": "Again", "client": "4"}, "already"),
        (Lead, "lead", {**LEAD, "name": ""}, "This field is required"),
    ],
)
def test_what_makes_no_sense_is_refused_with_the_reason(
    portal: Flask, operator: Visitor, kind: type[Any], path: str, fields: dict[str, str], words: str
) -> None:
    before = _count(portal, kind)
    answer = operator.send(f"/admin/{path}/new/", **fields)
    assert words.lower() in answer.text.lower()
    assert _count(portal, kind) == before


def test_papers_are_numbered_on_within_their_year(portal: Flask, operator: Visitor) -> None:
    numbers = []
    for _ in range(2):
        operator.send("/admin/proposal/new/", lead="1", **OFFER)
        numbers.append(int(_last(portal, Proposal).number.partition("-")[2]))
    assert numbers[1] == numbers[0] + 1
    assert _last(portal, Proposal).number.startswith(f"PR{today().year}-")


def test_whoever_makes_a_proposal_is_its_creator(portal: Flask, operator: Visitor) -> None:
    operator.send("/admin/proposal/new/", lead="1", **OFFER)
    with portal.app_context():
        proposal = db.session.scalars(select(Proposal).order_by(Proposal.id.desc())).first()
        assert proposal is not None
        assert str(proposal.creator) == "Rui Tavares"


def test_a_contract_comes_to_its_lines_less_the_discount(portal: Flask, operator: Visitor) -> None:
    operator.send("/admin/contract/new/", **CONTRACT)
    with portal.app_context():
        contract = db.session.scalars(select(Contract).order_by(Contract.id.desc())).first()
        assert contract is not None
        assert (contract.subtotal, contract.value) == (Decimal(20), Decimal(15))
        assert contract.items == "2 x Fibra"


def test_a_reader_needs_the_link(portal: Flask, stranger: Visitor) -> None:
    for letter, kind in (("e", Estimate), ("p", Proposal), ("c", Contract)):
        assert len(_public(portal, kind)) == 16
        stranger.read(f"/{letter}/{_public(portal, kind)}")
        assert stranger.client.get(f"/{letter}/1").status_code == 404
        assert stranger.client.get(f"/{letter}/").status_code == 404


def test_a_reader_sees_the_page_in_the_own_language(portal: Flask, stranger: Visitor) -> None:
    assert "Пропозиція" in stranger.read(f"/p/{_public(portal, Proposal, 2)}")
    assert "Contrato" in stranger.read(f"/c/{_public(portal, Contract)}")


@pytest.mark.parametrize(("text", "words"), [("  \n ", "Escreva primeiro"), ("x" * 501, "demasiado longo")])
def test_a_comment_that_says_nothing_or_too_much_is_refused(
    portal: Flask, stranger: Visitor, text: str, words: str
) -> None:
    before = _count(portal, ProposalComment)
    answer = stranger.send(f"/p/{_public(portal, Proposal)}", text=text)
    assert answer.status_code == 422
    assert words in answer.text
    assert _count(portal, ProposalComment) == before


def test_a_comment_of_the_longest_is_kept(portal: Flask, stranger: Visitor) -> None:
    stranger.send(f"/p/{_public(portal, Proposal)}", text="ж" * LONGEST_COMMENT)
    assert len(_last(portal, ProposalComment).text) == LONGEST_COMMENT


def test_a_comment_without_its_token_is_refused(portal: Flask, stranger: Visitor) -> None:
    before = _count(portal, ProposalComment)
    assert stranger.client.post(f"/p/{_public(portal, Proposal)}", data={"text": "x"}).status_code == 400
    assert _count(portal, ProposalComment) == before


def test_a_link_that_got_about_brings_no_more_than_a_few_comments_a_day(portal: Flask, stranger: Visitor) -> None:
    """X24: each of them leads to an SMS."""
    path = f"/p/{_public(portal, Proposal, 3)}"
    for number in range(MOST_A_DAY):
        assert stranger.send(path, text=f"{number}").status_code == 200
    answer = stranger.send(path, text="one more")
    assert answer.status_code == 422
    assert "Por hoje chega" in answer.text


def test_what_a_reader_writes_stays_text(portal: Flask, stranger: Visitor, admin: Visitor) -> None:
    path = f"/p/{_public(portal, Proposal)}"
    stranger.send(path, text="<script>alert(1)</script>")
    for page in (stranger.read(path), admin.read("/admin/proposal/details/?id=1")):
        assert "&lt;script&gt;alert(1)" in page
        assert "<script>alert(1)" not in page


def test_the_staff_is_told_why_a_comment_was_refused(portal: Flask, operator: Visitor) -> None:
    page = "/admin/proposal/details/?id=1"
    answer = operator.post(page, "/admin/proposal/comment/", id="1", text="x" * 501)
    assert "at most 500 characters" in answer.text
    assert operator.post(page, "/admin/proposal/comment/", id="999", text="x").status_code == 404


def test_a_stranger_cannot_speak_for_the_staff(portal: Flask, stranger: Visitor) -> None:
    before = _count(portal, ProposalComment)
    page = f"/p/{_public(portal, Proposal)}"
    answer = stranger.post(page, "/admin/proposal/comment/", id="1", text="x")
    assert answer.request.path == "/login"
    answer = stranger.post(page, "/admin/order/step/", id="1", step="cancel")
    assert answer.request.path == "/login"
    assert _count(portal, ProposalComment) == before


def test_an_order_that_is_over_cannot_be_approved(portal: Flask, operator: Visitor) -> None:
    for step, words in (("cancel", "1 cancelled"), ("approve", "only a new one"), ("cancel", "cancelled already")):
        assert words in operator.post("/admin/order/", "/admin/order/step/", id="1", step=step).text
    assert _last(portal, Order) is not None


def test_a_client_is_chosen_already_where_the_form_is_asked_for_one(portal: Flask, operator: Visitor) -> None:
    with portal.app_context():
        name = db.session.get_one(Client, 4).display_name
    for kind in ("estimate", "proposal", "contract", "order", "papers"):
        assert name in operator.read(f"/admin/{kind}/new/?client=4")
