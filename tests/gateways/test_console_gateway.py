"""The console gateway: a developer sees the text, nobody sees the number."""

from __future__ import annotations

import logging

import pytest

from sms_plugin.gateways.console import ConsoleGateway
from sms_plugin.gateways.contract import NoSettings, Outcome
from sms_plugin.gateways.http import Http
from sms_plugin.testing.gateway_contract import outgoing


def test_a_message_is_a_line_on_standard_error(capsys: pytest.CaptureFixture[str]) -> None:
    with Http(private=True) as http:
        (verdict,) = ConsoleGateway(NoSettings(), http).send([outgoing(text="Olá!")])
    shown = capsys.readouterr().err
    assert verdict.outcome is Outcome.ACCEPTED
    assert "Olá!" in shown
    assert "11987650001" not in shown


def test_the_portals_own_log_does_not_get_the_text() -> None:
    assert not logging.getLogger("sms_plugin.console").propagate
