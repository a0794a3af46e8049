"""SMS Gateway for Android (sms-gate.app): a phone of one's own, through its cloud, a private server, or itself (P8).

Source: the project's documentation, and the source of its server and of its app.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from urllib.parse import quote
from uuid import UUID, uuid5

from sms_plugin.errors import SmsError, worded
from sms_plugin.gateways.android_codes import STATES, refusal
from sms_plugin.gateways.android_webhook import taken, verified
from sms_plugin.gateways.asking import answers
from sms_plugin.gateways.contract import (
    Capabilities,
    Found,
    Gateway,
    Inbound,
    Outgoing,
    ReceiptStatus,
    Report,
    Sent,
    Verdict,
    WebRequest,
    accepted,
    refused,
    unknown,
)
from sms_plugin.gateways.http import Answer, NotSent, Unsure, base_address, in_clear
from sms_plugin.gateways.settings import BadSettings, setting
from sms_plugin.gateways.verdicts import of_failure, quoted, unreadable

_CLOUD = "https://api.sms-gate.app"
_PREFIX = {"cloud": "/3rdparty/v1", "private": "/3rdparty/v1", "local": ""}
_MODES = {"cloud": "cloud server", "private": "private server", "local": "local server: the phone itself"}
_MOST_TRIES = 5  # ids that one message may use up, each by a try that failed on the phone


@dataclass(frozen=True, kw_only=True)
class AndroidSettings:
    """Where the phone is reached, and what it shares with the portal."""

    mode: str = setting("Mode", default="cloud", choices=_MODES, help="The switch that is on in the app's Home tab.")
    base_url: str = setting(
        "Base address",
        default=_CLOUD,
        help="Private server: https:// and its host. Local server: the address in the app's Home tab, with its port.",
    )
    user: str = setting("Username", help="In the app's Home tab, beside the mode.")
    password: str = setting("Password", secret=True, help="In the same place.")
    signing_key: str = setting(
        "Signing key", secret=True, help="In the app: Settings, Webhooks, Signing Key. No webhook is taken without."
    )
    sim: int = setting("SIM", default=0, minimum=0, maximum=3, help="1, 2 or 3; 0: the phone's own choice.")
    device_id: str = setting("Device ID", default="", help="Only where the account has several phones.")
    ttl: int = setting(
        "Most seconds on the way",
        default=3600,
        minimum=0,
        maximum=604_800,
        help="A phone that was off gives up what is older, and says so. 0: it sends however late.",
    )
    old_version: bool = setting(
        "Old app or server", default=False, help="For versions that know only /message with the field message."
    )
    private_address: bool = setting(
        "Private address", default=False, help="On for a phone or a server in your own network."
    )

    def check(self) -> None:
        """Raises ``BadSettings`` when the address is none, or not of the mode."""
        try:
            base_address(self.base_url)
        except SmsError as error:
            raise BadSettings({"base_url": str(error)}) from None
        if self.mode != "cloud" and self.base_url.rstrip("/") == _CLOUD:
            raise BadSettings({"base_url": worded("is the cloud server's: write your own server's or the phone's")})


class AndroidGateway(Gateway):
    """SMS Gateway for Android: one request for each message, whose own id keeps it from being taken twice."""

    settings: AndroidSettings
    kind = "android"
    label = "SMS Gateway for Android"
    help = (
        "Your own phone and SIM, by the app of sms-gate.app; your carrier's limits apply, so set a rate. For receipts"
        " and replies register this provider's webhook address, once for each of sms:sent, sms:delivered, sms:failed"
        " and sms:received: the README says how. The phone must reach that address by HTTPS."
    )
    Settings = AndroidSettings

    @classmethod
    def capabilities(cls, settings: Any) -> Capabilities:
        """The same in every mode. The list of received texts is cut short by the app, so it is not asked for."""
        return Capabilities(receipts=True, polled=20, inbound=True, lookup=True, idempotent=True)

    @classmethod
    def warnings(cls, settings: Any) -> Sequence[str]:
        """``credentials_in_clear`` at an address without SSL, as the local server's."""
        return ("credentials_in_clear",) if in_clear(settings.base_url) else ()

    def __post_init__(self) -> None:
        settings = self.settings
        path = "/message" if settings.old_version else "/messages"
        self._messages = f"{base_address(settings.base_url)}{_PREFIX[settings.mode]}{path}"
        self._auth = (settings.user, settings.password)
        more = {"simNumber": settings.sim, "ttl": settings.ttl, "deviceId": settings.device_id}
        self._fixed = {"withDeliveryReport": True} | {name: value for name, value in more.items() if value}

    def send(self, messages: Sequence[Outgoing]) -> Sequence[Verdict]:
        """A verdict per message."""
        return [self._send(message) for message in messages]

    def _send(self, message: Outgoing) -> Verdict:
        for id in _ids(message.id):
            verdict = self._submit(message, id=id)
            if verdict is not None:
                return verdict
        return refused("failed")

    def _submit(self, message: Outgoing, *, id: str) -> Verdict | None:
        """The verdict, or None where an earlier try that failed on the phone has used up the id."""
        text = {"message": message.text} if self.settings.old_version else {"textMessage": {"text": message.text}}
        body = {"id": id, "phoneNumbers": [message.to], **text, **self._fixed}
        try:
            answer = self.http.request("POST", self._messages, json=body, auth=self._auth)
        except (NotSent, Unsure) as failure:
            return of_failure(failure)
        if answer.status == 409 and _object(answer):
            return None if self._has_failed(id) else accepted(id)
        if answer.ok:
            return _taken(answer)
        detail = quoted(_object(answer).get("message"), secrets=self._auth, texts=(message.text,))
        return refusal(answer, words=_object(answer).get("message"), detail=detail)

    def _has_failed(self, id: str) -> bool:
        """Whether the phone has given the message up; not where that cannot be found out."""
        try:
            return _status(self._held(id)) is ReceiptStatus.FAILED
        except SmsError:
            return False

    def read_webhook(self, request: WebRequest) -> Sequence[Report | Inbound]:
        """The receipt or the text of one event, once its HMAC holds."""
        return taken(verified(request, key=self.settings.signing_key))

    def poll(self, sent: Sequence[Sent]) -> Sequence[Report]:
        """What the phone has done with each message: one request for each."""
        told = answers((one.reference for one in sent), self._held)
        reports = [_report(one, told.get(one.reference) or {}) for one in sent]
        return [report for report in reports if report is not None]

    def look_up(self, message: Outgoing, *, reference: str | None, since: datetime) -> Sequence[Found]:
        """The message by its reference, else by its own id and those that followed on it; the last that there is."""
        found: list[Found] = []
        for id in [reference] if reference is not None else _ids(message.id):
            held = self._held(id)
            status = _status(held)
            if held is None or status is None:
                break
            found = [Found(reference=id, status=status)]
            if status is not ReceiptStatus.FAILED:
                break
        return found

    def _held(self, id: str) -> Mapping[str, Any] | None:
        """The message as the server holds it, None where it holds none."""
        answer = self.http.request("GET", f"{self._messages}/{quote(id, safe='')}", auth=self._auth)
        if answer.status == 404:
            return None
        if answer.status == 401:
            raise SmsError(worded("The provider does not know these credentials"), code="bad_credentials")
        held = _object(answer)
        if not answer.ok or held.get("id") != id:
            raise unreadable(worded("message"))
        return held


