"""The request of a generic gateway that sends, and how its answer is read, as an admin writes them (P11)."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cached_property

from sms_plugin.errors import worded
from sms_plugin.gateways import fields
from sms_plugin.gateways.http import base_address
from sms_plugin.gateways.placeholders import MEANING, Template, template
from sms_plugin.gateways.rules import BY, Rules, error_rules, extractor
from sms_plugin.gateways.settings import setting

SEPARATORS = {"one": "", "comma": ",", "semicolon": ";", "space": " "}
_SEPARATOR_LABELS = {"one": "one number per request", "comma": ",", "semicolon": ";", "space": "a space"}
VALUES = {"u": "user", "p": "password", "t": "token", "s": "sender"}
_HEADER_NAME = re.compile(r"[A-Za-z0-9!#$%&'*+.^_`|~-]+")
_DEFAULT_ERRORS = "http 401 = account bad_credentials\nhttp 404 = account bad_address"
_PLACEHOLDERS = ", ".join(f"{{{name}}} {meaning}" for name, meaning in MEANING.items())
WHERE = (
    "For JSON a path such as messages.0.id, for a field its number (1 first, -1 last), for a regular"
    " expression the expression itself; its first group counts."
)


@dataclass(frozen=True, kw_only=True)
class GenericSending:
    """A provider's request and its answers, in words that a provider's manual uses."""

    service_name: str = setting("Service name", default="", help="Only for your own eyes.")
    host: str = setting("Host", help="The name alone, such as api.example.com.")
    port: int = fields.port(443)
    ssl: bool = fields.ssl(default=True)
    private_address: bool = setting(
        "Private address", default=False, help="On for a gateway on the portal's own machine or in its own network."
    )
    url: str = setting(
        "API/URL", secret=True, help=f"Path and query, such as /send?to={{d}}&msg={{m}}. {_PLACEHOLDERS}."
    )
    method: str = fields.method()
    body_format: str = fields.body_format()
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
    basic_auth: bool = setting(
        "Send user and password as HTTP Basic",
        default=False,
        help="On where the manual asks for Basic authentication: they then go in a header, not in the address.",
    )
    user: str = setting("User {u}", default="", help="Your login at the provider; it goes where you write {u}.")
    password: str = setting("Password {p}", default="", secret=True, help="Its password; it goes where you write {p}.")
    token: str = setting(
        "Token {t}",
        default="",
        secret=True,
        help="A key or token instead of a password, where the provider gives one; it goes where you write {t}.",
    )
    sender: str = setting(
        "Sender {s}",
        default="",
        help="The name or number that texts come from, where the provider takes one; it goes where you write {s}.",
    )
    number_form: str = fields.number_form("digits")
    country_code: str = setting(
        "Country code",
        default="",
        help="For national numbers: 55 for Brazil. Numbers of other countries are refused.",
    )
    separator: str = setting(
        "Several numbers in one request",
        default="one",
        choices=_SEPARATOR_LABELS,
        help="What the manual puts between numbers that get the same text. One each is surer: where a request for many"
        " is refused, nobody knows for whom.",
    )
    batch_size: int = setting(
        "Most numbers in one request",
        default=1,
        minimum=1,
        maximum=1000,
        help="As many as the manual allows; 1 where each number has a request of its own.",
    )
    accents: bool = setting(
        "Keep accents",
        default=True,
        help="Off: ação is sent as acao, and what cannot be written so is refused.",
    )
    charset: str = setting(
        "Charset",
        default="utf-8",
        choices=("utf-8", "iso-8859-1"),
        help="utf-8, unless the manual says ISO-8859-1 or Latin-1, which has Western European letters only.",
    )
    longest: int = setting("Most characters", default=0, minimum=0, maximum=5000, help="0: no limit.")
    status_from: int = setting(
        "Lowest HTTP status of a success",
        default=200,
        minimum=100,
        maximum=599,
        help="An answer with a lower one is no success, whatever it says. 200 unless the manual says otherwise.",
    )
    status_to: int = setting(
        "Highest HTTP status of a success",
        default=299,
        minimum=100,
        maximum=599,
        help="An answer with a higher one is no success, whatever it says. 299 unless the manual says otherwise.",
    )
    success: str = setting(
        "A success is known by",
        choices=BY,
        help="The status alone only where the provider answers nothing else.",
    )
    success_at: str = setting("Where the success stands", default="", help=WHERE)
    success_values: str = setting("Values of a success", default="", help="Separated by commas.")
    field_separator: str = setting(
        "Separator of the answer's fields",
        default=";",
        help="What stands between the fields of an answer such as 6;sent;12345. Only for what is told by a field.",
    )
    reference_by: str = setting(
        "The provider's id of the message is",
        default="status",
        choices={**BY, "status": "not told"},
        help="How its id is found in the answer: by it the provider speaks of the message later, in receipts.",
    )
    reference_at: str = setting("Where the id stands", default="", help=WHERE)
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
            " account, throttled, retry (surely not sent), outage (of all messages), duplicate (already accepted). What"
            " no line names is unknown, and never sent again by itself."
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
            values=self.values,
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
    def values(self) -> frozenset[str]:
        """The values that mean a success."""
        return frozenset(value.strip() for value in self.success_values.split(",") if value.strip())

    @property
    def _error_by(self) -> str:
        # An expression for the success says nothing about where an error's code stands.
        return "status" if self.success == "regex" and not self.error_at else self.success


def _header(line: str) -> tuple[str, Template]:
    name, colon, value = line.partition(":")
    if not colon or not _HEADER_NAME.fullmatch(name.strip()):
        raise ValueError(worded("has a line that is not of the form: Name: value"))
    held = template(value.strip())
    if held.names & {"d", "m", "c"} or not held.literal.isascii():
        raise ValueError(worded("may hold {u}, {p}, {t}, {s}, {r} and {k}, and otherwise ASCII only"))
    return name.strip(), held
