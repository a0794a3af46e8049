"""Text in columns: its encoding, what parts the columns, and its rows with the lines that they begin in."""

from __future__ import annotations

import codecs
import csv
import re
from collections.abc import Iterator
from typing import Final

from sms_plugin.errors import SmsError

MOST_COLUMNS: Final = 60
#: A longer value is none for a text message.
MOST_CHARACTERS: Final = 500
#: So often the separator may stand in a row: in the values, too.
_MOST_PARTED: Final = MOST_COLUMNS * MOST_CHARACTERS
_LOOKED_AT: Final = 200  # rows by which it is told what a file is
_SEPARATORS: Final = (";", ",", "\t")
_SAMPLE, _ODD = 4000, 2  # characters that are looked at, and so many of them may have been garbled
_CONTROL: Final = re.compile(r"[\x00-\x08\x0e-\x1f]")
_WORD: Final = re.compile(r"[^\W\d_]+")


class UnreadableFile(SmsError):
    """A file that cannot be taken as it is. ``line`` is where, as an editor counts; ``values`` stand in the sentence.

    Codes: ``file_empty``, ``file_no_rows``, ``file_too_large``, ``file_too_many_rows``, ``file_too_many_columns``,
    ``file_not_text``, ``file_open_quote``, ``file_wide_row``, ``file_long_value``, ``file_no_phone_column``,
    ``file_unknown_column``.
    """

    def __init__(self, message: str, *, code: str, hint: str = "", line: int | None = None, **values: object) -> None:
        super().__init__(message, code=code, hint=hint)
        self.line = line
        self.values = values


def decoded(data: bytes) -> tuple[str, str]:
    """The text and its encoding. Eastern and western Windows differ in the letters that stand alone or together."""
    if data.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        text, encoding = data.decode("utf-16", errors="replace"), "utf-16"
    elif 0 in (sample := data[:_SAMPLE]):
        odd = sample[1::2].count(0) >= sample[::2].count(0)
        encoding = "utf-16-le" if odd else "utf-16-be"
        text = data.decode(encoding, errors="replace")
    else:
        try:
            text, encoding = data.decode("utf-8-sig"), "utf-8"
        except UnicodeDecodeError:
            encoding = "windows-1251" if _is_cyrillic(data) else "windows-1252"
            text = data.decode(encoding, errors="replace")
    if "\0" in text or _CONTROL.search(text[:_SAMPLE]) or text[:_SAMPLE].count("\ufffd") > _ODD:
        raise UnreadableFile(
            "This is no text file.", code="file_not_text", hint="Save the table as CSV, and choose that file."
        )
    return text.replace("\r\n", "\n").replace("\r", "\n"), encoding


def _is_cyrillic(data: bytes) -> bool:
    """Whether words read as Windows-1251 are Cyrillic through and through, not Latin ones with a strange letter."""
    eastern = western = 0
    for word in _WORD.findall(data[:200_000].decode("windows-1251", errors="replace")):
        strange = sum(not each.isascii() for each in word)
        if strange == len(word) > 1:
            eastern += 1
        elif strange and strange < len(word):
            western += 1
    return eastern > western


def separator_of(text: str) -> tuple[int, str]:
    """How many rows stand before the headings, and what parts the columns: "sep=;", as spreadsheets write it, or what
    divides the first rows into the same number of columns.
    """
    line = text.lstrip("\r\n").split("\n", 1)[0].strip()
    if re.fullmatch(r"\"?sep=[;,\t]\"?", line, re.IGNORECASE):
        return 1, line.strip('"')[4]
    best, score = ";", 1
    for separator in _SEPARATORS:
        widths = [len(cells) for cells in first_rows(text, separator, strict=False)[:30]]
        common = min(widths, default=1) if len(set(widths)) == 1 else max(1, widths[0] - 1) if widths else 1
        if common > score:
            best, score = separator, common
    return 0, best


def first_rows(text: str, separator: str, *, strict: bool = True) -> list[list[str]]:
    """The first rows that are not empty."""
    found: list[list[str]] = []
    try:
        for _, cells in cells_of(text, separator):
            if any(cells):
                found.append(cells)
            if len(found) > _LOOKED_AT:
                break
    except UnreadableFile:
        if strict:
            raise
    return found


def cells_of(text: str, separator: str) -> Iterator[tuple[int, list[str]]]:
    """Each row with the line that it begins in, its cells without the space around them."""
    lines = _Lines(text, separator)
    reader = csv.reader(lines, delimiter=separator, strict=True)
    while True:
        line = reader.line_num + 1
        lines.begin_row()
        try:
            row = next(reader, None)
        except csv.Error:
            raise UnreadableFile(
                f"The quotes in line {line} do not match.",
                code="file_open_quote",
                hint="A value that begins with a quote ends with one; one inside it is written twice.",
                line=line,
            ) from None
        if row is None:
            return
        yield line, [" ".join(cell.split()) for cell in row]


class _Lines:
    """The lines with their ends, one at a time, as long as a row stays within what a row may hold: a file of separators
    alone would be millions of cells. Raises ``UnreadableFile``.
    """

    def __init__(self, text: str, separator: str) -> None:
        self._text, self._separator, self._at, self._parted = text, separator, 0, 0

    def begin_row(self) -> None:
        """Count from here on for another row."""
        self._parted = 0

    def __iter__(self) -> Iterator[str]:
        return self

    def __next__(self) -> str:
        if self._at >= len(self._text):
            raise StopIteration
        end = self._text.find("\n", self._at) + 1 or len(self._text)
        self._parted += self._text.count(self._separator, self._at, end)
        if self._parted > _MOST_PARTED:
            raise UnreadableFile(
                f"The file has {self._parted + 1} columns.",
                code="file_too_many_columns",
                hint=f"Leave at most {MOST_COLUMNS}.",
                found=self._parted + 1,
                most=MOST_COLUMNS,
            )
        line, self._at = self._text[self._at : end], end
        return line


def spoken(separator: str) -> str:
    return "a tab" if separator == "\t" else f"“{separator}”"
