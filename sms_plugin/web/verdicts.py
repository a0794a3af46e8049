"""What a provider's answer means, in plain words: reasons are codes below, and sentences here."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from sms_plugin.gateways.contract import Balance, Capabilities, Outcome, Verdict
from sms_plugin.outbox.scorecard import Scorecard
from sms_plugin.providers.inquiry import Found, Inquiry
from sms_plugin.web.numbers import amount as written
from sms_plugin.web.translation import gettext, lazy_gettext

_REASONS: Mapping[str, Any] = {
    "account_refused": lazy_gettext("The provider refused the account."),
    "account_suspended": lazy_gettext("The provider has suspended the account."),
    "address_not_allowed": lazy_gettext("The provider does not allow this server's address: allow it in its panel."),
    "bad_address": lazy_gettext("There is nothing at this address: check host and path."),
    "bad_aggregate": lazy_gettext("The provider does not know this aggregate id: see its panel."),
    "bad_credentials": lazy_gettext("The provider does not know these credentials."),
    "bad_number": lazy_gettext("The provider says that this is no number."),
    "bad_receipt_address": lazy_gettext("The provider does not accept the portal's public address for its receipts."),
    "bad_request": lazy_gettext("These settings make no request: check address, headers and body."),
    "bad_sender": lazy_gettext("The provider does not accept this sender."),
    "bad_template": lazy_gettext("The provider does not know this flow: compare its id with the provider's panel."),
    "bad_token": lazy_gettext("The provider does not know this token."),
    "batch_too_large": lazy_gettext("The provider does not take so many messages in one request: lower their number."),
    "blocked": lazy_gettext("The provider has blocked this."),
    "blocked_account": lazy_gettext("The account is blocked."),
    "connect_timeout": lazy_gettext("The provider's machine does not answer: check host and port."),
    "dns": lazy_gettext("There is no such host: check its name."),
    "empty_text": lazy_gettext("The text was empty."),
    "filtered": lazy_gettext("A carrier filtered the message out."),
    "foreign_number": lazy_gettext("The settings allow numbers of one country only, and this is of another."),
    "garbled": lazy_gettext("The provider's answer made no sense."),
    "forbidden_address": lazy_gettext(
        "The host leads to an address that no provider may have: one of this network's or of a cloud's own."
    ),
    "gateway_error": lazy_gettext("The gateway's own code failed; the portal's log says where."),
    "ip_not_allowed": lazy_gettext(
        "The provider does not take requests from the portal's own address: allow it in the account there."
    ),
    "landline": lazy_gettext("This is a landline."),
    "late_start": lazy_gettext("The portal was too busy to send it in time."),
    "no_connection": lazy_gettext("Nobody listens there: check host, port and SSL."),
    "no_credit": lazy_gettext("The account has no credit left."),
    "no_device": lazy_gettext("The provider does not know the phone that is to send it."),
    "no_matching_flow": lazy_gettext(
        "None of the flows has these words, letter for letter, and there is no catch-all flow."
    ),
    "no_verdict": lazy_gettext("No answer came in time."),
    "not_mobile": lazy_gettext("This is no mobile number."),
    "opted_out": lazy_gettext("This number wants no texts."),
    "outage": lazy_gettext("The provider is out of order and took nothing."),
    "part_refused": lazy_gettext("The provider took only a part of it."),
    "private_address": lazy_gettext(
        "The host leads to this machine or into a private network: where it belongs there, switch its private address"
        " on."
    ),
    "redirect": lazy_gettext("The address leads elsewhere: give the one that it leads to."),
    "region_not_enabled": lazy_gettext("The account may not text this country: switch it on at the provider."),
    "rejected": lazy_gettext("The provider refused it."),
    "reset": lazy_gettext("The connection broke before an answer came."),
    "route_closed": lazy_gettext("The provider's route is closed at this hour."),
    "sender_not_registered": lazy_gettext("This sender is not registered."),
    "server_error": lazy_gettext("The provider has an error of its own."),
    "throttled": lazy_gettext("The provider asks us to go slower: lower the rate."),
    "timeout": lazy_gettext("No answer came in time."),
    "tls": lazy_gettext("No safe connection could be made: check SSL, port and the provider's certificate."),
    "too_large": lazy_gettext("The provider's answer was far too long."),
    "too_long": lazy_gettext("The text is too long for this provider."),
    "trial_account": lazy_gettext("A trial account may text only numbers that were verified at the provider."),
    "unknown_number": lazy_gettext("Nobody has this number."),
    "unlimited": lazy_gettext("The credit of this account has no limit."),
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
    return f"{written(balance.amount.normalize())} {unit}"


def abilities(can: Capabilities) -> list[tuple[str, str]]:
    """What a gateway can do, as rows of a small table."""
    yes, no = gettext("yes"), gettext("no")

    def said(it: bool) -> str:
        return yes if it else no

    one_text = f" ({gettext('of one text')})" if can.same_text and can.batch_size > 1 else ""
    return [
        (gettext("Messages in one request"), f"{can.batch_size}{one_text}"),
        (gettext("Longest message"), _characters(can.longest)),
        (gettext("Ways"), ", ".join(way.upper() if way == "sms" else way.capitalize() for way in can.channels)),
        (gettext("Letters beyond GSM-7"), said(can.unicode)),
        (gettext("Flash messages"), said(can.flash)),
        (gettext("Texts of your own"), gettext("no: only those that it knows") if can.template_only else yes),
        (gettext("Tells whether it arrived"), _told(pushed=can.receipts, asked=bool(can.polled))),
        (gettext("Answers come back"), _told(pushed=can.inbound, asked=can.inbound_polled)),
        (gettext("Can be asked about a message"), said(can.lookup)),
        (gettext("Takes the same message once only"), said(can.idempotent)),
        (gettext("Tells the credit"), said(can.balance)),
        (gettext("Tells the price"), said(can.prices)),
    ]


def _told(*, pushed: bool, asked: bool) -> str:
    if pushed and asked:
        return gettext("yes, by itself and when asked")
    if pushed:
        return gettext("yes, by itself")
    return gettext("yes, when asked") if asked else gettext("no")


def outcome_in_words(verdict: Verdict) -> str:
    """A verdict in a word."""
    words = {
        Outcome.ACCEPTED: gettext("Accepted"),
        Outcome.REFUSED: gettext("Refused"),
        Outcome.UNKNOWN: gettext("Unknown"),
    }
    return words[verdict.outcome]


def score_rows(card: Scorecard) -> list[tuple[str, str]]:
    """How well a provider does, as rows of a small table; none where it has sent nothing lately (X19)."""
    if not card.attempts or card.since is None:
        return []
    typical = gettext("not told") if card.typical is None else _duration(card.typical.total_seconds())
    spent = ", ".join(cost_in_words(amount, currency) for currency, amount in sorted(card.spent.items()))
    return [
        (gettext("Messages looked at"), str(card.attempts)),
        (gettext("Accepted"), _share(card.acceptance)),
        (gettext("Delivered, of those accepted"), _share(card.delivery)),
        (gettext("Usual time to delivery"), typical),
        (gettext("Unknown"), _share(card.unknown_share)),
        (gettext("Cost"), spent or gettext("not known")),
    ]


def cost_in_words(amount: Decimal | None, currency: str) -> str:
    """A cost with its currency; empty where nobody knows it."""
    if amount is None:
        return ""
    plain = amount.normalize()
    exponent = plain.as_tuple().exponent
    shown = plain.quantize(Decimal("0.01")) if isinstance(exponent, int) and exponent > -2 else plain
    unit = gettext("credits") if currency == "credits" else currency
    return f"{written(plain if currency == 'credits' else shown)} {unit}".strip()


def _share(share: float | None) -> str:
    return "–" if share is None else f"{written(Decimal(f'{share * 100:.1f}'))} %"


def _duration(seconds: float) -> str:
    if seconds < 120:
        return gettext("%(seconds)s s", seconds=f"{seconds:.0f}")
    return gettext("%(minutes)s min", minutes=f"{seconds / 60:.0f}")


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
