"""What Kannel tells the portal, by the addresses that it was given: delivery reports, and texts from phones.

Source: the project's user guide, and what Kannel 1.4.5 does.
"""

from __future__ import annotations

import codecs
import re
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from uuid import UUID

from sms_plugin.errors import SmsError
from sms_plugin.gateways.contract import Inbound, Part, ReceiptStatus, Report

_REPORTED: Mapping[str, ReceiptStatus] = {
    "1": ReceiptStatus.DELIVERED,
    "2": ReceiptStatus.UNDELIVERED,
    "4": ReceiptStatus.SENT,
    "8": ReceiptStatus.SENT,
    "16": ReceiptStatus.FAILED,
}
_INTERMEDIATE = "32"
_NO_STATE = "UNKNOWN"
# What the SMSC said, as Kannel quotes it: the state and error of an SMPP receipt, or the code of a refusal.
_SAID = re.compile(r"stat:(?P<stat>[A-Z]{1,10})|err:(?P<err>[0-9A-Fa-f]{1,8})|NACK/(?P<nack>0x[0-9A-Fa-f]+|[0-9]+)")
_BINARY = "1"  # the coding of bytes that are no text
_CHARSETS = {"0": "utf-8", "2": "utf-16-be"}
# Not every codec is one of texts, and whoever calls chooses the name.
_TEXTUAL = re.compile(r"utf-?(8|16|16be|16le)|(iso-8859|windows)-[0-9]{1,4}|us-ascii", re.IGNORECASE)


def heard(fields: Mapping[str, str]) -> Sequence[Report | Inbound]:
    """The report or the text in the fields, each of whose characters is one byte. Raises ``SmsError``."""
    if "status" in fields:
        return _reports(fields)
    if "from" in fields and "text" in fields:
        return _texts(fields)
    raise SmsError("This is neither a report nor a text of Kannel's", code="garbled")


def _reports(fields: Mapping[str, str]) -> Sequence[Report]:
    """One report. Its ``%F`` and ``%I`` differ between the reports of one message: only our own id tells which."""
    status = _REPORTED.get(fields["status"])
    if status is None:
        if fields["status"] == _INTERMEDIATE:
            return []
        raise SmsError("This is no report of Kannel's", code="garbled")
    code = _code(fields.get("answer", ""))
    if status is ReceiptStatus.UNDELIVERED and code.startswith(_NO_STATE):
        return []  # the SMSC has lost sight of it, which Kannel hands on as a failure
    return [
        Report(
            status=status,
            message_id=_id(fields.get("id", "")),
            provider_code=code,
            occurred_at=_moment(fields.get("ts", "")),
        )
    ]


def _texts(fields: Mapping[str, str]) -> Sequence[Inbound]:
    coding = fields.get("coding", "")
    if coding == _BINARY:
        return []
    return [
        Inbound(
            sender=fields["from"].strip(),
            text=_decoded(fields["text"], charset=fields.get("charset", ""), coding=coding),
            reference=fields.get("id") or None,
            to=fields.get("to", "").strip(),
            received_at=_moment(fields.get("ts", "")),
            part=_part(fields.get("udh", "").encode("latin-1"), sender=fields["from"]),
        )
    ]


def _decoded(text: str, *, charset: str, coding: str) -> str:
    """Kannel gives a text's bytes as they are in the charset that it names: UTF-16BE for what is not GSM-7."""
    told = charset if _TEXTUAL.fullmatch(charset) and _known(charset) else _CHARSETS.get(coding, "utf-8")
    return text.encode("latin-1").decode(told, "replace")


def _known(charset: str) -> bool:
    try:
        codecs.lookup(charset)
    except LookupError:
        return False
    return True


def _part(header: bytes, *, sender: str) -> Part | None:
    """The place of a part, from its user data header, where Kannel does not put the parts together itself.

    Source: 3GPP TS 23.040, 9.2.3.24.1 and 9.2.3.24.8.
    """
    at = 1
    while at + 1 < len(header):
        element, length = header[at], header[at + 1]
        data = header[at + 2 : at + 2 + length]
        if (element, len(data)) in {(0x00, 3), (0x08, 4)}:
            group, total, number = data[:-2].hex(), data[-2], data[-1]
            return Part(group=f"{sender} {group}", number=number, total=total) if 1 <= number <= total else None
        at += 2 + length
    return None


def _id(told: str) -> UUID | None:
    try:
        return UUID(told)
    except ValueError:
        return None


def _moment(seconds: str) -> datetime | None:
    return datetime.fromtimestamp(int(seconds), UTC) if re.fullmatch(r"[0-9]{9,10}", seconds) else None


def _code(answer: str) -> str:
    said: dict[str, str] = {}
    for found in _SAID.finditer(answer):
        said |= {name: value for name, value in found.groupdict().items() if value}
    return " ".join(said[name] for name in ("nack", "stat", "err") if name in said)
