"""The plugin's settings: one typed object, read once from the host's configuration.

Every key starts with ``SMS_``; one that is not known is an error, so that a typing mistake cannot pass silently.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, fields
from functools import cached_property
from typing import Any
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

from sms_plugin.errors import ConfigurationError, did_you_mean


@dataclass(frozen=True, kw_only=True)
class Settings:
    """What the host set. Times are in seconds unless the name says otherwise."""

    secret_keys: tuple[str, ...] = field(repr=False)  #: Fernet keys, the newest first; all of them can read
    public_url: str | None = None  #: where the portal is reached from outside; links and receipts need it
    timezone: str = "UTC"  #: how the host's naive times are meant
    region: str | None = None  #: ISO 3166 code for numbers written without a country code
    language: str = "en"  #: for a person without one, and when a text has no other
    currency: str | None = None  #: ISO 4217 code for amounts that name none
    scheduler: str = "embedded"  #: "embedded" runs jobs and flush in the web process, "off" leaves them to a worker
    url_prefix: str = "/sms"  #: where the webhooks are mounted
    threads: int = 8  #: messages that are spoken of with the provider at once
    connect_timeout: float = 5.0
    read_timeout: float = 30.0
    lease: float = 60.0  #: for how long a claimed message is nobody else's
    flush_every: float = 5.0  #: the safety net behind the wake
    sweep_every: float = 60.0
    attempts: int = 8  #: submissions of one message before it fails
    backoff: float = 15.0  #: before the second submission; doubles each time, up to ``backoff_most``
    backoff_most: float = 1800.0
    quiet_hours: tuple[int, int] | None = (21, 9)  #: local hours, from and until, in which nobody is texted; None: none
    holidays: str | None = None  #: ISO 3166 code of the country whose public holidays triggers may keep
    daily_cap: int = 3  #: most messages to a number on one local day, a person's own actions apart; 0 is no limit (X22)
    bulk_ceiling: int | None = None  #: a larger send to many needs a second person; None: none does (X12)
    bulk_typed: int = 100  #: a larger one is confirmed by typing its number of messages
    bulk_stop: int = 30  #: it stops by itself when so many in a hundred of its messages have failed; 0: never
    private_gateways: bool | None = None  #: whether providers may be reached in private networks; None: see ``State``

    @cached_property
    def zone(self) -> ZoneInfo:
        """The portal's timezone."""
        return ZoneInfo(self.timezone)

    @property
    def request_timeout(self) -> float:
        """The longest that one request to a provider may take, in seconds: two addresses may be tried."""
        return 2 * self.connect_timeout + self.read_timeout


_PREFIX = "SMS_"


def _wrong(key: str, what: str, hint: str) -> ConfigurationError:
    return ConfigurationError(f"{key} {what}.", code="bad_setting", hint=hint)


def _keys(value: object) -> tuple[str, ...]:
    if isinstance(value, str):
        return tuple(part.strip() for part in value.split(",") if part.strip())
    if isinstance(value, Sequence):
        return tuple(str(part) for part in value)
    raise _wrong("SMS_SECRET_KEYS", "is neither a text nor a list", "Give keys made by `flask sms key`.")


def _number(key: str, value: Any, kind: type[int] | type[float], least: float) -> float:
    what = "a whole number" if kind is int else "a number"
    hint = f"Give {what} of at least {least:g} and less than a million."
    try:
        number = float(value)
    except (TypeError, ValueError, OverflowError):
        raise _wrong(key, f"is {value!r}, which is not a number", hint) from None
    if isinstance(value, bool) or not least <= number < 1_000_000 or kind(number) != number:
        raise _wrong(key, f"is {value!r}", hint)
    return kind(number)


def _public_url(value: str) -> str:
    try:
        parts = urlsplit(value)
        (parts.hostname or "").encode("idna")
    except (ValueError, UnicodeError):
        raise _wrong("SMS_PUBLIC_URL", "is no web address", "Give one such as https://portal.example.com.") from None
    if (
        parts.scheme not in {"http", "https"}
        or not parts.netloc
        or parts.query
        or parts.fragment
        or "@" in parts.netloc
    ):
        raise _wrong("SMS_PUBLIC_URL", "is no web address", "Give one such as https://portal.example.com.")
    return value.rstrip("/")


def _zone(value: str) -> str:
    try:
        ZoneInfo(value)
    except (KeyError, ValueError, OSError):
        raise _wrong(
            "SMS_TIMEZONE", f"is {value!r}, which is no timezone", "Give an IANA name such as Europe/Lisbon."
        ) from None
    return value


def _scheduler(value: str) -> str:
    if value not in {"embedded", "off"}:
        raise _wrong("SMS_SCHEDULER", f"is {value!r}", 'Give "embedded" or "off".')
    return value


def _country(key: str, value: str) -> str:
    if len(value) != 2 or not value.isalpha():
        raise _wrong(key, f"is {value!r}", "Give an ISO 3166 code of two letters such as PT.")
    return value.upper()


