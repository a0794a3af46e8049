"""Where a gateway may go: judged as the system resolves it, and connected to as it was judged (item 8)."""

from __future__ import annotations

import socket
import threading
from pathlib import Path

import pytest

from sms_plugin.gateways.addresses import FORBIDDEN, PRIVATE, AddressRefused, allowed, refusal
from sms_plugin.gateways.contract import About, Outcome
from sms_plugin.gateways.http import Http, NotSent
from sms_plugin.gateways.verdicts import of_failure
from sms_plugin.testing.gateway_contract import ScriptedServer
from tests.gateways.test_http import _self_signed

PUBLIC = ("8.8.8.8", "2001:4860:4860::8888", "::ffff:8.8.8.8", "2002:808:808::1", "64:ff9b::808:808")
IN_PRIVATE = (
    "127.0.0.1",
    "127.8.8.8",
    "10.1.2.3",
    "172.16.0.1",
    "192.168.1.1",
    "100.64.0.1",
    "198.18.0.1",
    "::1",
    "fd12:3456::1",
    "::ffff:127.0.0.1",
    "::127.0.0.1",
    "2002:7f00:1::1",
    "64:ff9b::a00:1",
    "64:ff9b:1::808:808",
    "2001:0:808:808:0:0:f5ff:fffe",
)
NEVER = (
    "0.0.0.0",  # noqa: S104 - nobody listens there
    "0.1.2.3",
    "::",
    "169.254.169.254",
    "169.254.170.2",
    "100.100.100.200",
    "168.63.129.16",
    "192.0.0.192",
    "fd00:ec2::254",
    "fe80::1",
    "fe80::1%eth0",
    "::ffff:169.254.169.254",
    "2002:a9fe:a9fe::1",
    "64:ff9b::a9fe:a9fe",
    "64:ff9b::6464:64c8",
    "224.0.0.1",
    "255.255.255.255",
    "ff02::1",
    "no address",
)
ODD_NUMBERS = ("2130706433", "0x7f000001", "0177.0.0.1", "127.1", "127.0.0.1.", "010.8.8.8", "8.8.8.0x8")


@pytest.mark.parametrize("address", PUBLIC)
def test_public_addresses_may_be_reached(address: str) -> None:
    assert (refusal(address, private=False), refusal(address, private=True)) == ("", "")


@pytest.mark.parametrize("address", IN_PRIVATE)
def test_private_addresses_only_where_somebody_said_so(address: str) -> None:
    assert (refusal(address, private=False), refusal(address, private=True)) == (PRIVATE, "")


@pytest.mark.parametrize("address", NEVER)
def test_link_local_and_metadata_addresses_never(address: str) -> None:
    assert (refusal(address, private=False), refusal(address, private=True)) == (FORBIDDEN, FORBIDDEN)


@pytest.mark.parametrize("host", ODD_NUMBERS)
def test_a_number_that_systems_read_as_an_address_is_no_host(host: str) -> None:
    with pytest.raises(AddressRefused) as raised:
        allowed(host, 80, private=True)
    assert raised.value.code == FORBIDDEN


def _leading_to(monkeypatch: pytest.MonkeyPatch, *answers: list[str]) -> list[str]:
    """Names lead to these addresses, a list for each time that one is looked up; which names were."""
    asked: list[str] = []
    left = list(answers)
    system = socket.getaddrinfo

    def look_up(host: str, port: int, family: int = 0, kind: int = 0) -> list[object]:
        if host[-1].isdigit():
            return list(system(host, port, family, kind))
        asked.append(host)
        addresses = left.pop(0) if len(left) > 1 else left[0]
        return [entry for address in addresses for entry in system(address, port, family, kind)]

    monkeypatch.setattr(socket, "getaddrinfo", look_up)
    return asked


def test_of_several_addresses_those_that_may_be_reached_are(monkeypatch: pytest.MonkeyPatch) -> None:
    _leading_to(monkeypatch, ["10.0.0.1", "8.8.8.8", "169.254.169.254", "9.9.9.9"])
    assert allowed("sms.example", 443, private=False) == ["8.8.8.8", "9.9.9.9"]
    assert allowed("sms.example", 443, private=True) == ["10.0.0.1", "8.8.8.8", "9.9.9.9"]


def _not_sent(http: Http, url: str) -> NotSent:
    with pytest.raises(NotSent) as raised:
        http.request("POST", url, data=b"secret")
    return raised.value


def test_without_the_switch_nothing_on_this_machine_is_reached(server: ScriptedServer) -> None:
    with Http() as http:
        failure = _not_sent(http, server.url)
    assert (failure.code, server.opened) == (PRIVATE, 0)
    assert "private network" in str(failure)
    assert "SMS_PRIVATE_GATEWAYS" in str(failure)


@pytest.mark.parametrize("host", ["0.0.0.0", "[::]", "169.254.169.254", "[fe80::1]", "2130706433"])  # noqa: S104
def test_with_the_switch_some_addresses_are_still_not_reached(server: ScriptedServer, host: str) -> None:
    with Http(private=True) as http:
        failure = _not_sent(http, f"http://{host}:{server.url.rpartition(':')[2]}/")
    assert (failure.code, server.opened) == (FORBIDDEN, 0)


def test_a_name_that_leads_elsewhere_a_moment_later_leads_nobody_there(
    server: ScriptedServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is looked up once for a connection: what was judged is what is connected to."""
    port = server.url.rpartition(":")[2]
    asked = _leading_to(monkeypatch, ["127.0.0.1"], ["169.254.169.254"])
    with Http(private=True) as http:
        assert http.request("GET", f"http://sms.example:{port}/").ok
        assert asked == ["sms.example"]
        http.close()
        assert _not_sent(http, f"http://sms.example:{port}/").code == FORBIDDEN
    assert [request.headers["host"] for request in server.requests] == [f"sms.example:{port}"]


def test_the_certificate_is_asked_for_the_name_and_not_for_the_address(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    context = _self_signed(tmp_path / "own.pem")
    monkeypatch.setattr("requests.adapters.DEFAULT_CA_BUNDLE_PATH", str(tmp_path / "own.pem"))
    _leading_to(monkeypatch, ["127.0.0.1"])
    names: list[str | None] = []
    context.sni_callback = lambda _socket, name, _context: names.append(name)
    with socket.create_server(("127.0.0.1", 0)) as listening:

        def serve() -> None:
            connection, _ = listening.accept()
            with connection, pytest.raises(OSError, match=r"(?i)certificate|alert|eof|reset"):
                context.wrap_socket(connection, server_side=True).recv(1)

        thread = threading.Thread(target=serve)
        thread.start()
        with Http(private=True) as http:
            failure = _not_sent(http, f"https://sms.example:{listening.getsockname()[1]}/")
        thread.join()
    assert (failure.code, names) == ("tls", ["sms.example"])


def test_the_next_address_is_tried_where_nobody_listens(
    server: ScriptedServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    _leading_to(monkeypatch, ["127.0.0.2", "127.0.0.1"])
    with Http(private=True) as http:
        assert http.request("GET", f"http://sms.example:{server.url.rpartition(':')[2]}/").ok


@pytest.mark.parametrize("code", [PRIVATE, FORBIDDEN])
def test_a_refused_address_stops_the_provider_and_not_the_message(code: str) -> None:
    """P21: so it will be with every message, until somebody mends the settings."""
    verdict = of_failure(NotSent(code))
    assert (verdict.outcome, verdict.about, verdict.for_good) == (Outcome.REFUSED, About.ACCOUNT, True)
    assert verdict.reason == code
