"""What every gateway must keep, as a test class to extend (P20).

A gateway's author writes a class named ``Test…`` that extends ``GatewayContract``, names the gateway, points
its settings at a loopback server, and says what its provider answers. Needs pytest.
"""

from __future__ import annotations

import logging
from dataclasses import replace
from typing import Any

import pytest

from sms_plugin.errors import SmsError
from sms_plugin.gateways.contract import Capabilities, Gateway
from sms_plugin.gateways.settings import fields_of, unfilled
from sms_plugin.testing.gateway_ground import RECIPIENT as RECIPIENT
from sms_plugin.testing.gateway_ground import SINCE as SINCE
from sms_plugin.testing.gateway_ground import TEXT as TEXT
from sms_plugin.testing.gateway_ground import ScriptedServer as ScriptedServer
from sms_plugin.testing.gateway_ground import outgoing as outgoing
from sms_plugin.testing.gateway_ground import sent as sent
from sms_plugin.testing.gateway_mangled import MangledContract
from sms_plugin.testing.gateway_sending import SendingContract
from sms_plugin.testing.gateway_telling import TellingContract
from sms_plugin.testing.loopback import Ending, Reply

_SUSPICIOUS = ("password", "token", "secret", "key_secret")


class GatewayContract(SendingContract, TellingContract, MangledContract):
    """Extend it, and set what stands without a value; what a gateway cannot do needs none of its words here."""

    def test_it_has_a_kind_a_label_and_settings_that_present_themselves(self) -> None:
        """P20."""
        assert self.gateway.kind.isidentifier()
        assert self.gateway.label
        assert all(field.label for field in fields_of(self.gateway.Settings))

    def test_every_credential_is_a_secret(self) -> None:
        """P14: masked on screen, encrypted at rest."""
        open_ones = [field.name for field in fields_of(self.gateway.Settings) if not field.secret]
        assert [name for name in open_ones if name.endswith(_SUSPICIOUS)] == []

    def test_what_it_can_do_is_known_before_anybody_set_it_up(self) -> None:
        """The pages and the catalogue show it beside every gateway."""
        can = self.gateway.capabilities(unfilled(self.gateway.Settings))
        assert isinstance(can, Capabilities)
        assert can.batch_size >= 1
        assert can.channels

    def test_nothing_secret_is_told(
        self,
        hasty: Gateway,
        server: ScriptedServer,
        settings: Any,
        caplog: pytest.LogCaptureFixture,
    ) -> None:
        """Promise 9: no credential, body or number in a verdict, an error, a log or a repr."""
        caplog.set_level(logging.DEBUG)
        told = [repr(settings), repr(hasty)]
        for reply in self._loose_tongues(settings):
            server.will(reply)
            told.append(repr(hasty.send([outgoing()])))
            told += self._questioned(hasty, settings)
        server.stop()
        told += [repr(hasty.send([outgoing()])), *self._questioned(hasty, settings)]
        told += [record.getMessage() for record in caplog.records]
        everything = "\n".join(told)
        assert [value for value in self.hidden(settings) if value in everything] == []

    def _loose_tongues(self, settings: Any) -> list[Reply]:
        """Answers that repeat whatever they were asked."""
        words = " ".join([RECIPIENT, TEXT, *self.hidden(settings)])
        quoted = words.replace('"', "'").replace("\n", " ").replace("\\", "/")
        body = f'{{"message": "{quoted}", "code": 99999, "cause": "{quoted}", "msg": "{quoted}"}}'.encode()
        known = (
            getattr(self, "accepted", None),
            self.refused_recipient,
            self.refused_account,
            self.throttled,
        )
        loose = [Reply(status=status, body=body) for status in (200, 400, 401, 500)]
        loose += [replace(reply, ending=ending) for reply in loose[:1] for ending in (Ending.HANG, Ending.RESET)]
        return [*(reply for reply in known if reply is not None), *loose]

    def _questioned(self, subject: Gateway, settings: Any) -> list[str]:
        """What questions to the provider say when they fail."""
        can = self.gateway.capabilities(settings)
        said = []
        for able, ask in (
            (can.balance, lambda: subject.balance()),
            (can.lookup, lambda: subject.look_up(outgoing(), reference=None, since=SINCE)),
            (can.polled, lambda: subject.poll(self.asked_for(1))),
            (can.inbound_polled, lambda: subject.fetch("")),
        ):
            try:
                if able and self.over_http:
                    ask()
            except SmsError as error:
                said += [str(error), repr(error), repr(error.__context__), repr(error.__cause__)]
        return said
