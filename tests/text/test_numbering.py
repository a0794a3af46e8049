"""What is read by one look at a numbering plan is what the library says of it."""

from __future__ import annotations

import phonenumbers
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from sms_plugin.text.numbering import plain_mobile
from sms_plugin.text.phones import PhoneError, _told, parse_phone

REGIONS = sorted(phonenumbers.SUPPORTED_REGIONS)
DIGITS = st.text("0123456789", min_size=1, max_size=18)


def _near(region: str) -> list[str]:
    """Mobiles and others of a region, as its people write them and as strangers do."""
    kinds = [phonenumbers.PhoneNumberType.MOBILE, phonenumbers.PhoneNumberType.FIXED_LINE]
    kinds += [phonenumbers.PhoneNumberType.PAGER, phonenumbers.PhoneNumberType.VOIP, phonenumbers.PhoneNumberType.UAN]
    examples = [phonenumbers.example_number_for_type(region, kind) for kind in kinds]
    return [phonenumbers.national_significant_number(each) for each in examples if each is not None]


@st.composite
def numbers(draw: st.DrawFn) -> tuple[str, str]:
    """A number that is one of a region's, or nearly, and a region in which it is written."""
    region = draw(st.sampled_from(REGIONS))
    national = draw(st.sampled_from(_near(region) or ["912345678"]))
    kept = draw(st.integers(0, len(national)))
    tail = draw(st.text("0123456789", min_size=len(national) - kept, max_size=len(national) - kept + 1))
    code = str(phonenumbers.country_code_for_region(region))
    before = draw(st.sampled_from(["", "", "0", "1", "8", code, "+" + code, "+" + code, "+" + code + "0", "+"]))
    home = draw(st.sampled_from([region, region, "PT", "BR", "US", "IT"]))
    return before + national[:kept] + tail, home


def _agrees(cleaned: str, home: str) -> bool:
    """Whether the number was told by one look; it is then what the library says."""
    plain = plain_mobile(cleaned, home=home)
    if plain is None:
        return False
    code, region, national = plain
    number = phonenumbers.parse(cleaned, home)
    assert (str(number.country_code), phonenumbers.national_significant_number(number)) == (code, national)
    assert phonenumbers.region_code_for_number(number) == region
    kind = phonenumbers.number_type(number)
    assert kind in {phonenumbers.PhoneNumberType.MOBILE, phonenumbers.PhoneNumberType.FIXED_LINE_OR_MOBILE}
    assert phonenumbers.is_possible_number_with_reason(number) == phonenumbers.ValidationResult.IS_POSSIBLE
    return True


@settings(max_examples=1500)
@given(numbers())
def test_what_is_told_by_one_look_is_what_the_library_says(written: tuple[str, str]) -> None:
    _agrees(*written)


@settings(max_examples=500)
@given(st.sampled_from(["", "+", "+351", "+55", "+380", "+1", "+39"]), DIGITS, st.sampled_from(REGIONS))
@example("", "351912345678", "PT")
@example("+", "5581234567", "BR")
def test_any_digits_told_by_one_look_are_what_the_library_says(before: str, digits: str, home: str) -> None:
    _agrees(before + digits, home)


@pytest.mark.parametrize("region", REGIONS)
def test_each_region_s_mobiles_are_told_alike(region: str) -> None:
    for national in _near(region):
        for written in (national, f"+{phonenumbers.country_code_for_region(region)}{national}"):
            _agrees(written, region)


@pytest.mark.parametrize(("written", "home"), [("912345678", "PT"), ("+5511981111234", "PT"), ("501234567", "UA")])
def test_the_usual_mobiles_are_told_by_one_look(written: str, home: str) -> None:
    assert _agrees(written, home)


@settings(max_examples=500)
@given(numbers())
def test_a_number_is_the_same_whichever_way_it_is_read(written: tuple[str, str]) -> None:
    """S1: number and reason for refusal."""
    cleaned, home = written
    try:
        expected: object = _told(cleaned, home=home)
    except PhoneError as error:
        expected = error.code
    try:
        found: object = parse_phone(cleaned, region=home)
    except PhoneError as error:
        found = error.code
    if not cleaned.startswith("00"):
        assert found == expected
