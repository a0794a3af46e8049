"""A file of recipients: whatever a spreadsheet writes is read, and what cannot be is refused with its line (S6)."""

from __future__ import annotations

import csv
import io
import tracemalloc

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sms_plugin.batches.delimited import MOST_COLUMNS, UnreadableFile
from sms_plugin.batches.files import MOST_BYTES, column_name, read_file

PORTUGUESE = "nome;telefone;cidade\nJoão Conceição;912 345 678;Évora\nAna;913 333 333;Fundão\n"
UKRAINIAN = "ім'я;телефон;місто\nОлена;+380501234567;Київ\nЇжак Ґудзь;+380671234567;Львів\n"


def _rows(data: bytes, **options: str) -> list[tuple[int, str, dict[str, str]]]:
    sheet = read_file(data, region="PT", **options)
    return [(row.line, row.phone, row.values) for row in sheet.rows()]


def _refused(data: bytes, **options: str) -> UnreadableFile:
    with pytest.raises(UnreadableFile) as refused:
        _rows(data, **options)
    return refused.value


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "windows-1252"])
def test_a_portuguese_file_is_read_in_every_encoding_that_spreadsheets_write(encoding: str) -> None:
    assert _rows(PORTUGUESE.encode(encoding)) == [
        (2, "912 345 678", {"nome": "João Conceição", "cidade": "Évora"}),
        (3, "913 333 333", {"nome": "Ana", "cidade": "Fundão"}),
    ]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-16", "utf-16-le", "windows-1251"])
def test_a_ukrainian_file_is_read_and_its_headings_become_shortcodes(encoding: str) -> None:
    assert _rows(UKRAINIAN.encode(encoding)) == [
        (2, "+380501234567", {"imia": "Олена", "misto": "Київ"}),
        (3, "+380671234567", {"imia": "Їжак Ґудзь", "misto": "Львів"}),
    ]


@pytest.mark.parametrize("separator", [";", ",", "\t"])
def test_the_separator_is_found(separator: str) -> None:
    text = PORTUGUESE.replace(";", separator)
    assert read_file(text.encode(), region="PT").separator == separator
    assert len(_rows(text.encode())) == 2


def test_a_comma_inside_a_value_is_no_separator() -> None:
    rows = _rows(b"telefone;morada\n912345678;Rua A, 5, 2\n913333333;Rua B\n")
    assert [values["morada"] for _, _, values in rows] == ["Rua A, 5, 2", "Rua B"]


def test_what_a_spreadsheet_says_of_its_separator_counts() -> None:
    assert _rows(b"sep=,\r\nphone,name\r\n912345678,a;b\r\n") == [(3, "912345678", {"name": "a;b"})]


def test_quotes_keep_separators_quotes_and_ends_of_lines_and_the_line_is_told_right() -> None:
    rows = _rows(b'phone;name\n912345678;"Ana ""A""; of\nLisbon"\n\n913333333;Rui\n')
    assert rows == [(2, "912345678", {"name": 'Ana "A"; of Lisbon'}), (5, "913333333", {"name": "Rui"})]


def test_a_file_of_numbers_alone_needs_no_headings() -> None:
    assert _rows(b"912345678\n913333333\n") == [(1, "912345678", {}), (2, "913333333", {})]


def test_without_headings_the_columns_are_numbered() -> None:
    assert _rows(b"Ana;912345678\nRui;913333333\n") == [
        (1, "912345678", {"column_1": "Ana"}),
        (2, "913333333", {"column_1": "Rui"}),
    ]


def test_empty_lines_before_the_headings_are_passed_over() -> None:
    assert _rows(b"\n\nphone;name\n912345678;Ana\n") == [(4, "912345678", {"name": "Ana"})]


@pytest.mark.parametrize(
    ("headings", "phone"),
    [
        ("id;Telemóvel;Telefone", "telemovel"),
        ("id;Мобільний телефон;Телефон", "mobilnii_telefon"),
        ("id;A;PHONE", "phone"),
        ("id;A;B", "b"),
    ],
)
def test_the_column_of_numbers_is_known_by_its_heading_or_by_what_it_holds(headings: str, phone: str) -> None:
    cells = ["1", "214 000 000", "912345678"]
    at = [column_name(each) for each in headings.split(";")].index(phone)
    cells[at], cells[2] = cells[2], cells[at]
    text = f"{headings}\n{';'.join(cells)}\n"
    assert read_file(text.encode(), region="PT").phone == phone


def test_a_house_number_is_not_taken_for_a_telephone() -> None:
    assert read_file(b"numero;contacto\n12;912345678\n14;913333333\n", region="PT").phone == "contacto"


def test_the_column_of_numbers_can_be_named() -> None:
    data = b"phone;other\n912345678;913333333\n"
    assert [phone for _, phone, _ in _rows(data, phone="Other")] == ["913333333"]
    refused = _refused(data, phone="telefone")
    assert refused.code == "file_unknown_column"
    assert "phone, other" in refused.hint


def test_a_file_without_a_column_of_numbers_names_the_columns_that_it_has() -> None:
    refused = _refused("nome;cidade\nAna;Évora\n".encode())
    assert refused.code == "file_no_phone_column"
    assert "nome, cidade" in refused.hint


