"""Zenvia's codes in our terms: the older API's pairs of status and detail, and the newer one's words.

Source: the vendor's own library and its API description.
"""

from __future__ import annotations

from collections.abc import Mapping

from sms_plugin.gateways.contract import About, ReceiptStatus, Verdict, accepted, refused, unknown

_TAKEN = frozenset({"00", "01", "02", "03"})
_NOT_TAKEN = frozenset({"04", "05", "06", "07", "08", "09", "10"})
_USED_BEFORE = "080"
_LATER = frozenset({"160", "190", "999"})
UNKNOWN_ID = "180"
NOTHING_NEW = "301"

# Whom each documented detail is about.
_REFUSALS: Mapping[str, tuple[str, About]] = {
    "010": ("empty_text", About.MESSAGE),
    "011": ("rejected_text", About.MESSAGE),
    "012": ("too_long", About.MESSAGE),
    "013": ("bad_number", About.RECIPIENT),
    "014": ("bad_number", About.RECIPIENT),
    "171": ("bad_number", About.RECIPIENT),
    "130": ("opted_out", About.RECIPIENT),
    "131": ("unreachable", About.RECIPIENT),
    "140": ("unreachable", About.RECIPIENT),
    "141": ("foreign_number", About.RECIPIENT),
    "145": ("unknown_number", About.RECIPIENT),
    "161": ("blocked", About.RECIPIENT),
    "162": ("blocked", About.RECIPIENT),
    "134": ("filtered", About.MESSAGE),
    "136": ("expired", About.MESSAGE),
    "150": ("expired", About.MESSAGE),
    "135": ("bad_aggregate", About.ACCOUNT),
    "900": ("bad_credentials", About.ACCOUNT),
    "901": ("account_refused", About.ACCOUNT),
    "990": ("no_credit", About.ACCOUNT),
}
_BY_STATUS: Mapping[str, tuple[ReceiptStatus, str]] = {
    "00": (ReceiptStatus.ACCEPTED, ""),
    "01": (ReceiptStatus.ACCEPTED, ""),
    "02": (ReceiptStatus.SENT, ""),
    "03": (ReceiptStatus.DELIVERED, ""),
    "04": (ReceiptStatus.UNDELIVERED, "undelivered"),
    "05": (ReceiptStatus.FAILED, "unreachable"),
    "06": (ReceiptStatus.FAILED, "blocked"),
    "07": (ReceiptStatus.FAILED, "bad_number"),
    "08": (ReceiptStatus.FAILED, "filtered"),
    "09": (ReceiptStatus.FAILED, "blocked"),
    "10": (ReceiptStatus.FAILED, "failed"),
}
_EXPIRED = frozenset({"136", "150"})
_NO_CONFIRMATION = "111"  # the operator tells nobody whether it arrived

_BY_WORD: Mapping[str, tuple[ReceiptStatus, str]] = {
    "SENT": (ReceiptStatus.SENT, ""),
    "DELIVERED": (ReceiptStatus.DELIVERED, ""),
    "CLICKED": (ReceiptStatus.DELIVERED, ""),
    "VERIFIED": (ReceiptStatus.DELIVERED, ""),
    "READ": (ReceiptStatus.READ, ""),
    "NOT_DELIVERED": (ReceiptStatus.UNDELIVERED, "undelivered"),
    "REJECTED": (ReceiptStatus.FAILED, "rejected"),
}


def legacy_verdict(status: str, detail: str, *, reference: str, segments: int | None) -> Verdict:
    """What the older API's pair means for a message; ``reference`` is the id that we gave it."""
    if detail == _USED_BEFORE:
        return accepted(reference)
    if status in _TAKEN:
        return accepted(reference, segments=segments)
    if detail in _LATER:
        return refused("try_again", for_good=False, provider_code=detail)
    if detail in _REFUSALS:
        reason, about = _REFUSALS[detail]
        return refused(reason, about=about, provider_code=detail)
    if status in _NOT_TAKEN:
        return refused("rejected", provider_code=detail or status)
    return unknown("unrecognised", provider_code=detail or status)


def legacy_status(status: str, detail: str) -> tuple[ReceiptStatus, str] | None:
    """The status of a receipt and its reason; None where the vendor's is none that is documented."""
    known = _BY_STATUS.get(status)
    if known is None:
        return None
    if detail in _EXPIRED:
        return ReceiptStatus.UNDELIVERED, "expired"
    if known[0] is ReceiptStatus.DELIVERED and detail == _NO_CONFIRMATION:
        return ReceiptStatus.SENT, ""
    reason, _about = _REFUSALS.get(detail, (known[1], None))
    return known[0], reason if known[1] else ""


def word_status(word: str) -> tuple[ReceiptStatus, str] | None:
    """The same of the newer API; None for what changes nothing."""
    return _BY_WORD.get(word)


def word_verdict(status: int, code: str, paths: list[str], *, detail: str = "") -> Verdict | None:
    """What the newer API's error means, by the fields that it complains of; None for one that is not documented."""
    if code == "DUPLICATED":
        return accepted()
    if code == "AUTHENTICATION_ERROR" or status == 401:
        return refused("bad_credentials", about=About.ACCOUNT, provider_code=code or str(status), detail=detail)
    if code == "NOT_FOUND" or status == 404:
        return refused("bad_address", about=About.ACCOUNT, provider_code=code or str(status), detail=detail)
    if code != "VALIDATION_ERROR":
        return None
    fields = {path.strip("/").partition(".")[0] for path in paths}
    for field, reason, about in (("from", "bad_sender", About.ACCOUNT), ("to", "bad_number", About.RECIPIENT)):
        if field in fields:
            return refused(reason, about=about, provider_code=code, detail=detail)
    return refused("rejected", provider_code=code, detail=detail)
