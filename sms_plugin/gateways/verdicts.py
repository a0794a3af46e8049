"""What every gateway makes of the same mishaps, and how it quotes a provider without telling secrets."""

from __future__ import annotations

import re
from collections.abc import Iterable
from difflib import SequenceMatcher

from sms_plugin.errors import SmsError, worded
from sms_plugin.gateways.addresses import FORBIDDEN, PRIVATE
from sms_plugin.gateways.contract import About, Verdict, refused, unknown
from sms_plugin.gateways.http import Answer, NotSent, Unsure

_LONGEST_DETAIL = 160
_ECHO = 12
"""Characters in a row that a provider's words and a message's text may not share."""
_NUMBER = re.compile(r"\+?\d[\d ().-]{3,}\d")


_NEVER_SENT = frozenset({"bad_request", PRIVATE, FORBIDDEN})


def of_failure(failure: NotSent | Unsure) -> Verdict:
    """What a request without an answer means for its message: tried again only if surely nothing arrived."""
    if failure.code in _NEVER_SENT:
        # The settings make no request, or none that may leave: so it will be with every message.
        return refused(failure.code, about=About.ACCOUNT)
    if isinstance(failure, NotSent):
        return refused(failure.code, about=About.PROVIDER, for_good=False)
    return unknown(failure.code)


def of_status(answer: Answer) -> Verdict | None:
    """What the HTTP status alone says, or None where the body must say it.

    429, and 503 with ``Retry-After``, are refusals for now. A redirect and any other 5xx tell nobody whether
    the message was taken.
    """
    wait = answer.retry_after()
    if answer.status == 429 or (answer.status == 503 and wait is not None):
        return throttled(retry_after=wait, provider_code=str(answer.status))
    if 300 <= answer.status < 400:
        return unknown("redirect", provider_code=str(answer.status))
    if answer.status >= 500:
        return unknown("server_error", provider_code=str(answer.status))
    return None


def throttled(*, retry_after: float | None = None, provider_code: str = "") -> Verdict:
    """The account sends faster than it may: the provider pauses, the message stays."""
    return refused(
        "throttled",
        about=About.ACCOUNT,
        for_good=False,
        retry_after=retry_after,
        provider_code=provider_code,
    )


def quoted(words: object, *, secrets: Iterable[str] = (), texts: Iterable[str] = ()) -> str:
    """The provider's words for a log: bounded, one line, without secrets and numbers.

    Nothing is left where they echo a message's text.
    """
    if not isinstance(words, str | int | float):
        return ""
    line = "".join(char if char.isprintable() else " " for char in str(words)[: 4 * _LONGEST_DETAIL])
    for secret in secrets:
        if secret:
            line = line.replace(secret, "***")
    line = _NUMBER.sub("***", line)
    if any(_echoes(line, text) for text in texts):
        return ""
    return line.strip()[:_LONGEST_DETAIL]


def _echoes(line: str, text: str) -> bool:
    shared = SequenceMatcher(None, line, text, autojunk=False).find_longest_match()
    return shared.size >= min(_ECHO, max(len(text), 1))


def unreadable(what: str) -> SmsError:
    """The error of a balance or a look-up whose answer makes no sense."""
    return SmsError(worded("The provider's %(what)s could not be read", what=what), code="garbled")
