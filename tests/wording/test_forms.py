"""The variables of the manuals read as the manuals show them (M3, M4)."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from sms_plugin.models import TriggerRow
from sms_plugin.text.formats import Money, Style
from sms_plugin.text.segments import Encoding, measure
from sms_plugin.text.shortcodes import render
from sms_plugin.wording.forms import formed
from tests.portal import Client, Invoice, Portal

BRAZIL = Style(language="pt-BR", timezone=ZoneInfo("America/Campo_Grande"))
MANUAL = Path(__file__).parent.parent / "catalog" / "controllr.txt"
DUE, PAID = dt.date(2018, 5, 23), dt.date(2018, 5, 22)
#: What a host maps to those variables that are more than words.
VALUES: dict[str, object] = {
    "COB_VAL_DOC": Money(amount=Decimal("146.37"), currency="BRL"),
    "COB_VAL_PAG": Money(amount=Decimal(100), currency="BRL"),
    "COB_VAL_DISC": Money(amount=Decimal("126.37"), currency="BRL"),
    "COB_CODE": 768412,
    "COB_NUM_DOC": 2846876416,
    "ISP_NUM": 233,
    **{f"COB_DATE_VENC{part}": DUE for part in ("", "_Y", "_M", "_D")},
    **{f"COB_DATE_PAG{part}": PAID for part in ("", "_Y", "_M", "_D")},
}


def manual() -> list[tuple[str, str]]:
    lines = MANUAL.read_text("utf-8").splitlines()
    rows = [line.split(maxsplit=3) for line in lines if not line.startswith("#")]
    return [(name, example) for _line, _section, name, example in rows]


@pytest.mark.parametrize(("name", "example"), manual())
def test_a_variable_of_controllr_reads_as_its_manual_shows_it(name: str, example: str) -> None:
    """M4."""
    told = render(formed(f"{{{name}}}"), value=lambda name: VALUES.get(name, example), style=BRAZIL)
    assert told == example
    assert "\u00a0" not in told


def test_a_text_of_theirs_stays_gsm() -> None:
    """M4: no no-break space, and no currency sign that GSM-7 lacks."""
    text = "{CLI_NAME}, {COB_CODE} de {COB_VAL_DOC} vence dia {COB_DATE_VENC_D} de {COB_DATE_VENC_M}. {ISP_NAME}"
    values = VALUES | {"CLI_NAME": "Marcos", "ISP_NAME": "BrByte"}
    told = render(formed(text), value=values.__getitem__, style=BRAZIL)
    assert told == "Marcos, 768412 de R$146,37 vence dia 23 de Maio. BrByte"
    assert measure(told).encoding is Encoding.GSM
    ukraine = Style(language="uk", timezone=ZoneInfo("Europe/Kyiv"))
    hryvnias = {"COB_VAL_DOC": Money(amount=Decimal("146.37"), currency="UAH")}
    assert render(formed("{COB_VAL_DOC}"), value=hryvnias.__getitem__, style=ukraine) == "146,37 UAH"


def test_a_subtotal_in_words_is_written_from_its_amount() -> None:
    """M3: ``contract_subtotal_word``."""
    amount = Money(amount=Decimal(1250), currency="UAH")
    ukraine = Style(language="uk", timezone=ZoneInfo("Europe/Kyiv"))
    told = render(formed("{contract_subtotal_word}"), value=lambda name: amount, style=ukraine)
    assert told == "одна тисяча двісті п'ятдесят гривень"


def test_line_items_lose_their_markup() -> None:
    """M3: ``contract_items``."""
    items = "<table><tr><td>Fibra 500</td><td>39,90</td></tr><tr><td>Router</td><td>60,00</td></tr></table>"
    told = render(formed("{contract_items}"), value=lambda name: items, style=BRAZIL)
    assert told == "Fibra 500, 39,90; Router, 60,00"


def test_a_meetings_moment_is_its_day_and_its_time() -> None:
    at = dt.datetime(2018, 5, 23, 17, 30, tzinfo=dt.UTC)
    told = render(formed("{meeting_date} {meeting_time}"), value=lambda name: at, style=BRAZIL)
    assert told == "23/05/2018 13:30"


def test_a_filter_of_the_text_goes_before_the_form_of_the_name() -> None:
    told = render(formed('{COB_DATE_VENC_M|date("long")}'), value=lambda name: DUE, style=BRAZIL)
    assert told == "23 de maio de 2018"


def test_a_text_without_such_names_is_the_one_that_was_read() -> None:
    assert formed("{contact_firstname} {host_own}") is formed("{contact_firstname} {host_own}")
    assert all(part.asked for part in formed("{contact_firstname} {host_own}").shortcodes)


@pytest.mark.one_database("sqlite", "nothing is asked of it that differs")
@pytest.mark.parametrize(
    ("language", "told"),
    [
        ("en", "In words: one hundred and forty-six euros and thirty-seven cents."),
        ("pt", "Por extenso: cento e quarenta e seis euros e trinta e sete cêntimos."),
        ("uk", "Словами: сто сорок шість євро тридцять сім центів."),
    ],
)
def test_an_invoices_total_goes_out_in_words(portal: Portal, language: str, told: str) -> None:
    """M3: in the reader's language."""
    portal.use_kind("console", {}, name="console")
    portal.switch_on("charge_created")
    with portal.fresh() as session, session.begin():
        words = {"en": "In words", "pt": "Por extenso", "uk": "Словами"}
        row = session.get_one(TriggerRow, "charge_created")
        row.texts = {each: f"{told}: {{invoice_total|words}}." for each, told in words.items()}
    reader = Client(name="Ana", phone="912345678", language=language)
    portal.session.add(Invoice(client=reader, total=Decimal("146.37")))
    portal.session.commit()
    (message,) = portal.messages()
    assert (message.state, message.text) == ("queued", told)
