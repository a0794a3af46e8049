"""What gateways are tried with: a connection, and one with little patience."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from sms_plugin.gateways.http import Http
from sms_plugin.testing.gateway_contract import ScriptedServer
from tests.doubles.clickatell import Clickatell
from tests.doubles.zenvia import PlatformDouble, SmsApiDouble


@pytest.fixture
def sms_api() -> Iterator[SmsApiDouble]:
    with SmsApiDouble() as double:
        yield double


@pytest.fixture
def platform() -> Iterator[PlatformDouble]:
    with PlatformDouble() as double:
        yield double


@pytest.fixture
def server() -> Iterator[ScriptedServer]:
    """A provider that answers as scripted."""
    with ScriptedServer() as server:
        yield server


@pytest.fixture
def http() -> Iterator[Http]:
    with Http(private=True) as http:
        yield http


@pytest.fixture
def hasty() -> Iterator[Http]:
    """For answers that never come."""
    with Http(read_timeout=0.5, private=True) as http:
        yield http


@pytest.fixture
def vendor() -> Iterator[Clickatell]:
    """The double; whatever it did not expect fails the test."""
    with Clickatell() as vendor:
        yield vendor
        assert vendor.complaints == []
