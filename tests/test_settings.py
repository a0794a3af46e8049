"""One typed object; every mistake is told with the key, and how to mend it."""

from __future__ import annotations

from zoneinfo import ZoneInfo

import pytest

from sms_plugin.errors import ConfigurationError
from sms_plugin.settings import Settings, read
from tests.portal.app import KEY


def _read(**values: object) -> Settings:
    return read({"SMS_SECRET_KEYS": KEY, **values})


def test_a_key_is_all_that_is_needed() -> None:
    settings = read({"SMS_SECRET_KEYS": KEY, "SECRET_KEY": "the host's own", "SMSC": "not ours"})
    assert settings.secret_keys == (KEY,)
    assert settings.zone == ZoneInfo("UTC")
    assert settings.request_timeout == 40.0


@pytest.mark.parametrize(
    "given", ["a, b", "a,b,", ["a", "b"], ("a", "b")], ids=["spaced", "trailing comma", "list", "tuple"]
)
def test_several_keys_come_as_text_or_list(given: object) -> None:
    assert read({"SMS_SECRET_KEYS": given}).secret_keys == ("a", "b")


@pytest.mark.parametrize("given", [None, "", " , ", []])
def test_a_missing_key_says_how_to_make_one(given: object) -> None:
    with pytest.raises(ConfigurationError, match="flask sms key") as told:
        read({"SMS_SECRET_KEYS": given})
    assert told.value.code == "missing_key"


def test_an_unknown_setting_says_what_was_meant() -> None:
    with pytest.raises(ConfigurationError, match="Did you mean 'SMS_TIMEZONE'") as told:
        _read(SMS_TIMZONE="Europe/Lisbon")
    assert told.value.code == "unknown_setting"


def test_values_are_typed_and_tidied() -> None:
    settings = _read(
        SMS_PUBLIC_URL="https://portal.example.com/base/",
        SMS_TIMEZONE=" Europe/Lisbon ",
        SMS_REGION="pt",
        SMS_CURRENCY="eur",
        SMS_URL_PREFIX="/texts/",
        SMS_THREADS="4",
        SMS_READ_TIMEOUT="2.5",
        SMS_LANGUAGE=None,
    )
    assert settings.public_url == "https://portal.example.com/base"
    assert (settings.timezone, settings.region, settings.currency) == ("Europe/Lisbon", "PT", "EUR")
    assert (settings.url_prefix, settings.threads, settings.read_timeout) == ("/texts", 4, 2.5)
    assert settings.language == "en"


@pytest.mark.parametrize(
    ("given", "read_as"),
    [(True, True), (False, False), ("on", True), ("0", False), (None, None)],
)
def test_a_switch_is_a_truth_or_a_word_for_it(given: object, read_as: bool | None) -> None:
    assert _read(SMS_PRIVATE_GATEWAYS=given).private_gateways is read_as


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("SMS_SECRET_KEYS", 7),
        ("SMS_PUBLIC_URL", "portal.example.com"),
        ("SMS_PUBLIC_URL", "ftp://portal.example.com"),
        ("SMS_PUBLIC_URL", "https://user:word@portal.example.com"),
        ("SMS_PUBLIC_URL", "https://portal.example.com/?a=b"),
        ("SMS_TIMEZONE", "Lisbon"),
        ("SMS_TIMEZONE", ""),
        ("SMS_SCHEDULER", "sometimes"),
        ("SMS_REGION", "Portugal"),
        ("SMS_URL_PREFIX", "sms"),
        ("SMS_URL_PREFIX", "/"),
        ("SMS_LANGUAGE", 3),
        ("SMS_PRIVATE_GATEWAYS", "perhaps"),
        ("SMS_PRIVATE_GATEWAYS", 2),
        ("SMS_THREADS", 0),
        ("SMS_THREADS", "many"),
        ("SMS_THREADS", 2.5),
        ("SMS_THREADS", True),
        ("SMS_READ_TIMEOUT", -1),
        ("SMS_READ_TIMEOUT", float("nan")),
        ("SMS_LEASE", float("inf")),
        ("SMS_ATTEMPTS", []),
    ],
)
def test_a_wrong_value_names_its_key_and_how_to_mend_it(key: str, value: object) -> None:
    with pytest.raises(ConfigurationError, match=key) as told:
        read({"SMS_SECRET_KEYS": KEY, key: value})
    assert told.value.code == "bad_setting"
    assert told.value.hint


def test_settings_show_no_key() -> None:
    """Promise 9: an object that holds them ends in many a log."""
    assert KEY not in repr(_read())


@pytest.mark.parametrize(
    ("given", "wanted"), [("21-9", (21, 9)), (" 0 - 6 ", (0, 6)), ("22-24", (22, 0)), ("off", None)]
)
def test_quiet_hours_are_two_hours_or_off(given: str, wanted: tuple[int, int] | None) -> None:
    assert read({"SMS_SECRET_KEYS": KEY, "SMS_QUIET_HOURS": given}).quiet_hours == wanted


@pytest.mark.parametrize("given", ["9", "9-9", "21-33", "x-y", "0-24", ""])
def test_quiet_hours_that_leave_no_hour_are_refused(given: str) -> None:
    """X6: bad input."""
    with pytest.raises(ConfigurationError, match="SMS_QUIET_HOURS"):
        read({"SMS_SECRET_KEYS": KEY, "SMS_QUIET_HOURS": given})
