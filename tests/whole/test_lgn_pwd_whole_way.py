"""Khal, Allcance and LocaSMS from their pages to the phone: message, balance, and LocaSMS's receipts (P9, P12)."""

from __future__ import annotations

from urllib.parse import urlsplit

import pytest

from tests.doubles.lgn_pwd import LOGIN, PASSWORD, LgnPwdServer
from tests.whole.asking import ask_for_receipts
from tests.whole.office import Office

NUMBER = "+5511987650001"
TEXT = "Sua fatura 4711 vence amanhã. Já pagou?"


def set_up(office: Office, kind: str, server: LgnPwdServer, **more: str) -> None:
    """A label at the double, as the active provider."""
    at = urlsplit(server.url)
    office.set_up(kind, user=LOGIN, password=PASSWORD, host=str(at.hostname), port=str(at.port), **more)


@pytest.mark.parametrize("kind", ["khal", "allcance", "locasms"])
def test_a_message_and_the_balance(office: Office, kind: str) -> None:
    """P17: the account is asked before and after."""
    with LgnPwdServer() as server:
        set_up(office, kind, server)
        assert "100 credits" in office.press(kind, "connect")
        office.text(office.client("João", NUMBER), NUMBER, TEXT)
        assert server.delivered == [("11987650001", "Sua fatura 4711 vence amanha. Ja pagou?")]
        assert office.states() == ["sent"]
        assert "99 credits" in office.press(kind, "connect")


def test_a_refused_login_stops_the_provider_and_not_the_message(office: Office) -> None:
    """P21."""
    with LgnPwdServer() as server:
        set_up(office, "khal", server)
        server.password = "changed"
        office.text(office.client("João", NUMBER), NUMBER, TEXT)
        assert office.states() == ["queued"]
        with office.portal.app.app_context():
            assert office.portal.provider("khal").stopped_reason == "bad_credentials"


def test_locasms_is_asked_what_became_of_each_number(office: Office) -> None:
    with LgnPwdServer() as server:
        set_up(office, "locasms", server, path="/shortcode/api.ashx", batch_size="50")
        with office.portal.app.app_context():
            office.portal.queue(number="+5511987650002", text=TEXT)
        office.text(office.client("João", NUMBER), NUMBER, TEXT)
        (campaign,) = server.campaigns.values()
        campaign.status = {"11987650001": "Sucesso", "11987650002": "Não cadastrado"}
        ask_for_receipts(office.portal)
        assert sorted(office.states()) == ["delivered", "failed"]
