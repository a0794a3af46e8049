"""What ships is what the manuals list, in three languages, and what is suggested can be sent (T, M3, M4, M9, M10)."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import pytest

from sms_plugin.catalog.loader import in_language, load
from sms_plugin.host.resolve import PURPOSES, QUIET
from sms_plugin.text.grammar import Form
from sms_plugin.text.gsm import is_gsm
from sms_plugin.text.segments import measure
from sms_plugin.text.shortcodes import parse

CATALOGUE = load()
LANGUAGES = {"en", "pt", "uk"}
HERE = Path(__file__).parent
#: What the records of a section lead to, whoever the host is; the company's shortcodes are everybody's.
REACHED: Mapping[str, set[str]] = {
    "invoice": {"clients"},
    "payment": {"clients", "invoice"},
    "estimate": {"clients"},
    "contract": {"clients"},
    "item": {"clients"},
    "service": {"clients"},
    "comment": {"proposals", "contract"},
    "task": {"staff"},
}
TEXTS = [(key, language) for key, entry in CATALOGUE.triggers.items() for language in entry.text]


def rows(name: str) -> list[list[str]]:
    """The rows of a list beside this file, taken from the manuals."""
    lines = (HERE / name).read_text("utf-8").splitlines()
    return [line.split(maxsplit=3) for line in lines if line and not line.startswith("#")]


def filled(text: str) -> str:
    """A text with the catalogue's examples in it."""
    parts = parse(text).parts
    return "".join(part if isinstance(part, str) else CATALOGUE.shortcodes[part.name].example for part in parts)


def of_manual(name: str) -> set[tuple[str, str]]:
    """The sections and names that a manual lists."""
    return {(section, shortcode) for _line, section, shortcode, *_ in rows(name)}


def test_perfectums_hundred_and_eight_stand_in_their_eight_sections() -> None:
    """M3."""
    listed = of_manual("perfectum.txt")
    assert (len(listed), len({section for section, _name in listed})) == (108, 8)
    assert listed - {(each.section, each.name) for each in CATALOGUE.shortcodes.values()} == set()


def test_controllrs_thirty_stand_with_the_clients_the_charges_and_the_company() -> None:
    """M4."""
    listed = of_manual("controllr.txt")
    assert (len(listed), {section for section, _name in listed}) == (30, {"clients", "invoice", "company"})
    assert listed - {(each.section, each.name) for each in CATALOGUE.shortcodes.values()} == set()


def test_nothing_ships_that_neither_a_manual_nor_the_requirements_list() -> None:
    """M9."""
    own = {(section, name) for section, name in rows("own.txt")}
    listed = of_manual("perfectum.txt") | of_manual("controllr.txt") | own
    assert {(each.section, each.name) for each in CATALOGUE.shortcodes.values()} == listed
    assert len(CATALOGUE.shortcodes) == 108 + 30 + len(own)


def test_the_examples_of_controllrs_variables_are_the_manuals() -> None:
    misspelt_there = {"ISP_STATE"}
    for _line, _section, name, example in rows("controllr.txt"):
        if name not in misspelt_there:
            assert CATALOGUE.shortcodes[name].example == example, name


def test_the_triggers_are_those_of_the_table_in_its_order() -> None:
    """T1-T29, X6."""
    told = [line.split() for line in (HERE / "triggers.txt").read_text("utf-8").splitlines() if line[0] == "T"]
    assert [row[0] for row in told] == [f"T{number}" for number in range(1, 30)]
    assert [row[1:] for row in told] == [
        [key, each.section, each.audience, each.purpose, each.quiet] for key, each in CATALOGUE.triggers.items()
    ]
    assert {each.purpose for each in CATALOGUE.triggers.values()} <= set(PURPOSES)
    assert {each.quiet for each in CATALOGUE.triggers.values()} <= set(QUIET)


def test_everything_is_told_in_three_languages() -> None:
    """X14, X17."""
    words = [each.label for each in CATALOGUE.shortcodes.values()]
    words += [each.help for each in CATALOGUE.shortcodes.values() if each.help]
    words += CATALOGUE.sections.values()
    for each in CATALOGUE.triggers.values():
        words += [each.label, each.help, each.text]
    assert [each for each in words if set(each) != LANGUAGES or not all(text.strip() for text in each.values())] == []


def test_every_section_has_a_name_and_every_shortcode_an_example() -> None:
    used = {each.section for each in CATALOGUE.shortcodes.values()}
    used |= {each.section for each in CATALOGUE.triggers.values()}
    assert used == set(CATALOGUE.sections)
    assert [each.name for each in CATALOGUE.shortcodes.values() if not each.example] == []


