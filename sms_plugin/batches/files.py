"""A file of recipients that somebody uploads: text in columns, each row a number and what its shortcodes stand for.

It is what spreadsheets write: UTF-8, UTF-16 or a code page of Windows', with semicolons, commas or tabs between the
columns, and a first row that names them. What cannot be read is refused whole, with its line; nothing is guessed that
could send somebody another person's text.
"""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Final

from sms_plugin.batches.delimited import (
    MOST_CHARACTERS,
    MOST_COLUMNS,
    UnreadableFile,
    cells_of,
    decoded,
    first_rows,
    separator_of,
    spoken,
)
from sms_plugin.text.phones import PhoneError, parse_phone

#: A larger file is refused unread.
MOST_BYTES: Final = 32 * 1024 * 1024
MOST_ROWS: Final = 500_000
_LONGEST_NAME: Final = 40
_LONGEST_PHONE: Final = 80  # as the table keeps it
_NO_NAME: Final = re.compile(r"[^a-z0-9]+")
_CYRILLIC: Final = str.maketrans(
    {
        **dict(zip("абвгґдезиійклмнопрстуфыэё", "abvggdeziiiklmnoprstufyee", strict=True)),
        **{"є": "ie", "ж": "zh", "ї": "i", "х": "kh", "ц": "ts", "ч": "ch", "ш": "sh", "щ": "shch", "ю": "iu"},
        **{"я": "ia", "ь": "", "ъ": "", "’": "", "'": ""},
    }
)


@dataclass(frozen=True, kw_only=True)
class FileRow:
    """A row: its line in the file, the number as it was written, and the other columns by their shortcode."""

    line: int
    phone: str = field(repr=False)
    values: dict[str, str] = field(repr=False)


@dataclass(frozen=True, kw_only=True)
class Sheet:
    """A file that was read as far as its columns. ``columns`` are names that a text may use as shortcodes."""

    text: str = field(repr=False)
    encoding: str
    separator: str
    headings: tuple[str, ...]  #: as the file has them; made up where it has none
    columns: tuple[str, ...]
    phone: str  #: the column that holds the numbers
    begins: int  #: the rows of the file before the first recipient

    def rows(self) -> Iterator[FileRow]:
        """The recipients, in the file's order, empty rows left out. Raises ``UnreadableFile`` naming the line."""
        at = self.columns.index(self.phone)
        full_rows = ((line, cells) for line, cells in cells_of(self.text, self.separator) if any(cells))
        for number, (line, cells) in enumerate(full_rows, start=1 - self.begins):
            if number < 1:
                continue
            if number > MOST_ROWS:
                raise UnreadableFile(
                    f"The file has more than {MOST_ROWS:,} rows.",
                    code="file_too_many_rows",
                    hint="Divide it.",
                    most=MOST_ROWS,
                )
            full = self._fitted(cells, line)
            values = {name: cell for name, cell in zip(self.columns, full, strict=True) if name != self.phone}
            yield FileRow(line=line, phone=full[at][:_LONGEST_PHONE], values=values)

    def _fitted(self, cells: list[str], line: int) -> list[str]:
        """One cell for each column: spreadsheets leave empty ones away at the end of a row."""
        width = len(self.columns)
        if any(cells[width:]):
            raise UnreadableFile(
                f"Line {line} has {len(cells)} columns, and the file has {width}.",
                code="file_wide_row",
                hint=f"Put a value that holds {spoken(self.separator)} in quotes.",
                line=line,
                found=len(cells),
                columns=width,
                separator=self.separator,
            )
        long = next((cell for cell in cells if len(cell) > MOST_CHARACTERS), None)
        if long is not None:
            raise UnreadableFile(
                f"A value in line {line} has {len(long)} characters.",
                code="file_long_value",
                hint=f"Write at most {MOST_CHARACTERS}.",
                line=line,
                found=len(long),
                most=MOST_CHARACTERS,
            )
        return [*cells[:width], *[""] * (width - len(cells))]


