"""How the answer of a provider without a gateway of its own is read: success, reference and errors (P11).

Where neither the success rule nor an error rule recognises an answer, nobody knows, and the rules say so.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from sms_plugin.errors import did_you_mean, worded
from sms_plugin.gateways.contract import About, Verdict, accepted, refused
from sms_plugin.gateways.verdicts import throttled

BY: Mapping[str, str] = {
    "status": "the HTTP status alone",
    "regex": "a regular expression found in the answer",
    "json": "a value in a JSON answer",
    "field": "a field of a separated answer",
    "number": "a number greater than 0",
}
_CLASSES: Mapping[str, str] = {
    "recipient": "bad_number",
    "message": "rejected_text",
    "account": "account_refused",
    "throttled": "throttled",
    "retry": "try_again",
    "outage": "outage",
    "duplicate": "duplicate",
}
_ABOUT: Mapping[str, About] = {"recipient": About.RECIPIENT, "account": About.ACCOUNT, "outage": About.PROVIDER}
_ERROR_LINE = re.compile(r"^(?P<when>.+?)\s*=\s*(?P<class>\w+)(?:\s+(?P<reason>[a-z][a-z0-9_]*))?$")
_ECHO = 8
"""Characters from which on a text that the provider repeats is left out of what regular expressions see."""

Extract = Callable[[str], str | None]


@dataclass(frozen=True, kw_only=True)
class ErrorRule:
    """One line of the error map: what the provider says, and what that means."""

    meaning: str
    reason: str
    http: int | None = None
    pattern: re.Pattern[str] | None = None
    code: str | None = None

    def matches(self, *, status: int, code: str | None, words: str) -> bool:
        """Whether this line speaks of that answer."""
        if self.http is not None:
            return status == self.http
        if self.pattern is not None:
            return self.pattern.search(words) is not None
        return code is not None and code.strip() == self.code

    def verdict(self, *, provider_code: str, retry_after: float | None, reference: str | None) -> Verdict:
        """What the line means for the message."""
        if self.meaning == "duplicate":
            return accepted(reference)
        if self.meaning == "throttled":
            return throttled(retry_after=retry_after, provider_code=provider_code)
        about = _ABOUT.get(self.meaning, About.MESSAGE)
        for_good = self.meaning not in {"retry", "outage"}
        wait = None if for_good else retry_after
        return refused(self.reason, about=about, for_good=for_good, retry_after=wait, provider_code=provider_code)


def error_rules(lines: str) -> tuple[ErrorRule, ...]:
    """The error map written one rule a line: ``CODE = class reason``, ``/words/ = …`` or ``http 401 = …``.

    Raises ``ValueError`` that names the line.
    """
    return tuple(_error_rule(line.strip()) for line in lines.splitlines() if line.strip())


def _error_rule(line: str) -> ErrorRule:
    found = _ERROR_LINE.match(line)
    if found is None:
        raise ValueError(worded("has the line %(line)r, which is not of the form: code = class reason", line=line))
    when, meaning = found["when"], found["class"]
    if meaning not in _CLASSES:
        guess = did_you_mean(meaning, _CLASSES) or f"There are: {', '.join(_CLASSES)}"
        raise ValueError(worded("has the unknown class %(meaning)r. %(guess)s", meaning=meaning, guess=guess))
    reason = found["reason"] or _CLASSES[meaning]
    status = re.fullmatch(r"http\s+(\d{3})", when)
    if status:
        return ErrorRule(meaning=meaning, reason=reason, http=int(status[1]))
    if len(when) > 2 and when.startswith("/") and when.endswith("/"):
        return ErrorRule(meaning=meaning, reason=reason, pattern=pattern(when[1:-1]))
    return ErrorRule(meaning=meaning, reason=reason, code=when)


def pattern(text: str) -> re.Pattern[str]:
    """The regular expression, blind to case. Raises ``ValueError`` when it is none."""
    try:
        return re.compile(text, re.IGNORECASE)
    except re.error as error:
        raise ValueError(worded("has a regular expression that cannot be read: %(error)s", error=error)) from None


def extractor(by: str, at: str, *, separator: str) -> Extract:
    """Takes one value out of an answer's text. Raises ``ValueError`` when ``at`` does not fit."""
    if by == "status":
        return _nothing
    if by == "number":
        return lambda body: body.strip() if re.fullmatch(r"[+-]?[0-9]{1,18}", body.strip()) else None
    if not at:
        raise ValueError(worded("is missing: it says where the value stands in the answer"))
    if by == "regex":
        return _regex(pattern(at))
    if by == "json":
        return lambda body: _in_json(body, at)
    if re.fullmatch(r"-?[1-9]\d?", at) is None:
        raise ValueError(worded("is not the number of a field (1 is the first, -1 the last)"))
    return _field(int(at), separator=separator)


def _nothing(body: str) -> str | None:  # an extractor is given the answer
    return None


def _regex(compiled: re.Pattern[str]) -> Extract:
    def extract(body: str) -> str | None:
        found = compiled.search(body)
        if found is None:
            return None
        return found[1] if compiled.groups else found[0]

    return extract


def _field(number: int, *, separator: str) -> Extract:
    def extract(body: str) -> str | None:
        fields = [field.strip() for field in body.strip().split(separator)]
        at = number - 1 if number > 0 else number
        return fields[at] if -len(fields) <= at < len(fields) else None

    return extract


def _in_json(body: str, path: str) -> str | None:
    try:
        return at_path(json.loads(body), path)
    except (ValueError, RecursionError):
        return None


def at_path(value: Any, path: str) -> str | None:
    """What stands in a decoded JSON value at a path such as ``messages.0.id``, as text; None where there is nothing
    that is one, and for no path.
    """
    try:
        for step in path.split("."):
            value = value[int(step)] if isinstance(value, list) else value[step]
    except (ValueError, LookupError, TypeError):
        return None
    if isinstance(value, bool):
        return str(value).lower()
    return str(value) if isinstance(value, str | int | float) else None


@dataclass(frozen=True, kw_only=True)
class Rules:
    """All that is known about the answers of one provider."""

    by: str
    success: Extract
    values: frozenset[str]
    reference: Extract
    error_code: Extract
    errors: tuple[ErrorRule, ...]
    error_anywhere: bool  #: expressions see the whole answer, not only the error's code or words

    def succeeded(self, body: str) -> bool:
        """Whether the body says that the message was taken; never where only the status tells."""
        if self.by == "status":
            return False
        value = self.success(body)
        if value is None:
            return False
        return int(value) > 0 if self.by == "number" else not self.values or value in self.values

    def error(self, *, status: int, body: str, text: str) -> tuple[ErrorRule | None, str]:
        """The line of the error map that speaks of the answer, and the provider's own code or words."""
        code = self.error_code(body)
        words = without_echo(body if self.error_anywhere else code or "", text=text)
        found = (rule for rule in self.errors if rule.matches(status=status, code=code, words=words))
        return next(found, None), (code or str(status))


def without_echo(body: str, *, text: str) -> str:
    """The body without the message's own text, so that its words are not taken for the provider's."""
    if len(text) < _ECHO:
        return body
    return body.replace(text, " ").replace(json.dumps(text)[1:-1], " ")
