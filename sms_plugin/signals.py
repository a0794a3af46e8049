"""Blinker signals for the host. The sender is the Flask app; they are sent outside of any transaction."""

from __future__ import annotations

from blinker import Namespace

_signals = Namespace()

#: A provider refused our account: nothing goes until somebody mends it and resumes.
#: Arguments: ``provider`` (name), ``reason`` (code), ``detail`` (its words).
provider_stopped = _signals.signal("sms-provider-stopped")

#: An account fell below the level that was set for it. Arguments: ``provider`` (name), ``amount``, ``unit``.
balance_low = _signals.signal("sms-balance-low")

#: Receipts moved messages. Arguments: ``messages`` (list of ids).
messages_reported = _signals.signal("sms-messages-reported")

#: A text came from a phone. Arguments: ``messages`` (list of ids, one for each client who has the number), ``number``
#: (E.164, or None for a sender that is no number), ``text``, ``said`` ("stop", "start", "not_me", or "" for words to
#: read) and ``people`` (list of records by entity key and key).
message_received = _signals.signal("sms-message-received")
