"""The generic gateway beyond sending: balance, receipts asked for and called back, texts from phones (P11)."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any
from urllib.parse import urlencode, urlsplit
from uuid import UUID

import pytest

from sms_plugin.errors import ForgedRequest, SmsError
from sms_plugin.gateways.contract import Inbound, ReceiptStatus, Report, Sent, WebRequest
from sms_plugin.gateways.generic import GenericHttpGateway
from sms_plugin.gateways.generic_settings import GenericHttpSettings
from sms_plugin.gateways.http import Http
from sms_plugin.gateways.settings import BadSettings, build
from sms_plugin.gateways.status_words import meaning_of, status_words
from sms_plugin.testing.gateway_contract import ScriptedServer
from sms_plugin.testing.loopback import Reply, json_reply

WORDS = "delivrd = delivered\nseen = read\n/^undeliv/ = undelivered unreachable\n12 = failed bad_number\nack = accepted"
OWN = UUID(int=7)
BASE: Mapping[str, object] = {
    "url": "/send?to={d}&msg={m}",
    "success": "number",
    "number_form": "national",
    "country_code": "55",
    "user": "me@x",
    "password": "a&b",
    "token": "t/1",
}
CALLED: Mapping[str, object] = {
    "status_words": WORDS,
    "receipt_status": "status",
    "receipt_reference": "id",
    "receipt_own": "ref",
    "receipt_number": "to",
    "inbound_from": "from",
    "inbound_text": "text",
    "inbound_reference": "id",
    "inbound_to": "to",
}


def gateway(server: ScriptedServer, http: Http, **raw: object) -> GenericHttpGateway:
    """The gateway with these settings at the server."""
    at = urlsplit(server.url)
    settings = build(GenericHttpSettings, {**BASE, "host": at.hostname, "port": at.port, "ssl": False, **raw})
    return GenericHttpGateway(settings, http)


def problems(**raw: object) -> Mapping[str, str]:
    """What is wrong with these settings."""
    with pytest.raises(BadSettings) as raised:
        build(GenericHttpSettings, {**BASE, "host": "api.example.com", **raw})
    return raised.value.problems


def asked(number: int = 7, reference: str = "4/4") -> Sent:
    """A message that was accepted."""
    return Sent(reference=reference, id=UUID(int=number), number="+5511987650001", departed_at=datetime.now(UTC))


def posted(fields: object, *, url: str = "https://portal.example/r?u=1", **headers: str) -> WebRequest:
    """A form, or JSON where the fields are no pairs of words."""
    if isinstance(fields, dict) and all(isinstance(value, str) for value in fields.values()):
        kind, body = "application/x-www-form-urlencoded", urlencode(fields).encode()
    else:
        kind, body = "application/json", json.dumps(fields).encode()
    return WebRequest(method="POST", url=url, headers={"content-type": kind, **headers}, body=body)


def called(**query: str) -> WebRequest:
    """A receipt in a query."""
    return WebRequest(method="GET", url=f"https://portal.example/r?{urlencode(query)}", headers={}, body=b"")


@pytest.mark.parametrize(
    ("raw", "body", "amount"),
    [
        ({"balance_at": "cause"}, b'{"status": "success", "cause": "120"}', "120"),
        ({"balance_at": "data.0.left"}, b'{"data": [{"left": 12.5}]}', "12.5"),
        ({"balance_by": "field", "balance_at": "2"}, b"1;300\r\n", "300"),
        ({"balance_by": "number"}, b"-3\n", "-3"),
        ({"balance_by": "regex", "balance_at": r"Saldo: R\$ ([\d,]+)"}, b"Saldo: R$ 12,50", "12.50"),
    ],
)
def test_the_balance_is_taken_out_by_rule(
    server: ScriptedServer, http: Http, raw: Mapping[str, object], body: bytes, amount: str
) -> None:
    """P17."""
    server.will(Reply(body=body))
    asking = gateway(server, http, balance_url="/left?u={u}&p={p}&t={t}", balance_unit="BRL", **raw)
    balance = asking.balance()
    assert (balance.amount, balance.unit) == (Decimal(amount), "BRL")
    assert server.requests[0].target == "/left?u=me%40x&p=a%26b&t=t%2F1"


@pytest.mark.parametrize("body", [b"{}", b'{"cause": "Login invalido"}', b'{"cause": "1.234,56"}', b'{"cause": true}'])
def test_a_balance_that_is_no_amount_is_an_error(server: ScriptedServer, http: Http, body: bytes) -> None:
    server.will(Reply(body=body))
    with pytest.raises(SmsError):
        gateway(server, http, balance_url="/left", balance_at="cause").balance()


def test_questions_go_with_the_credentials_of_the_headers(server: ScriptedServer, http: Http) -> None:
    server.will(json_reply({"left": 1}))
    asking = gateway(
        server,
        http,
        balance_url="/left",
        balance_at="left",
        headers="X-Key: {t}",
        basic_auth="yes",
        method="POST",
        body_format="form",
        body="a=1",
    )
    asking.balance()
    (request,) = server.requests
    assert (request.method, request.body, request.headers["x-key"]) == ("GET", b"", "t/1")
    assert request.headers["authorization"].startswith("Basic ")
    assert "content-type" not in request.headers


def test_refused_credentials_are_named(server: ScriptedServer, http: Http) -> None:
    server.will(Reply(status=401))
    with pytest.raises(SmsError) as raised:
        gateway(server, http, balance_url="/left", balance_at="x").balance()
    assert raised.value.code == "bad_credentials"


@pytest.mark.parametrize(
    ("told", "status", "reason"),
    [
        ("DELIVRD", ReceiptStatus.DELIVERED, ""),
        ("seen", ReceiptStatus.READ, ""),
        ("UNDELIVERABLE", ReceiptStatus.UNDELIVERED, "unreachable"),
        (12, ReceiptStatus.FAILED, "bad_number"),
    ],
)
def test_a_status_that_is_asked_for_means_what_the_admin_wrote(
    server: ScriptedServer, http: Http, told: object, status: ReceiptStatus, reason: str
) -> None:
    server.will(json_reply({"report": {"status": told}}))
    asking = gateway(
        server,
        http,
        status_url="/report?u={u}&id={i}&ref={r}&key={k}&to={d}",
        status_at="report.status",
        status_words=WORDS,
    )
    (report,) = asking.poll([asked()])
    assert (report.status, report.reason, report.message_id, report.reference) == (status, reason, OWN, "4/4")
    assert server.requests[0].target == (
        "/report?u=me%40x&id=4%2F4&ref=00000000-0000-0000-0000-000000000007"
        "&key=00000000000000000000000000000007&to=11987650001"
    )


@pytest.mark.parametrize("body", [b'{"status": "whatever"}', b"{}", b"no JSON", b'{"status": null}'])
def test_a_status_that_nobody_explained_changes_nothing(server: ScriptedServer, http: Http, body: bytes) -> None:
    server.will(Reply(body=body))
    asking = gateway(server, http, status_url="/report?id={i}", status_at="status", status_words=WORDS)
    assert asking.poll([asked()]) == []


def test_a_poll_that_breaks_off_keeps_what_it_has(server: ScriptedServer, http: Http) -> None:
    server.will(json_reply({"status": "seen"}), Reply(status=500))
    asking = gateway(server, http, status_url="/report?id={i}", status_at="status", status_words=WORDS)
    assert [report.message_id for report in asking.poll([asked(1), asked(2)])] == [UUID(int=1)]
    with pytest.raises(SmsError):
        asking.poll([asked(2)])


@pytest.mark.parametrize(
    "request_",
    [
        posted({"status": "DELIVRD", "id": "9", "ref": OWN.hex, "to": "5511987650001"}),
        posted({"status": "DELIVRD", "id": 9, "ref": str(OWN), "to": 5511987650001}),
        posted([{"status": "DELIVRD", "id": 9, "ref": str(OWN), "to": "5511987650001"}]),
        called(status="DELIVRD", id="9", ref=str(OWN), to="5511987650001"),
    ],
    ids=["form", "json", "json list", "query"],
)
def test_a_receipt_is_read_by_the_names_of_its_fields(server: ScriptedServer, http: Http, request_: WebRequest) -> None:
    (report,) = gateway(server, http, **CALLED).read_webhook(request_)
    assert isinstance(report, Report)
    assert (report.status, report.reference, report.message_id) == (ReceiptStatus.DELIVERED, "9", OWN)
    assert report.number == "5511987650001"


def test_a_reference_that_is_none_of_ours_is_not_believed(server: ScriptedServer, http: Http) -> None:
    (report,) = gateway(server, http, **CALLED).read_webhook(posted({"status": "seen", "id": "9", "ref": "r-9"}))
    assert isinstance(report, Report)
    assert (report.message_id, report.reference) == (None, "9")


@pytest.mark.parametrize("text", ["Ok", "Дякую 👋 & até já", ""])
@pytest.mark.parametrize("numbers", [{"from": "5511987650001", "to": "12345"}, {"from": 5511987650001, "to": 12345}])
def test_a_text_from_a_phone_is_read_by_the_names_of_its_fields(
    server: ScriptedServer, http: Http, text: str, numbers: dict[str, Any]
) -> None:
    """Q5."""
    (told,) = gateway(server, http, **CALLED).read_webhook(posted({**numbers, "text": text, "id": "in-1"}))
    assert told == Inbound(sender="5511987650001", text=text, reference="in-1", to="12345")


def test_one_request_may_hold_receipts_and_texts(server: ScriptedServer, http: Http) -> None:
    """As one of the Brazilian platforms calls back: the word for delivered, with a text, is an answer."""
    receiving = gateway(
        server,
        http,
        webhook_items="data.messages",
        status_words="entregue celular = delivered\nrecebido = delivered\nlista negra = failed blocked",
        receipt_status="status",
        receipt_own="referencia_numero",
        inbound_from="numero",
        inbound_text="mensagem",
    )
    messages = [
        {"numero": "11987650001", "status": "Entregue celular", "referencia_numero": str(OWN)},
        {"numero": "11987650002", "status": "recebido", "mensagem": "Não, obrigado"},
        {"numero": "11987650003", "status": "lista negra", "referencia_numero": str(UUID(int=9))},
        {"numero": "11987650004", "status": "a word that nobody explained"},
        "no object",
    ]
    told = receiving.read_webhook(posted({"data": {"messages": messages, "total": 5}}))
    assert [type(each) for each in told] == [Report, Inbound, Report]
    assert isinstance(told[1], Inbound)
    assert told[1].text == "Não, obrigado"


@pytest.mark.parametrize("request_", [posted({"x": "1"}), posted([]), posted({"status": "never heard of"}), called()])
def test_what_holds_nothing_by_these_settings_is_an_error(
    server: ScriptedServer, http: Http, request_: WebRequest
) -> None:
    with pytest.raises(SmsError) as raised:
        gateway(server, http, **CALLED).read_webhook(request_)
    assert not isinstance(raised.value, ForgedRequest)


@pytest.mark.parametrize(
    ("place", "given"),
    [
        ("key", posted({"status": "seen", "id": "1", "key": "geheim"})),
        ("auth.key", posted({"status": "seen", "id": "1", "auth": {"key": "geheim"}})),
        ("header: X-Key", posted({"status": "seen", "id": "1"}, **{"x-key": "geheim"})),
        ("k", posted({"status": "seen", "id": 1}, url="https://portal.example/r?k=geheim")),
    ],
)
def test_a_secret_that_the_provider_repeats_must_hold(
    server: ScriptedServer, http: Http, place: str, given: WebRequest
) -> None:
    """X3."""
    receiving = gateway(server, http, **CALLED, webhook_secret_at=place, webhook_secret="geheim")
    assert len(receiving.read_webhook(given)) == 1
    receiving = gateway(server, http, **CALLED, webhook_secret_at=place, webhook_secret="another")
    with pytest.raises(ForgedRequest):
        receiving.read_webhook(given)
    with pytest.raises(ForgedRequest):
        receiving.read_webhook(posted({"status": "seen", "id": "1"}))


@pytest.mark.parametrize(("words", "status", "body"), [("", 204, b""), ("OK", 200, b"OK")])
def test_a_webhook_is_answered_as_the_provider_wants(
    server: ScriptedServer, http: Http, words: str, status: int, body: bytes
) -> None:
    answer = gateway(server, http, **CALLED, webhook_answer=words).webhook_answer([])
    assert (answer.status, answer.body) == (status, body)


def test_texts_are_fetched_from_where_the_last_question_ended(server: ScriptedServer, http: Http) -> None:
    """Q5."""
    server.will(
        json_reply(
            {"replies": [{"from": "1", "text": "a", "at": 5}, {"nothing": 1}, {"from": "2", "text": "b", "at": 6}]}
        ),
        json_reply({"replies": []}),
    )
    asking = gateway(server, http, **CALLED, inbox_url="/in?t={t}&after={a}", inbox_items="replies", inbox_cursor="at")
    fetched = asking.fetch("")
    assert [(text.sender, text.text) for text in fetched.texts] == [("1", "a"), ("2", "b")]
    assert asking.fetch(fetched.cursor).cursor == "6"
    assert [request.target for request in server.requests] == ["/in?t=t%2F1&after=", "/in?t=t%2F1&after=6"]


def test_what_it_can_do_is_what_the_settings_say(server: ScriptedServer, http: Http) -> None:
    bare = GenericHttpGateway.capabilities(gateway(server, http).settings)
    assert not any((bare.receipts, bare.polled, bare.inbound, bare.inbound_polled, bare.balance))
    whole = gateway(
        server, http, **CALLED, status_url="/s", status_at="s", inbox_url="/i", balance_url="/b", balance_at="b"
    )
    can = GenericHttpGateway.capabilities(whole.settings)
    assert all((can.receipts, can.polled, can.inbound, can.inbound_polled, can.balance))


@pytest.mark.parametrize(
    ("field", "raw"),
    [
        ("balance_url", {"balance_url": "left", "balance_at": "x"}),
        ("balance_url", {"balance_url": "/left?id={i}", "balance_at": "x"}),
        ("balance_url", {"balance_url": "/left?msg={m}", "balance_at": "x"}),
        ("balance_at", {"balance_url": "/left"}),
        ("status_at", {"status_url": "/s", "status_words": WORDS}),
        ("status_words", {"status_url": "/s", "status_at": "x"}),
        ("status_words", {"status_words": "delivered"}),
        ("status_words", {"status_words": "1 = delivred"}),
        ("status_words", {"status_words": "/(/ = delivered"}),
        ("status_words", {"receipt_status": "s", "receipt_own": "r"}),
        ("receipt_reference", {"receipt_status": "s", "status_words": WORDS}),
        ("receipt_status", {"url": "/s?d={d}&m={m}&c={c}"}),
        ("inbound_text", {"inbound_from": "from"}),
        ("inbound_from", {"inbox_url": "/in"}),
        ("webhook_secret", {"webhook_secret_at": "key"}),
        ("token", {"token": "", "balance_url": "/left?t={t}", "balance_at": "x"}),
        ("batch_size", {"batch_size": 5, "separator": "comma", "url": "/s?d={d}&m={m}&k={k}"}),
    ],
)
def test_a_mistake_is_named_by_its_field(field: str, raw: Mapping[str, object]) -> None:
    assert field in problems(**raw)


def test_a_wrong_status_gets_a_suggestion() -> None:
    assert "Did you mean 'delivered'" in problems(status_words="1 = delivred")["status_words"]


def test_the_first_line_that_speaks_of_a_word_decides() -> None:
    words = status_words("/entregue/ = sent\nentregue celular = delivered")
    found = meaning_of("Entregue celular", words)
    assert found is not None
    assert found.status is ReceiptStatus.SENT
    assert meaning_of(None, words) is meaning_of("expirada", words) is None
