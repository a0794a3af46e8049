"""Python's collector of what stands in circles, beside runs of thousands."""

from __future__ import annotations

import gc


def look_at_the_young() -> None:
    """Have it look now, when nothing of a page is there any more. In the midst of a page it would take its records for
    lasting, and for their number go through all that the portal holds, again and again. Where the host switched it off,
    it stays off.
    """
    if gc.isenabled():
        gc.collect(1)
