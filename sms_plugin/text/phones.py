"""Telephone numbers: from what somebody wrote to E.164, or the reason why it is no number to text (S1)."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Final

import phonenumbers
from phonenumbers import PhoneNumber, PhoneNumberType, ValidationResult

from sms_plugin.errors import SmsError, counted, joined, worded
from sms_plugin.text.numbering import plain_mobile

_MAY_BE_MOBILE: Final = {PhoneNumberType.MOBILE, PhoneNumberType.FIXED_LINE_OR_MOBILE}
_NOBODY_KNOWS: Final = {PhoneNumberType.VOIP, PhoneNumberType.PERSONAL_NUMBER}
_BRAZIL: Final = 55
_BRAZILIAN_WITH_AREA: Final = 10  # fewest digits
_BRAZILIAN_WITHOUT_NINTH: Final = re.compile(r"(?:[1-9][1-9])?[6-9][0-9]{7}", re.ASCII)
_WRITTEN: Final = re.compile(r"\+?[0-9 ()\[\]./-]+", re.ASCII)
_NO_DIGIT: Final = re.compile("[^0-9]")
_TRUNK_IN_BRACKETS: Final = re.compile(r"(\+[0-9 ]+)\(0\)", re.ASCII)
_E164: Final = re.compile(r"\+[1-9][0-9]{4,14}", re.ASCII)
_MOST_CHARACTERS: Final = 64
_LAST_SHOWN: Final = 3
_E164_DIGITS: Final = 15


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
    return _read(written, region)


@lru_cache(maxsize=4096)
def _read(written: str, region: str | None) -> Phone:
    """A client's number comes back with each of their records: it is read once, as long as it is remembered."""
    cleaned = _cleaned(written)
    home = (region or "").strip().upper()
    if not cleaned.startswith("+") and home not in phonenumbers.SUPPORTED_REGIONS:
        raise PhoneError(
            worded("There is no country called %(home)r.", home=home)
            if home
            else worded("The number has no country code and no country."),
            code="no_region",
            hint=worded('Write the number with "+" and its country code, or give the person a country such as "PT".'),
        )
    plain = plain_mobile(cleaned, home=home)
    if plain is not None:
        code, country, rest = plain
        if int(code) != _BRAZIL or not _BRAZILIAN_WITHOUT_NINTH.fullmatch(rest):
            return Phone(e164=f"+{code}{rest}", region=country, national=rest, can_text=True)
    return _told(cleaned, home=home)


def _told(cleaned: str, *, home: str) -> Phone:
    """The number as the library says, with the reason where it is none."""
    number = _parsed(cleaned, home=home)
    national = phonenumbers.national_significant_number(number)
    kind = phonenumbers.number_type(number)
    _refuse_impossible(number, national=national, kind=kind)
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


def sender_number(written: str, *, region: str | None) -> str | None:
    """The number in E.164 from which a text came, as a provider writes it: with its country code, plus or not.

    A number that nobody could text back, as a short one of a network's, is its digits behind a plus; a sender that has
    letters is no number: None.
    """
    plain = _in_ascii(written[: _MOST_CHARACTERS + 1]).strip()
    for each in (plain, f"+{plain}") if plain.startswith(("+", "00")) else (f"+{plain}", plain):
        try:
            return parse_phone(each, region=region).e164
        except PhoneError:
            continue
    kept = _NO_DIGIT.sub("", plain)
    return f"+{kept}" if _WRITTEN.fullmatch(plain) and 3 <= len(kept) <= _E164_DIGITS else None


def spellings(e164: str) -> tuple[str, ...]:
    """How people usually write a number: with and without its country code, in one piece and in the groups of its
    country, with spaces, hyphens or nothing between them.
    """
    every, national = digits(e164), national_digits(e164)
    code = every.removesuffix(national)
    groups = {national}
    try:
        number = phonenumbers.parse(e164)
    except phonenumbers.NumberParseException:
        pass
    else:
        abroad = phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.INTERNATIONAL)
        groups.add(abroad.removeprefix(f"+{code} "))
        groups.add(phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.NATIONAL))
    bare = {each for group in groups for each in (group, re.sub("[()]", "", group))}
    parted = {each for group in bare for each in (group, *(re.sub("[ -]", by, group) for by in (" ", "-", "")))}
    whole = [before + group for group in sorted(parted) for before in (f"+{code} ", f"+{code}-", f"+{code}", "")]
    return tuple(dict.fromkeys([e164, every, f"00{every}", f"00{code} {national}", *whole]))


