"""The gateway of a developer's machine: a message is a line on standard error."""

from __future__ import annotations

import logging
import sys
from collections.abc import Sequence

from sms_plugin.gateways.contract import Gateway, Outgoing, Verdict, accepted
from sms_plugin.text.phones import mask


class _StandardError(logging.Handler):
    """Writes to whatever standard error is at that moment."""

    def emit(self, record: logging.LogRecord) -> None:
        sys.stderr.write(self.format(record) + "\n")


# Its own handler, and no way up: the one line of the plugin that holds a message's text must not end in the
# portal's log.
_log = logging.getLogger("sms_plugin.console")
_log.propagate = False
_log.setLevel(logging.INFO)
_log.handlers = [_StandardError()]


class ConsoleGateway(Gateway):
    """Sends nothing: shows the text and the last digits of the number, and calls it accepted."""

    kind = "console"
    label = "Console (development)"
    help = (
        "Sends nothing. Writes each message to the standard error of the process, the text in full and the"
        " number masked. For development only: this is the one gateway that shows texts."
    )

    def send(self, messages: Sequence[Outgoing]) -> Sequence[Verdict]:
        """Accepted, each with its own id as the reference."""
        return [self._shown(message) for message in messages]

    def _shown(self, message: Outgoing) -> Verdict:
        _log.info("SMS to %s: %s", mask(message.to), message.text)
        return accepted(f"console-{message.id}")
