"""The three presets: the manual's values, and the answers that each provider is known for (P12)."""

from __future__ import annotations

from urllib.parse import urlsplit

import pytest

from sms_plugin.gateways.contract import About, Outcome, Verdict
from sms_plugin.gateways.facilita_movel import FacilitaMovel
from sms_plugin.gateways.hotmobile import HotMobile
from sms_plugin.gateways.http import Http
from sms_plugin.gateways.king_telecom import KingTelecom
from sms_plugin.gateways.presets import PresetGateway
from sms_plugin.gateways.settings import BadSettings, build
from sms_plugin.testing.gateway_contract import ScriptedServer, outgoing
from sms_plugin.testing.loopback import Reply

ACCOUNT = {
    "facilita_movel": {"user": "u", "password": "p"},
    "king_telecom": {"user": "u", "token": "t"},
    "hotmobile": {"user": "u", "password": "p"},
}
PRESETS = (FacilitaMovel, KingTelecom, HotMobile)


def send(server: ScriptedServer, preset: type[PresetGateway], *, text: str = "Olá João & cia") -> Verdict:
    """The verdict on one message through that preset at the server."""
    at = urlsplit(server.url)
    raw = {**ACCOUNT[preset.kind], "host": at.hostname, "port": at.port, "ssl": False}
    with Http(read_timeout=5.0, private=True) as http:
        (verdict,) = preset(build(preset.Settings, raw), http).send([outgoing(text=text)])
    return verdict


@pytest.mark.parametrize(
    ("preset", "base", "clear"),
    [
        (FacilitaMovel, "https://www.facilitamovel.com.br:443", False),
        (KingTelecom, "https://sms.kingtelecom.com.br:443", False),
        (HotMobile, "http://painel.hotmobile.com.br:80", True),
    ],
)
def test_host_port_and_ssl_are_the_manuals(preset: type[PresetGateway], base: str, clear: bool) -> None:
    settings = build(preset.Settings, ACCOUNT[preset.kind])
    assert preset.described(settings).base == base
    assert bool(preset.warnings(settings)) is clear


@pytest.mark.parametrize(
    ("preset", "target"),
    [
        (FacilitaMovel, "/api/simpleSend.ft?user=u&password=p&destinatario=11987650001&msg="),
        (KingTelecom, "/kingsms/api.php?acao=sendsms&login=u&token=t&numero=11987650001&msg="),
        (HotMobile, "/SendAPI/Send.aspx?usr=u&pwd=p&number=5511987650001&msg="),
    ],
)
def test_the_request_is_the_manuals(server: ScriptedServer, preset: type[PresetGateway], target: str) -> None:
    send(server, preset)
    assert server.requests[0].method == "GET"
    key = "&externalkey=00000000000000000000000000000001" if preset is FacilitaMovel else ""
    assert server.requests[0].target == target + "Ola%20Joao%20%26%20cia" + key


@pytest.mark.parametrize(
    ("preset", "body", "reference"),
    [
        (FacilitaMovel, "6;Mensagem enviada;123456", "123456"),
        (FacilitaMovel, "5;Agendada;99", "99"),
        (FacilitaMovel, "6;123456", "123456"),
        (FacilitaMovel, "6;Mensagem enviada", "00000000000000000000000000000001"),
        (KingTelecom, '{"status":"success","cause":"ok","id":"123"}', "123"),
        (HotMobile, "4455", "4455"),
    ],
)
def test_a_known_success_is_accepted(
    server: ScriptedServer, preset: type[PresetGateway], body: str, reference: str
) -> None:
    server.will(Reply(body=body.encode(), content_type="text/plain"))
    verdict = send(server, preset)
    assert (verdict.outcome, verdict.reference) == (Outcome.ACCEPTED, reference)


@pytest.mark.parametrize(
    ("preset", "body", "about", "reason", "for_good"),
    [
        (FacilitaMovel, "1;Login invalido", About.ACCOUNT, "bad_credentials", True),
        (FacilitaMovel, "2;Sem credito", About.ACCOUNT, "no_credit", True),
        (FacilitaMovel, "3;Numero invalido", About.RECIPIENT, "bad_number", True),
        (FacilitaMovel, "4;Mensagem vazia", About.MESSAGE, "rejected_text", True),
        (KingTelecom, '{"status":"error","cause":"Token invalido"}', About.ACCOUNT, "bad_credentials", True),
        (KingTelecom, '{"status":"error","cause":"Sem crédito"}', About.ACCOUNT, "no_credit", True),
        (KingTelecom, '{"status":"error","cause":"Numero incorreto"}', About.RECIPIENT, "bad_number", True),
        (HotMobile, "-1", About.MESSAGE, "try_again", False),
        (HotMobile, "-20", About.MESSAGE, "try_again", False),
        (HotMobile, "-2", About.ACCOUNT, "no_credit", True),
        (HotMobile, "-5", About.ACCOUNT, "bad_credentials", True),
        (HotMobile, "-7", About.MESSAGE, "rejected_text", True),
        (HotMobile, "-8", About.ACCOUNT, "bad_sender", True),
        (HotMobile, "-9", About.RECIPIENT, "bad_number", True),
        (HotMobile, "-13", About.RECIPIENT, "bad_number", True),
        (HotMobile, "-30", About.MESSAGE, "rejected_text", True),
    ],
)
def test_a_known_error_is_a_refusal(
    server: ScriptedServer,
    preset: type[PresetGateway],
    body: str,
    about: About,
    reason: str,
    for_good: bool,
) -> None:
    server.will(Reply(body=body.encode(), content_type="text/plain; charset=utf-8"))
    verdict = send(server, preset)
    assert (verdict.outcome, verdict.about) == (Outcome.REFUSED, about)
    assert (verdict.reason, verdict.for_good) == (reason, for_good)


@pytest.mark.parametrize(
    ("preset", "body"),
    [
        (FacilitaMovel, "7;?"),
        (KingTelecom, '{"status":"error","cause":"Erro interno"}'),
        (KingTelecom, "<html>csrf token</html>"),
        (HotMobile, "-99"),
        (HotMobile, "0"),
    ],
)
def test_an_answer_on_no_list_is_unknown(server: ScriptedServer, preset: type[PresetGateway], body: str) -> None:
    """X2: a text that may have gone is not sent again."""
    server.will(Reply(body=body.encode(), content_type="text/html"))
    assert send(server, preset).outcome is Outcome.UNKNOWN


@pytest.mark.parametrize("preset", PRESETS, ids=lambda preset: preset.kind)
def test_a_bad_host_is_refused_when_saved(preset: type[PresetGateway]) -> None:
    with pytest.raises(BadSettings) as raised:
        build(preset.Settings, {**ACCOUNT[preset.kind], "host": "http://x/"})
    assert "host" in raised.value.problems
