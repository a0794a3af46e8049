"""What a log must not hold: errors and tracebacks. A busy database is waited for; at most a warning says so."""

from __future__ import annotations

import re

_TROUBLE = re.compile(r"\b(ERROR|CRITICAL|Traceback)\b")


def troubles(log: str) -> list[str]:
    """The lines of a log that tell of an error or begin a traceback."""
    return [line for line in log.splitlines() if _TROUBLE.search(line)]
