"""What a provider's words for the fate of a message mean, as an admin writes them down, one a line (P11)."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from sms_plugin.errors import did_you_mean, worded
from sms_plugin.gateways.contract import ReceiptStatus
from sms_plugin.gateways.rules import pattern

_LINE = re.compile(r"^(?P<when>.+?)\s*=\s*(?P<status>\w+)(?:\s+(?P<reason>[a-z][a-z0-9_]*))?$")

HELP = (
    "One a line: word = status, or /expression/ = status, and behind it, if you like, a reason such as bad_number or"
    " opted_out. Statuses: accepted, sent, delivered, read, undelivered, failed. What no line names changes nothing."
)


@dataclass(frozen=True, kw_only=True)
class StatusWord:
    """One line: what the provider says, and what that means."""

    status: ReceiptStatus
    reason: str
    word: str = ""
    pattern: re.Pattern[str] | None = None

    def matches(self, told: str) -> bool:
        """Whether this line speaks of that word; case does not matter."""
        return self.pattern.search(told) is not None if self.pattern is not None else self.word == told.casefold()


def status_words(lines: str) -> tuple[StatusWord, ...]:
    """The lines, in their order. Raises ``ValueError`` that names the one that cannot be read."""
    return tuple(_status_word(line.strip()) for line in lines.splitlines() if line.strip())


def _status_word(line: str) -> StatusWord:
    found = _LINE.match(line)
    if found is None:
        raise ValueError(worded("has the line %(line)r, which is not of the form: word = status reason", line=line))
    when, status, reason = found["when"], found["status"].lower(), found["reason"] or ""
    known = [each.value for each in ReceiptStatus]
    if status not in known:
        guess = did_you_mean(status, known) or f"There are: {', '.join(known)}"
        raise ValueError(worded("has the unknown status %(status)r. %(guess)s", status=status, guess=guess))
    if len(when) > 2 and when.startswith("/") and when.endswith("/"):
        return StatusWord(status=ReceiptStatus(status), reason=reason, pattern=pattern(when[1:-1]))
    return StatusWord(status=ReceiptStatus(status), reason=reason, word=when.casefold())


def meaning_of(told: str | None, words: Sequence[StatusWord]) -> StatusWord | None:
    """The first line that speaks of what was told."""
    return None if told is None else next((each for each in words if each.matches(told.strip())), None)
