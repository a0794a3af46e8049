"""What a provider's answer means, in plain words: reasons are codes below, and sentences here."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sms_plugin.gateways.contract import Balance, Capabilities, Outcome, Verdict
from sms_plugin.providers.inquiry import Found, Inquiry
from sms_plugin.web.translation import gettext, lazy_gettext

_REASONS: Mapping[str, Any] = {
    "account_refused": lazy_gettext("The provider refused the account."),
    "account_suspended": lazy_gettext("The provider has suspended the account."),
    "bad_address": lazy_gettext("There is nothing at this address: check host and path."),
    "bad_credentials": lazy_gettext("The provider does not know these credentials."),
    "bad_number": lazy_gettext("The provider says that this is no number."),
    "bad_receipt_address": lazy_gettext("The provider does not accept the portal's public address for its receipts."),
    "bad_request": lazy_gettext("These settings make no request: check address, headers and body."),
    "bad_sender": lazy_gettext("The provider does not accept this sender."),
    "bad_token": lazy_gettext("The provider does not know this token."),
    "blocked": lazy_gettext("The provider has blocked this."),
    "connect_timeout": lazy_gettext("The provider's machine does not answer: check host and port."),
    "dns": lazy_gettext("There is no such host: check its name."),
    "empty_text": lazy_gettext("The text was empty."),
    "filtered": lazy_gettext("A carrier filtered the message out."),
    "foreign_number": lazy_gettext("The settings allow numbers of one country only, and this is of another."),
    "garbled": lazy_gettext("The provider's answer made no sense."),
    "gateway_error": lazy_gettext("The gateway's own code failed; the portal's log says where."),
    "landline": lazy_gettext("This is a landline."),
    "late_start": lazy_gettext("The portal was too busy to send it in time."),
    "no_connection": lazy_gettext("Nobody listens there: check host, port and SSL."),
    "no_credit": lazy_gettext("The account has no credit left."),
    "no_verdict": lazy_gettext("No answer came in time."),
    "not_mobile": lazy_gettext("This is no mobile number."),
    "opted_out": lazy_gettext("This number wants no texts."),
    "part_refused": lazy_gettext("The provider took only a part of it."),
    "redirect": lazy_gettext("The address leads elsewhere: give the one that it leads to."),
    "region_not_enabled": lazy_gettext("The account may not text this country: switch it on at the provider."),
    "rejected": lazy_gettext("The provider refused it."),
    "reset": lazy_gettext("The connection broke before an answer came."),
    "sender_not_registered": lazy_gettext("This sender is not registered."),
    "server_error": lazy_gettext("The provider has an error of its own."),
    "throttled": lazy_gettext("The provider asks us to go slower: lower the rate."),
    "timeout": lazy_gettext("No answer came in time."),
    "tls": lazy_gettext("No safe connection could be made: check SSL, port and the provider's certificate."),
    "too_large": lazy_gettext("The provider's answer was far too long."),
    "too_long": lazy_gettext("The text is too long for this provider."),
    "trial_account": lazy_gettext("A trial account may text only numbers that were verified at the provider."),
    "unknown_number": lazy_gettext("Nobody has this number."),
    "unreachable": lazy_gettext("This number cannot be reached."),
    "unrecognised": lazy_gettext("The provider's answer is none that these settings explain."),
    "unsupported_characters": lazy_gettext("The text holds characters that this provider cannot send."),
}


def reason_in_words(reason: str) -> str:
    """The sentence for a reason; one that nobody has put in words is named as it is."""
    return str(_REASONS[reason]) if reason in _REASONS else gettext("The provider said: %(code)s.", code=reason)


def verdict_in_words(verdict: Verdict) -> tuple[str, str]:
    """The sentence for a test message's verdict, and how to flash it."""
    told = " ".join(filter(None, [reason_in_words(verdict.reason) if verdict.reason else "", quoted(verdict)]))
    if verdict.outcome is Outcome.ACCEPTED:
        return gettext("The provider took the test message. Now look at the phone."), "success"
    if verdict.outcome is Outcome.REFUSED:
        return gettext("The provider did not take the test message. %(why)s", why=told), "error"
    return gettext("Nobody can say whether the provider took the test message. %(why)s", why=told), "warning"


def quoted(verdict: Verdict) -> str:
    """The provider's own code and words, where it gave some."""
    own = " ".join(filter(None, [verdict.provider_code, verdict.detail]))
    return gettext("In its own words: %(words)s.", words=own.rstrip(".")) if own else ""


def inquiry_in_words(inquiry: Inquiry) -> tuple[str, str]:
    """The sentence for what a test of the connection showed, and how to flash it."""
    if inquiry.found is Found.BALANCE and inquiry.balance is not None:
        left = balance_in_words(inquiry.balance)
        return gettext("The account answers. It has %(balance)s left.", balance=left), "success"
    if inquiry.found is Found.REACHED:
        return gettext(
            "The address answers. Whether the credentials hold, only a test message can tell: this provider can be"
            " asked nothing else."
        ), "success"
    if inquiry.found is Found.SILENT:
        return gettext("This gateway has no connection to test. Send a test message."), "warning"
    return gettext("The connection failed. %(why)s", why=reason_in_words(inquiry.reason)), "error"


def balance_in_words(balance: Balance) -> str:
    """An amount with its unit."""
    unit = gettext("credits") if balance.unit == "credits" else balance.unit
    return f"{balance.amount.normalize():f} {unit}"


def abilities(can: Capabilities) -> list[tuple[str, str]]:
    """What a gateway can do, as rows of a small table."""
    yes, no = gettext("yes"), gettext("no")

    def said(it: bool) -> str:
        return yes if it else no

    return [
        (gettext("Messages in one request"), str(can.batch_size)),
        (gettext("Longest message"), _characters(can.longest)),
        (gettext("Letters beyond GSM-7"), said(can.unicode)),
        (gettext("Tells whether it arrived"), said(can.receipts)),
        (gettext("Can be asked about a message"), said(can.lookup)),
        (gettext("Tells the credit"), said(can.balance)),
        (gettext("Flash messages"), said(can.flash)),
        (gettext("Answers come back"), said(can.inbound)),
    ]


def _characters(longest: int | None) -> str:
    return gettext("%(count)s characters", count=longest) if longest else gettext("no limit of its own")


_WARNINGS: Mapping[str, Any] = {
    "credentials_in_clear": lazy_gettext(
        "Without SSL the credentials travel in clear: anybody on the way can read them. Switch SSL on where the"
        " provider has it."
    ),
}


def warning_in_words(code: str) -> str:
    """The sentence for what an admin should know before using these settings (P12)."""
    return str(_WARNINGS.get(code, code))
