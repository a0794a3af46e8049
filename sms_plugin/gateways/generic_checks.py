"""What is wrong with the request of a generic gateway, field by field, before it is saved (P11)."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator

from sms_plugin.errors import SmsError, worded
from sms_plugin.gateways.generic_sending import VALUES, GenericSending
from sms_plugin.gateways.placeholders import MEANING, Template, json_escaped
from sms_plugin.gateways.rules import error_rules, extractor

Checks = Iterator[tuple[str, Callable[[], object]]]

_BATCHLESS = frozenset("rkc")


def problems_of(checks: Checks) -> dict[str, str]:
    """The first sentence of each field whose check raises ``ValueError`` or ``SmsError``."""
    problems: dict[str, str] = {}
    for name, check in checks:
        try:
            check()
        except (ValueError, SmsError) as error:
            problems.setdefault(name, str(error))
    return problems


def of_sending(given: GenericSending) -> Checks:
    """The checks of the request that sends and of how its answer is read."""
    yield "host", lambda: given.base
    yield "host", lambda: _check_host(given)
    yield "url", lambda: _check_url(given)
    yield "body", lambda: _check_body(given)
    yield "headers", lambda: given.header_templates
    yield "success_at", lambda: extractor(given.success, given.success_at, separator=given.field_separator)
    yield "success_values", lambda: _check_values(given)
    yield "reference_at", lambda: extractor(given.reference_by, given.reference_at, separator=given.field_separator)
    yield "error_at", lambda: given.error_at and given.rules.error_code
    yield "errors", lambda: error_rules(given.errors)
    yield "batch_size", lambda: _check_batch(given)
    yield "country_code", lambda: _check_country(given)
    yield "status_to", lambda: _check_status(given)


def missing(given: GenericSending, placeholders: frozenset[str]) -> Iterator[tuple[str, str]]:
    """Fields that a template uses and that are empty."""
    for placeholder, name in VALUES.items():
        if placeholder in placeholders and not getattr(given, name):
            yield name, worded("is missing: %(what)s is used", what=f"{{{placeholder}}}")
    if given.basic_auth and not given.user:
        yield "user", worded("is missing: %(what)s is used", what="HTTP Basic")


def require_path(written: Template) -> None:
    """Raises ``ValueError`` for what is no path and query, percent-encoded."""
    if not written.literal.startswith("/") or written.parts[0] == "":
        raise ValueError(worded("does not begin with /: host and port have fields of their own"))
    require_encoded(written)


def require_encoded(written: Template) -> None:
    """Raises ``ValueError`` for characters that no address holds."""
    if not written.literal.isascii() or re.search(r"[\s#\"<>\\^`{|}]", written.literal):
        raise ValueError(worded("holds a character that must be percent-encoded (a space is %20, # is %23)"))


def _check_host(given: GenericSending) -> None:
    if re.search(r"[/?#@:]", given.host) and not re.fullmatch(r"\[[0-9a-fA-F:.]+\]", given.host):
        raise ValueError(worded("is the name alone: port, path and https:// have fields of their own"))


def _check_url(given: GenericSending) -> None:
    require_path(given.url_template)
    held = given.url_template.names | given.body_template.names
    lost = [f"{{{name}}} ({MEANING[name]})" for name in "dm" if name not in held]
    if lost:
        raise ValueError(worded("holds no %(lost)s, nor does the body", lost=" and no ".join(lost)))


def _check_body(given: GenericSending) -> None:
    if (given.body_format == "none") != (not given.body):
        raise ValueError(worded("a template and its format (form or JSON) need each other"))
    if given.body and given.method != "POST":
        raise ValueError(worded("is sent with POST only"))
    if given.body_format == "form":
        require_encoded(given.body_template)
    if given.body_format == "json":
        sample = dict.fromkeys(MEANING, 'a"b') | {"d": "+5511" if given.number_form == "e164" else "5511"}
        _require_json(given.body_template.filled(sample, encode=json_escaped))


def _require_json(text: str) -> None:
    try:
        json.loads(text)
    except ValueError:
        raise ValueError(worded('is no JSON once filled: put text placeholders between quotes, as in "{m}"')) from None


def _check_values(given: GenericSending) -> None:
    if given.success in ("json", "field") and not given.values:
        raise ValueError(worded("is missing: which values mean a success?"))


def _check_batch(given: GenericSending) -> None:
    if given.batch_size > 1 and given.separator == "one":
        raise ValueError(worded("needs a separator of the numbers"))
    if given.batch_size > 1 and given.placeholders & _BATCHLESS:
        raise ValueError(worded("must be 1 where {r}, {k} or {c} is used: they are each message's own"))


def _check_country(given: GenericSending) -> None:
    if given.number_form == "national" and not re.fullmatch(r"[1-9]\d{0,2}", given.country_code):
        raise ValueError(worded("is needed for national numbers: 1 to 3 digits, such as 55"))


def _check_status(given: GenericSending) -> None:
    if given.status_to < given.status_from:
        raise ValueError(worded("is less than the lowest status"))
