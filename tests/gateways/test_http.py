"""HTTP for gateways: what is sent, what surely was not, and where it all ends."""

from __future__ import annotations

import contextlib
import gzip
import logging
import socket
import ssl
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path

import pytest
import requests
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from sms_plugin.errors import SmsError
from sms_plugin.gateways import http as http_module
from sms_plugin.gateways.http import Answer, Http, NotSent, Unsure, base_address, in_clear
from sms_plugin.gateways.wire import Bounds
from sms_plugin.testing.gateway_contract import ScriptedServer
from sms_plugin.testing.loopback import Ending, Reply, json_reply

NOW = datetime(2026, 5, 4, 12, 0, tzinfo=UTC)


@pytest.fixture
def hasty() -> Iterator[Http]:
    """For answers that never come whole."""
    with Http(read_timeout=0.3, private=True) as http:
        yield http


@contextmanager
def raw_server(talk: Callable[[socket.socket], None]) -> Iterator[str]:
    """A server that does ``talk`` with its first connection; gives its address without the scheme."""
    with socket.create_server(("127.0.0.1", 0)) as listening:

        def serve() -> None:
            connection, _ = listening.accept()
            with connection:
                talk(connection)

        thread = threading.Thread(target=serve)
        thread.start()
        yield f"127.0.0.1:{listening.getsockname()[1]}"
        thread.join()


def test_an_answer_has_status_headers_and_body(http: Http, server: ScriptedServer) -> None:
    server.will(json_reply({"a": 1}, status=418, headers={"X-Thing": "yes"}))
    answer = http.request("GET", server.url + "/x")
    assert (answer.status, answer.headers["x-thing"], answer.json()) == (418, "yes", {"a": 1})


def test_query_and_form_are_percent_encoded(http: Http, server: ScriptedServer) -> None:
    http.request("POST", server.url + "/x?k=v", params={"DateSent>": "ä"}, data={"Body": "1+1=2 & 100%"})
    assert server.requests[0].target == "/x?k=v&DateSent%3E=%C3%A4"
    assert server.requests[0].body == b"Body=1%2B1%3D2+%26+100%25"
    assert server.requests[0].headers["content-type"] == "application/x-www-form-urlencoded"


def test_json_and_headers_go_as_given(http: Http, server: ScriptedServer) -> None:
    http.request("POST", server.url, json={"text": "Привіт"}, headers={"Authorization": "Bearer t"})
    assert server.requests[0].json() == {"text": "Привіт"}
    assert server.requests[0].headers["authorization"] == "Bearer t"


def test_basic_credentials_may_hold_any_letter(http: Http, server: ScriptedServer) -> None:
    http.request("GET", server.url, auth=("usér", "pässword"))
    assert server.requests[0].headers["authorization"] == "Basic dXPDqXI6cMOkc3N3b3Jk"


def test_one_connection_serves_many_requests(http: Http, server: ScriptedServer) -> None:
    for _ in range(5):
        http.request("POST", server.url, data={"a": "b"})
    assert (len(server.requests), server.opened) == (5, 1)


