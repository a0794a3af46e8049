"""MSG91's codes and words in our terms.

Source: the vendor's pages on error codes and on webhooks; most of the errors' numbers are known from resellers only, so
one that nobody knows refuses the message and nothing else.
"""

from __future__ import annotations

from collections.abc import Mapping

from sms_plugin.gateways.contract import About, ReceiptStatus, Verdict, accepted, refused, unknown

#: Seconds: promotional texts go in the daytime only, and nobody says when that begins.
_UNTIL_THE_ROUTE_OPENS = 900.0

_REFUSALS: Mapping[str, tuple[str, About]] = {
    "101": ("bad_number", About.RECIPIENT),
    "202": ("bad_number", About.RECIPIENT),
    "102": ("empty_text", About.MESSAGE),
    "310": ("too_long", About.MESSAGE),
    "103": ("bad_sender", About.ACCOUNT),
    "203": ("bad_sender", About.ACCOUNT),
    "105": ("bad_credentials", About.ACCOUNT),
    "106": ("bad_credentials", About.ACCOUNT),
    "207": ("bad_credentials", About.ACCOUNT),
    "107": ("account_refused", About.ACCOUNT),
    "208": ("address_not_allowed", About.ACCOUNT),
    "418": ("address_not_allowed", About.ACCOUNT),
    "301": ("no_credit", About.ACCOUNT),
    "302": ("account_suspended", About.ACCOUNT),
    "303": ("blocked_account", About.ACCOUNT),
}
_WORDS: tuple[tuple[tuple[str, ...], str, About], ...] = (
    (("authkey", "authentication"), "bad_credentials", About.ACCOUNT),
    (("balance", "credit"), "no_credit", About.ACCOUNT),
    (("mobile", "number"), "bad_number", About.RECIPIENT),
    (("template", "flow"), "bad_template", About.ACCOUNT),
)
_DUPLICATE, _CLOSED = "311", "306"

_STATUS: Mapping[str, tuple[ReceiptStatus, str]] = {
    "1": (ReceiptStatus.DELIVERED, ""),
    "2": (ReceiptStatus.UNDELIVERED, "undelivered"),
    "9": (ReceiptStatus.FAILED, "do_not_disturb"),
    "16": (ReceiptStatus.FAILED, "rejected"),
    "25": (ReceiptStatus.FAILED, "rejected"),
    "17": (ReceiptStatus.FAILED, "blocked"),
    "delivered": (ReceiptStatus.DELIVERED, ""),
    "failed": (ReceiptStatus.UNDELIVERED, "undelivered"),
    "ndnc": (ReceiptStatus.FAILED, "do_not_disturb"),
    "rejected": (ReceiptStatus.FAILED, "rejected"),
    "blocked": (ReceiptStatus.FAILED, "blocked"),
    "blocked number": (ReceiptStatus.FAILED, "blocked"),
}


def refusal(code: str, words: str, *, several: bool, detail: str = "") -> Verdict:
    """What an error of a whole request means for each of its messages.

    MSG91 does not say which number of several an error is about, nor what became of the others: then nobody knows.
    """
    reason, about = _REFUSALS.get(code) or ("rejected", About.MESSAGE) if code else _by_words(words)
    if code == _CLOSED:
        return refused(
            "route_closed",
            about=About.ACCOUNT,
            for_good=False,
            retry_after=_UNTIL_THE_ROUTE_OPENS,
            provider_code=code,
            detail=detail,
        )
    if several and about is not About.ACCOUNT:
        return unknown("part_refused", provider_code=code, detail=detail)
    if code == _DUPLICATE:
        return accepted()
    return refused(reason, about=about, provider_code=code, detail=detail)


def _by_words(words: str) -> tuple[str, About]:
    spoken = words.lower()
    for some, reason, about in _WORDS:
        if any(word in spoken for word in some):
            return reason, about
    return "rejected", About.MESSAGE


def status_of(code: str, words: str) -> tuple[ReceiptStatus, str]:
    """The status of a receipt and its reason; what is not known to be an end is on its way."""
    for told in (code, words):
        known = _STATUS.get(told.strip().lower())
        if known is not None:
            return known
    return ReceiptStatus.SENT, ""
