"""TurboSMS's codes and status words in our terms (P4).

Source: the vendor's table of codes, and what public clients of the live service tell of it. A code of which nobody says
that nothing was sent is no refusal: 500 and 501 (the result could not be written down), 999, and those not listed.
"""

from __future__ import annotations

from collections.abc import Mapping

from sms_plugin.gateways.contract import About, ReceiptStatus, Verdict, accepted, refused, unknown

#: The request was executed, as a whole or in part: each recipient's own code says more.
EXECUTED = frozenset({0, 1, 800, 801, 802, 803})
#: The same ``sequence_id`` was executed before.
DUPLICATE = 507

_ACCOUNT: Mapping[int, str] = {
    **dict.fromkeys((103, 105, 301), "bad_credentials"),
    106: "account_suspended",
    203: "no_credit",
    **dict.fromkeys((200, 302, 400, 401, 421), "bad_sender"),
    405: "batch_too_large",
    **dict.fromkeys((410, 411, 415, 416), "sender_not_registered"),
}
_RECIPIENT: Mapping[int, str] = {
    **dict.fromkeys((202, 305), "bad_number"),
    404: "opted_out",
    406: "region_not_enabled",
    107: "unreachable",
}
_MESSAGE: Mapping[int, str] = {
    **dict.fromkeys((104, 204, 205, 206, 300, 304, *range(306, 314)), "rejected"),
    **dict.fromkeys((402, 403, 408, 409, 414, *range(417, 421), 422, 423, 502), "rejected"),
    201: "empty_text",
    412: "rejected_text",
    413: "too_long",
}
_FOR_NOW = frozenset({503, 504, 505, 506})

STATUS: Mapping[str, ReceiptStatus] = {
    **dict.fromkeys(("queued", "in queue", "in process", "accepted"), ReceiptStatus.ACCEPTED),
    "sent": ReceiptStatus.SENT,
    **dict.fromkeys(("delivered", "delivrd"), ReceiptStatus.DELIVERED),
    "read": ReceiptStatus.READ,
    **dict.fromkeys(("expired", "undelivered", "undeliv"), ReceiptStatus.UNDELIVERED),
    **dict.fromkeys(("rejected", "rejectd", "failed", "cancelled"), ReceiptStatus.FAILED),
}
#: Why it failed, where the word says more than that.
LATER: Mapping[str, str] = {"rejected": "rejected", "rejectd": "rejected"}


def refusal(code: int, *, name: str = "") -> Verdict:
    """What a code that is no success means for its message; ``name`` is the vendor's word for it."""
    if code == DUPLICATE:
        return accepted()
    told = str(code)
    for about, reasons in ((About.ACCOUNT, _ACCOUNT), (About.RECIPIENT, _RECIPIENT), (About.MESSAGE, _MESSAGE)):
        if code in reasons:
            return refused(reasons[code], about=about, provider_code=told, detail=name)
    if code in _FOR_NOW:
        return refused("try_again", for_good=False, provider_code=told, detail=name)
    return unknown("server_error" if code >= 500 else "unrecognised", provider_code=told, detail=name)


def reason_of(code: int) -> str:
    """The code of the error that a question is answered with."""
    return _ACCOUNT.get(code) or "garbled"
