"""Where the building of a batch goes on: in which source, and behind which of its records (design: resumable)."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import date


@dataclass(frozen=True, kw_only=True)
class Place:
    """A place in an audience, kept as ``Batch.cursor``."""

    source: int = 0
    after: str | None = None  #: the key, line or position behind which it goes on; None: at the source's beginning
    clearing: bool = False  #: what an earlier building left is taken away first
    day: str = ""  #: on which it began: what is "today" for the filters, then and when they are asked again

    @property
    def today(self) -> date:
        """The day on which the building began."""
        return date.fromisoformat(self.day)

    @classmethod
    def read(cls, written: str | None) -> Place:
        """The place that was kept; the beginning where none was."""
        return cls() if written is None else cls(**json.loads(written))

    @property
    def written(self) -> str:
        """How it is kept."""
        return json.dumps({"source": self.source, "after": self.after, "clearing": self.clearing, "day": self.day})
