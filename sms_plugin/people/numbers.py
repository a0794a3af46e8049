"""All the numbers that somebody has, each with what it is for (S1)."""

from __future__ import annotations

from dataclasses import dataclass, field

from sms_plugin.host.bound import BoundPerson
from sms_plugin.host.several import members
from sms_plugin.settings import Settings
from sms_plugin.text.phones import PhoneError, parse_phone


@dataclass(frozen=True, kw_only=True)
class Listed:
    """One of somebody's numbers: one that can be texted, or why it cannot."""

    number: str | None = field(repr=False)  #: E.164
    kinds: tuple[str, ...]  #: what the host calls it: "mobile", "billing"
    problem: str = ""  #: a stable code, where it cannot be texted
    written: str = field(default="", repr=False)  #: as it stands in the host's record


def numbers_of(record: object, *, person: BoundPerson, settings: Settings) -> list[Listed]:
    """Each number once, the main one first, then in the host's order. What a host's attribute raises goes through."""
    region = str((person.region and person.region(record)) or settings.region or "") or None
    kinds: dict[str, list[str]] = {}
    bad: dict[str, Listed] = {}
    for kind in sorted(person.phones, key=lambda each: each != "mobile"):
        for written in _each(person.phones[kind](record)):
            try:
                number = parse_phone(written, region=region).e164
            except PhoneError as error:
                bad.setdefault(written, Listed(number=None, kinds=(kind,), problem=error.code, written=written))
                continue
            if kind not in kinds.setdefault(number, []):
                kinds[number].append(kind)
    good = [Listed(number=number, kinds=tuple(each)) for number, each in kinds.items()]
    return [*good, *bad.values()]


def _each(value: object) -> list[str]:
    return [str(each) for each in members(value) if str(each).strip()]
