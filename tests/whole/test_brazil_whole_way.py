"""Facilita Móvel, King Telecom and HotMobile from their pages to the phone (P12, P17, P21)."""

from __future__ import annotations

from urllib.parse import urlsplit

import pytest

from tests.doubles.brazil import (
    PASSWORD,
    TOKEN,
    USER,
    BrazilianServer,
    FacilitaMovelServer,
    HotMobileServer,
    KingServer,
)
from tests.whole.asking import ask_for_receipts
from tests.whole.office import Office

NUMBER = "+5511987650001"
TEXT = "Sua fatura 4711 vence amanhã. Já pagou?"
PLAIN = "Sua fatura 4711 vence amanha. Ja pagou?"
VENDORS: dict[str, tuple[type[BrazilianServer], dict[str, str]]] = {
    "facilita_movel": (FacilitaMovelServer, {"user": USER, "password": PASSWORD}),
    "king_telecom": (KingServer, {"user": USER, "token": TOKEN}),
    "hotmobile": (HotMobileServer, {"user": USER, "password": PASSWORD}),
}


def set_up(office: Office, kind: str, server: BrazilianServer, **more: str) -> None:
    """The preset at its double, as the active provider; SSL switched off as a browser does it."""
    at = urlsplit(server.url)
    given = {**VENDORS[kind][1], "host": str(at.hostname), "port": str(at.port), "ssl": ""}
    office.set_up(kind, **given, **more)


@pytest.mark.parametrize(("kind", "number"), [("facilita_movel", "11"), ("king_telecom", "11"), ("hotmobile", "5511")])
def test_a_message_and_the_balance(office: Office, kind: str, number: str) -> None:
    """P17; HotMobile's page says that its balance is known to nobody."""
    with VENDORS[kind][0]() as server:
        set_up(office, kind, server)
        told = office.press(kind, "connect")
        assert ("The address answers" if kind == "hotmobile" else "100 credits") in told
        office.text(office.client("João", NUMBER), NUMBER, TEXT)
        (taken,) = server.taken.values()
        assert (taken.number, taken.text) == (f"{number}987650001", PLAIN)
        assert office.states() == ["sent"]
        if kind != "hotmobile":
            assert "99 credits" in office.press(kind, "connect")
    assert server.complaints == []


@pytest.mark.parametrize(
    ("kind", "words", "fates"),
    [
        ("facilita_movel", "4 = delivered\n7 = undelivered unreachable", ("4", "7")),
        ("king_telecom", "/^entregue/ = delivered\n/falha/ = undelivered", ("Entregue ao aparelho", "Falha")),
    ],
)
def test_what_became_of_messages_is_asked_for(office: Office, kind: str, words: str, fates: tuple[str, str]) -> None:
    """By the meaning that the admin gave to the provider's own words."""
    with VENDORS[kind][0]() as server:
        set_up(office, kind, server, status_words=words)
        office.text(office.client("João", NUMBER), NUMBER, TEXT, "E esta?")
        for taken, fate in zip(server.taken.values(), fates, strict=True):
            taken.fate = fate
        ask_for_receipts(office.portal)
        assert sorted(office.states()) == ["delivered", "undelivered"]
    assert server.complaints == []


@pytest.mark.parametrize("kind", list(VENDORS))
def test_an_account_without_credit_stops_the_provider_and_not_the_message(office: Office, kind: str) -> None:
    """P21."""
    with VENDORS[kind][0](credits=0) as server:
        set_up(office, kind, server)
        office.text(office.client("João", NUMBER), NUMBER, TEXT)
        assert office.states() == ["queued"]
        with office.portal.app.app_context():
            assert office.portal.provider(kind).stopped_reason == "no_credit"
        server.credits = 5
        office.press(kind, "resume")
        office.text(office.client("Rui", "+5511987650002"), "+5511987650002", TEXT)
        assert office.states() == ["sent", "sent"]


def test_flash_goes_where_the_admin_wants_it(office: Office) -> None:
    with HotMobileServer() as server:
        set_up(office, "hotmobile", server, flash="y")
        office.text(office.client("João", NUMBER), NUMBER, TEXT)
    assert [taken.flash for taken in server.taken.values()] == [True]
