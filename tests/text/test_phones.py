from __future__ import annotations

import re
from contextlib import suppress

import phonenumbers
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sms_plugin.text.phones import PhoneError, digits, mask, national_digits, parse_phone, sender_number, spellings


@pytest.mark.parametrize(
    ("written", "region", "e164"),
    [
        ("912345678", "PT", "+351912345678"),
        ("912 345 678", "PT", "+351912345678"),
        ("912-345-678", "PT", "+351912345678"),
        ("912.345.678", "PT", "+351912345678"),
        ("912‑345–678", "PT", "+351912345678"),
        ("912\u00a0345\u202f678", "pt", "+351912345678"),
        ("\u202a+351 912 345 678\u202c", None, "+351912345678"),
        ("９１２３４５６７８", "PT", "+351912345678"),
        ("＋351912345678", None, "+351912345678"),
        ("351912345678", "PT", "+351912345678"),
        ("+351 (0) 912345678", None, "+351912345678"),
        ("00351912345678", "US", "+351912345678"),
        ("00 351 912 345 678", None, "+351912345678"),
        ("(11) 98111-1234", "BR", "+5511981111234"),
        ("011 98111-1234", "BR", "+5511981111234"),
        ("55 11 98111-1234", "BR", "+5511981111234"),
        ("0501234567", "UA", "+380501234567"),
        ("+380 (50) 123-45-67", "PT", "+380501234567"),
        ("(202) 555-0123", "US", "+12025550123"),
        ("0171/1234567", "DE", "+491711234567"),
        ("+39 345 1234567", None, "+393451234567"),
    ],
)
def test_a_number_becomes_e164(written: str, region: str | None, e164: str) -> None:
    """S1: spaces, hyphens, brackets, area code with or without country."""
    phone = parse_phone(written, region=region)
    assert phone.e164 == e164
    assert phone.can_text


def test_a_phone_knows_its_own_country_and_national_digits() -> None:
    phone = parse_phone("+351 912 345 678", region="BR")
    assert (phone.region, phone.national) == ("PT", "912345678")


def test_a_number_that_may_be_a_landline_or_a_mobile_can_be_texted() -> None:
    assert parse_phone("+1 202 555 0123", region=None).can_text


@pytest.mark.parametrize("written", ["+44 56 1234 5678", "+44 70 1234 5678"])
def test_internet_and_personal_numbers_are_left_to_a_person(written: str) -> None:
    assert not parse_phone(written, region=None).can_text


@pytest.mark.parametrize(
    ("written", "region", "code"),
    [
        ("", "PT", "empty"),
        (" \u00a0\u200e", "PT", "empty"),
        ("call me", "PT", "not_a_number"),
        ("-", "PT", "not_a_number"),
        ("+", "PT", "not_a_number"),
        ("912345678 ext. 5", "PT", "not_a_number"),
        ("1-800-FLOWERS", "US", "not_a_number"),
        ("tel:+351912345678", "PT", "not_a_number"),
        ("912345678;913456789", "PT", "not_a_number"),
        ("912345678, 913456789", "PT", "not_a_number"),
        ("+351+912345678", "PT", "not_a_number"),
        ("912345678", None, "no_region"),
        ("912345678", "", "no_region"),
        ("912345678", "XX", "no_region"),
        ("912345678", "Portugal", "no_region"),
        ("1", "PT", "too_short"),
        ("00", "PT", "too_short"),
        ("91234567", "PT", "too_short"),
        ("+12", None, "too_short"),
        ("555-0123", "US", "too_short"),
        ("98111-1234", "BR", "too_short"),
        ("3811-1234", "BR", "too_short"),
        ("91234567890123", "PT", "too_long"),
        ("912345678 913456789", "PT", "too_long"),
        ("9" * 100, "PT", "too_long"),
        ("712345678", "PT", "invalid"),
        ("+999 123 456 789", None, "invalid"),
        ("212345678", "PT", "landline"),
        ("(11) 3811-1234", "BR", "landline"),
        ("800 200 300", "PT", "not_mobile"),
        ("+1 900 555 0123", None, "not_mobile"),
        ("760 123 456", "PT", "not_mobile"),
    ],
)
def test_what_cannot_be_texted_gets_a_reason(written: str, region: str | None, code: str) -> None:
    with pytest.raises(PhoneError) as caught:
        parse_phone(written, region=region)
    assert caught.value.code == code
    assert caught.value.hint


@pytest.mark.parametrize("written", ["(11) 9811-1234", "+55 11 9811-1234", "551198111234", "11 7811-1234"])
def test_an_eight_digit_brazilian_mobile_lacks_the_ninth_digit(written: str) -> None:
    """S1: refused with "add the ninth digit"."""
    with pytest.raises(PhoneError, match="Add the ninth digit") as caught:
        parse_phone(written, region="BR")
    assert caught.value.code == "missing_ninth_digit"
    assert "area code too" not in caught.value.hint


def test_without_its_area_code_it_lacks_that_too() -> None:
    with pytest.raises(PhoneError, match="Add the area code too") as caught:
        parse_phone("9811-1234", region="BR")
    assert caught.value.code == "missing_ninth_digit"


