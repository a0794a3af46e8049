"""Voipr from its page to the wire, as its manual would have it: nobody outside knows its interface (P7)."""

from __future__ import annotations

from urllib.parse import urlsplit

from sms_plugin.testing.gateway_contract import ScriptedServer
from sms_plugin.testing.loopback import Reply
from tests.whole.office import Office

CAMPAIGN, CLIENT = "c" * 32, "k" * 32


def test_a_message_is_added_to_the_campaign(office: Office) -> None:
    with ScriptedServer() as server:
        server.will(Reply(body=b"OK"))
        at = urlsplit(server.url)
        office.set_up(
            "voipr",
            host=str(at.hostname),
            port=str(at.port),
            private_address="y",
            campaign_key=CAMPAIGN,
            client_key=CLIENT,
            url="http://{host}:{port}/add?campaign={campaign_key}&client={client_key}&to={to}&text={text}",
            accents="y",
        )
        office.text(office.client("João", "+5511987650001"), "+5511987650001", "Olá")
        (request,) = server.requests
    assert request.query == {"campaign": CAMPAIGN, "client": CLIENT, "to": "5511987650001", "text": "Olá"}
    assert office.states() == ["sent"]
