"""The generic gateway: what it sends, what it makes of answers, what it refuses to be."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from urllib.parse import urlsplit

import pytest

from sms_plugin.gateways.contract import About, Outcome, Outgoing, Verdict
from sms_plugin.gateways.generic import GenericHttpGateway
from sms_plugin.gateways.generic_settings import GenericHttpSettings
from sms_plugin.gateways.http import Http
from sms_plugin.gateways.settings import BadSettings, build
from sms_plugin.testing.gateway_contract import ScriptedServer, outgoing
from sms_plugin.testing.loopback import Reply, json_reply

BASE: Mapping[str, object] = {
    "url": "/send?to={d}&msg={m}",
    "success": "regex",
    "success_at": r"^OK(?: (\d+))?",
    "reference_by": "regex",
    "reference_at": r"^OK (\d+)",
}
OK = Reply(body=b"OK 77", content_type="text/plain")


@pytest.fixture
def server() -> Iterator[ScriptedServer]:
    with ScriptedServer() as server:
        server.will(OK)
        yield server


def send(server: ScriptedServer, *messages: Outgoing, **raw: object) -> Sequence[Verdict]:
    """The verdicts of a gateway with these settings at the server."""
    at = urlsplit(server.url)
    settings = build(GenericHttpSettings, {**BASE, "host": at.hostname, "port": at.port, "ssl": False, **raw})
    with Http(read_timeout=5.0, private=True) as http:
        return GenericHttpGateway(settings, http).send(messages or [outgoing()])


def problems(**raw: object) -> Mapping[str, str]:
    """What is wrong with these settings."""
    with pytest.raises(BadSettings) as raised:
        build(GenericHttpSettings, {**BASE, "host": "api.example.com", **raw})
    return raised.value.problems


@pytest.mark.parametrize(
    ("text", "encoded"),
    [
        ("a&b=c+d%20e", "a%26b%3Dc%2Bd%2520e"),
        ("#1; /x?y", "%231%3B%20%2Fx%3Fy"),
        ("олія €", "%D0%BE%D0%BB%D1%96%D1%8F%20%E2%82%AC"),
        ("line\nbreak", "line%0Abreak"),
        ("{m} {d} {p}", "%7Bm%7D%20%7Bd%7D%20%7Bp%7D"),
        ("👋", "%F0%9F%91%8B"),
    ],
)
def test_every_character_of_a_text_is_percent_encoded(server: ScriptedServer, text: str, encoded: str) -> None:
    """P11."""
    send(server, outgoing(text=text))
    assert server.requests[0].target == f"/send?to=5511987650001&msg={encoded}"


def test_credentials_reference_and_sender_have_placeholders(server: ScriptedServer) -> None:
    """P11, P16."""
    send(
        server,
        outgoing(7, receipts="https://portal.example/r/7?k=1"),
        url="/{t}/send?u={u}&p={p}&s={s}&r={r}&k={k}&c={c}&to={d}&msg={m}",
        receipt_status="status",
        status_words="ok = delivered",
        user="me@x",
        password="a&b",
        token="t/1",
        sender="Loja 1",
    )
    assert server.requests[0].target == (
        "/t%2F1/send?u=me%40x&p=a%26b&s=Loja%201&r=00000000-0000-0000-0000-000000000007&k=00000000000000000000000000000007"
        "&c=https%3A%2F%2Fportal.example%2Fr%2F7%3Fk%3D1"
        "&to=5511987650001&msg=Your%20invoice%204711%20is%20overdue%20since%20Monday"
    )


def test_latin_1_is_encoded_in_latin_1(server: ScriptedServer) -> None:
    send(server, outgoing(text="ação – já"), charset="iso-8859-1")
    assert server.requests[0].target.endswith("msg=a%E7%E3o%20-%20j%E1")


def test_a_character_that_the_charset_lacks_is_refused(server: ScriptedServer) -> None:
    (verdict,) = send(server, outgoing(text="Привіт"), charset="iso-8859-1")
    assert (verdict.outcome, verdict.reason) == (Outcome.REFUSED, "unsupported_characters")
    assert server.requests == []


def test_accents_are_stripped_on_demand(server: ScriptedServer) -> None:
    send(server, outgoing(text="“Ação”: São João nº 3, € 5 – já…"), accents="no")
    assert server.requests[0].query["msg"] == '"Acao": Sao Joao no 3, EUR 5 - ja...'


def test_a_form_body_is_percent_encoded(server: ScriptedServer) -> None:
    send(
        server,
        outgoing(text="1+1=2 & ç"),
        url="/send",
        method="POST",
        body_format="form",
        body="to={d}&msg={m}",
    )
    assert server.requests[0].form == {"to": "5511987650001", "msg": "1+1=2 & ç"}
    assert server.requests[0].headers["content-type"] == "application/x-www-form-urlencoded"


def test_a_json_body_is_escaped(server: ScriptedServer) -> None:
    text = 'He said "no" \\ {m}\nпривіт 👋'
    send(
        server,
        outgoing(text=text),
        url="/send",
        method="POST",
        body_format="json",
        body='{"to": {d}, "text": "{m}", "sys": {"ref": "{r}"}}',
    )
    assert server.requests[0].json() == {
        "to": 5511987650001,
        "text": text,
        "sys": {"ref": "00000000-0000-0000-0000-000000000001"},
    }


def test_credentials_can_go_in_headers(server: ScriptedServer) -> None:
    send(server, headers="Authorization: Bearer {t}\nX-User: {u}", token="abc", user="me")
    assert server.requests[0].headers["authorization"] == "Bearer abc"
    assert server.requests[0].headers["x-user"] == "me"


def test_user_and_password_can_go_as_http_basic(server: ScriptedServer) -> None:
    send(server, user="me", password="pw", basic_auth="yes")
    assert server.requests[0].headers["authorization"] == "Basic bWU6cHc="


@pytest.mark.parametrize(
    ("form", "number"),
    [("national", "11987650001"), ("digits", "5511987650001"), ("e164", "%2B5511987650001")],
)
def test_the_number_takes_the_form_that_is_asked_for(server: ScriptedServer, form: str, number: str) -> None:
    send(server, number_form=form, country_code="55")
    assert f"to={number}&" in server.requests[0].target


def test_a_number_of_another_country_is_never_sent_as_a_national_one(server: ScriptedServer) -> None:
    """Without its country code it is somebody else's."""
    (verdict,) = send(server, outgoing(to="+351911111000"), number_form="national", country_code="55")
    assert (verdict.outcome, verdict.about) == (Outcome.REFUSED, About.RECIPIENT)
    assert server.requests == []