def test_an_idle_connection_is_not_used_again(
    http: Http, server: ScriptedServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It may be closing on the other side, and a message that meets that is lost in doubt."""
    monkeypatch.setattr(http_module, "IDLE", -1.0)
    http.request("GET", server.url)
    http.request("GET", server.url)
    assert server.opened == 2


def test_the_environment_is_not_asked(
    http: Http, server: ScriptedServer, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    netrc = tmp_path / "netrc"
    netrc.write_text("machine 127.0.0.1 login somebody password else\n")
    monkeypatch.setenv("NETRC", str(netrc))
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:1")
    assert http.request("GET", server.url).ok
    assert "authorization" not in server.requests[0].headers


def test_a_redirect_is_an_answer(http: Http, server: ScriptedServer) -> None:
    server.will(Reply(status=302, headers={"Location": server.url}))
    assert http.request("GET", server.url).status == 302
    assert len(server.requests) == 1


def test_a_name_that_nobody_knows_is_not_sent(http: Http) -> None:
    with pytest.raises(NotSent) as raised:
        http.request("GET", "http://nowhere.invalid/")
    assert raised.value.code == "dns"


def test_a_refused_connection_is_not_sent(http: Http, server: ScriptedServer) -> None:
    server.stop()
    with pytest.raises(NotSent) as raised:
        http.request("GET", server.url)
    assert raised.value.code == "no_connection"


def test_a_connection_that_nobody_accepts_is_not_sent() -> None:
    with socket.create_server(("127.0.0.1", 0), backlog=0) as full, Http(connect_timeout=0.2, private=True) as http:
        waiting = [socket.socket() for _ in range(4)]
        for one in waiting:
            one.setblocking(False)
            one.connect_ex(full.getsockname())
        with pytest.raises(NotSent) as raised:
            http.request("GET", f"http://127.0.0.1:{full.getsockname()[1]}/")
        for one in waiting:
            one.close()
    assert raised.value.code == "connect_timeout"


def test_what_connects_too_late_does_not_leave() -> None:
    """A message's lease counts on it: nothing departs later than ``longest`` allows."""
    bounds = Bounds(read_timeout=30.0)
    bounds.begin(seconds=-1.0)
    with pytest.raises(TimeoutError):
        bounds.depart()
    bounds.end()
    assert not bounds.departed


def test_a_certificate_that_nobody_signed_is_not_sent(http: Http, tmp_path: Path) -> None:
    context = _self_signed(tmp_path / "own.pem")
    received: list[bytes] = []

    def talk(connection: socket.socket) -> None:
        try:
            with context.wrap_socket(connection, server_side=True) as secure:
                received.append(secure.recv(100))
        except OSError:
            return

    with raw_server(talk) as address, pytest.raises(NotSent) as raised:
        http.request("GET", f"https://{address}/")
    assert raised.value.code == "tls"
    assert received == []


@pytest.mark.parametrize(("answer", "reason"), [(b"{}", None), (b"{", "timeout")])
def test_an_answer_over_tls_is_read_within_the_same_bounds(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, answer: bytes, reason: str | None
) -> None:
    http = Http(read_timeout=0.3 if reason else 30.0, private=True)
    context = _self_signed(tmp_path / "own.pem")
    monkeypatch.setattr("requests.adapters.DEFAULT_CA_BUNDLE_PATH", str(tmp_path / "own.pem"))

    def talk(connection: socket.socket) -> None:
        with context.wrap_socket(connection, server_side=True) as secure:
            secure.recv(4000)
            secure.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n" + answer)
            secure.recv(1)  # until the other side closes

    with raw_server(talk) as address:
        if reason is None:
            assert http.request("GET", f"https://{address}/").json() == {}
        else:
            with pytest.raises(Unsure) as raised:
                http.request("GET", f"https://{address}/")
            assert raised.value.code == reason
        http.close()


def _self_signed(written: Path) -> ssl.SSLContext:
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "localhost")])
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(NOW - timedelta(days=1000))
        .not_valid_after(NOW + timedelta(days=10_000))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ip_address("127.0.0.1"))]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    written.write_bytes(
        certificate.public_bytes(serialization.Encoding.PEM)
        + key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
    )
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(written)
    return context


@pytest.mark.parametrize(
    ("ending", "reason"),
    [
        (Ending.HANG, "timeout"),
        (Ending.DRIP, "timeout"),
        (Ending.RESET, "reset"),
        (Ending.CUT, "reset"),
    ],
)
def test_a_lost_answer_is_unsure(hasty: Http, server: ScriptedServer, ending: Ending, reason: str) -> None:
    server.will(Reply(body=b"x" * 400, ending=ending))
    with pytest.raises(Unsure) as raised:
        hasty.request("POST", server.url, data={"a": "b"})
    assert raised.value.code == reason
    assert len(server.requests) == 1


def test_a_connection_that_ends_before_reading_is_unsure(http: Http) -> None:
    """Bytes have left: that none was read cannot be proved from here."""
    with raw_server(socket.socket.close) as address, pytest.raises(Unsure) as raised:
        http.request("POST", f"http://{address}/", data={"a": "b"})
    assert raised.value.code == "reset"