def read_file(data: bytes, *, region: str | None, phone: str = "") -> Sheet:
    """What a file holds, its rows not read yet.

    ``region`` is the country of numbers without a country code, by which a column of numbers is known; ``phone`` is
    the heading of that column where somebody says it. Raises ``UnreadableFile``.
    """
    if len(data) > MOST_BYTES:
        raise UnreadableFile(
            f"The file has {len(data) // 1024 // 1024} MB.",
            code="file_too_large",
            hint=f"Divide it: at most {MOST_BYTES // 1024 // 1024} MB are read.",
            found=len(data) // 1024 // 1024,
            most=MOST_BYTES // 1024 // 1024,
        )
    text, encoding = decoded(data)
    skipped, separator = separator_of(text)
    first = _first_rows(text, separator, skipped)
    width = len(first[0])
    headed = not any(_is_phone(cell, region) for cell in first[0])
    rows = first[1:] if headed else first
    if not rows:
        raise UnreadableFile(
            "The file has headings, and no row below them.", code="file_no_rows", hint="Choose another one."
        )
    headings = tuple(first[0]) if headed else tuple(f"column {number}" for number in range(1, width + 1))
    columns = _names(headings)
    return Sheet(
        text=text,
        encoding=encoding,
        separator=separator,
        headings=headings,
        columns=columns,
        phone=_phone_column(phone, headings, columns, rows, region=region),
        begins=skipped + int(headed),
    )


def _first_rows(text: str, separator: str, skipped: int) -> list[list[str]]:
    """The rows at the file's start, the first of them as wide as the file is."""
    first = first_rows(text, separator)[skipped:]
    if not first:
        raise UnreadableFile("The file is empty.", code="file_empty", hint="Choose another one.")
    while not first[0][-1]:
        first[0].pop()
    if len(first[0]) > MOST_COLUMNS:
        raise UnreadableFile(
            f"The file has {len(first[0])} columns.",
            code="file_too_many_columns",
            hint=f"Leave at most {MOST_COLUMNS}.",
            found=len(first[0]),
            most=MOST_COLUMNS,
        )
    return first


def column_name(heading: str) -> str:
    """The shortcode that a heading becomes: "Nome do cliente" is ``nome_do_cliente``; empty where nothing is left."""
    lowered = unicodedata.normalize("NFC", heading).strip().lower()
    plain = unicodedata.normalize("NFKD", lowered.translate(_CYRILLIC))
    plain = "".join(each for each in plain if not unicodedata.combining(each))
    name = _NO_NAME.sub("_", plain).strip("_")[:_LONGEST_NAME].rstrip("_")
    return f"column_{name}" if name[:1].isdigit() else name


#: How a column of numbers is headed, the surest first.
_PHONE_NAMES: Final = tuple(
    column_name(heading)
    for heading in (
        *("mobile", "telemóvel", "celular", "мобільний", "мобільний телефон", "mobile phone", "cell", "msisdn"),
        *("phone", "telefone", "телефон", "phone number", "telephone", "fone", "tel", "номер телефону", "teléfono"),
        *("number", "número", "номер", "to", "destinatário", "recipient"),
    )
)


def _names(headings: Sequence[str]) -> tuple[str, ...]:
    """A name for each column, no two alike."""
    names: list[str] = []
    for number, heading in enumerate(headings, start=1):
        name = wanted = column_name(heading) or f"column_{number}"
        again = 2
        while name in names:
            name, again = f"{wanted}_{again}", again + 1
        names.append(name)
    return tuple(names)


def _phone_column(
    wanted: str, headings: Sequence[str], columns: Sequence[str], rows: Sequence[list[str]], *, region: str | None
) -> str:
    """The column that is asked for, or is headed like one of numbers, or holds them."""
    told = ", ".join(headings)
    if wanted.strip():
        name = column_name(wanted)
        if name in columns:
            return name
        raise UnreadableFile(
            f"The file has no column “{wanted}”.",
            code="file_unknown_column",
            hint=f"It has: {told}.",
            wanted=wanted,
            columns=told,
        )
    hits: Counter[str] = Counter()
    for row in rows:
        hits.update(name for name, cell in zip(columns, row, strict=False) if _is_phone(cell, region))
    headed = [name for name in _PHONE_NAMES if name in columns]
    (best, number), *others = [*hits.most_common(2), ("", 0)]
    surely = next((name for name in headed if hits[name]), "")
    if surely:
        return surely
    if number * 2 > len(rows) and not any(count == number for _, count in others):
        return best
    if headed:
        return headed[0]
    raise UnreadableFile(
        "No column of the file is known to hold the telephone numbers.",
        code="file_no_phone_column",
        hint=f"Say which one does, or head it “phone”. The file has: {told}.",
        columns=told,
    )


def _is_phone(cell: str, region: str | None) -> bool:
    try:
        return bool(parse_phone(cell, region=region))
    except PhoneError:
        return False
