"""The translation files hold all that the pages say, and nothing else, in forms that fit (X14).

``make translations`` brings them up after a string has changed.
"""

from __future__ import annotations

import ast
import re
from functools import cache
from gettext import c2py

import pytest
from babel import Locale
from babel.messages.catalog import Message

from sms_plugin.web.translation_files import path_of
from tests.translations import LANGUAGES, PACKAGE, Said, brought_up, complete, entries, said, written

WHOLE = [language for language in LANGUAGES if Locale.parse(language).territory is None]
REGIONS = [language for language in LANGUAGES if language not in WHOLE]
PLACE = re.compile(r"%\((\w+)\)[rs]")
#: What stands in a text as it stands in the program: a shortcode, a command, a setting.
VERBATIM = re.compile(r"\{\w+\}|flask sms \w+|SMS_[A-Z_]+|init_app|is_accessible|\+351 912 345 678|\bSTART\b")


@cache
def strings() -> set[Said]:
    """Once for all tests: it reads every file of the package."""
    return said()


@cache
def messages(language: str) -> list[Message]:
    """What the language's file holds."""
    return list(entries(written(language)).values())


def english(message: Message) -> list[str]:
    """Its words in the code: one string, or two where numbers matter."""
    return [message.id] if isinstance(message.id, str) else list(message.id)


def told(message: Message) -> list[str]:
    """Its words in the language: one string, or one for each plural form."""
    return [message.string] if isinstance(message.string, str) else list(message.string or ())


def places(text: str) -> set[str]:
    """The names of the values that stand in the text."""
    return set(PLACE.findall(text))


@cache
def numbers_of(language: str, form: int) -> set[int]:
    """Which of the first numbers a plural form is for, nought aside: where there are none, another sentence says so."""
    chosen = c2py(written(language).plural_expr)
    return {number for number in range(1, 200) if chosen(number) == form}


def test_portuguese_and_ukrainian_are_among_them() -> None:
    assert {"pt", "pt_BR", "uk"} <= set(LANGUAGES)


def test_no_string_stands_alone_and_with_a_plural() -> None:
    """Alone it would be told in a plural form that says its number, and gets none."""
    firsts = [each if isinstance(each, str) else each[0] for each in strings()]
    assert not {each for each in firsts if firsts.count(each) > 1}


@pytest.mark.parametrize("language", WHOLE)
def test_every_string_is_translated(language: str) -> None:
    done = [each.id for each in messages(language) if complete(each)]
    translated = {each if isinstance(each, str) else tuple(each) for each in done}
    assert not strings() - translated, "make translations, then translate what came in empty"


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_file_is_as_the_command_writes_it_without_what_nothing_says(language: str) -> None:
    file = path_of(language).read_text(encoding="utf-8")
    assert file == brought_up(language, strings(), written(language)), "make translations"


@pytest.mark.parametrize("language", REGIONS)
def test_a_region_holds_only_what_it_says_otherwise(language: str) -> None:
    usual = {tuple(english(each)): told(each) for each in messages(language.partition("_")[0])}
    assert not [each.id for each in messages(language) if told(each) == usual[tuple(english(each))]]


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_plural_form_of_the_language_is_there(language: str) -> None:
    forms = written(language).num_plurals
    wrong = [each.id for each in messages(language) if len(told(each)) != (forms if each.pluralizable else 1)]
    assert not wrong
    assert all(complete(each) for each in messages(language))


@pytest.mark.parametrize(
    ("language", "alike"),
    [
        ("pt", [{1}, {0, 2, 5, 11, 21, 1_000_000}]),
        ("pt_BR", [{0, 1}, {2, 5, 11, 21, 1_000_000}]),
        ("uk", [{1, 21, 101}, {2, 4, 22, 104}, {0, 5, 11, 12, 14, 25, 112}]),
    ],
)
def test_numbers_are_divided_as_the_language_divides_them(language: str, alike: list[set[int]]) -> None:
    chosen = c2py(written(language).plural_expr)
    assert [{chosen(number) for number in numbers} for numbers in alike] == [{form} for form in range(len(alike))]
    assert written(language).num_plurals == len(alike)


@pytest.mark.parametrize("language", LANGUAGES)
def test_values_have_the_same_names(language: str) -> None:
    """A form that is for one number alone may say it in a word; any other tells the number where English does."""
    for each in messages(language):
        wanted = set[str]().union(*map(places, english(each)))
        for form, text in enumerate(told(each)):
            alone = each.pluralizable and len(numbers_of(language, form)) == 1
            spared = {"num"} | (wanted - places(english(each)[0])) if alone else set[str]()
            missing = wanted - places(text) - spared
            assert not missing, (each.id, text)
            assert places(text) <= wanted, (each.id, text)


@pytest.mark.parametrize("language", LANGUAGES)
def test_values_can_be_put_in(language: str) -> None:
    for each in messages(language):
        for text in told(each):
            if places(text):
                assert text % dict.fromkeys(places(text), "1")


@pytest.mark.parametrize("language", LANGUAGES)
def test_no_space_is_gained_or_lost_at_the_ends(language: str) -> None:
    for each in messages(language):
        first = english(each)[0]
        before, after = first[: len(first) - len(first.lstrip())], first[len(first.rstrip()) :]
        assert [text for text in told(each) if text != before + text.strip() + after] == [], each.id


@pytest.mark.parametrize("language", LANGUAGES)
def test_what_the_program_reads_stands_unchanged(language: str) -> None:
    for each in messages(language):
        wanted = sorted(VERBATIM.findall(english(each)[-1]))
        assert [text for text in told(each) if sorted(VERBATIM.findall(text)) != wanted] == [], each.id


def test_no_page_shows_an_errors_words_past_the_translation() -> None:
    """``in_words(error)``, never ``str(error)``, ``error.message`` or ``error.hint``, which are English."""
    found = []
    for path in sorted((PACKAGE / "web").glob("*.py")):
        tree = ast.parse(path.read_text(encoding="utf-8"))
        given = {id(argument) for call in ast.walk(tree) if _calls(call, "in_words") for argument in _inside(call)}
        found += [
            f"{path.name}:{node.lineno}"
            for node in ast.walk(tree)
            if isinstance(node, ast.expr) and id(node) not in given and (_is_words(node) or _is_text(node))
        ]
    assert not found


@pytest.mark.parametrize("language", WHOLE)
def test_what_gateways_say_of_their_settings_is_among_them(language: str) -> None:
    known = entries(written(language))
    assert {"Auth token", "Without SSL your credentials travel in clear.", "Viber instead of SMS"} <= set(known)
    assert {"is not a whole number", "There is a template %(name)r already."} <= set(known)


def _calls(node: ast.AST, name: str) -> bool:
    return isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == name


def _inside(call: ast.AST) -> list[ast.AST]:
    return [inside for argument in getattr(call, "args", ()) for inside in ast.walk(argument)]


def _is_words(node: ast.AST) -> bool:
    """``error.message``, ``error.hint``: what an exception brings."""
    return (
        isinstance(node, ast.Attribute)
        and node.attr in {"message", "hint"}
        and isinstance(node.value, ast.Name)
        and node.value.id in {"error", "refused"}
        and isinstance(node.ctx, ast.Load)
    )


def _is_text(node: ast.AST) -> bool:
    return _calls(node, "str") and any(isinstance(each, ast.Name) and each.id == "error" for each in _inside(node))
