"""What codes mean, in sentences: states, reasons, choices, and the lines of a timeline (X11)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sms_plugin.outbox.decisions import Choice
from sms_plugin.outbox.timeline import Moment
from sms_plugin.web.translation import gettext
from sms_plugin.web.translation import lazy_gettext as _

#: A state in a word, and its kind, which gives it its colour.
_STATES: Mapping[str, tuple[Any, str]] = {
    "held": (_("Held"), "wait"),
    "queued": (_("Queued"), ""),
    "sending": (_("Being sent"), ""),
    "sent": (_("Sent"), "good"),
    "delivered": (_("Delivered"), "good"),
    "undelivered": (_("Undelivered"), "bad"),
    "failed": (_("Failed"), "bad"),
    "unknown": (_("Unknown"), "wait"),
    "suppressed": (_("Not sent"), ""),
    "expired": (_("Too late"), ""),
    "cancelled": (_("Cancelled"), ""),
    "received": (_("Received"), "good"),
}

#: Why a message waits for a person: what the queue can be asked for.
WAITING = (
    "missing_value",
    "render_failed",
    "record_gone",
    "truth_failed",
    "quarantined",
    "budget",
    "capped",
    "surge",
    "quiet_hours",
    "batch_paused",
    "no_number",
    "no_text",
    "no_way_out",
    "no_verdict",
    "timeout",
    "reset",
    "garbled",
    "server_error",
    "unrecognised",
    "throttled",
    "no_connection",
    "released",
    "retried",
    "sent_now",
)

_REASONS: Mapping[str, Any] = {
    # decided by the plugin
    "by_hand": _("Somebody decided so."),
    "released": _("Somebody let it go."),
    "retried": _("Somebody had it tried again."),
    "resent_by_hand": _("Somebody had it sent once more."),
    "sent_now": _("Somebody had it sent at once."),
    "assumed": _("The trigger's rule takes what is unknown for sent."),
    "resent": _("The trigger's rule sends what is unknown once more."),
    "receipt": _("The provider's receipt proves that it was taken."),
    "opted_out": _("This number does not want texts of this kind."),
    "no_consent": _("The person does not agree to texts of this kind."),
    "no_longer_true": _("What the text says was not true any more when it should have gone."),
    "not_true": _("What the text says was not true when it was decided."),
    "truth_failed": _("The portal could not be asked whether the text still holds."),
    "too_late": _("It was not worth sending any more."),
    "no_way_out": _("It is an offer, the provider brings no replies, and the text lacks {optout_link}."),
    "no_provider": _("No provider was active."),
    "no_recipient": _("The record reaches nobody."),
    "no_person": _("The record reaches nobody who can be texted."),
    "no_number": _("The person has no number that can be texted."),
    "no_text": _("The trigger has no text."),
    "quarantined": _("It was lost twice before it left: it may have stopped the process that took it up."),
    "no_verdict": _("The process that sent it ended before the provider answered."),
    "surge": _(
        "Its run would have sent far more than is usual: it waits with the others, and is decided about as a whole."
    ),
    "surge_approved": _("Somebody let its whole run go."),
    "surge_dropped": _("Somebody dropped its whole run."),
    "capped": _("The number had its messages of the day: this one waits for the next, if it is worth sending then."),
    "quiet_hours": _("Quiet hours: it goes when its recipient may be texted again, if it is worth sending then."),
    "switched_off": _("Its trigger was switched off before its time came."),
    "budget": _("The provider's budget has no room for it: raise it, or let it go on another day."),
    "late_start": _("There was too little time left to send it; it takes another turn."),
    # of a send to many
    "batch_paused": _("Its send to many is paused: it goes on when somebody lets that go on."),
    "batch_cancelled": _("Its send to many was cancelled."),
    "prefix": _("The number does not begin with one of the prefixes."),
    "without": _("Taken out by hand."),
    "removed": _("Taken out by hand."),
    "no_flag": _("The person has no number that is marked for this."),
    # texts from phones
    "shared_number": _("Several clients have this number: the text stands with each of them."),
    "shared_copy": _("Several clients have this number: the text stands with each of them."),
    # told before anything is sent
    "off": _("This trigger is switched off."),
    "template_disabled": _("The trigger's template is disabled."),
    "template_section": _("The section of the trigger's template is not declared any more."),
    "noted": _("It was kept as a note: its tick was not set, so nothing was sent."),
    "not_their_number": _("This is none of the person's numbers."),
    "same_number": _("The same number gets the message about another row:"),
    "recipients_failed": _("Who should get it could not be read."),
    "hook_failed": _("Whether it should be sent could not be found out."),
    # the text and its record
    "missing_value": _("A shortcode of the text has no value."),
    "render_failed": _("The text could not be made: the portal failed at a shortcode."),
    "record_gone": _("A record that the text is about is gone."),
    "unknown_shortcode": _("The text holds a shortcode that does not exist, or that its section does not reach."),
    "unreachable_shortcode": _("The text holds a shortcode that its record does not reach."),
    "bad_shortcode": _("The text holds something in braces that is no shortcode."),
    "bad_filter": _("A shortcode of the text has a filter that does not fit."),
    "unknown_filter": _("A shortcode of the text has a filter that does not exist."),
    "stray_brace": _("The text holds a brace that opens or closes nothing."),
    "escaped_shortcode": _("The text holds a shortcode in double braces."),
    "bad_value": _("A shortcode's value does not fit its format."),
    "no_currency": _("An amount has no currency."),
    "no_public_url": _("A link needs the portal's public address, which is not set."),
    "bad_link": _("A link of the text leads to no page."),
    "flush_in_shortcode": _("A shortcode changed records while it was read."),
    "empty_text": _("The text is empty."),
    # numbers
    "empty": _("The number is empty."),
    "not_a_number": _("What is written there is no phone number."),
    "no_region": _("The number has no country code, and the person no country."),
    "too_short": _("The number is too short."),
    "too_long": _("The number or the text is too long."),
    "invalid": _("No such number exists in its country."),
    "landline": _("The number is a landline."),
    "not_mobile": _("The number is no mobile."),
    "missing_ninth_digit": _("The number lacks its ninth digit."),
    "bad_number": _("The provider says that the number is wrong."),
    "unknown_number": _("Nobody has this number, the provider says."),
    "foreign_number": _("The provider takes numbers of its own country only."),
    "unreachable": _("The phone cannot be reached, the provider says."),
    "blocked": _("The number is blocked, the provider says."),
    "do_not_disturb": _("The number is on its country's list of those that want no such texts."),
    # the account
    "batch_too_large": _("The provider does not take so many messages in one request: lower their number."),
    "bad_credentials": _("The provider does not take the credentials."),
    "bad_token": _("The provider does not take the token."),
    "bad_address": _("The provider's address is wrong."),
    "bad_sender": _("The provider does not take the sender."),
    "sender_not_registered": _("The sender is not registered with the provider."),
    "no_credit": _("The account has no credit left."),
    "trial_account": _("The account is on trial, and may not text this number."),
    "account_suspended": _("The account is suspended."),
    "account_refused": _("The provider refuses the account."),
    "ip_not_allowed": _("The provider does not take requests from the portal's own address."),
    "region_not_enabled": _("The account may not text this country."),
    "no_device": _("The provider does not know the phone that is to send it."),
    "bad_receipt_address": _("The provider does not take the address for receipts: see the public address."),
    "blocked_account": _("The account is blocked."),
    "address_not_allowed": _("The provider does not allow this server's address: allow it in its panel."),
    "bad_aggregate": _("The provider does not know this aggregate id."),
    "bad_template": _("The provider does not know this flow or template: compare its id with the provider's panel."),
    "route_closed": _("The provider's route is closed at this hour."),
    "gateway_error": _("The gateway's own code failed: the log says more."),
    # the provider's answer, or none
    "accepted": _("The provider took it."),
    "refused": _("The provider refused it."),
    "rejected": _("The provider refused it."),
    "rejected_text": _("The provider does not take this text."),
    "filtered": _("The text was filtered out as unwanted."),
    "no_matching_flow": _("None of the provider's flows has these words, and there is no catch-all flow."),
    "unsupported_characters": _("The text holds characters that the provider does not take."),
    "throttled": _("The provider asked us to wait."),
    "queue_overflow": _("The provider's own queue is full."),
    "try_again": _("The provider asked us to try again."),
    "busy": _("The provider was busy."),
    "duplicate": _("The provider had taken it before."),
    "failed": _("The provider could not send it."),
    "read": _("Somebody has looked at it."),
    "stopped_at_provider": _("Somebody stopped it at the provider."),
    "expired": _("It expired before it reached the phone."),
    "undelivered": _("It did not reach the phone."),
    "dns": _("The provider's address was not found."),
    "tls": _("No safe connection to the provider came about."),
    "connect_timeout": _("The provider could not be reached in time."),
    "no_connection": _("The provider could not be reached."),
    "bad_request": _("The settings make no valid request."),
    "outage": _("The provider was out of order and took nothing."),
    "private_address": _("The provider's host leads into a private network, which its settings do not allow."),
    "forbidden_address": _("The provider's host leads to an address that no provider may have."),
    "timeout": _("The provider did not answer in time: it may have taken the text."),
    "reset": _("The connection broke before the provider answered: it may have taken the text."),
    "garbled": _("The provider's answer could not be read: it may have taken the text."),
    "too_large": _("The provider's answer was too large to read: it may have taken the text."),
    "redirect": _("The provider sent us elsewhere: it may have taken the text."),
    "server_error": _("The provider had an error of its own: it may have taken the text."),
    "part_refused": _("The provider took part of the text only."),
    "unrecognised": _("The provider's answer says neither yes nor no: it may have taken the text."),
}

#: What texts of a purpose are about; of none, all of them.
_PURPOSES: Mapping[str, Any] = {
    "": _("all texts"),
    "billing": _("invoices and payments"),
    "service": _("the service"),
    "marketing": _("offers and greetings"),
    "staff": _("staff"),
}
#: Where the word came from that a number shall not be texted, or shall be again.
_SOURCES: Mapping[str, Any] = {
    "reply": _("by a reply"),
    "link": _("on the page behind a text's link"),
    "staff": _("by the staff"),
    "provider": _("the provider says so"),
    "host": _("by the portal"),
    "not_me": _("a reply says that it is somebody else's number"),
}

_CHOICES: Mapping[Choice, Any] = {
    Choice.SEND_NOW: _("Send now"),
    Choice.RELEASE: _("Release"),
    Choice.RETRY: _("Try again"),
    Choice.RESEND: _("Send once more"),
    Choice.ASSUME_SENT: _("Take as sent"),
    Choice.CANCEL: _("Cancel"),
}
#: What is asked before a choice that cannot be taken back, or may text somebody twice.
_QUESTIONS: Mapping[Choice, Any] = {
    Choice.RESEND: _("Send this once more? If the provider took it the first time, the person gets it twice."),
    Choice.ASSUME_SENT: _("Take this as sent? It will not be tried again."),
    Choice.CANCEL: _("Cancel this? It will not be sent."),
    Choice.RETRY: _("Try this again now?"),
}

_VERDICTS: Mapping[str, Any] = {
    "accepted": _("%(provider)s took it"),
    "refused": _("%(provider)s refused it"),
    "unknown": _("Nobody knows whether %(provider)s took it"),
}
_RECEIPTS: Mapping[str, Any] = {
    "accepted": _("%(provider)s reports: taken"),
    "sent": _("%(provider)s reports: sent on to the network"),
    "delivered": _("%(provider)s reports: delivered to the phone"),
    "read": _("%(provider)s reports: read"),
    "undelivered": _("%(provider)s reports: not delivered"),
    "failed": _("%(provider)s reports: failed"),
}


@dataclass(frozen=True, kw_only=True)
class Line:
    """A line of a timeline, in words."""

    at: datetime
    head: str
    why: str = ""
    detail: str = ""
    who: str = ""
    kind: str = ""  #: good, bad, wait: the colour
    until: datetime | None = None
    occurred_at: datetime | None = None


def state_name(state: str) -> str:
    """A state in a word."""
    known = _STATES.get(state)
    return str(known[0]) if known else state


def state_kind(state: str) -> str:
    """What colours a state: good, bad, wait, or nothing."""
    return _STATES[state][1] if state in _STATES else ""


def reason_words(code: str) -> str:
    """The sentence for a reason; for one that a gateway or an admin made up, its code in readable letters."""
    known = _REASONS.get(code)
    return str(known) if known is not None else code.replace("_", " ")


def purpose_words(purpose: str) -> str:
    """What texts of a purpose are about; a purpose of the host's own by its name."""
    return str(_PURPOSES.get(purpose, purpose))