def _holidays(value: str) -> str:
    country = _country("SMS_HOLIDAYS", value)
    try:
        from holidays import list_supported_countries  # optional, and slow to import
    except ImportError:
        raise _wrong(
            "SMS_HOLIDAYS", "needs the package holidays", 'Install it: pip install "flask-admin-sms[holidays]".'
        ) from None
    if country not in list_supported_countries():
        raise _wrong("SMS_HOLIDAYS", f"is {value!r}, whose holidays nobody wrote down", "Leave the key out.")
    return country


def _currency(value: str) -> str:
    if len(value) != 3 or not value.isascii() or not value.isalpha():
        raise _wrong("SMS_CURRENCY", f"is {value!r}", "Give an ISO 4217 code of three letters such as EUR.")
    return value.upper()


def _prefix(value: str) -> str:
    if not value.startswith("/") or value.rstrip("/") == "":
        raise _wrong("SMS_URL_PREFIX", f"is {value!r}", "Give a path such as /sms.")
    return value.rstrip("/")


def _quiet_hours(key: str, value: object) -> tuple[int, int] | None:
    """From "21-9", or None for "off"."""
    hint = 'Give two whole hours such as "21-9", or "off".'
    if value is False or str(value).strip().lower() in {"off", "no", "none", "false"}:
        return None
    first, _, last = str(value).partition("-")
    if not (first.strip().isdecimal() and last.strip().isdecimal()):
        raise _wrong(key, f"is {value!r}", hint)
    hours = int(first) % 24, int(last) % 24
    if int(first) > 24 or int(last) > 24 or hours[0] == hours[1]:
        raise _wrong(key, f"is {value!r}, which leaves no hour, or names none", hint)
    return hours


def _switch(key: str, value: object) -> bool:
    word = str(value).strip().lower()
    if word not in {"true", "false", "1", "0", "yes", "no", "on", "off"}:
        raise _wrong(key, f"is {value!r}, which is neither yes nor no", "Give True or False, or leave the key out.")
    return word in {"true", "1", "yes", "on"}


_TEXTS: Mapping[str, Callable[[str], str]] = {
    "public_url": _public_url,
    "timezone": _zone,
    "scheduler": _scheduler,
    "region": lambda value: _country("SMS_REGION", value),
    "url_prefix": _prefix,
    "language": str,
    "currency": _currency,
    "holidays": _holidays,
}
_LEAST: Mapping[str, tuple[type[int] | type[float], float]] = {
    "threads": (int, 1),
    "attempts": (int, 1),
    "daily_cap": (int, 0),
    "bulk_ceiling": (int, 0),
    "bulk_typed": (int, 0),
    "bulk_stop": (int, 0),
    "connect_timeout": (float, 0.05),
    "read_timeout": (float, 0.05),
    "lease": (float, 0.5),
    "flush_every": (float, 0.05),
    "sweep_every": (float, 0.05),
    "backoff": (float, 0.0),
    "backoff_most": (float, 0.0),
}


def read(config: Mapping[str, Any], *, tolerate: list[ConfigurationError] | None = None) -> Settings:
    """The settings in a Flask configuration.

    Raises ``ConfigurationError`` naming every key that is wrong, and how to mend it; with ``tolerate`` the errors are
    put there instead, and what is wrong keeps its default, so that a check can go on and find the rest.
    """
    problems: list[ConfigurationError] = []
    given: dict[str, Any] = {}
    wrong: set[str] = set()
    for key, value in config.items():
        if not key.startswith(_PREFIX) or value is None:
            continue
        try:
            given[_name_of(key)] = _typed(key, _name_of(key), value)
        except ConfigurationError as problem:
            problems.append(problem)
            wrong.add(key)
    if not given.get("secret_keys") and "SMS_SECRET_KEYS" not in wrong:
        problems.append(
            ConfigurationError(
                "SMS_SECRET_KEYS is missing.",
                code="missing_key",
                hint="Credentials are encrypted with it. Make one with `flask sms key`; keep it out of the repository.",
            )
        )
    given.setdefault("secret_keys", ())
    if tolerate is not None:
        tolerate.extend(problems)
    elif problems:
        raise joined(problems)
    return Settings(**given)


def joined(problems: Sequence[ConfigurationError]) -> ConfigurationError:
    """One error that says what all of these say."""
    if len(problems) == 1:
        return problems[0]
    return ConfigurationError(" ".join(str(problem) for problem in problems), code=problems[0].code)


def _name_of(key: str) -> str:
    known = {_PREFIX + field.name.upper(): field.name for field in fields(Settings)}
    if key not in known:
        raise ConfigurationError(
            f"{key} is no setting of the SMS plugin.",
            code="unknown_setting",
            hint=did_you_mean(key, known) or "See the README for those that there are.",
        )
    return known[key]


def _typed(key: str, name: str, value: Any) -> object:
    if name == "secret_keys":
        return _keys(value)
    if name == "quiet_hours":
        return _quiet_hours(key, value)
    if name == "private_gateways":
        return _switch(key, value)
    if name in _LEAST:
        return _number(key, value, *_LEAST[name])
    if not isinstance(value, str) or not value.strip():
        raise _wrong(key, f"is {value!r}, which is no text", "Give a text, or leave the key out.")
    return _TEXTS[name](value.strip())
