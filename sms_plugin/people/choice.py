"""Which of a person's numbers a message goes to, told afterwards (X20): the kind of number that it is."""

from __future__ import annotations

from sms_plugin.host.bound import BoundPerson
from sms_plugin.host.several import members
from sms_plugin.settings import Settings
from sms_plugin.text.phones import PhoneError, parse_phone


def kind_of(record: object, person: BoundPerson, number: str, *, settings: Settings) -> str:
    """The kind by which the person has the number now, the first that is declared; empty where none of theirs is it.

    What a host's attribute raises goes through. Reads only.
    """
    region = str((person.region and person.region(record)) or settings.region or "") or None
    for kind, read in person.phones.items():
        if any(_same(written, number, region) for written in members(read(record))):
            return kind
    return ""


def _same(written: object, number: str, region: str | None) -> bool:
    try:
        return parse_phone(str(written or ""), region=region).e164 == number
    except PhoneError:
        return False