def test_a_batch_shares_a_request_by_text(server: ScriptedServer) -> None:
    messages = [
        outgoing(1, to="+5511987650001", text="one"),
        outgoing(2, to="+5511987650002", text="two"),
        outgoing(3, to="+5511987650003", text="one"),
        outgoing(4, to="+5511987650004", text="one"),
    ]
    verdicts = send(server, *messages, separator="semicolon", batch_size=2)
    asked = [(request.query["to"], request.query["msg"]) for request in server.requests]
    assert asked == [
        ("5511987650001;5511987650003", "one"),
        ("5511987650004", "one"),
        ("5511987650002", "two"),
    ]
    assert [verdict.outcome for verdict in verdicts] == [Outcome.ACCEPTED] * 4


def test_a_bad_number_among_many_leaves_the_others_unknown(server: ScriptedServer) -> None:
    server.will(Reply(body=b"ERR 3"))
    messages = [outgoing(1, to="+5511987650001"), outgoing(2, to="+5511987650002")]
    verdicts = send(server, *messages, separator="comma", batch_size=2, errors="/ERR 3/ = recipient")
    assert [verdict.outcome for verdict in verdicts] == [Outcome.UNKNOWN] * 2


@pytest.mark.parametrize(
    ("rule", "body", "reference"),
    [
        ({"success": "regex", "success_at": "^OK"}, b"OK 77", "77"),
        (
            {
                "success": "json",
                "success_at": "messages.0.status",
                "success_values": "0, 1",
                "reference_by": "json",
                "reference_at": "messages.0.id",
            },
            b'{"messages": [{"status": 1, "id": "77"}]}',
            "77",
        ),
        (
            {
                "success": "json",
                "success_at": "ok",
                "success_values": "true",
                "reference_by": "json",
                "reference_at": "id",
            },
            b'{"ok": true, "id": 77}',
            "77",
        ),
        (
            {
                "success": "field",
                "success_at": "1",
                "success_values": "5,6",
                "reference_by": "field",
                "reference_at": "-1",
            },
            b"6;enviada;77\r\n",
            "77",
        ),
        ({"success": "number", "reference_by": "number"}, b"77\n", "77"),
        ({"success": "status", "reference_by": "status"}, b"whatever", None),
    ],
)
def test_success_is_recognised_by_rule(
    server: ScriptedServer, rule: Mapping[str, object], body: bytes, reference: str | None
) -> None:
    """P11."""
    server.will(Reply(body=body))
    (verdict,) = send(server, **{**rule, "reference_at": rule.get("reference_at", BASE["reference_at"])})
    assert (verdict.outcome, verdict.reference) == (Outcome.ACCEPTED, reference)