def _ids(first: UUID) -> Iterator[str]:
    """The ids under which one message may be known: its own, then one for each try that failed on the phone."""
    for _ in range(_MOST_TRIES):
        yield str(first)
        first = uuid5(first, "again")


def _object(answer: Answer) -> Mapping[str, Any]:
    try:
        value = answer.json()
    except ValueError:
        return {}
    return value if isinstance(value, dict) else {}


def _taken(answer: Answer) -> Verdict:
    held = _object(answer)
    id = held.get("id")
    if not isinstance(id, str) or not id:
        return unknown("garbled")
    return refused("failed") if _status(held) is ReceiptStatus.FAILED else accepted(id)


def _recipient(held: Mapping[str, Any]) -> Mapping[str, Any]:
    """The one recipient of a message as the server holds it."""
    recipients = held.get("recipients")
    one = recipients[0] if isinstance(recipients, list) and recipients else None
    return one if isinstance(one, dict) else held


def _status(held: Mapping[str, Any] | None) -> ReceiptStatus | None:
    return None if held is None else STATES.get(str(_recipient(held).get("state")))


def _report(one: Sent, held: Mapping[str, Any]) -> Report | None:
    status = _status(held)
    if status is None or status is ReceiptStatus.ACCEPTED:
        return None
    words = quoted(_recipient(held).get("error"))[:40]
    reason = "failed" if status is ReceiptStatus.FAILED else ""
    return Report(status=status, reference=one.reference, message_id=one.id, provider_code=words, reason=reason)
