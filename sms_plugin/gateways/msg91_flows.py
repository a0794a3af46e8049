"""Which of an account's flows says a text, and what its variables hold (P3).

MSG91 takes no text: it takes the id of a flow, whose words lie with the vendor, and a value for each variable. Only the
finished text reaches a gateway, so the flow is found by its words, and its variables hold what stands between them. Any
split that reproduces the text makes the same SMS.

A flow is one line, ``id = text``. A variable is the vendor's ``##name##`` or our ``{shortcode}``, which is
``{shortcode=name}`` where the flow calls it otherwise; ``\\n`` is a new line. No regular expression ever sees a text:
words are looked for one after the other, so the time grows with the text and not with the ways to split it.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from sms_plugin.errors import worded

_LINE = re.compile(r"([A-Za-z0-9_-]{1,64})[ \t]*=[ \t]*(\S.*)", re.ASCII)
_NAME = "[A-Za-z_][A-Za-z0-9_]{0,39}"
_VARIABLE = re.compile(rf"##({_NAME})##|\{{({_NAME})(?:=({_NAME}))?\}}", re.ASCII)
_LEFT_OVER = re.compile(r"##|[{}]")
_MOST = 500
"""Flows: each is looked at for each message."""


@dataclass(frozen=True, kw_only=True)
class Flow:
    """One flow: its words, and the variables between them, of which there is one fewer."""

    id: str
    words: tuple[str, ...]
    variables: tuple[str, ...]

    @property
    def fixed(self) -> int:
        """How many characters always stand there: of two flows that fit, the one with more says the text."""
        return sum(map(len, self.words))

    def values(self, text: str) -> Mapping[str, str] | None:
        """What its variables hold when it says the text, each one character at least; None when it cannot."""
        if not self.variables:
            return {} if text == self.words[0] else None
        first, *between, last = self.words
        end = len(text) - len(last)
        if not text.startswith(first) or not text.endswith(last) or end <= len(first):
            return None
        held: list[str] = []
        at = len(first)
        for words in between:
            found = text.find(words, at + 1, end)
            if found < 0:
                return None
            held.append(text[at:found])
            at = found + len(words)
        held.append(text[at:end])
        return self._agreed(held) if held[-1] else None

    def _agreed(self, held: Sequence[str]) -> Mapping[str, str] | None:
        """One value for each name; a variable that stands there twice says the same twice.

        Only this one split is tried: where none but another would agree, the text is not the flow's.
        """
        values: dict[str, str] = {}
        for name, value in zip(self.variables, held, strict=True):
            if values.setdefault(name, value) != value:
                return None
        return values


def normal(text: str) -> str:
    """The text as flows compare it: one that looks the same is the same."""
    return unicodedata.normalize("NFC", text)


def find(flows: Sequence[Flow], text: str) -> tuple[Flow, Mapping[str, str]] | None:
    """The flow that says the text, with its variables: of several the most specific, then the first."""
    fitting = ((flow, values) for flow in flows if (values := flow.values(text)) is not None)
    return max(fitting, key=lambda found: found[0].fixed, default=None)


def read(lines: str, *, taken: Sequence[str] = ()) -> tuple[Flow, ...]:
    """The flows written one a line; a name that is ``taken`` for something else is no variable.

    Raises ``ValueError`` that names the line.
    """
    written = [line.strip() for line in lines.splitlines() if line.strip()]
    if len(written) > _MOST:
        raise ValueError(worded("has more than %(most)s flows", most=_MOST))
    flows: dict[str, Flow] = {}
    words: dict[tuple[str, ...], str] = {}
    for line in written:
        flow = _flow(line)
        for name in taken:
            if name in flow.variables:
                raise ValueError(
                    worded(
                        "has the flow %(id)s with the variable %(name)r, which means something else",
                        id=flow.id,
                        name=name,
                    )
                )
        if flow.id in flows:
            raise ValueError(worded("has the flow %(id)s twice", id=flow.id))
        if flow.words in words:
            raise ValueError(
                worded("has the flows %(words)s and %(id)s with the same words", words=words[flow.words], id=flow.id)
            )
        flows[flow.id] = flow
        words[flow.words] = flow.id
    return tuple(flows.values())


def _flow(line: str) -> Flow:
    found = _LINE.fullmatch(line)
    if found is None:
        raise ValueError(worded("has the line %(line)r, which is not of the form: flow id = its text", line=line[:60]))
    name, text = found[1], normal(found[2].replace("\\n", "\n"))
    words, variables, at = [], [], 0
    for variable in _VARIABLE.finditer(text):
        words.append(text[at : variable.start()])
        variables.append(variable[1] or variable[3] or variable[2])
        at = variable.end()
    flow = Flow(id=name, words=(*words, text[at:]), variables=tuple(variables))
    _refuse(flow)
    return flow


def _refuse(flow: Flow) -> None:
    """Raises ``ValueError`` for a flow that is written wrongly, or of which nobody could tell that a text is its."""
    for words in flow.words:
        if _LEFT_OVER.search(words):
            how = "write ##name##, {shortcode} or {shortcode=name}"
            raise ValueError(worded("has the flow %(id)s with a variable that is none: %(how)s", id=flow.id, how=how))
    if not any(char.isalnum() for words in flow.words for char in words):
        raise ValueError(
            worded("has the flow %(id)s without words of its own: give it as the catch-all flow", id=flow.id)
        )
    names, last = flow.variables, len(flow.variables) - 1
    for at, name in enumerate(names):
        touches = (at > 0 and not flow.words[at]) or (at < last and not flow.words[at + 1])
        if touches and names.count(name) > 1:
            raise ValueError(
                worded(
                    "has the flow %(id)s with %(name)r twice, once with nothing between it and the next",
                    id=flow.id,
                    name=name,
                )
            )