@pytest.mark.parametrize(
    ("rule", "body"),
    [
        ({"success": "json", "success_at": "status", "success_values": "1"}, b'{"status": 10}'),
        ({"success": "json", "success_at": "status", "success_values": "1"}, b'{"status": {"a": 1}}'),
        ({"success": "field", "success_at": "3", "success_values": "1"}, b"1;1"),
        ({"success": "number"}, b"0"),
        ({"success": "number"}, b"12 credits"),
        ({"success": "number"}, b"\xd9\xa3"),
    ],
)
def test_what_no_rule_recognises_is_unknown(server: ScriptedServer, rule: Mapping[str, object], body: bytes) -> None:
    """X2."""
    server.will(Reply(body=body))
    (verdict,) = send(server, **rule)
    assert (verdict.outcome, verdict.reason) == (Outcome.UNKNOWN, "unrecognised")


def test_a_success_outside_the_status_range_is_unknown(server: ScriptedServer) -> None:
    server.will(Reply(status=202, body=b"OK 77"))
    assert send(server, status_to="201")[0].outcome is Outcome.UNKNOWN


@pytest.mark.parametrize(
    ("line", "reply", "outcome", "about", "for_good"),
    [
        ("3 = recipient", json_reply({"code": 3}), Outcome.REFUSED, About.RECIPIENT, True),
        ("4 = message", json_reply({"code": 4}), Outcome.REFUSED, About.MESSAGE, True),
        ("2 = account no_credit", json_reply({"code": 2}), Outcome.REFUSED, About.ACCOUNT, True),
        ("9 = throttled", json_reply({"code": 9}), Outcome.REFUSED, About.ACCOUNT, False),
        ("-1 = retry", json_reply({"code": -1}), Outcome.REFUSED, About.MESSAGE, False),
        ("-1 = outage", json_reply({"code": -1}), Outcome.REFUSED, About.PROVIDER, False),
        ("8 = duplicate", json_reply({"code": 8}), Outcome.ACCEPTED, None, False),
        ("/sem saldo/ = account", Reply(body=b"ERRO: Sem Saldo"), Outcome.REFUSED, About.ACCOUNT, True),
        ("http 402 = account", Reply(status=402), Outcome.REFUSED, About.ACCOUNT, True),
    ],
)
def test_an_error_has_the_class_that_the_map_gives_it(
    server: ScriptedServer,
    line: str,
    reply: Reply,
    outcome: Outcome,
    about: About | None,
    for_good: bool,
) -> None:
    server.will(reply)
    (verdict,) = send(server, success="json", success_at="code", success_values="0", errors=line)
    assert (verdict.outcome, verdict.about, verdict.for_good) == (outcome, about, for_good)


