"""Triggers that tell one person of the same thing: where more than one of them is on, people are told of it (X22)."""

from __future__ import annotations

from collections.abc import Collection

#: Each group tells of one charge, or of one debt.
OVERLAPS = (
    ("charge_created", "charge_due_soon", "charge_due_today"),
    ("invoice_overdue_notice", "service_block_warning"),
)


def overlapping(trigger: str, on: Collection[str]) -> list[str]:
    """Those of the triggers that are on which tell of the same thing as this one, without itself."""
    return [other for group in OVERLAPS if trigger in group for other in group if other != trigger and other in on]


def overlaps(on: Collection[str]) -> list[tuple[str, ...]]:
    """The groups of which more than one is on."""
    found = (tuple(key for key in group if key in on) for group in OVERLAPS)
    return [group for group in found if len(group) > 1]
