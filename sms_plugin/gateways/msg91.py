"""MSG91, of India (P3): flows of the API v5, whose words the vendor holds, and free text by the older API v2.

Source: the vendor's API pages. It answers once for a whole request, with one id, and reports by that id and the number.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, TypeVar

from sms_plugin.errors import worded
from sms_plugin.gateways import msg91_flows, msg91_receipts
from sms_plugin.gateways.contract import (
    About,
    Balance,
    Capabilities,
    Gateway,
    Inbound,
    Outcome,
    Outgoing,
    Report,
    Verdict,
    WebRequest,
    accepted,
    refused,
    unknown,
)
from sms_plugin.gateways.http import Answer, NotSent, Unsure, base_address, in_clear
from sms_plugin.gateways.msg91_codes import refusal
from sms_plugin.gateways.msg91_settings import FLOW, Msg91Settings
from sms_plugin.gateways.references import joined
from sms_plugin.gateways.verdicts import of_failure, of_status, quoted, unreadable
from sms_plugin.text.gsm import is_gsm
from sms_plugin.text.phones import digits, national_digits

K = TypeVar("K")

_BATCH_ID = re.compile(r"[A-Za-z0-9_-]{6,64}", re.ASCII)
_AMOUNT = re.compile(r"-?[0-9]{1,12}(\.[0-9]{1,6})?", re.ASCII)
_BARE = {401: ("", "authkey"), 418: ("418", "")}
"""What a status means that comes without a readable body: a code, or words of the vendor's."""


@dataclass(frozen=True, kw_only=True)
class _Request:
    """One request, and the places of its messages among those that were given."""

    path: str
    body: Mapping[str, Any]
    places: Sequence[int]


