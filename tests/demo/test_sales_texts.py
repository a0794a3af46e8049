"""What the sales side of the demo texts as it happens: done on the portal's own pages, read at the phones."""

from __future__ import annotations

import datetime as dt

import pytest

from host_demo.clock import today
from host_demo.models import Client, Contract, Invoice, InvoiceStatus, Item, Order, Proposal, Staff
from tests.demo.office import Office, only
from tests.demo.visitor import Visitor

DAY = dt.timedelta(days=1)
HELENA, RUI = "+351910000901", "+351910000902"
MARTA, DUARTE = "+351913000118", "+351920000014"
LINE = {"lines-0-product": "Router", "lines-0-quantity": "1", "lines-0-price": "89.00"}
ORDER = {"currency": "EUR", **LINE}


def client(office: Office, first_name: str) -> str:
    """The id of the client with this first name, as a form gives it."""
    return str(only(office, Client, first_name=first_name).id)


def say(office: Office, kind: str, id: int, text: str) -> None:
    """What a member of the staff writes below a proposal or a contract."""
    office.admin.post(f"/admin/{kind}/details/?id={id}", f"/admin/{kind}/comment/", id=str(id), text=text)


def stranger(office: Office) -> Visitor:
    """Somebody who only has a link."""
    return Visitor(client=office.app.test_client())


def hotel(office: Office) -> Proposal:
    """The proposal to a lead that has a number of its own, made by Helena and assigned to Rui."""
    found: Proposal = only(office, Proposal, addressee="Hotel da Ribeira, Gerência")
    return found


def bakery(office: Office) -> Contract:
    """The bakery's contract, made by Rui."""
    found: Contract = only(office, Contract, subject="Internet e telefone da padaria")
    return found


def test_a_payment_at_the_counter_is_confirmed_and_so_is_the_next_part(office: Office) -> None:
    """T2: two part payments text twice."""
    office.switch_on("invoice_payment_recorded")
    invoice = only(office, Invoice, client_id=int(client(office, "Duarte")), status=InvoiceStatus.OPEN)
    for amount in ("10.00", "5.50"):
        form = {"invoice": str(invoice.id), "amount": amount, "method": "cash", "paid_on": today().isoformat()}
        office.admin.send("/admin/payment/new/", **form)
    first, second = office.texts()
    assert (first[0], second[0]) == (DUARTE, DUARTE)
    assert sorted(("10,00" in first[1], "10,00" in second[1])) == [False, True]
    assert invoice.number in first[1]


def test_staff_comments_and_the_phone_on_the_proposal_hears(office: Office) -> None:
    """T5: the number written on it, though the lead has another one."""
    office.switch_on("proposal_new_comment_to_customer", "proposal_new_comment_to_staff")
    proposal = hotel(office)
    say(office, "proposal", proposal.id, "Temos data para a instalação.")
    ((to, text),) = office.texts()
    assert to == "+351910000310"
    assert proposal.number in text
    assert f"https://norte.example/p/{proposal.public_id}" in text


@pytest.mark.parametrize(
    ("subject", "number"),
    [("Оптика в будинок", "+380500000302"), ("Ligação de 1 Gbit/s no armazém", "+351910000071")],
)
def test_without_a_phone_on_it_the_lead_or_the_client_hears(office: Office, subject: str, number: str) -> None:
    """T5: in the reader's own language."""
    office.switch_on("proposal_new_comment_to_customer")
    proposal = only(office, Proposal, subject=subject)
    say(office, "proposal", proposal.id, "Ok.")
    ((to, text),) = office.texts()
    assert to == number
    assert proposal.number in text
    assert ("пропозиці" in text.lower()) == number.startswith("+380")


def test_a_lead_comments_on_its_page_and_creator_and_assignee_hear(office: Office) -> None:
    """T6"""
    office.switch_on("proposal_new_comment_to_customer", "proposal_new_comment_to_staff")
    proposal = hotel(office)
    answer = stranger(office).send(f"/p/{proposal.public_id}", text="E o jardim?")
    assert "Obrigado" in answer.text
    texts = dict(office.texts())
    assert set(texts) == {HELENA, RUI}
    assert "Hotel da Ribeira" in texts[RUI]


def test_creator_and_assignee_are_one_person_and_hear_once(office: Office) -> None:
    """T6"""
    office.switch_on("proposal_new_comment_to_staff")
    proposal = only(office, Proposal, subject="Оптика в будинок")
    stranger(office).send(f"/p/{proposal.public_id}", text="Коли?")
    assert [to for to, _ in office.texts()] == ["+351910000903"]


def test_each_comment_is_told(office: Office) -> None:
    """T6: the occurrence is the comment, not the proposal."""
    office.switch_on("proposal_new_comment_to_staff")
    proposal = only(office, Proposal, subject="Оптика в будинок")
    for text in ("Коли?", "І скільки?"):
        stranger(office).send(f"/p/{proposal.public_id}", text=text)
    assert len(office.texts()) == 2


def test_an_item_is_handed_to_the_carrier_and_its_client_hears_once(office: Office) -> None:
    """T9: by the action on the row; a second click is refused and texts nobody."""
    office.switch_on("item_status_sent")
    item = only(office, Item, serial="NF-R6-0001")
    for _ in range(2):
        office.admin.post("/admin/item/", "/admin/item/action/", action="send", rowid=str(item.id))
    ((to, text),) = office.texts()
    assert to == MARTA
    assert "Router Wi-Fi 6" in text


