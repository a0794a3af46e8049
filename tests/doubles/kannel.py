"""Kannel as its user guide describes it and as version 1.4.5 behaves: ``sendsms``, reports, texts from phones."""

from __future__ import annotations

from dataclasses import dataclass, field
from urllib.parse import parse_qs, quote, quote_from_bytes

from sms_plugin.testing.loopback import Received, Reply
from tests.doubles.troubled import TroubledServer

USER, PASSWORD = "portal", "kannel-password"
GLOBAL_SENDER = "13013"

_PARAMETERS = {
    *("username", "user", "password", "pass", "from", "to", "text", "charset", "coding", "mclass", "smsc", "dlr-mask"),
    *("dlr-url", "validity", "deferred", "priority", "account", "binfo", "udh", "mwi", "pid", "alt-dcs", "rpi"),
    *("compress", "meta-data"),
}
_GSM = frozenset(
    "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§"
    "¿abcdefghijklmnopqrstuvwxyzäöñüà\f^{}\\[~]|€"
)


@dataclass(frozen=True, kw_only=True)
class Arrived:
    """One message as its phone got it."""

    to: str
    sender: str
    text: str
    flash: bool
    mask: int
    report_url: str


@dataclass
class Kannel(TroubledServer):
    """A smsbox on loopback; its phones take what they get."""

    max_messages: int = 1
    answers: dict[str, tuple[int, str]] = field(default_factory=dict)  #: to a number, instead of the usual one
    arrived: list[Arrived] = field(default_factory=list)

    def __post_init__(self) -> None:
        super().__init__()

    def does(self, request: Received) -> Reply:
        """What ``sendsms`` answers."""
        if request.path != "/cgi-bin/sendsms":
            return _said(404, "Unknown request")
        given = {name: values[-1] for name, values in parse_qs(request.target.partition("?")[2], True).items()}
        if unknown := given.keys() - _PARAMETERS:
            raise AssertionError(f"Kannel has no parameters {sorted(unknown)}")
        return self._sendsms(given)

    def _sendsms(self, given: dict[str, str]) -> Reply:
        if (given.get("username"), given.get("password")) != (USER, PASSWORD):
            return _said(403, "Authorization failed for sendsms")
        if "to" not in given:
            return _said(400, "Missing receiver number, rejected")
        if not given["to"].strip():
            return _said(400, "Empty receiver number not allowed, rejected")
        if given.get("coding", "0") not in {"0", "1", "2"}:
            return _said(400, "Coding field misformed, rejected")
        for number in given["to"].split(" "):  # a space makes two recipients
            if number in self.answers:
                return _said(*self.answers[number])
            self.arrived.append(self._arrived(given, number))
        return _said(202, "0: Accepted for delivery")

    def _arrived(self, given: dict[str, str], number: str) -> Arrived:
        text = given.get("text", "")
        if given.get("coding", "0") == "2":
            room = 70 if self.max_messages == 1 else 67 * self.max_messages
            if given.get("charset", "UTF-16BE").upper() != "UTF-8":
                text = text.encode().decode("utf-16-be", "replace")
        else:
            room = 160 if self.max_messages == 1 else 153 * self.max_messages
            text = "".join(char if char in _GSM else "?" for char in text)
        return Arrived(
            to=number,
            sender=given.get("from", GLOBAL_SENDER),
            text=text[:room],  # and not a word about what is cut
            flash=given.get("mclass") == "0",
            mask=int(given.get("dlr-mask", "0")),
            report_url=given.get("dlr-url", ""),
        )


def _said(status: int, words: str) -> Reply:
    return Reply(status=status, body=words.encode(), content_type="text/html")


def report(arrived: Arrived, value: int, *, answer: str = "", id: str = "25392ba1-ce51-452d-9793-218d06813b15") -> str:
    """The address that is called for one report; only what the mask asks for is told."""
    assert arrived.mask & value, "nobody asked for this report"
    escapes = {"d": str(value), "A": answer, "T": "1795664876", "F": id, "I": id, "p": arrived.to, "P": arrived.sender}
    return _filled(arrived.report_url, {name: quote(told, safe="") for name, told in escapes.items()})


def text_from(get_url: str, *, sender: str, text: bytes, coding: int, charset: str, udh: bytes = b"") -> str:
    """The address that is called for a text from a phone: its bytes as they came, and what they are."""
    given = {
        "p": quote(sender, safe=""),
        "P": GLOBAL_SENDER,
        "b": quote_from_bytes(text, safe=""),
        "c": str(coding),
        "C": charset,
        "T": "1795664964",
        "I": "4152af62-5510-4012-ad2c-92689e5578b3",
        "u": quote_from_bytes(udh, safe=""),
    }
    return _filled(get_url, given)


def _filled(url: str, escapes: dict[str, str]) -> str:
    """The address with its escapes; one that there is not stays as it is."""
    out, at = "", 0
    while at < len(url):
        if url[at] == "%" and url[at + 1 : at + 2] in escapes:
            out, at = out + escapes[url[at + 1]], at + 2
        else:
            out, at = out + url[at], at + 1
    return out