def test_what_is_no_http_is_garbled(http: Http) -> None:
    def talk(connection: socket.socket) -> None:
        connection.recv(1000)
        connection.sendall(b"220 smtp.example ESMTP\r\n\r\n")

    with raw_server(talk) as address, pytest.raises(Unsure) as raised:
        http.request("GET", f"http://{address}/")
    assert raised.value.code == "garbled"


@pytest.mark.parametrize("interim", ["100 Continue", "102 Processing", "103 Early Hints"])
def test_what_comes_before_an_answer_is_not_the_answer(http: Http, interim: str) -> None:
    """X2: the real one would be taken for that of the next message."""

    def talk(connection: socket.socket) -> None:
        for name in (b"first", b"second"):
            connection.recv(1000)
            connection.sendall(f"HTTP/1.1 {interim}\r\nLink: </x>\r\n\r\n".encode() * 2)
            time.sleep(0.05)
            connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%b" % (len(name), name))

    with raw_server(talk) as address:
        answers = [http.request("POST", f"http://{address}/", data={"a": "b"}) for _ in range(2)]
    assert [(answer.status, answer.body) for answer in answers] == [(200, b"first"), (200, b"second")]


def test_a_change_of_protocol_is_garbled(http: Http) -> None:
    def talk(connection: socket.socket) -> None:
        connection.recv(1000)
        connection.sendall(b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\n\r\n")

    with raw_server(talk) as address, pytest.raises(Unsure) as raised:
        http.request("GET", f"http://{address}/")
    assert raised.value.code == "garbled"


def test_answers_that_never_become_final_end_in_time(hasty: Http) -> None:
    def talk(connection: socket.socket) -> None:
        connection.recv(1000)
        with contextlib.suppress(OSError):
            while True:
                connection.sendall(b"HTTP/1.1 102 Processing\r\n\r\n")
                time.sleep(0.02)

    with raw_server(talk) as address:
        with pytest.raises(Unsure) as raised:
            hasty.request("GET", f"http://{address}/")
        hasty.close()
    assert raised.value.code == "timeout"


def test_a_lost_answer_does_not_spoil_the_next_request(http: Http, server: ScriptedServer) -> None:
    server.will(Reply(ending=Ending.RESET), json_reply({"fine": True}))
    with pytest.raises(Unsure):
        http.request("GET", server.url)
    assert http.request("GET", server.url).json() == {"fine": True}


def test_a_large_answer_is_not_read_to_its_end(http: Http, server: ScriptedServer) -> None:
    server.will(Reply(body=b"x" * 70_000))
    with pytest.raises(Unsure) as raised:
        http.request("GET", server.url)
    assert raised.value.code == "too_large"
    assert len(http.request("GET", server.url, at_most=80_000).body) == 70_000


def test_a_packed_answer_counts_by_what_it_unpacks_to(http: Http, server: ScriptedServer) -> None:
    bomb = gzip.compress(b"\0" * 5_000_000)
    server.will(Reply(body=bomb, headers={"Content-Encoding": "gzip"}))
    with pytest.raises(Unsure) as raised:
        http.request("GET", server.url)
    assert raised.value.code == "too_large"


def test_a_header_of_two_lines_is_not_sent(http: Http, server: ScriptedServer) -> None:
    with pytest.raises(NotSent) as raised:
        http.request("GET", server.url, headers={"Authorization": "Bearer a\r\nX-Evil: 1"})
    assert raised.value.code == "bad_request"
    assert server.requests == []


@pytest.mark.parametrize("ending", [Ending.RESET, Ending.HANG, None])
def test_an_error_tells_nothing_of_the_request(
    hasty: Http, server: ScriptedServer, ending: Ending | None, caplog: pytest.LogCaptureFixture
) -> None:
    """Promise 9."""
    caplog.set_level(logging.DEBUG)
    if ending is None:
        server.stop()
    else:
        server.will(Reply(ending=ending))
    with pytest.raises(SmsError) as raised:
        hasty.request("GET", server.url + "/send?password=geheim&to=351911111000", auth=("u", "geheim"))
    error = raised.value
    assert "geheim" not in f"{error!r} {error} {caplog.text}"
    assert (error.__cause__, error.__context__) == (None, None)


def test_the_portal_goes_on_logging_its_own_requests(
    http: Http, server: ScriptedServer, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    http.request("GET", server.url + "/ours")
    requests.get(server.url + "/theirs", timeout=5)
    assert "/theirs" in caplog.text
    assert "/ours" not in caplog.text


def test_longest_counts_connecting_and_answering() -> None:
    assert Http(connect_timeout=5.0, read_timeout=30.0).longest == 40.0


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({"retry-after": "7"}, 7.0),
        ({"retry-after": "999999"}, 86_400.0),
        ({"retry-after": "Mon, 04 May 2026 12:00:30 GMT"}, 30.0),
        ({"retry-after": "Mon, 04 May 2026 11:00:00 GMT"}, 0.0),
        ({"retry-after": "soon"}, None),
        ({"retry-after": "-5"}, None),
        ({"retry-after": "٣"}, None),
        ({"retry-after": "Mon, 04 May 99999999999999999999 12:00:00 GMT"}, None),
        ({}, None),
    ],
)
def test_retry_after_is_seconds_or_a_date(headers: dict[str, str], seconds: float | None) -> None:
    assert Answer(status=429, headers=headers, body=b"").retry_after(now=NOW) == seconds


