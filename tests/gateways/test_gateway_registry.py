"""The gateways there are, and what a broken stranger does to them."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from sms_plugin.errors import ConfigurationError
from sms_plugin.gateways.console import ConsoleGateway
from sms_plugin.gateways.contract import Gateway
from sms_plugin.gateways.registry import SHIPPED, find, kinds
from sms_plugin.gateways.settings import fields_of
from sms_plugin.testing.phone_gateway import PhoneGateway

Install = Callable[[str, str], None]


@pytest.fixture
def install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Install:
    """Puts a distribution ``stranger`` with one module and one entry point on the path."""

    def put(entry_point: str, source: str) -> None:
        (tmp_path / "stranger_gateway.py").write_text(source)
        folder = tmp_path / "stranger-1.0.dist-info"
        folder.mkdir()
        (folder / "METADATA").write_text("Metadata-Version: 2.1\nName: stranger\nVersion: 1.0\n")
        (folder / "entry_points.txt").write_text(f"[sms_plugin.gateways]\n{entry_point}\n")
        monkeypatch.syspath_prepend(str(tmp_path))
        monkeypatch.delitem(__import__("sys").modules, "stranger_gateway", raising=False)

    return put


GOOD = """
from sms_plugin.gateways.contract import Gateway, accepted
class Pigeon(Gateway):
    kind = "{kind}"
    label = "Pigeon post"
    def send(self, messages):
        return [accepted("p") for message in messages]
"""


def test_every_shipped_gateway_has_its_kind() -> None:
    """P1, P11, P12."""
    assert {gateway.kind for gateway in SHIPPED} == {
        "twilio",
        "turbosms",
        "msg91",
        "zenvia",
        "vonage",
        "kannel",
        "jasmin",
        "clickatell",
        "generic",
        "facilita_movel",
        "king_telecom",
        "android",
        "smsgateway_me",
        "voipr",
        "playsms",
        "allcance",
        "khal",
        "locasms",
        "hotmobile",
        "console",
    }
    assert set(kinds()) >= {gateway.kind for gateway in SHIPPED}


def test_a_strangers_gateway_is_found_by_its_entry_point(install: Install) -> None:
    """P20."""
    install("pigeon = stranger_gateway:Pigeon", GOOD.format(kind="pigeon"))
    assert find("pigeon").label == "Pigeon post"


def test_the_application_can_bring_its_own() -> None:
    class Mine(ConsoleGateway):
        kind = "mine"

    assert kinds([Mine])["mine"] is Mine
    assert find("mine", [Mine]) is Mine


def test_a_wrong_kind_gets_a_suggestion() -> None:
    with pytest.raises(ConfigurationError, match="Did you mean 'twilio'") as raised:
        find("twillio")
    assert raised.value.code == "unknown_gateway"


@pytest.mark.parametrize(
    ("entry_point", "source"),
    [
        ("pigeon = stranger_gateway:Pigeon", "raise RuntimeError('broken wing')"),
        ("pigeon = stranger_gateway:Dove", GOOD.format(kind="pigeon")),
        ("pigeon = no_such_module:Pigeon", ""),
        ("pigeon = stranger_gateway:Pigeon", "Pigeon = 'a bird'"),
        ("pigeon = stranger_gateway:Pigeon", GOOD.replace("kind =", "sort =")),
    ],
)
def test_a_broken_entry_point_names_its_distribution(install: Install, entry_point: str, source: str) -> None:
    install(entry_point, source)
    with pytest.raises(ConfigurationError, match="stranger") as raised:
        kinds()
    assert raised.value.code == "bad_gateway"


def test_a_kind_that_is_taken_names_both(install: Install) -> None:
    install("twilio = stranger_gateway:Pigeon", GOOD.format(kind="twilio"))
    with pytest.raises(ConfigurationError, match=r"stranger.*sms_plugin\.gateways\.twilio") as raised:
        kinds()
    assert raised.value.code == "duplicate_gateway"


@pytest.mark.parametrize("gateway", [*SHIPPED, PhoneGateway], ids=lambda gateway: gateway.kind)
def test_every_setting_of_a_gateway_says_in_one_line_what_to_enter(gateway: type[Gateway]) -> None:
    """P14, P20: whoever fills in the form has the provider's panel before them, not our code."""
    lines = {field.name: field.help.strip() for field in fields_of(gateway.Settings)}
    assert [name for name, line in lines.items() if not line.endswith(".") or "\n" in line] == []
