"""What the portal announces to whoever listens, inside the transaction that it tells about."""

from __future__ import annotations

from blinker import Namespace

_portal = Namespace()

payment_recorded = _portal.signal("payment-recorded")
"""Sent with ``payment=``, flushed and not yet committed, by ``billing.record_payment``."""