def test_an_item_is_sent_by_the_form(office: Office) -> None:
    """T9"""
    office.switch_on("item_status_sent")
    item = only(office, Item, name="Set-top box")
    form = {"name": item.name, "client": str(item.client_id)}
    office.admin.send(f"/admin/item/edit/?id={item.id}", status="received", **form)
    assert office.texts() == []
    office.admin.send(f"/admin/item/edit/?id={item.id}", status="sent", **form)
    ((to, text),) = office.texts()
    assert to == "+447400000012"
    assert "Set-top box" in text


def test_staff_comments_on_a_contract_and_the_clients_contact_hears(office: Office) -> None:
    """T10"""
    office.switch_on("contract_new_comment_to_customer", "contract_new_comment_to_staff")
    contract = bakery(office)
    say(office, "contract", contract.id, "A proposta segue amanhã.")
    ((to, text),) = office.texts()
    assert to == "+351910000041"
    assert f"https://norte.example/c/{contract.public_id}" in text


def test_a_client_comments_on_a_contract_and_its_creator_hears(office: Office) -> None:
    """T11"""
    office.switch_on("contract_new_comment_to_customer", "contract_new_comment_to_staff")
    contract = bakery(office)
    stranger(office).send(f"/c/{contract.public_id}", text="Podemos mudar de morada?")
    ((to, text),) = office.texts()
    assert to == RUI
    assert "Padaria Carvalho" in text


def test_an_order_with_a_number_on_it_texts_that_number(office: Office) -> None:
    """T15"""
    office.switch_on("order_created")
    office.admin.send("/admin/order/new/", client=client(office, "Duarte"), phone="910 000 455", **ORDER)
    ((to, text),) = office.texts()
    assert to == "+351910000455"
    assert "Duarte" in text
    assert only(office, Order, phone="910 000 455").number in text


def test_an_order_without_a_number_texts_the_client(office: Office) -> None:
    """T15"""
    office.switch_on("order_created")
    office.admin.send("/admin/order/new/", client=client(office, "Duarte"), **ORDER)
    assert [to for to, _ in office.texts()] == [DUARTE]


def test_somebody_who_is_no_client_orders(office: Office) -> None:
    """T15: a name and a number are enough."""
    office.switch_on("order_created")
    office.admin.send("/admin/order/new/", first_name="Ana", phone="910 000 456", **ORDER)
    ((to, text),) = office.texts()
    assert (to, "Ana" in text) == ("+351910000456", True)


@pytest.mark.parametrize("by_list", [False, True])
def test_an_order_is_approved_once(office: Office, by_list: bool) -> None:
    """T16: by its button or from the list; a double click is refused."""
    office.switch_on("order_approved", "order_cancelled")
    order = only(office, Order, client_id=int(client(office, "Marta")))
    for _ in range(2):
        if by_list:
            office.admin.post("/admin/order/", "/admin/order/action/", action="approve", rowid=str(order.id))
        else:
            office.admin.post("/admin/order/", "/admin/order/step/", id=str(order.id), step="approve")
    ((to, text),) = office.texts()
    assert to == MARTA
    assert order.number in text


def test_a_cancelled_order_tells_the_number_on_it(office: Office) -> None:
    """T17: not the client's own."""
    office.switch_on("order_approved", "order_cancelled")
    order = only(office, Order, phone="910 000 401")
    office.admin.post(f"/admin/order/details/?id={order.id}", "/admin/order/step/", id=str(order.id), step="cancel")
    ((to, text),) = office.texts()
    assert to == "+351910000401"
    assert order.number in text


def test_a_charge_is_issued_and_the_billing_number_hears(office: Office) -> None:
    """T21: the number that is flagged for money, not the main mobile."""
    office.switch_on("charge_created")
    office.admin.send(
        "/admin/invoice/new/",
        client=client(office, "Inês"),
        description="Router",
        total="45.50",
        currency="EUR",
        issued_on=today().isoformat(),
        due_on=(today() + 9 * DAY).isoformat(),
    )
    ((to, text),) = office.texts()
    assert to == "+351910000042"
    assert "45,50" in text


def test_a_paper_that_is_refused_texts_nobody(office: Office) -> None:
    """An order without a line is not saved, and so is not told of."""
    office.switch_on("order_created")
    answer = office.admin.send("/admin/order/new/", client=client(office, "Duarte"), currency="EUR")
    assert "at least one line" in answer.text
    assert office.texts() == []


def test_what_is_off_says_nothing(office: Office) -> None:
    """A portal fresh from its install texts nobody, whatever happens in it."""
    say(office, "proposal", hotel(office).id, "Ok.")
    office.admin.send("/admin/order/new/", client=client(office, "Duarte"), **ORDER)
    assert office.texts() == []


def test_a_member_who_has_left_the_number_empty_gets_nothing_and_the_other_does(office: Office) -> None:
    """T6: the one without a number is no reason to leave the other out."""
    office.switch_on("proposal_new_comment_to_staff")
    proposal = hotel(office)
    rui = only(office, Staff, name="Rui Tavares")
    kept = {"name": rui.name, "login": rui.login, "role": "operator", "active": "y"}
    office.admin.send(f"/admin/staff/edit/?id={rui.id}", phone="", **kept)
    stranger(office).send(f"/p/{proposal.public_id}", text="E o jardim?")
    assert [to for to, _ in office.texts()] == [HELENA]
