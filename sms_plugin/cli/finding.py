"""What a look at a set-up finds."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Finding:
    """Something that is wrong, or that deserves a look."""

    where: str
    what: str
    grave: bool = True
