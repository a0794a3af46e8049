"""What an admin writes to make a gateway of any provider that takes an HTTP request (P11)."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property

from sms_plugin.errors import SmsError
from sms_plugin.gateways.http import base_address
from sms_plugin.gateways.placeholders import MEANING, Template, json_escaped, template
from sms_plugin.gateways.rules import BY, Rules, error_rules, extractor
from sms_plugin.gateways.settings import BadSettings, setting

NUMBER_FORMS = {
    "national": "national, without country code",
    "digits": "country code and number, digits only",
    "e164": "with + and country code",
}
SEPARATORS = {"one": "", "comma": ",", "semicolon": ";", "space": " "}
_SEPARATOR_LABELS = {"one": "one number per request", "comma": ",", "semicolon": ";", "space": "a space"}
_VALUES = {"u": "user", "p": "password", "t": "token", "s": "sender"}
_HEADER_NAME = re.compile(r"[A-Za-z0-9!#$%&'*+.^_`|~-]+")
_BATCHLESS = frozenset("rc")
_DEFAULT_ERRORS = "http 401 = account bad_credentials\nhttp 404 = account bad_address"
_PLACEHOLDERS = ", ".join(f"{{{name}}} {meaning}" for name, meaning in MEANING.items())
_WHERE = (
    "For JSON a path such as messages.0.id, for a field its number (1 first, -1 last), for a regular"
    " expression the expression itself; its first group counts."
)


@dataclass(frozen=True, kw_only=True)
class GenericHttpSettings:
    """A provider's request and its answers, in words that a provider's manual uses."""

    service_name: str = setting("Service name", default="", help="Only for your own eyes.")
    host: str = setting("Host", help="The name alone, such as api.example.com.")
    port: int = setting("Port", default=443, minimum=1, maximum=65535)
    ssl: bool = setting("SSL", default=True, help="Without SSL your credentials travel in clear.")
    url: str = setting(
        "API/URL", secret=True, help=f"Path and query, such as /send?to={{d}}&msg={{m}}. {_PLACEHOLDERS}."
    )
    method: str = setting("Method", default="GET", choices=("GET", "POST"))
    body_format: str = setting("Body", default="none", choices={"none": "none", "form": "form", "json": "JSON"})
    body: str = setting(
        "Body template",
        default="",
        secret=True,
        lines=True,
        help='to={d}&msg={m}, or {"to": "{d}", "msg": "{m}"}.',
    )
    headers: str = setting(
        "Headers", default="", secret=True, lines=True, help="One a line: Authorization: Bearer {t}."
    )
    basic_auth: bool = setting("Send user and password as HTTP Basic", default=False)
    user: str = setting("User {u}", default="")
    password: str = setting("Password {p}", default="", secret=True)
    token: str = setting("Token {t}", default="", secret=True)
    sender: str = setting("Sender {s}", default="")
    number_form: str = setting("Form of the number", default="digits", choices=NUMBER_FORMS)
    country_code: str = setting(
        "Country code",
        default="",
        help="For national numbers: 55 for Brazil. Numbers of other countries are refused.",
    )
    separator: str = setting("Several numbers in one request", default="one", choices=_SEPARATOR_LABELS)
    batch_size: int = setting("Most numbers in one request", default=1, minimum=1, maximum=1000)
    accents: bool = setting(
        "Keep accents",
        default=True,
        help="Off: ação is sent as acao, and what cannot be written so is refused.",
    )
    charset: str = setting("Charset", default="utf-8", choices=("utf-8", "iso-8859-1"))
    longest: int = setting("Most characters", default=0, minimum=0, maximum=5000, help="0: no limit.")
    status_from: int = setting("Lowest HTTP status of a success", default=200, minimum=100, maximum=599)
    status_to: int = setting("Highest HTTP status of a success", default=299, minimum=100, maximum=599)
    success: str = setting(
        "A success is known by",
        choices=BY,
        help="The status alone only where the provider answers nothing else.",
    )
    success_at: str = setting("Where the success stands", default="", help=_WHERE)
    success_values: str = setting("Values of a success", default="", help="Separated by commas.")
    field_separator: str = setting("Separator of the answer's fields", default=";")
    reference_by: str = setting(
        "The provider's id of the message is", default="status", choices={**BY, "status": "not told"}
    )
    reference_at: str = setting("Where the id stands", default="", help=_WHERE)
    error_at: str = setting(
        "Where the error's code or words stand",
        default="",
        help="As for the success; empty: in the same place, and regular expressions see the whole answer.",
    )
    errors: str = setting(
        "Errors",
        default=_DEFAULT_ERRORS,
        lines=True,
        help=(
            "One a line: code = class, /expression/ = class or http 401 = class. Classes: recipient, message,"
            " account, throttled, retry (surely not sent), duplicate (already accepted). What no line names"
            " is unknown, and never sent again by itself."
        ),
    )

    @cached_property
    def base(self) -> str:
        """Scheme, host and port. Raises ``SmsError`` when they make no address."""
        return base_address(f"{'https' if self.ssl else 'http'}://{self.host}:{self.port}")

    @cached_property
    def rules(self) -> Rules:
        """How the answers are read. Raises ``ValueError`` when a rule cannot be read."""
        return Rules(
            by=self.success,
            success=extractor(self.success, self.success_at, separator=self.field_separator),
            values=self._values,
            reference=extractor(self.reference_by, self.reference_at, separator=self.field_separator),
            error_code=extractor(self._error_by, self.error_at or self.success_at, separator=self.field_separator),
            errors=error_rules(self.errors),
            error_anywhere=not self.error_at,
        )

    @cached_property
    def url_template(self) -> Template:
        """The URL. Raises ``ValueError``."""
        return template(self.url)

    @cached_property
    def body_template(self) -> Template:
        """The body. Raises ``ValueError``."""
        return template(self.body)

    @cached_property
    def header_templates(self) -> tuple[tuple[str, Template], ...]:
        """The headers. Raises ``ValueError``."""
        return tuple(_header(line) for line in self.headers.splitlines() if line.strip())

    @property
    def placeholders(self) -> frozenset[str]:
        """Every placeholder in use."""
        headers = frozenset[str]().union(*(value.names for _, value in self.header_templates))
        return self.url_template.names | self.body_template.names | headers

    @property
    def secrets(self) -> tuple[str, ...]:
        """What must not be quoted anywhere."""
        return (self.password, self.token, self.user)

    @property
    def _values(self) -> frozenset[str]:
        return frozenset(value.strip() for value in self.success_values.split(",") if value.strip())

    @property
    def _error_by(self) -> str:
        # An expression for the success says nothing about where an error's code stands.
        return "status" if self.success == "regex" and not self.error_at else self.success

    def check(self) -> None:
        """Raises ``BadSettings`` that names every field that does not fit the others."""
        problems: dict[str, str] = {}
        for name, check in self._checks():
            try:
                check()
            except (ValueError, SmsError) as error:
                problems.setdefault(name, str(error))
        if not problems:
            problems = dict(self._missing())
        if problems:
            raise BadSettings(problems)

    def _checks(self) -> Iterator[tuple[str, Callable[[], object]]]:
        yield "host", lambda: self.base
        yield "host", self._check_host
        yield "url", self._check_url
        yield "body", self._check_body
        yield "headers", lambda: self.header_templates
        yield "success_at", lambda: extractor(self.success, self.success_at, separator=self.field_separator)
        yield "success_values", self._check_values
        yield (
            "reference_at",
            lambda: extractor(self.reference_by, self.reference_at, separator=self.field_separator),
        )
        yield "error_at", lambda: self.error_at and self.rules.error_code
        yield "errors", lambda: error_rules(self.errors)
        yield "batch_size", self._check_batch
        yield "country_code", self._check_country
        yield "status_to", self._check_status

    def _check_host(self) -> None:
        if re.search(r"[/?#@:]", self.host) and not re.fullmatch(r"\[[0-9a-fA-F:.]+\]", self.host):
            raise ValueError("is the name alone: port, path and https:// have fields of their own")

    def _check_url(self) -> None:
        if not self.url.startswith("/"):
            raise ValueError("does not begin with /: host and port have fields of their own")
        _require_encoded(self.url_template)
        held = self.url_template.names | self.body_template.names
        lost = [f"{{{name}}} ({MEANING[name]})" for name in "dm" if name not in held]
        if lost:
            raise ValueError(f"holds no {' and no '.join(lost)}, nor does the body")

    def _check_body(self) -> None:
        if (self.body_format == "none") != (not self.body):
            raise ValueError("a template and its format (form or JSON) need each other")
        if self.body and self.method != "POST":
            raise ValueError("is sent with POST only")
        if self.body_format == "form":
            _require_encoded(self.body_template)
        if self.body_format == "json":
            sample = dict.fromkeys(MEANING, 'a"b') | {"d": "+5511" if self.number_form == "e164" else "5511"}
            _require_json(self.body_template.filled(sample, encode=json_escaped))

    def _check_values(self) -> None:
        if self.success in ("json", "field") and not self._values:
            raise ValueError("is missing: which values mean a success?")

    def _check_batch(self) -> None:
        if self.batch_size > 1 and self.separator == "one":
            raise ValueError("needs a separator of the numbers")
        if self.batch_size > 1 and self.placeholders & _BATCHLESS:
            raise ValueError("must be 1 where {r} or {c} is used: they are each message's own")

    def _check_country(self) -> None:
        if self.number_form == "national" and not re.fullmatch(r"[1-9]\d{0,2}", self.country_code):
            raise ValueError("is needed for national numbers: 1 to 3 digits, such as 55")

    def _check_status(self) -> None:
        if self.status_to < self.status_from:
            raise ValueError("is less than the lowest status")

    def _missing(self) -> Iterator[tuple[str, str]]:
        """Fields that a template uses and that are empty."""
        for placeholder, name in _VALUES.items():
            if placeholder in self.placeholders and not getattr(self, name):
                yield name, f"is missing: {{{placeholder}}} is used"
        if self.basic_auth and not self.user:
            yield "user", "is missing: HTTP Basic is used"


def _header(line: str) -> tuple[str, Template]:
    name, colon, value = line.partition(":")
    if not colon or not _HEADER_NAME.fullmatch(name.strip()):
        raise ValueError("has a line that is not of the form: Name: value")
    held = template(value.strip())
    if held.names & {"d", "m", "c"} or not held.literal.isascii():
        raise ValueError("may hold {u}, {p}, {t}, {s} and {r}, and otherwise ASCII only")
    return name.strip(), held


def _require_encoded(written: Template) -> None:
    if not written.literal.isascii() or re.search(r"[\s#\"<>\\^`{|}]", written.literal):
        raise ValueError("holds a character that must be percent-encoded (a space is %20, # is %23)")


def _require_json(text: str) -> None:
    try:
        json.loads(text)
    except ValueError:
        raise ValueError('is no JSON once filled: put text placeholders between quotes, as in "{m}"') from None


def credentials(settings: GenericHttpSettings) -> Mapping[str, str]:
    """The values of the placeholders that do not change from message to message."""
    return {placeholder: getattr(settings, name) for placeholder, name in _VALUES.items()}
