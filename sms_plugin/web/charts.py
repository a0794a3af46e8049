"""Charts as shapes of an inline SVG: no style, no script, told apart by pattern as well as by colour, each with its
table (issue 7 item 1).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from sms_plugin.web.numbers import short

#: The size of the drawing in its own units, and the room around the bars for what is written.
WIDTH, HEIGHT = 400, 170
LEFT, RIGHT, TOP, BOTTOM = 36, 4, 10, 22
_GAP = 0.22  #: of the room of a bar


@dataclass(frozen=True, kw_only=True)
class Series:
    """One thing that is told for each place of the axis. ``kind`` gives it its pattern and colour."""

    kind: str
    label: str
    values: Sequence[float | None]


@dataclass(frozen=True, kw_only=True)
class Bar:
    """A rectangle."""

    kind: str
    x: float
    y: float
    width: float
    height: float
    told: str  #: what a pointer on it is told


@dataclass(frozen=True, kw_only=True)
class Dot:
    """A point of a line."""

    x: float
    y: float
    told: str


@dataclass(frozen=True, kw_only=True)
class Mark:
    """Something written at an axis: ``anchor`` is start, middle or end."""

    x: float
    y: float
    words: str
    anchor: str = "middle"


@dataclass(frozen=True, kw_only=True)
class Table:
    """The same as a table: what its columns are called, and its rows."""

    head: Sequence[str]
    rows: Sequence[Sequence[str]]


@dataclass(frozen=True, kw_only=True)
class Chart:
    """A drawing with all that is said about it."""

    key: str  #: names it on its page
    title: str
    told: str  #: what it shows, in a sentence
    table: Table
    bars: Sequence[Bar] = ()
    lines: Sequence[Sequence[Dot]] = ()
    down: Sequence[Mark] = ()  #: at the axis that goes up, each with its line
    along: Sequence[Mark] = ()
    legend: Sequence[Series] = ()
    width: int = WIDTH
    height: int = HEIGHT
    left: int = LEFT
    right: int = field(default=WIDTH - RIGHT)


def stacked(
    series: Sequence[Series], *, names: Sequence[str], every: int, written: Callable[[float], str], whole: bool = False
) -> tuple[list[Bar], list[Mark], list[Mark]]:
    """The bars of each place, one thing upon the other, and what is written down and along.

    ``names`` are the places; one in ``every`` is written, counted from the last. ``written`` puts a value in words.
    What is counted is ``whole``: half a message stands at no axis.
    """
    heights = [sum(each.values[at] or 0 for each in series) for at in range(len(names))]
    top = ceiling(max(heights, default=0))
    step = _room() / len(names)
    bars: list[Bar] = []
    for at, name in enumerate(names):
        foot = float(HEIGHT - BOTTOM)
        for each in series:
            value = each.values[at] or 0
            if value <= 0:
                continue
            height = max(value / top * _rise(), 1.0)
            foot -= height
            told = f"{name}: {each.label} {written(value)}"
            x, width = LEFT + step * (at + _GAP / 2), step * (1 - _GAP)
            bars.append(Bar(kind=each.kind, x=_r(x), y=_r(foot), width=_r(width), height=_r(height), told=told))
    return bars, scale(top, written=short, whole=whole), _along(names, every)


def line(
    values: Sequence[float | None], *, names: Sequence[str], every: int, written: Callable[[float], str]
) -> tuple[list[list[Dot]], list[Mark], list[Mark]]:
    """Shares of one as a line, broken where nothing is known, and what is written down and along."""
    step, runs = _room() / len(names), list[list[Dot]]()
    before: float | None = None
    for at, value in enumerate(values):
        if value is not None:
            if before is None:
                runs.append([])
            x, y = LEFT + step * (at + 0.5), HEIGHT - BOTTOM - value * _rise()
            runs[-1].append(Dot(x=_r(x), y=_r(y), told=f"{names[at]}: {written(value)}"))
        before = value
    return runs, scale(1.0, written=written), _along(names, every)


def ceiling(highest: float) -> float:
    """The round number at the top of an axis: 1, 2 or 5 with zeros, and not below what it must hold."""
    if highest <= 0:
        return 1.0
    size = 1.0
    while size < highest:
        size *= 10
    while size / 10 >= highest:
        size /= 10
    return next(size * part for part in (0.1, 0.2, 0.5, 1.0) if size * part >= highest * (1 - 1e-9))


def scale(top: float, *, written: Callable[[float], str], whole: bool = False) -> list[Mark]:
    """What stands at the axis that goes up: nothing, the half unless only ``whole`` numbers mean something, the top."""
    parts = (0.0, 1.0) if whole and top % 2 else (0.0, 0.5, 1.0)
    return [
        Mark(x=LEFT - 4, y=_r(HEIGHT - BOTTOM - part * _rise()), words=written(top * part), anchor="end")
        for part in parts
    ]


def _along(names: Sequence[str], every: int) -> list[Mark]:
    step, last = _room() / len(names), len(names) - 1
    marks: list[Mark] = []
    for at, name in enumerate(names):
        if (last - at) % every:
            continue
        ends = at == last and every > 1
        x = WIDTH - RIGHT if ends else LEFT + step * (at + 0.5)
        marks.append(Mark(x=_r(x), y=HEIGHT - 6, words=name, anchor="end" if ends else "middle"))
    return marks


def _room() -> float:
    return WIDTH - LEFT - RIGHT


def _rise() -> float:
    return HEIGHT - TOP - BOTTOM


def _r(value: float) -> float:
    return round(value, 2)
