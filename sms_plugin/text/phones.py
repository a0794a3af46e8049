"""Telephone numbers: from what somebody wrote to E.164, or the reason why it is no number to text (S1)."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass, field
from typing import Final

import phonenumbers
from phonenumbers import PhoneNumber, PhoneNumberType, ValidationResult

from sms_plugin.errors import SmsError

_MAY_BE_MOBILE: Final = {PhoneNumberType.MOBILE, PhoneNumberType.FIXED_LINE_OR_MOBILE}
_NOBODY_KNOWS: Final = {PhoneNumberType.VOIP, PhoneNumberType.PERSONAL_NUMBER}
_BRAZIL: Final = 55
_BRAZILIAN_WITH_AREA: Final = 10  # fewest digits
_BRAZILIAN_WITHOUT_NINTH: Final = re.compile(r"(?:[1-9][1-9])?[6-9][0-9]{7}", re.ASCII)
_WRITTEN: Final = re.compile(r"\+?[0-9 ()\[\]./-]+", re.ASCII)
_TRUNK_IN_BRACKETS: Final = re.compile(r"(\+[0-9 ]+)\(0\)", re.ASCII)
_E164: Final = re.compile(r"\+[1-9][0-9]{4,14}", re.ASCII)
_MOST_CHARACTERS: Final = 64
_LAST_SHOWN: Final = 3


class PhoneError(SmsError):
    """What was written is no number that can be texted. Never tells the number: errors are logged.

    Codes: ``empty``, ``not_a_number``, ``no_region``, ``too_short``, ``too_long``, ``invalid``, ``landline``,
    ``not_mobile``, ``missing_ninth_digit``.
    """


@dataclass(frozen=True, kw_only=True)
class Phone:
    """A number that can be texted."""

    e164: str = field(repr=False)
    region: str  #: ISO 3166 code of the number's own country, "001" where it has none
    national: str = field(repr=False)  #: digits without the country code
    can_text: bool  #: False where the numbering plan leaves it open (VoIP, personal numbers)


def parse_phone(written: str, *, region: str | None) -> Phone:
    """The number that somebody wrote, as people of ``region`` (ISO 3166, "PT") write it.

    Takes spaces, hyphens, dots, slashes, brackets, and "+" or "00" before a country code. Raises
    ``PhoneError`` for what is no number, impossible in its country, or surely not a mobile.
    """
    cleaned = _cleaned(written)
    home = (region or "").strip().upper()
    if not cleaned.startswith("+") and home not in phonenumbers.SUPPORTED_REGIONS:
        raise PhoneError(
            f"There is no country called {home!r}." if home else "The number has no country code and no country.",
            code="no_region",
            hint='Write the number with "+" and its country code, or give the person a country such as "PT".',
        )
    number = _parsed(cleaned, home=home)
    national = phonenumbers.national_significant_number(number)
    _refuse_impossible(number, national=national)
    kind = phonenumbers.number_type(number)
    _refuse_deaf(kind)
    return Phone(
        e164=f"+{number.country_code}{national}",
        region=phonenumbers.region_code_for_number(number) or "001",
        national=national,
        can_text=kind in _MAY_BE_MOBILE,
    )


def mask(e164: str) -> str:
    """The number as logs and readers may see it: country code and the last three digits, "+351******234"."""
    if not _E164.fullmatch(e164):
        return "***"
    national = national_digits(e164)
    hidden = max(len(national) - _LAST_SHOWN, _LAST_SHOWN)
    return e164.removesuffix(national) + "*" * hidden + national[hidden:]


def digits(e164: str) -> str:
    """The number with its country code, without the plus: "351912345678"."""
    return e164.removeprefix("+")


def national_digits(e164: str) -> str:
    """The number without its country code: "912345678"; all of it where no country has such a code."""
    every = digits(e164)
    for length in (1, 2, 3):
        code = every[:length]
        if code.isdecimal() and int(code) in phonenumbers.COUNTRY_CODE_TO_REGION_CODE:
            return every[length:]
    return every


def _cleaned(written: str) -> str:
    """The digits, with a plus before a country code."""
    if len(written) > _MOST_CHARACTERS:
        raise PhoneError(f"A number of {len(written)} characters is none.", code="too_long", hint="Write one number.")
    plain = "".join(_ascii(character) for character in written).strip()
    if not plain:
        raise PhoneError("The number is empty.", code="empty", hint="Write a mobile number.")
    plain = _TRUNK_IN_BRACKETS.sub(r"\1", plain)
    every = re.sub("[^0-9]", "", plain)
    if not every or not _WRITTEN.fullmatch(plain):
        raise PhoneError(
            "This is not a telephone number.",
            code="not_a_number",
            hint="Write one number, in digits, without letters or an extension.",
        )
    if plain.startswith("+"):
        return f"+{every}"
    return f"+{every[2:]}" if every.startswith("00") else every


def _ascii(character: str) -> str:
    kind = unicodedata.category(character)
    if kind == "Nd":
        return str(unicodedata.decimal(character))
    if kind == "Cf":  # marks of direction that address books copy along
        return ""
    if kind == "Pd" or character == "−":
        return "-"
    return " " if character.isspace() else unicodedata.normalize("NFKC", character)


def _parsed(cleaned: str, *, home: str) -> PhoneNumber:
    try:
        return phonenumbers.parse(cleaned, home or None)
    except phonenumbers.NumberParseException as error:
        wrong = error.error_type
    if wrong == phonenumbers.NumberParseException.TOO_LONG:
        raise _too_long(cleaned)
    if wrong in {
        phonenumbers.NumberParseException.TOO_SHORT_NSN,
        phonenumbers.NumberParseException.TOO_SHORT_AFTER_IDD,
        phonenumbers.NumberParseException.NOT_A_NUMBER,
    }:
        raise _too_short(cleaned)
    raise PhoneError(
        "The number's country code does not exist.",
        code="invalid",
        hint='Write "+", the country code and the number; without "+" the person\'s own country is meant.',
    )


def _refuse_impossible(number: PhoneNumber, *, national: str) -> None:
    if number.country_code == _BRAZIL and _BRAZILIAN_WITHOUT_NINTH.fullmatch(national):
        raise PhoneError(
            "A Brazilian mobile number has nine digits after the area code; this one has eight.",
            code="missing_ninth_digit",
            hint="Add the ninth digit: a 9 between the area code and the number."
            + (" Add the area code too." if len(national) == 8 else ""),
        )
    possible = phonenumbers.is_possible_number_with_reason(number)
    if possible in {ValidationResult.TOO_SHORT, ValidationResult.IS_POSSIBLE_LOCAL_ONLY}:
        raise _too_short(national)
    if possible == ValidationResult.TOO_LONG:
        raise _too_long(national)
    if possible != ValidationResult.IS_POSSIBLE or not phonenumbers.is_valid_number(number):
        if number.country_code == _BRAZIL and len(national) < _BRAZILIAN_WITH_AREA:
            raise _too_short(national)
        raise PhoneError(
            f"No number of the country with code +{number.country_code} looks like this one.",
            code="invalid",
            hint="Compare it digit by digit; a number of another country begins with + and its country code.",
        )


def _refuse_deaf(kind: int) -> None:
    if kind == PhoneNumberType.FIXED_LINE:
        raise PhoneError("This is a landline, which takes no SMS.", code="landline", hint="Write a mobile number.")
    if kind not in _MAY_BE_MOBILE | _NOBODY_KNOWS:
        raise PhoneError(
            "This is a service number, not somebody's mobile.",
            code="not_mobile",
            hint="Write a mobile number.",
        )


def _too_short(number: str) -> PhoneError:
    return PhoneError(
        f"The number is too short: it has {_counted(number)}.",
        code="too_short",
        hint="Write all of it, with the area code.",
    )


def _too_long(number: str) -> PhoneError:
    return PhoneError(
        f"The number is too long: it has {_counted(number)}.",
        code="too_long",
        hint="Write one number; one of another country begins with + and its country code.",
    )


def _counted(number: str) -> str:
    count = len(digits(number))
    return "1 digit" if count == 1 else f"{count} digits"
