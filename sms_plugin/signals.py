"""Blinker signals for the host. The sender is the Flask app; they are sent outside of any transaction."""

from __future__ import annotations

from blinker import Namespace

_signals = Namespace()

#: A provider refused our account: nothing goes until somebody mends it and resumes.
#: Arguments: ``provider`` (name), ``reason`` (code), ``detail`` (its words).
provider_stopped = _signals.signal("sms-provider-stopped")

#: Receipts moved messages. Arguments: ``messages`` (list of ids).
messages_reported = _signals.signal("sms-messages-reported")