def test_a_retry_date_is_read_against_the_providers_own_clock() -> None:
    headers = {"retry-after": "Mon, 04 May 2020 12:00:30 GMT", "date": "Mon, 04 May 2020 12:00:00 GMT"}
    assert Answer(status=503, headers=headers, body=b"").retry_after() == 30.0


def test_text_is_read_in_the_charset_that_is_declared() -> None:
    latin = Answer(
        status=200, headers={"content-type": 'text/plain; charset="ISO-8859-1"'}, body="ção".encode("latin-1")
    )
    assert latin.text == "ção"


@pytest.mark.parametrize("charset", ["klingon", "idna", "undefined", "hex", "a\0b", ""])
def test_text_in_a_charset_that_is_none_of_texts_is_read_as_utf_8(charset: str) -> None:
    headers = {"content-type": f"text/plain; charset={charset}"}
    assert Answer(status=200, headers=headers, body="ção".encode()).text == "ção"


@pytest.mark.parametrize(
    "address",
    [
        "https://api.example.com",
        "http://127.0.0.1:8080/base/",
        "https://[::1]:8443",
        "https://xn--tda.example",
    ],
)
def test_a_base_address_loses_only_its_last_slash(address: str) -> None:
    assert base_address(address) == address.rstrip("/")


@pytest.mark.parametrize(
    "address",
    [
        "",
        "api.example.com",
        "ftp://api.example.com",
        "file:///etc/passwd",
        "https://",
        "https://user:geheim@api.example.com",
        "https://api.example.com/?token=geheim",
        "https://api.example.com/#geheim",
        "https://api.example.com:notaport",
        "https://api.example.com:99999",
        "https://api.example.com/a b",
        "https://api.example.com/\r\nHost: evil",
        "https://ü.example",
        "https:\\\\api.example.com",
        "https://[::1",
    ],
)
def test_what_is_no_base_address_is_refused_without_repeating_it(address: str) -> None:
    with pytest.raises(SmsError) as raised:
        base_address(address)
    assert raised.value.code == "bad_address"
    assert "geheim" not in str(raised.value)


@pytest.mark.parametrize(
    ("address", "clear"),
    [
        ("http://api.example.com", True),
        ("https://api.example.com", False),
        ("http://127.0.0.1:5001", False),
        ("http://localhost", False),
    ],
)
def test_credentials_are_in_clear_without_ssl_beyond_this_machine(address: str, clear: bool) -> None:
    assert in_clear(address) is clear