def _cleaned(written: str) -> str:
    """The digits, with a plus before a country code."""
    if len(written) > _MOST_CHARACTERS:
        raise PhoneError(
            worded("A number of %(count)s characters is none.", count=len(written)),
            code="too_long",
            hint=worded("Write one number."),
        )
    plain = _in_ascii(written).strip()
    if not plain:
        raise PhoneError(worded("The number is empty."), code="empty", hint=worded("Write a mobile number."))
    plain = _TRUNK_IN_BRACKETS.sub(r"\1", plain)
    every = _NO_DIGIT.sub("", plain)
    if not every or not _WRITTEN.fullmatch(plain):
        raise PhoneError(
            worded("This is not a telephone number."),
            code="not_a_number",
            hint=worded("Write one number, in digits, without letters or an extension."),
        )
    if plain.startswith("+"):
        return f"+{every}"
    return f"+{every[2:]}" if every.startswith("00") else every


def _in_ascii(written: str) -> str:
    if written.isascii() and written.isprintable():
        return written
    return "".join(_ascii(character) for character in written)


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
        worded("The number's country code does not exist."),
        code="invalid",
        hint=worded('Write "+", the country code and the number; without "+" the person\'s own country is meant.'),
    )


def _refuse_impossible(number: PhoneNumber, *, national: str, kind: int) -> None:
    """A number of no kind is not valid: asking the library that, too, would match it all over again."""
    if number.country_code == _BRAZIL and _BRAZILIAN_WITHOUT_NINTH.fullmatch(national):
        raise PhoneError(
            worded("A Brazilian mobile number has nine digits after the area code; this one has eight."),
            code="missing_ninth_digit",
            hint=joined(
                worded("Add the ninth digit: a 9 between the area code and the number."),
                worded("Add the area code too.") if len(national) == 8 else "",
            ),
        )
    possible = phonenumbers.is_possible_number_with_reason(number)
    if possible in {ValidationResult.TOO_SHORT, ValidationResult.IS_POSSIBLE_LOCAL_ONLY}:
        raise _too_short(national)
    if possible == ValidationResult.TOO_LONG:
        raise _too_long(national)
    if possible != ValidationResult.IS_POSSIBLE or kind == PhoneNumberType.UNKNOWN:
        if number.country_code == _BRAZIL and len(national) < _BRAZILIAN_WITH_AREA:
            raise _too_short(national)
        raise PhoneError(
            worded(
                "No number of the country with code +%(country_code)s looks like this one.",
                country_code=number.country_code,
            ),
            code="invalid",
            hint=worded("Compare it digit by digit; a number of another country begins with + and its country code."),
        )


def _refuse_deaf(kind: int) -> None:
    if kind == PhoneNumberType.FIXED_LINE:
        raise PhoneError(
            worded("This is a landline, which takes no SMS."), code="landline", hint=worded("Write a mobile number.")
        )
    if kind not in _MAY_BE_MOBILE | _NOBODY_KNOWS:
        raise PhoneError(
            worded("This is a service number, not somebody's mobile."),
            code="not_mobile",
            hint=worded("Write a mobile number."),
        )


def _too_short(number: str) -> PhoneError:
    return PhoneError(
        worded("The number is too short: it has %(digits)s.", digits=_counted(number)),
        code="too_short",
        hint=worded("Write all of it, with the area code."),
    )


def _too_long(number: str) -> PhoneError:
    return PhoneError(
        worded("The number is too long: it has %(digits)s.", digits=_counted(number)),
        code="too_long",
        hint=worded("Write one number; one of another country begins with + and its country code."),
    )


def _counted(number: str) -> str:
    count = len(digits(number))
    return counted("one digit", "%(num)s digits", count)
