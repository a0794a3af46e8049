"""What Jasmin tells the portal: receipts, and texts from phones.

Source: the project's documentation and source, and what Jasmin 0.11.1 does.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from sms_plugin.errors import SmsError
from sms_plugin.gateways.contract import Inbound, ReceiptStatus, Report
from sms_plugin.text import gsm

_STATUS: Mapping[str, ReceiptStatus] = {
    "ESME_ROK": ReceiptStatus.SENT,
    "ACCEPTD": ReceiptStatus.SENT,
    "DELIVRD": ReceiptStatus.DELIVERED,
    "UNDELIV": ReceiptStatus.UNDELIVERED,
    "EXPIRED": ReceiptStatus.UNDELIVERED,
    "REJECTD": ReceiptStatus.FAILED,
    "DELETED": ReceiptStatus.FAILED,
}
# Jasmin submits again after each of these, for minutes, and calls no more about that message, however it ends.
_TRIED_AGAIN = frozenset({"ESME_RSYSERR", "ESME_RTHROTTLED", "ESME_RMSGQFUL", "ESME_RINVSCHED"})
_NOTHING_NEW = frozenset({"UNKNOWN", "ENROUTE"}) | _TRIED_AGAIN
_BINARY = frozenset({2, 4})
_CHARSETS: Mapping[int, str] = {1: "ascii", 3: "latin-1", 6: "iso8859-5", 7: "iso8859-8", 8: "utf-16-be"}
_NAMED: Mapping[str, int] = {"ucs2": 8, "latin_1": 3}
# What is a control character in ASCII is a letter, or the escape before one, in the alphabet of phones.
_OF_PHONES = re.compile(rb"[\x00-\x09\x0b\x0c\x0e-\x1f]")


def heard(fields: Mapping[str, str]) -> Sequence[Report | Inbound]:
    """The receipt or the text in the fields, each of whose characters is one byte. Raises ``SmsError``."""
    if not fields.get("id"):
        raise SmsError("This is nothing of Jasmin's", code="garbled")
    if "message_status" in fields:
        return _reports(fields)
    if "from" in fields and ("content" in fields or "binary" in fields):
        return _texts(fields)
    raise SmsError("This is neither a receipt nor a text of Jasmin's", code="garbled")


def _reports(fields: Mapping[str, str]) -> Sequence[Report]:
    word = fields["message_status"].strip()
    if word in _NOTHING_NEW:
        return []
    status = _STATUS.get(word, ReceiptStatus.FAILED if word.startswith("ESME_") else None)
    if status is None:
        raise SmsError("This is no receipt of Jasmin's", code="garbled")
    error = fields.get("err", "")
    code = f"{word} {error}" if re.fullmatch(r"[0-9A-Za-z]{1,8}", error) and error not in ("ND", "000") else word
    return [Report(status=status, reference=fields["id"], provider_code=code)]


def _texts(fields: Mapping[str, str]) -> Sequence[Inbound]:
    """The text; none of bytes that are no text."""
    coding = _coding(fields.get("coding", ""))
    try:
        given = bytes.fromhex(fields["binary"]) if fields.get("binary") else fields.get("content", "").encode("latin-1")
    except ValueError:
        raise SmsError("This text of Jasmin's cannot be read", code="garbled") from None
    if coding in _BINARY:
        return []
    text = _decoded(given, coding=coding)
    return [Inbound(sender=fields["from"], text=text, reference=fields["id"], to=fields.get("to", ""))]


def _coding(told: str) -> int:
    """The data coding: written as a number, or, as Jasmin 0.11 does, the one byte itself; 0 where it makes no sense."""
    if len(told) == 1 and not told.isdigit():
        return ord(told)
    return _NAMED.get(told.lower(), int(told) if re.fullmatch(r"[0-9]{1,3}", told) else 0)


def _decoded(given: bytes, *, coding: int) -> str:
    """The text by its data coding; where that is the SMSC's own, by what its bytes look like."""
    charset = _CHARSETS.get(coding)
    if 0x10 <= coding < 0x40 and coding & 0x0C == 0x08:  # UCS-2 with a message class (3GPP TS 23.038, 4)
        charset = "utf-16-be"
    if charset is not None:
        return given.decode(charset, "replace")
    if _OF_PHONES.search(given):
        return gsm.decoded(given)
    try:
        return given.decode()
    except UnicodeDecodeError:
        return given.decode("latin-1")
