"""Voipr: the generic gateway in the words of its integrations. There is no double: nobody outside knows its answers."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any
from urllib.parse import urlsplit

import pytest

from sms_plugin.gateways.contract import Outcome, Verdict
from sms_plugin.gateways.http import Http
from sms_plugin.gateways.settings import BadSettings, build
from sms_plugin.gateways.voipr import Voipr, VoiprSettings
from sms_plugin.testing.gateway_contract import GatewayContract, ScriptedServer, outgoing
from sms_plugin.testing.loopback import Reply, json_reply

CAMPAIGN, CLIENT = "c" * 32, "k" * 32
URL = "/api/add?campaign={campaign_key}&client={client_key}&to={to}&text={text}&ref={id}"


class TestVoipr(GatewayContract):
    gateway = Voipr
    accepted = json_reply({"ok": 1})
    refused_account = json_reply({"ok": 0, "error": "key"}, status=401)

    def raw_settings(self, url: str) -> Mapping[str, object]:
        keys = {"campaign_key": CAMPAIGN, "client_key": CLIENT}
        rules = {"success": "json", "success_at": "ok", "success_values": "1"}
        return {**at(url), **keys, "url": URL, **rules, "errors": "http 401 = account bad_credentials"}

    def test_an_accepted_message_is_accepted(self, subject: Any, server: ScriptedServer) -> None:
        """It has no id of the provider's: none is known."""
        verdict = self._answered(subject, server, self.accepted)
        assert verdict is not None
        assert (verdict.outcome, verdict.reference) == (Outcome.ACCEPTED, None)


def at(url: str) -> dict[str, object]:
    """A loopback address as host and port."""
    parts = urlsplit(url)
    return {"host": parts.hostname, "port": parts.port, "private_address": True}


@pytest.fixture
def server() -> Iterator[ScriptedServer]:
    with ScriptedServer() as server:
        server.will(Reply(body=b"OK"))
        yield server


def send(server: ScriptedServer, **more: object) -> Verdict:
    """The verdict on one message."""
    raw = {**at(server.url), "campaign_key": CAMPAIGN, "client_key": CLIENT, "url": URL, **more}
    with Http(read_timeout=5.0, private=True) as http:
        (verdict,) = Voipr(build(VoiprSettings, raw), http).send([outgoing(text="Olá & já")])
    return verdict


@pytest.mark.parametrize("before", ["", "http://{host}:{port}"])
def test_the_manuals_request_is_filled_in(server: ScriptedServer, before: str) -> None:
    """P7."""
    assert send(server, url=before + URL).outcome is Outcome.ACCEPTED
    assert server.requests[0].target == (
        f"/api/add?campaign={CAMPAIGN}&client={CLIENT}&to=5511987650001&text=Ola%20%26%20ja"
        "&ref=00000000-0000-0000-0000-000000000001"
    )


def test_a_body_is_filled_in_too(server: ScriptedServer) -> None:
    body = '{"campaign": "{campaign_key}", "numbers": ["{to}"], "text": "{text}"}'
    send(server, url="/api/add", method="POST", body_format="json", body=body, number_form="national")
    assert server.requests[0].json() == {"campaign": CAMPAIGN, "numbers": ["11987650001"], "text": "Ola & ja"}


def test_its_port_is_8080_unless_somebody_says_otherwise() -> None:
    settings = build(VoiprSettings, {"host": "voipr", "campaign_key": CAMPAIGN, "client_key": CLIENT, "url": URL})
    assert Voipr.described(settings).base == "http://voipr:8080"
    assert Voipr.warnings(settings) == ("credentials_in_clear",)


@pytest.mark.parametrize(
    ("raw", "field"),
    [
        ({"url": ""}, "url"),
        ({"url": "api?to={to}&text={text}"}, "url"),
        ({"url": "/api?to={number}&text={text}"}, "url"),
        ({"url": "/api?to={to}"}, "url"),
        ({"campaign_key": "short"}, "campaign_key"),
        ({"client_key": "short"}, "client_key"),
    ],
)
def test_without_the_manuals_values_it_cannot_be_saved(raw: dict[str, object], field: str) -> None:
    """Nothing can be guessed: its interface is not public."""
    given = {"host": "voipr", "campaign_key": CAMPAIGN, "client_key": CLIENT, "url": URL, **raw}
    with pytest.raises(BadSettings) as raised:
        build(VoiprSettings, given)
    assert field in raised.value.problems