def test_a_phone_shows_no_number_in_its_representation() -> None:
    """Promise 9: full numbers are absent from logs."""
    assert not re.search("[0-9]{3}", repr(parse_phone("912345678", region="PT")))


@settings(deadline=None)
@given(
    st.text(st.sampled_from("0123456789+() -./ab;\u00a0٣"), max_size=40),
    st.sampled_from(["PT", "BR", "UA", "US", None]),
)
def test_no_error_tells_the_number(written: str, region: str | None) -> None:
    """Promise 9."""
    try:
        phone = parse_phone(written, region=region)
    except PhoneError as error:
        told = re.findall("[0-9]{4,}", f"{error} {error.__cause__} {error.__context__}")
        assert told == []
    else:
        assert re.fullmatch(r"\+[1-9][0-9]{5,14}", phone.e164)
        assert parse_phone(phone.e164, region=None) == phone


@settings(deadline=None)
@given(st.text(max_size=80))
def test_whatever_is_written_is_a_phone_or_a_phone_error(written: str) -> None:
    with suppress(PhoneError):
        assert parse_phone(written, region="PT").e164.startswith("+")


@pytest.mark.parametrize(
    ("e164", "masked"),
    [
        ("+351912345678", "+351******678"),
        ("+12025550123", "+1*******123"),
        ("+5511981111234", "+55********234"),
        ("+29812345", "+298***45"),
        ("+99912345678", "+********678"),
        ("912345678", "***"),
        ("ACME", "***"),
        ("", "***"),
    ],
)
def test_a_mask_leaves_country_and_last_digits(e164: str, masked: str) -> None:
    """X23."""
    assert mask(e164) == masked


def test_digits_leave_the_plus_out() -> None:
    assert digits("+351912345678") == "351912345678"


@pytest.mark.parametrize(
    ("e164", "national"),
    [
        ("+351912345678", "912345678"),
        ("+12025550123", "2025550123"),
        ("+390612345678", "0612345678"),
        ("ACME", "ACME"),
    ],
)
def test_national_digits_leave_the_country_code_out(e164: str, national: str) -> None:
    """P11: the number forms of a gateway."""
    assert national_digits(e164) == national


@pytest.mark.parametrize(("written", "number"), [
    ("351912345678", "+351912345678"),
    ("+351 912 345 678", "+351912345678"),
    ("00351912345678", "+351912345678"),
    ("912345678", "+351912345678"),
    ("351211234567", "+351211234567"),  # a landline may write, too
    ("1920", "+1920"),
    ("MEO", None),
    ("12", None),
    ("1" * 16, None),
    ("", None),
])  # fmt: skip
def test_a_sender_is_a_number_however_the_provider_writes_it(written: str, number: str | None) -> None:
    assert sender_number(written, region="PT") == number


def test_a_number_is_written_in_its_countrys_groups_or_in_none() -> None:
    assert {"912345678", "912 345 678", "+351 912 345 678", "+351912345678", "351912345678", "00351912345678"} <= set(
        spellings("+351912345678")
    )
    assert {"(11) 98765-4321", "11987654321", "+55 11 98765-4321"} <= set(spellings("+5511987654321"))
    assert "050 123 4567" in spellings("+380501234567")
    assert len(spellings("+5511987654321")) < 50


def _examples() -> list[phonenumbers.PhoneNumber]:
    """A number of each kind of each country, and the same with its last digit gone, doubled, or another."""
    kinds = phonenumbers.PhoneNumberType.values()
    found = [
        phonenumbers.example_number_for_type(region, kind)
        for region in sorted(phonenumbers.SUPPORTED_REGIONS)
        for kind in kinds
        if kind != phonenumbers.PhoneNumberType.UNKNOWN
    ]
    known = [number for number in found if number is not None]
    changed = [
        phonenumbers.PhoneNumber(country_code=each.country_code, national_number=other)
        for each in known
        if (digits_of := each.national_number)
        for other in (digits_of // 10, digits_of * 10 + 1, digits_of ^ 1)
    ]
    return known + changed


def test_what_is_taken_is_possible_and_valid_by_the_librarys_own_word() -> None:
    """S1: one look at its kind must say what the library says of it, for every country."""
    taken = refused = 0
    for number in _examples():
        written = phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)
        again = phonenumbers.parse(written)
        whole = phonenumbers.is_possible_number_with_reason(again) == phonenumbers.ValidationResult.IS_POSSIBLE
        sound = whole and phonenumbers.is_valid_number(again)
        answer = _answer(written)
        taken += answer == written
        refused += answer != written
        assert sound if answer == written else not sound or answer in {"landline", "not_mobile", "missing_ninth_digit"}
    assert taken > 500
    assert refused > 500


@given(st.text(st.characters(max_codepoint=127), max_size=20))
def test_ascii_is_read_like_the_same_in_other_digits(written: str) -> None:
    """S1: what needs no translation is not translated, and reads the same."""
    wide = "".join(chr(0xFF10 + int(each)) if each.isdigit() else each for each in written)
    assert _answer(written) == _answer(wide)


def _answer(written: str) -> str:
    try:
        return parse_phone(written, region="PT").e164
    except PhoneError as error:
        return error.code
