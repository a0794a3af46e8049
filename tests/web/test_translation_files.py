"""What translation files say, and what pages say where one lacks it or cannot be read (X14)."""

from __future__ import annotations

from pathlib import Path

import pytest

from sms_plugin.web.translation_files import path_of, words_of

HEAD = 'msgid ""\nmsgstr ""\n"Content-Type: text/plain; charset=utf-8\\n"\n"Plural-Forms: {rule};\\n"\n'
TWO = HEAD.format(rule="nplurals=2; plural=(n != 1)")
THREE = HEAD.format(
    rule="nplurals=3; plural=(n%10==1 && n%100!=11 ? 0 : n%10>=2 && n%10<=4 && (n%100<10 || n%100>=20) ? 1 : 2)"
)


def write(folder: Path, language: str, *entries: str, head: str = TWO) -> None:
    path = path_of(language, folder)
    path.parent.mkdir(parents=True)
    path.write_text("\n".join([head, *entries]), encoding="utf-8")


def test_the_words_are_read_from_a_file_that_nobody_built(tmp_path: Path) -> None:
    write(tmp_path, "pt", 'msgid "Queue"\nmsgstr "Fila"\n')
    assert words_of("pt", tmp_path).gettext("Queue") == "Fila"


def test_what_is_not_translated_is_said_in_english(tmp_path: Path) -> None:
    write(tmp_path, "pt", 'msgid "Queue"\nmsgstr ""\n')
    assert words_of("pt", tmp_path).gettext("Queue") == "Queue"
    assert words_of("pt", tmp_path).gettext("Send") == "Send"


def test_a_guess_that_nobody_confirmed_does_not_count(tmp_path: Path) -> None:
    write(tmp_path, "pt", '#, fuzzy\nmsgid "Queue"\nmsgstr "Filha"\n')
    assert words_of("pt", tmp_path).gettext("Queue") == "Queue"


def test_a_region_says_what_it_says_otherwise_and_else_speaks_its_language(tmp_path: Path) -> None:
    write(tmp_path, "pt", 'msgid "Save"\nmsgstr "Guardar"\n', 'msgid "Queue"\nmsgstr "Fila"\n')
    write(tmp_path, "pt_BR", 'msgid "Save"\nmsgstr "Salvar"\n')
    assert [words_of("pt_BR", tmp_path).gettext(each) for each in ("Save", "Queue", "Send")] == [
        "Salvar",
        "Fila",
        "Send",
    ]
    assert words_of("pt_PT", tmp_path).gettext("Save") == "Guardar"


def test_numbers_follow_the_rule_of_the_language(tmp_path: Path) -> None:
    forms = 'msgid "%(num)s message"\nmsgid_plural "%(num)s messages"\n'
    write(
        tmp_path,
        "uk",
        forms + 'msgstr[0] "повідомлення"\nmsgstr[1] "повідомлення (мн.)"\nmsgstr[2] "повідомлень"\n',
        head=THREE,
    )
    words = words_of("uk", tmp_path)
    said = [words.ngettext("%(num)s message", "%(num)s messages", number) for number in (1, 3, 5, 11, 21)]
    assert said == ["повідомлення", "повідомлення (мн.)", "повідомлень", "повідомлень", "повідомлення"]


def test_a_language_without_a_file_speaks_english(tmp_path: Path) -> None:
    assert words_of("fi", tmp_path).gettext("Queue") == "Queue"


@pytest.mark.parametrize("broken", [b"Queue = Fila", b'msgid "Queue"\nmsgstr "\xff\xfe"\n', b"\x00\x01"])
def test_a_broken_file_leaves_english_and_is_told_in_the_log(
    broken: bytes, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    path = path_of("pt", tmp_path)
    path.parent.mkdir(parents=True)
    path.write_bytes(TWO.encode() + b"\n" + broken)
    assert words_of("pt", tmp_path).gettext("Queue") == "Queue"
    assert str(path) in caplog.text


def test_a_broken_region_leaves_its_language(tmp_path: Path) -> None:
    write(tmp_path, "pt", 'msgid "Queue"\nmsgstr "Fila"\n')
    write(tmp_path, "pt_BR", 'msgid "Queue\n')
    assert words_of("pt_BR", tmp_path).gettext("Queue") == "Fila"