def test_two_columns_of_numbers_without_a_telling_heading_are_not_guessed_between() -> None:
    assert _refused(b"a;b\n912345678;913333333\n").code == "file_no_phone_column"


@pytest.mark.parametrize(
    ("data", "code"),
    [
        (b"", "file_empty"),
        (b"\xef\xbb\xbf", "file_empty"),
        (b"\n \n;;\n", "file_empty"),
        (b"phone;name\n", "file_no_rows"),
        (b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR\x00\x00", "file_not_text"),
        (b"PK\x03\x04\x14\x00\x06\x00\x08\x00\x00\x00!\x00", "file_not_text"),
        (b"phone;" * (MOST_COLUMNS + 1) + b"x\n1;2\n", "file_too_many_columns"),
        (b"1" * (MOST_BYTES + 1), "file_too_large"),
    ],
    ids=["nothing", "a mark", "separators", "headings", "an image", "a workbook", "columns", "bytes"],
)
def test_what_holds_no_recipients_is_refused(data: bytes, code: str) -> None:
    assert _refused(data).code == code


@pytest.mark.parametrize(
    ("data", "code", "line"),
    [
        (b'phone;name\n912345678;A\n913333333;"B\n914444444;C\n', "file_open_quote", 3),
        (b'phone;name\n912345678;"A"x\n', "file_open_quote", 2),
        (b"phone;name\n912345678;A\n913333333;B;C\n", "file_wide_row", 3),
        (b"phone;name\n912345678;" + b"x" * 501 + b"\n", "file_long_value", 2),
        (b"phone;name\n912345678;" + b"x" * 200_000 + b"\n", "file_open_quote", 2),
    ],
    ids=["open", "after", "wide", "long", "endless"],
)
def test_what_is_wrong_in_a_row_is_told_with_its_line(data: bytes, code: str, line: int) -> None:
    refused = _refused(data)
    assert (refused.code, refused.line) == (code, line)
    assert f"ine {line}" in refused.message


def test_a_row_may_lack_its_last_values() -> None:
    assert _rows(b"phone;name;city\n912345678\n913333333;Rui;\n") == [
        (2, "912345678", {"name": "", "city": ""}),
        (3, "913333333", {"name": "Rui", "city": ""}),
    ]


def test_columns_of_one_name_are_told_apart() -> None:
    assert read_file(b"phone;name;Name;!\n912345678;a;b;c\n", region="PT").columns == (
        "phone",
        "name",
        "name_2",
        "column_4",
    )


@pytest.mark.parametrize(
    ("heading", "name"),
    [
        ("Nome do cliente", "nome_do_cliente"),
        ("2.ª via", "column_2_a_via"),
        ("Ім’я", "imia"),
        ("§", ""),
        ("€ 5", "column_5"),
    ],
)
def test_a_heading_becomes_a_shortcode(heading: str, name: str) -> None:
    assert column_name(heading) == name


def test_a_hundred_thousand_rows_are_read_one_at_a_time() -> None:
    data = b"phone;name\n" + b"".join(b"9%08d;Client %d\n" % (number, number) for number in range(100_000))
    sheet = read_file(data, region="PT")
    rows = sheet.rows()
    assert next(rows).values == {"name": "Client 0"}
    assert sum(1 for _ in rows) == 99_999


_CELL = st.text(st.sampled_from("aãçБїґ \"';,\t\n5é"), max_size=8).map(lambda text: " ".join(text.split()))


@given(
    rows=st.lists(st.tuples(_CELL, _CELL), min_size=1, max_size=6),
    separator=st.sampled_from([";", ",", "\t"]),
    encoding=st.sampled_from(["utf-8", "utf-8-sig", "utf-16"]),
    end=st.sampled_from(["\n", "\r\n"]),
)
def test_whatever_stands_in_the_cells_comes_back(
    rows: list[tuple[str, str]], separator: str, encoding: str, end: str
) -> None:
    written = io.StringIO()
    writer = csv.writer(written, delimiter=separator, lineterminator=end, quoting=csv.QUOTE_ALL)
    writer.writerow(["phone", "one", "two"])
    for one, two in rows:
        writer.writerow(["912345678", one, two])
    found = _rows(written.getvalue().encode(encoding))
    assert [(values["one"], values["two"]) for _, _, values in found] == rows


@given(st.binary(max_size=400))
def test_no_file_makes_it_fail_in_another_way(data: bytes) -> None:
    try:
        sheet = read_file(data, region="PT")
        list(sheet.rows())
    except UnreadableFile:
        return
    assert sheet.phone in sheet.columns


@pytest.mark.parametrize(
    "data",
    [b";" * 3_000_000, b"phone;name\n912345678;" + b";" * 3_000_000, b'"a\n";' * 1_000_000],
    ids=["headings", "row", "lines"],
)
def test_a_row_of_millions_of_cells_is_refused_before_they_are_made(data: bytes) -> None:
    tracemalloc.start()
    try:
        with pytest.raises(UnreadableFile):
            for _ in read_file(data, region="PT").rows():
                pass
        assert tracemalloc.get_traced_memory()[1] < 6 * len(data)
    finally:
        tracemalloc.stop()
