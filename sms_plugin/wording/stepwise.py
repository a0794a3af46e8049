"""The texts of one step of a trigger: its own win over the trigger's (T3, T22)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from sms_plugin.host.stepping import named, points_of
from sms_plugin.models import TriggerRow


def own_texts(row: TriggerRow | None, step: str) -> Mapping[str, str]:
    """The texts that the admin gave a step, by language; empty where it has none, or is none of the admin's steps.

    The step is that of a message: it may hold the record's own lead time.
    """
    for entry in row.steps if row is not None and row.steps else ():
        texts: Mapping[str, str] = entry.get("texts") or {}
        if any(map(str.strip, texts.values())) and any(each.name == named(step) for each in points_of(entry)):
            return texts
    return {}


def shared_texts(row: TriggerRow | None, steps: Iterable[str]) -> Mapping[str, str]:
    """The texts of what tells of several steps at once: their own, where all of them say the same; else empty."""
    several = [own_texts(row, step) for step in dict.fromkeys(steps)]
    return several[0] if several and all(each == several[0] for each in several) else {}
