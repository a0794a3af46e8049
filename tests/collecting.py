"""When Python's collector looks, and how far back."""

from __future__ import annotations

import gc
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def looks(*, switched_on: bool = True) -> Iterator[list[int]]:
    """The generations that it is told to look at inside the block, where it does not look by itself."""
    told: list[int] = []

    def note(phase: str, about: dict[str, int]) -> None:
        told.extend([about["generation"]] if phase == "start" else [])

    usual = gc.get_threshold()
    gc.set_threshold(10_000_000)
    if not switched_on:
        gc.disable()
    gc.callbacks.append(note)
    try:
        yield told
    finally:
        gc.callbacks.remove(note)
        gc.enable()
        gc.set_threshold(*usual)
