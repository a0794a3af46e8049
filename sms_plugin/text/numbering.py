"""Plain mobiles told by one look at their country's numbering plan; whatever is less plain, the library reads itself.

``phonenumbers`` matches a number with a dozen patterns, some of them several times. Those of one country and length are
put together here, once: a number of which they leave no doubt is what the library would say that it is.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Final

import phonenumbers

#: Kinds that the library looks for before it looks for mobiles.
_BEFORE: Final = ("premium_rate", "toll_free", "shared_cost", "voip", "personal_number", "pager", "uan", "voicemail")
_LONGEST_CODE: Final = 3


@dataclass(frozen=True, kw_only=True)
class Plan:
    """How the mobiles of one country look that have so many digits."""

    code: str
    region: str
    mobile: re.Pattern[str]
    doubtful: re.Pattern[str] | None  #: what may be another kind, or begins as something that the library takes away


def plain_mobile(cleaned: str, *, home: str) -> tuple[str, str, str] | None:
    """Country code, region and national digits of a number that is surely a mobile; None where the library must say.

    ``cleaned`` is ASCII digits, behind a plus where they begin with a country code; ``home`` is a region in capitals.
    """
    if cleaned.startswith("+"):
        code = _code_of(cleaned)
        region, national = _only_region(code), cleaned[1 + len(code) :]
    else:
        region, national = home, cleaned
    plan = _plan(region, len(national), cleaned.startswith("+"))
    if plan is None or not plan.mobile.fullmatch(national):
        return None
    if plan.doubtful is not None and plan.doubtful.match(national):
        return None
    return plan.code, plan.region, national


def _code_of(cleaned: str) -> str:
    """The country code behind the plus; empty where there is none."""
    for length in range(1, _LONGEST_CODE + 1):
        code = cleaned[1 : 1 + length]
        if code[:1] != "0" and code.isdecimal() and int(code) in phonenumbers.COUNTRY_CODE_TO_REGION_CODE:
            return code
    return ""


def _only_region(code: str) -> str:
    """The region that has a country code to itself."""
    regions = phonenumbers.COUNTRY_CODE_TO_REGION_CODE.get(int(code), ()) if code else ()
    return regions[0] if len(regions) == 1 else ""


@lru_cache(maxsize=2048)
def _plan(region: str, length: int, abroad: bool) -> Plan | None:
    """None where no number of the region and length is plain."""
    metadata: Any = phonenumbers.PhoneMetadata.metadata_for_region(region, None) if region else None
    if metadata is None or _only_region(str(metadata.country_code)) != region:
        return None
    general, mobile = metadata.general_desc, metadata.mobile
    if length not in general.possible_length or length in general.possible_length_local_only:
        return None
    if not _may_be(mobile, length) or metadata.same_mobile_and_fixed_line_pattern:
        return None
    others = [getattr(metadata, kind) for kind in _BEFORE]
    doubtful = [f"(?:{each.national_number_pattern})$" for each in others if _may_be(each, length)]
    prefixes = [metadata.national_prefix_for_parsing, None if abroad else metadata.international_prefix]
    doubtful += [f"(?:{each})" for each in prefixes if each]
    return Plan(
        code=str(metadata.country_code),
        region=region,
        # an Italian zero in front is kept apart from the rest; a mobile has to fit its country's general pattern, too
        mobile=re.compile(f"(?!0)(?=(?:{general.national_number_pattern})$)(?:{mobile.national_number_pattern})"),
        doubtful=re.compile("|".join(doubtful)) if doubtful else None,
    )


def _may_be(kind: Any, length: int) -> bool:
    """Whether numbers of a kind have so many digits."""
    if kind is None or not kind.national_number_pattern:
        return False
    return not kind.possible_length or length in kind.possible_length
