"""The lgn/pwd family: Khal, Allcance and LocaSMS against a double of their platform (P9, P12)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any
from urllib.parse import urlsplit
from uuid import UUID

import pytest

from sms_plugin.errors import SmsError
from sms_plugin.gateways.allcance import Allcance
from sms_plugin.gateways.contract import About, Outcome, ReceiptStatus, Sent, Verdict
from sms_plugin.gateways.http import Http
from sms_plugin.gateways.khal import Khal
from sms_plugin.gateways.lgn_pwd import LgnPwdGateway
from sms_plugin.gateways.locasms import LocaSms
from sms_plugin.gateways.references import batch_of, joined
from sms_plugin.gateways.settings import build
from sms_plugin.testing.gateway_contract import GatewayContract, ScriptedServer, outgoing
from sms_plugin.testing.gateway_contract import sent as asked
from sms_plugin.testing.loopback import Reply, json_reply
from tests.doubles.lgn_pwd import BAD, LOGIN, PASSWORD, LgnPwdServer
from tests.doubles.troubled import Trouble

NOW = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)
FAMILY = (Khal, Allcance, LocaSms)


class Family(GatewayContract):
    accepted = json_reply({"status": 1, "data": "4455", "msg": "SUCESSO"})
    refused_recipient = json_reply({"status": 0, "data": "", "msg": "NUMERO INVALIDO"})
    refused_account = json_reply({"status": 0, "data": "", "msg": "FALHA AO REALIZAR LOGIN"})
    balance_told = json_reply({"status": 1, "data": "12", "msg": "SUCESSO"})

    def raw_settings(self, url: str) -> Mapping[str, object]:
        at = urlsplit(url)
        account = {"user": "lgn-user", "password": "lgn-password", "batch_size": "20"}
        return {"host": at.hostname, "port": at.port, "ssl": "no", **account}


class TestKhal(Family):
    gateway = Khal


class TestAllcance(Family):
    gateway = Allcance


class TestLocaSms(Family):
    gateway = LocaSms

    def asked_for(self, count: int) -> Sequence[Sent]:
        numbers = [f"+551198765000{at}" for at in range(1, count + 1)]
        return [asked(at + 1, reference=joined("4455", number), to=number) for at, number in enumerate(numbers)]

    def polled(self, asked: Sequence[Sent]) -> Sequence[Reply]:
        rows = [f"1;;;;;;Sucesso;;;Vivo;{one.number.removeprefix('+55')};;x" for one in asked]
        return [json_reply({"status": 1, "data": "\n".join(rows), "msg": "SUCESSO"})]


@pytest.fixture
def server() -> Iterator[LgnPwdServer]:
    with LgnPwdServer() as server:
        yield server


@pytest.fixture
def http() -> Iterator[Http]:
    with Http(read_timeout=0.5, private=True) as http:
        yield http


def made(gateway: type[LgnPwdGateway], url: str, http: Http, **more: object) -> Any:
    """A gateway of the family at the server."""
    at = urlsplit(url)
    raw = {"user": LOGIN, "password": PASSWORD, "host": at.hostname, "port": at.port, "ssl": False, **more}
    return gateway(build(gateway.Settings, raw), http)


@pytest.mark.parametrize("gateway", FAMILY)
def test_a_text_arrives_without_accents_at_the_national_number(
    server: LgnPwdServer, http: Http, gateway: type[LgnPwdGateway]
) -> None:
    (verdict,) = made(gateway, server.url, http).send([outgoing(text="Olá João & cia")])
    assert server.delivered == [("11987650001", "Ola Joao & cia")]
    assert (verdict.outcome, verdict.reference) == (Outcome.ACCEPTED, joined("7001", "5511987650001"))


def test_allcance_has_the_manuals_host_and_no_ssl() -> None:
    settings = build(Allcance.Settings, {"user": "u", "password": "p"})
    assert Allcance.described(settings).base == "http://corporativo.allcancesms.com.br:80"
    assert Allcance.warnings(settings) == ("credentials_in_clear",)


def test_khal_asks_for_its_host() -> None:
    """P9: nobody can know it beforehand."""
    with pytest.raises(SmsError, match="host: is missing"):
        build(Khal.Settings, {"user": "u", "password": "p"})


def test_numbers_with_one_text_share_a_campaign_and_have_references_of_their_own(
    server: LgnPwdServer, http: Http
) -> None:
    messages = [outgoing(1, to="+5511987650001"), outgoing(2, to="+5511987650002"), outgoing(3, text="Another")]
    verdicts = made(Khal, server.url, http, batch_size=50).send(messages)
    assert len(server.campaigns) == 2
    references = [verdict.reference or "" for verdict in verdicts]
    assert [batch_of(reference) for reference in references] == ["7001", "7001", "7002"]
    assert len(set(references)) == 3


def test_numbers_go_one_by_one_unless_the_admin_says_otherwise(server: LgnPwdServer, http: Http) -> None:
    bad = outgoing(2, to=f"+55{BAD}")
    gateway = made(Khal, server.url, http)
    assert gateway.capabilities(gateway.settings).batch_size == 1
    told = gateway.send([outgoing(1), bad])
    assert [(verdict.outcome, verdict.reason) for verdict in told] == [
        (Outcome.ACCEPTED, ""),
        (Outcome.REFUSED, "bad_number"),
    ]


def test_a_wrong_number_among_several_leaves_it_open_what_became_of_the_others(
    server: LgnPwdServer, http: Http
) -> None:
    """X2."""
    told = made(Khal, server.url, http, batch_size=50).send([outgoing(1), outgoing(2, to=f"+55{BAD}")])
    assert [(verdict.outcome, verdict.reason) for verdict in told] == [(Outcome.UNKNOWN, "part_refused")] * 2


def test_a_number_of_another_country_is_refused_without_asking(server: LgnPwdServer, http: Http) -> None:
    (verdict,) = made(Khal, server.url, http).send([outgoing(to="+351911111000")])
    assert (verdict.reason, verdict.about, server.requests) == ("foreign_number", About.RECIPIENT, [])


@pytest.mark.parametrize(
    ("raw", "reason"),
    [({"password": "guessed"}, "bad_credentials"), ({"path": "/api.php"}, "bad_address")],
)
def test_what_is_wrong_with_the_account_stops_the_provider(
    server: LgnPwdServer, http: Http, raw: dict[str, object], reason: str
) -> None:
    """P21."""
    (verdict,) = made(Khal, server.url, http, **raw).send([outgoing()])
    assert (verdict.outcome, verdict.about, verdict.reason) == (Outcome.REFUSED, About.ACCOUNT, reason)
    assert server.delivered == []


def test_without_credit_the_provider_stops(http: Http) -> None:
    with LgnPwdServer(credits=0) as server:
        (verdict,) = made(Khal, server.url, http).send([outgoing()])
    assert (verdict.about, verdict.reason) == (About.ACCOUNT, "no_credit")


def test_an_operation_that_the_server_does_not_know_is_about_the_account(http: Http) -> None:
    with ScriptedServer() as server:
        server.will(Reply(body="0:OPERAÇÃO INVALIDA".encode(), content_type="text/plain"))
        (verdict,) = made(Khal, server.url, http).send([outgoing()])
    assert (verdict.about, verdict.reason) == (About.ACCOUNT, "bad_address")


@pytest.mark.parametrize(
    ("trouble", "reason", "arrived"),
    [
        (Trouble.LOST_BEFORE, "timeout", 0),
        (Trouble.LOST_AFTER, "timeout", 1),
        (Trouble.RESET_AFTER, "reset", 1),
        (Trouble.CUT, "garbled", 1),
        (Trouble.HTML, "unrecognised", 0),
        (Trouble.DOWN, "server_error", 0),
    ],
)
def test_in_trouble_nobody_knows(server: LgnPwdServer, http: Http, trouble: Trouble, reason: str, arrived: int) -> None:
    """X2."""
    server.trouble = trouble
    (verdict,) = made(Khal, server.url, http).send([outgoing()])
    assert (verdict.outcome, len(server.delivered)) == (Outcome.UNKNOWN, arrived)
    assert verdict.reason in {reason, "reset"}


@pytest.mark.parametrize("body", ['{"status":0,"msg":"Tente mais tarde"}', "numero de protocolo 5"])
def test_an_answer_on_no_list_is_unknown(http: Http, body: str) -> None:
    """X2."""
    with ScriptedServer() as server:
        server.will(Reply(body=body.encode(), content_type="text/html"))
        assert made(Allcance, server.url, http).send([outgoing()])[0].outcome is Outcome.UNKNOWN


def test_the_balance_is_had(server: LgnPwdServer, http: Http) -> None:
    """P17."""
    gateway = made(Khal, server.url, http)
    gateway.send([outgoing()])
    assert (gateway.balance().amount, gateway.balance().unit) == (Decimal(99), "credits")


@pytest.mark.parametrize(
    ("body", "amount"), [('{"status":"1","data":12.5}', "12.5"), ("37", "37"), ('{"status":1,"data":"1,25"}', "1.25")]
)
def test_the_balance_is_read_as_labels_write_it(http: Http, body: str, amount: str) -> None:
    with ScriptedServer() as server:
        server.will(Reply(body=body.encode()))
        assert made(Khal, server.url, http).balance().amount == Decimal(amount)


@pytest.mark.parametrize("body", ["<html>", '{"status":1,"data":"muito"}', "0:OPERACAO INVALIDA", '{"status":0}'])
def test_a_balance_that_makes_no_sense_is_none(http: Http, body: str) -> None:
    with ScriptedServer() as server:
        server.will(Reply(body=body.encode()))
        with pytest.raises(SmsError) as raised:
            made(Khal, server.url, http).balance()
    assert raised.value.code == "garbled"


def test_wrong_credentials_are_named_when_the_balance_is_asked(server: LgnPwdServer, http: Http) -> None:
    with pytest.raises(SmsError) as raised:
        made(Khal, server.url, http, password="guessed").balance()
    assert raised.value.code == "bad_credentials"


def sent(verdicts: list[Verdict], *numbers: str) -> list[Sent]:
    """The accepted messages as a poll asks for them."""
    return [
        Sent(reference=verdict.reference or "", id=UUID(int=at + 1), number=number, departed_at=NOW)
        for at, (verdict, number) in enumerate(zip(verdicts, numbers, strict=True))
    ]


NUMBERS = ("+5511987650001", "+5511987650002", "+5511987650003", "+5511987650004")


@pytest.mark.parametrize(
    ("path", "status"), [("/painel/api.ashx", ReceiptStatus.SENT), ("/shortcode/api.ashx", ReceiptStatus.DELIVERED)]
)
def test_locasms_tells_what_became_of_a_campaign(
    server: LgnPwdServer, http: Http, path: str, status: ReceiptStatus
) -> None:
    gateway = made(LocaSms, server.url, http, path=path, batch_size=50)
    verdicts = gateway.send([outgoing(at + 1, to=number, text="R$ 5; já") for at, number in enumerate(NUMBERS)])
    waiting = sent(verdicts, *NUMBERS)
    assert gateway.poll(waiting) == []
    server.campaigns["7001"].status = {
        "11987650001": "Sucesso",
        "11987650002": "Número inválido",
        "11987650003": "NAO CADASTRADO",
    }
    asked = len(server.requests)
    reports = gateway.poll(waiting)
    assert [(report.message_id, report.status, report.reason) for report in reports] == [
        (UUID(int=1), status, ""),
        (UUID(int=2), ReceiptStatus.FAILED, "bad_number"),
        (UUID(int=3), ReceiptStatus.FAILED, "unknown_number"),
    ]
    assert [report.reference for report in reports] == [one.reference for one in waiting[:3]]
    assert len(server.requests) - asked == 1


def test_a_campaign_that_nobody_knows_does_not_keep_the_others_from_being_asked(
    server: LgnPwdServer, http: Http
) -> None:
    gateway = made(LocaSms, server.url, http)
    lost = asked(9, reference=joined("1", NUMBERS[0]), to=NUMBERS[0])
    with pytest.raises(SmsError):
        gateway.poll([lost])
    known = sent(gateway.send([outgoing()]), NUMBERS[0])
    server.campaigns["7001"].status = {"11987650001": "Sucesso"}
    assert [report.message_id for report in gateway.poll([lost, *known])] == [known[0].id]