def test_a_form_is_one_that_a_text_could_ask_for() -> None:
    assert {each.form for each in CATALOGUE.shortcodes.values()} - {"", *Form} == set()


@pytest.mark.parametrize(
    "name",
    [
        "contact_title",
        "client_state",
        "lead_position",
        "lead_state",
        "proposal_proposal_to",
        "proposal_state",
        "company_state",
        "contract_items",
        "COB_VAL_DISC",
        "CLI_NAME",
        "CLI_PASS",
        "ISP_NUM",
        "ISP_ADDR_B",
    ],
)
def test_a_name_that_misleads_is_explained(name: str) -> None:
    """M3, M4: the traps."""
    assert CATALOGUE.shortcodes[name].help


def test_the_sensitive_ones_are_those_of_the_requirement() -> None:
    """M10."""
    assert {each.name for each in CATALOGUE.shortcodes.values() if each.sensitive} == {
        "CLI_PASS",
        "company_passport",
        "company_registration",
        "customers_ipn",
        "customers_r_r",
        "company_payment_account",
    }


@pytest.mark.parametrize(("key", "language"), TEXTS)
def test_a_suggested_text_uses_only_what_its_section_reaches(key: str, language: str) -> None:
    entry = CATALOGUE.triggers[key]
    sections = {CATALOGUE.shortcodes[name].section for name in parse(entry.text[language]).names}
    assert sections <= {entry.section, "company"} | REACHED.get(entry.section, set())


@pytest.mark.parametrize(("key", "language"), [each for each in TEXTS if each[1] in {"en", "pt"}])
def test_english_and_portuguese_texts_are_gsm_but_for_the_manuals_own(key: str, language: str) -> None:
    """S9: the overdue notice is worded as the manual words it, two SMS in UCS-2."""
    text = CATALOGUE.triggers[key].text[language]
    assert is_gsm(text) == ((key, language) != ("invoice_overdue_notice", "pt"))


def test_the_texts_of_cloudgest_are_worded_as_in_its_manual() -> None:
    """S9."""
    overdue = CATALOGUE.triggers["invoice_overdue_notice"].text["pt"]
    assert overdue == (
        "Estimado Cliente, tem fatura(s) com pagamentos em atraso. Por favor, normalize a situação. Cumprimentos"
    )
    size = measure(overdue)
    assert (len(overdue), str(size.encoding), size.segments) == (103, "UCS-2", 2)
    repaired = CATALOGUE.triggers["repair_completed"].text["pt"]
    assert repaired == "Estimado Cliente, pode vir levantar o seu {repair_item}, o mesmo encontra-se reparado."


def test_each_suggested_text_costs_what_is_noted() -> None:
    """With the catalogue's examples: one SMS in English and Portuguese, two at most in Ukrainian."""
    noted = {(key, language): int(segments) for key, language, segments in rows("segments.txt")}
    found = {
        (key, language): measure(filled(CATALOGUE.triggers[key].text[language])).segments for key, language in TEXTS
    }
    assert found == noted
    assert {key for key, segments in noted.items() if segments > (2 if key[1] == "uk" else 1)} == {
        ("invoice_overdue_notice", "pt")
    }


def test_a_text_that_may_be_read_a_day_later_names_no_day_by_tomorrow() -> None:
    words = ("tomorrow", "amanh", "завтра")
    assert [key for key, entry in CATALOGUE.triggers.items() if any(w in str(entry.text).lower() for w in words)] == []


def test_a_public_forms_answer_repeats_nothing_that_was_typed() -> None:
    """X24."""
    used = {name for text in CATALOGUE.triggers["booking_submitted"].text.values() for name in parse(text).names}
    assert used == {"booking_service", "booking_date", "booking_time", "company_name"}


@pytest.mark.parametrize(
    ("words", "language", "told"),
    [
        ({"en": "Day", "pt": "Dia"}, "pt-BR", "Dia"),
        ({"en": "Day", "pt": "Dia"}, "pt_BR", "Dia"),
        ({"en": "Day", "pt": "Dia", "pt-BR": "O dia"}, "pt-BR", "O dia"),
        ({"en": "Day", "pt": "Dia"}, "de", "Day"),
        ({"uk": "День"}, "de", "День"),
        ({}, "en", ""),
    ],
)
def test_words_are_told_in_the_nearest_language(words: Mapping[str, str], language: str, told: str) -> None:
    assert in_language(words, language) == told