def test_the_messages_own_words_are_not_taken_for_an_error(server: ScriptedServer) -> None:
    """A refusal for now that was none would send the text twice."""
    text = "Seu saldo e de R$ 5,00"
    server.will(Reply(body=f"queued later: {text}".encode()))
    (verdict,) = send(server, outgoing(text=text), errors="/saldo/ = retry")
    assert verdict.outcome is Outcome.UNKNOWN


def test_an_error_line_overrules_a_success_that_is_known_by_the_status_alone(
    server: ScriptedServer,
) -> None:
    server.will(Reply(body=b"ERROR no credit"))
    (verdict,) = send(server, success="status", success_at="", errors="/no credit/ = account")
    assert verdict.outcome is Outcome.REFUSED


def test_without_ssl_the_admin_is_warned() -> None:
    """P12."""
    clear = build(GenericHttpSettings, {**BASE, "host": "api.example.com", "port": 80, "ssl": "no"})
    secure = build(GenericHttpSettings, {**BASE, "host": "api.example.com"})
    assert GenericHttpGateway.warnings(clear) == ("credentials_in_clear",)
    assert GenericHttpGateway.warnings(secure) == ()


@pytest.mark.parametrize(
    ("url", "named"),
    [
        ("/send?msg={m}", ["{d}"]),
        ("/send?to={d}", ["{m}"]),
        ("/send", ["{d}", "{m}"]),
        ("/send?to={d}&msg={m}&x={q}", ["{q}"]),
        ("/send?to={d}&msg={m}&x={destination}", ["{destination}", "{d}"]),
        ("https://api.example.com/send?to={d}&msg={m}", ["host"]),
        ("/send to={d}&msg={m}", ["%20"]),
        ("/send?to={d}&msg={m}#x", ["%23"]),
    ],
)
def test_a_url_that_cannot_work_is_refused_when_saved(url: str, named: list[str]) -> None:
    """P11: naming what is missing or wrong."""
    problem = problems(url=url)["url"]
    assert [word for word in named if word not in problem] == []


def test_the_number_and_the_text_may_stand_in_the_body_instead() -> None:
    raw = {**BASE, "host": "h", "url": "/s", "method": "POST", "body_format": "form", "body": "d={d}&m={m}"}
    assert build(GenericHttpSettings, raw).url == "/s"


@pytest.mark.parametrize(
    ("field", "raw"),
    [
        ("host", {"host": "https://api.example.com"}),
        ("host", {"host": "api.example.com/x"}),
        ("host", {"host": "user@api.example.com"}),
        ("body", {"body": "to={d}&msg={m}"}),
        ("body", {"body": "{d}", "body_format": "form"}),
        ("body", {"method": "POST", "body_format": "json", "body": '{"to": "{d}", "text": {m}}'}),
        ("headers", {"headers": "no colon"}),
        ("headers", {"headers": "X-Text: {m}"}),
        ("user", {"url": "/s?u={u}&d={d}&m={m}"}),
        ("token", {"headers": "Authorization: Bearer {t}"}),
        ("success_at", {"success": "json", "success_at": "", "success_values": "1"}),
        ("success_at", {"success_at": "(unclosed"}),
        ("success_at", {"success": "field", "success_at": "0", "success_values": "1"}),
        ("success_values", {"success": "json", "success_at": "status"}),
        ("reference_at", {"reference_by": "json", "reference_at": ""}),
        ("errors", {"errors": "just words"}),
        ("errors", {"errors": "1 = acount"}),
        ("batch_size", {"batch_size": 5}),
        ("batch_size", {"batch_size": 5, "separator": "comma", "url": "/s?d={d}&m={m}&r={r}"}),
        ("country_code", {"number_form": "national"}),
        ("status_to", {"status_from": 300}),
        ("success", {"success": "always"}),
    ],
)
def test_every_other_mistake_is_named_by_its_field(field: str, raw: Mapping[str, object]) -> None:
    assert field in problems(**raw)


def test_the_url_is_a_secret() -> None:
    """P11: it may hold a token."""
    settings = build(GenericHttpSettings, {**BASE, "host": "h", "url": "/s?token=geheim&d={d}&m={m}"})
    assert "geheim" not in repr(settings)