class Msg91Gateway(Gateway):
    """MSG91: as many numbers a request as the settings say, each of them once."""

    settings: Msg91Settings
    kind = "msg91"
    label = "MSG91"
    help = (
        "For receipts, make a “Webhook (New)” in MSG91's panel with the address that is shown here and a JSON body of"
        " requestId, telNum, status, failureReason and amount, filled from MSG91's placeholders of these names."
    )
    Settings = Msg91Settings

    @classmethod
    def capabilities(cls, settings: Any) -> Capabilities:
        """Receipts with prices, and the balance; flash for free text alone."""
        flow = settings.api == FLOW
        return Capabilities(
            batch_size=settings.batch_size,
            flash=not flow,
            template_only=flow and not settings.catch_all,
            receipts=True,
            balance=True,
            prices=True,
        )

    @classmethod
    def warnings(cls, settings: Any) -> Sequence[str]:
        """``credentials_in_clear`` at a base address without SSL."""
        return ("credentials_in_clear",) if in_clear(settings.base_url) else ()

    def __post_init__(self) -> None:
        settings = self.settings
        self._base = base_address(settings.base_url)
        self._headers = {"authkey": settings.auth_key, "Accept": "application/json"}
        self._flows = msg91_flows.read(settings.flows) if settings.api == FLOW else ()

    def send(self, messages: Sequence[Outgoing]) -> Sequence[Verdict]:
        """A verdict per message; those of one flow, or of one alphabet, share a request."""
        verdicts: dict[int, Verdict] = {}
        requests = self._by_flow(messages, verdicts) if self.settings.api == FLOW else self._by_text(messages)
        stopped: Verdict | None = None
        for request in requests:
            some = [messages[at] for at in request.places]
            told = [stopped] * len(some) if stopped else self._submit(request, some)
            verdicts.update(zip(request.places, told, strict=True))
            stopped = stopped or _ends(told[0])
        return [verdicts[at] for at in range(len(messages))]

    def _by_flow(self, messages: Sequence[Outgoing], verdicts: dict[int, Verdict]) -> Iterable[_Request]:
        """A request for each flow. What no flow says is refused at once."""
        recipients: dict[int, tuple[str, Mapping[str, str]]] = {}
        for at, message in enumerate(messages):
            said = self._said(message.text)
            if said is None:
                verdicts[at] = refused("no_matching_flow")
            else:
                recipients[at] = said[0], {self.settings.receiver: digits(message.to), **said[1], **self._own(message)}
        common = {"short_url": "1" if self.settings.short_links else "0"}
        if self.settings.sender:
            common["sender"] = self.settings.sender
        for (flow, _), places in _apart(messages, {at: flow for at, (flow, _) in recipients.items()}).items():
            listed = [recipients[at][1] for at in places]
            yield _Request(
                path="/api/v5/flow/", body={"template_id": flow, **common, "recipients": listed}, places=places
            )

    def _said(self, text: str) -> tuple[str, Mapping[str, str]] | None:
        """The id of the flow that says the text, with its variables."""
        settings = self.settings
        found = msg91_flows.find(self._flows, msg91_flows.normal(text))
        if found is not None:
            return found[0].id, found[1]
        return (settings.catch_all, {settings.catch_all_variable: text}) if settings.catch_all and text else None

    def _own(self, message: Outgoing) -> Mapping[str, str]:
        field = self.settings.reference_field
        return {field: str(message.id)} if field else {}

    def _by_text(self, messages: Sequence[Outgoing]) -> Iterable[_Request]:
        """A request for each alphabet and for each way to write the numbers; one text to many is written once."""
        settings = self.settings
        kinds = {at: (self._country(each.to), int(not is_gsm(each.text))) for at, each in enumerate(messages)}
        for ((country, unicode), _), places in _apart(messages, kinds).items():
            numbers: dict[str, list[str]] = {}
            for at in places:
                to = messages[at].to
                numbers.setdefault(messages[at].text, []).append(national_digits(to) if country else digits(to))
            body: dict[str, Any] = {
                "sender": settings.sender,
                "route": settings.route,
                "country": str(country),
                "flash": int(settings.flash),
                "unicode": unicode,
                "sms": [{"message": text, "to": to} for text, to in numbers.items()],
            }
            if settings.dlt_template_id:
                body["DLT_TE_ID"] = settings.dlt_template_id
            yield _Request(path=f"/api/v2/sendsms?country={country}", body=body, places=places)

    def _country(self, to: str) -> int:
        country = self.settings.country
        return country if country and to == f"+{country}{national_digits(to)}" else 0

    def _submit(self, request: _Request, messages: Sequence[Outgoing]) -> Sequence[Verdict]:
        try:
            answer = self.http.request("POST", self._base + request.path, json=request.body, headers=self._headers)
        except (NotSent, Unsure) as failure:
            return [of_failure(failure)] * len(messages)
        told = _object(answer)
        if answer.ok and told.get("type") == "success":
            batch = str(told.get("message") or told.get("request_id"))
            known = _BATCH_ID.fullmatch(batch) is not None
            return [accepted(joined(batch, message.to) if known else None) for message in messages]
        return [self._not_taken(answer, told, messages)] * len(messages)

    def _not_taken(self, answer: Answer, told: Mapping[str, Any], messages: Sequence[Outgoing]) -> Verdict:
        code, words = str(told.get("code") or "").strip(), str(told.get("message") or "")
        if told.get("type") != "error":
            if answer.status not in _BARE:
                return of_status(answer) or unknown("unrecognised", provider_code=str(answer.status))
            code, words = _BARE[answer.status]
        verdict = of_status(answer)
        if verdict is not None:
            return verdict
        detail = quoted(words, secrets=(self.settings.auth_key,), texts=[message.text for message in messages])
        return refusal(code[:20], words, several=len(messages) > 1, detail=detail)

    def read_webhook(self, request: WebRequest) -> Sequence[Report | Inbound]:
        """The receipts of a request; nobody signs them, so that the address must stay a secret."""
        return msg91_receipts.read(request, currency=self.settings.currency)

    def balance(self) -> Balance:
        """The credits that are left for the settings' route."""
        asked = {"authkey": self.settings.auth_key, "type": self.settings.route}
        answer = self.http.request("GET", f"{self._base}/api/balance.php", params=asked)
        if not answer.ok or not _AMOUNT.fullmatch(answer.text.strip()):
            raise unreadable(worded("balance"))
        return Balance(amount=Decimal(answer.text.strip()), unit="credits")


def _apart(messages: Sequence[Outgoing], kinds: Mapping[int, K]) -> Mapping[tuple[K, int], list[int]]:
    """The places of what shares a request: of one kind, and no number twice, since reports tell numbers apart only."""
    seen: Counter[tuple[K, str]] = Counter()
    groups: dict[tuple[K, int], list[int]] = {}
    for at, kind in kinds.items():
        key = kind, messages[at].to
        groups.setdefault((kind, seen[key]), []).append(at)
        seen[key] += 1
    return groups


def _ends(verdict: Verdict) -> Verdict | None:
    """What the other requests of the batch are told without being made, once one went so; None where they go on."""
    if verdict.outcome is Outcome.REFUSED and verdict.about in (About.ACCOUNT, About.PROVIDER):
        return verdict
    if verdict.reason in ("timeout", "reset"):
        return refused("busy", for_good=False)  # one lost answer is no outage: the breaker counts none of these
    return None


def _object(answer: Answer) -> Mapping[str, Any]:
    try:
        value = answer.json()
    except ValueError:
        return {}
    return value if isinstance(value, dict) else {}
