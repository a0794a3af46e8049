"""The versions of a text as pages show them: who wrote each, when, and what changed by it."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from difflib import SequenceMatcher
from itertools import pairwise

from sqlalchemy.orm import Session

from sms_plugin.models import Template, TriggerRow, Wording
from sms_plugin.wording.versions import SHOWN, source_of, versions

_WORDS = re.compile(r"\s+|[^\s]+")


@dataclass(frozen=True, kw_only=True)
class Piece:
    """A stretch of a text: it stayed (""), came ("in"), or went ("out")."""

    text: str
    kind: str = ""


@dataclass(frozen=True, kw_only=True)
class Difference:
    """What changed in one text: the language, and the step whose own it is, if any."""

    language: str
    step: str
    pieces: tuple[Piece, ...]


@dataclass(frozen=True, kw_only=True)
class Shown:
    """One version."""

    id: int
    number: int
    at: datetime
    who: str
    stands: bool  #: whether it is the one that counts now
    differences: tuple[Difference, ...]  #: from the one before; of the first, all of it


@dataclass(frozen=True, kw_only=True)
class History:
    """The versions of one row, the newest first; ``below`` is the number from which to go on, None at the end."""

    shown: tuple[Shown, ...] = ()
    below: int | None = None


def history(session: Session, row: TriggerRow | Template | None, *, below: int | None = None) -> History:
    """The versions of a trigger or a template. Reads only."""
    if row is None:
        return History()
    source, key = source_of(row)
    found = list(versions(session, source=source, key=key, below=below, most=SHOWN + 1))
    more = len(found) > SHOWN
    pairs = list(pairwise([*found, None])) if not more else list(pairwise(found))
    return History(
        shown=tuple(_shown(each, before, row) for each, before in pairs if each is not None),
        below=found[SHOWN - 1].number if more else None,
    )


def number_below(arguments: Mapping[str, str]) -> int | None:
    """From which version on a page goes back, as its address says."""
    given = arguments.get("below", "")
    return int(given) if given.isdecimal() and len(given) < 10 else None


def difference(before: str, after: str) -> tuple[Piece, ...]:
    """What changed from one text to another, by words."""
    old, new = _WORDS.findall(before), _WORDS.findall(after)
    pieces: list[Piece] = []
    for kind, first, last, start, end in SequenceMatcher(None, old, new, autojunk=False).get_opcodes():
        if kind == "equal":
            pieces.append(Piece(text="".join(old[first:last])))
            continue
        gone, come = "".join(old[first:last]), "".join(new[start:end])
        pieces += [Piece(text=text, kind=way) for text, way in ((gone, "out"), (come, "in")) if text]
    return tuple(pieces)


def _shown(each: Wording, before: Wording | None, row: TriggerRow | Template) -> Shown:
    return Shown(
        id=each.id,
        number=each.number,
        at=each.at,
        who=each.who,
        stands=each.id == row.wording_id,
        differences=tuple(_differences(each, before)),
    )


def _differences(each: Wording, before: Wording | None) -> list[Difference]:
    own = {} if before is None else before.steps
    found = _of_texts({} if before is None else before.texts, each.texts, step="")
    for step in dict.fromkeys([*own, *each.steps]):
        found += _of_texts(own.get(step, {}), each.steps.get(step, {}), step=step)
    return found


def _of_texts(before: Mapping[str, str], after: Mapping[str, str], *, step: str) -> list[Difference]:
    languages: Sequence[str] = sorted({*before, *after})
    return [
        Difference(language=code, step=step, pieces=difference(before.get(code, ""), after.get(code, "")))
        for code in languages
        if before.get(code, "") != after.get(code, "")
    ]