def source_words(source: str) -> str:
    """Where a word about texts to a number came from."""
    return str(_SOURCES.get(source, source.replace("_", " ")))


def way_name(channel: str) -> str:
    """What a way is called; empty where nobody told which it was."""
    return {"sms": "SMS", "viber": "Viber", "rcs": "RCS"}.get(channel, channel)


def choice_name(choice: Choice) -> str:
    """What the button of a choice says."""
    return str(_CHOICES[choice])


def question(choice: Choice) -> str:
    """What is asked before a choice; empty where nothing is."""
    return str(_QUESTIONS.get(choice, ""))


def line(moment: Moment, *, trigger: str) -> Line:
    """One step of a message's life in words. ``trigger`` is the name of what decided it; empty for a hand."""
    kind = "" if moment.what in {"moved", "departed"} else state_kind(moment.state)
    kind = {"accepted": "good", "refused": "bad", "unknown": "wait"}.get(moment.state, kind)
    return Line(
        at=moment.at,
        head=_head(moment, trigger),
        why=reason_words(moment.reason) if moment.reason else "",
        detail="" if moment.what in {"decided", "received"} else moment.detail,
        who=moment.who,
        kind=kind,
        until=moment.until,
        occurred_at=moment.occurred_at,
    )


def _head(moment: Moment, trigger: str) -> str:
    provider = moment.provider
    if moment.what == "decided":
        return gettext("Decided by “%(trigger)s”", trigger=trigger) if trigger else gettext("Written by hand")
    if moment.what == "confirmed":
        return gettext("The send to many was confirmed")
    if moment.what == "approved":
        return gettext("The send to many was approved")
    if moment.what == "received":
        return gettext("Came from the phone")
    if moment.what == "claimed":
        return gettext("Taken up by a process, to be sent")
    if moment.what == "departed":
        return gettext("Handed to %(provider)s", provider=provider)
    if moment.what == "verdict":
        return str(_VERDICTS.get(moment.state, moment.state)) % {"provider": provider}
    if moment.what == "receipt":
        return str(_RECEIPTS.get(moment.state, moment.state)) % {"provider": provider}
    if moment.what == "stands":
        return gettext("Now: %(state)s", state=state_name(moment.state))
    return state_name(moment.state)
