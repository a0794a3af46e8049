"""A portal whose provider is the phone server."""

from __future__ import annotations

import pytest

from sms_plugin.testing.phone_server import PhoneServer
from tests.portal import Portal


@pytest.fixture
def sending(portal: Portal, phone: PhoneServer) -> Portal:
    """The portal, with the phone gateway active."""
    portal.use(phone)
    return portal
