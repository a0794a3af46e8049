"""Markup as one line of plain text: what a CRM keeps as HTML has to fit into an SMS (M3).

The elements of a page become what separates them when they are read out: cells and lines a comma, rows and items of
lists a semicolon. What no reader of the page sees (scripts, styles, comments) is left out, and a picture is what its
``alt`` says.
"""

from __future__ import annotations

import re
from enum import IntEnum
from html import unescape
from html.parser import HTMLParser
from typing import Final

from sms_plugin.text.formats import one_line

#: More markup than this is read no further: ten segments hold far less, and what is malformed must not cost more.
_MOST: Final = 20_000


def _elements(names: str) -> frozenset[str]:
    return frozenset(names.split())


_ROWS: Final = _elements("dd dt li ol table tbody tfoot thead tr ul")
_LINES: Final = _elements(
    "address article aside blockquote br caption center dl div fieldset figcaption figure footer form h1 h2 h3 h4 h5 h6"
    " header hr legend main nav option p pre section"
)
_CELLS: Final = _elements("td th")
_INLINE: Final = _elements(
    "a b big body col colgroup del em font html i img ins label s small span strike strong sub sup u"
)
_UNSEEN: Final = _elements("head iframe math noscript object script select style svg template textarea title")
_MARKUP: Final = re.compile(
    rf"<!--|<!doctype|</?(?:{'|'.join(sorted(_ROWS | _LINES | _CELLS | _INLINE | _UNSEEN))})(?:[\s/][^<>]*)?>",
    re.IGNORECASE,
)
_REFERENCE: Final = re.compile(r"&(?:#[0-9]{1,7}|#[xX][0-9a-fA-F]{1,6}|[A-Za-z][A-Za-z0-9]{1,31});")
# Comments, and what word processors begin with "<![": the standard library's parser reads an unclosed one as text, and
# fails on some of the others.
_ASIDE: Final = re.compile(r"<!--.*?(?:-->|\Z)|<!\[[^>]*>", re.DOTALL)


class _Break(IntEnum):
    """What stands between two pieces of text; the strongest of several counts."""

    NONE = 0
    SPACE = 1
    COMMA = 2
    SEMICOLON = 3


def plain(text: str) -> str:
    """The text in one line, without its markup; text that holds none is only put into one line."""
    text = text[:_MOST]
    if _MARKUP.search(text):
        reader = _Reader()
        reader.feed(_ASIDE.sub("", text))
        reader.close()
        return one_line("".join(reader.pieces))
    return one_line(_REFERENCE.sub(lambda found: unescape(found[0]), text))


class _Reader(HTMLParser):
    """Collects what a reader of the page would see."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.pieces: list[str] = []
        self._before = _Break.NONE
        self._unseen = ""  #: the element that hides what comes
        self._depth = 0  #: of elements of that name

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """An element begins."""
        if self._unseen and not (self._unseen in {"head", "title"} and tag == "body"):
            self._depth += tag == self._unseen
            return
        self._unseen = ""
        if tag in _UNSEEN:
            self._unseen, self._depth = tag, 1
        elif tag == "img":
            self.handle_data(next((value or "" for name, value in attrs if name == "alt"), ""))
        self._part(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """An element that holds nothing: an unseen one hides nothing."""
        if tag not in _UNSEEN:
            self.handle_starttag(tag, attrs)

    def handle_endtag(self, tag: str) -> None:
        """An element ends."""
        if not self._unseen:
            self._part(tag)
        elif tag == self._unseen:
            self._depth -= 1
            if not self._depth:
                self._unseen = ""

    def handle_data(self, data: str) -> None:
        """Text, its runs of spaces and breaks as one."""
        if self._unseen:
            return
        words = one_line(data)
        if not words:
            self._before = max(self._before, _Break.SPACE if data else _Break.NONE)
            return
        self._before = max(self._before, _Break.SPACE if data[0].isspace() else _Break.NONE)
        self.pieces += [self._between(), words]
        self._before = _Break.SPACE if data[-1].isspace() else _Break.NONE

    def _part(self, tag: str) -> None:
        if tag in _ROWS:
            self._before = _Break.SEMICOLON
        elif tag in _LINES | _CELLS:
            self._before = max(self._before, _Break.COMMA)

    def _between(self) -> str:
        if not self.pieces or not self._before:
            return ""
        if self._before is _Break.SPACE or self.pieces[-1][-1] in ",;:.!?…":
            return " "
        return "; " if self._before is _Break.SEMICOLON else ", "
