"""Which text of a trigger counts, and which may be saved (M5, X17)."""

from __future__ import annotations

import pytest

from sms_plugin import SmsError
from sms_plugin.models import TriggerRow
from sms_plugin.wording.rendering import pick
from sms_plugin.wording.texts import check_text, inactive_because, texts_of
from tests.portal import Portal


def test_the_admins_texts_take_the_place_of_the_suggested_ones(portal: Portal) -> None:
    reason = portal.state.registry.reason("charge_created")
    assert set(texts_of(None, reason)) == {"en", "pt", "uk"}
    assert texts_of(TriggerRow(texts={}), reason) == reason.text
    assert texts_of(TriggerRow(texts={"en": "mine"}), reason) == {"en": "mine"}


@pytest.mark.parametrize(
    ("row", "why"),
    [
        (None, "off"),
        (TriggerRow(on=False, texts={}), "off"),
        (TriggerRow(on=True, texts={}), ""),
        (TriggerRow(on=True, texts={"en": " ", "pt": ""}), "no_text"),
        (TriggerRow(on=True, texts={"en": "", "pt": "x"}), ""),
    ],
)
def test_a_trigger_is_inactive_while_it_is_off_or_has_no_text(portal: Portal, row: TriggerRow | None, why: str) -> None:
    registry = portal.state.registry
    assert inactive_because(row, registry.reason("charge_created"), registry=registry) == why


def test_every_shipped_text_that_the_portal_hooks_may_be_saved(portal: Portal) -> None:
    registry = portal.state.registry
    for trigger in {hook.trigger for hook in registry.hooks} - {"birthday_greeting"}:
        for text in registry.reason(trigger).text.values():
            check_text(text, trigger=trigger, registry=registry)


@pytest.mark.parametrize(
    ("text", "code", "says"),
    [
        ("", "empty_text", "empty"),
        ("{invoice_numbr}", "unknown_shortcode", "invoice_number"),
        ("{payment_amount}", "unreachable_shortcode", "payment_amount"),
        ("{invoice_number", "", "character"),
    ],
)
def test_a_text_that_could_not_be_rendered_is_refused(portal: Portal, text: str, code: str, says: str) -> None:
    with pytest.raises(SmsError, match=says) as raised:
        check_text(text, trigger="charge_created", registry=portal.state.registry)
    assert raised.value.code == code or not code


@pytest.mark.parametrize(
    ("texts", "language", "chosen"),
    [
        ({"en": "E", "pt": "P", "pt-BR": "B"}, "pt-BR", ("pt-BR", "B")),
        ({"en": "E", "pt": "P"}, "pt-BR", ("pt", "P")),
        ({"en": "E", "pt": "P"}, "uk", ("en", "E")),
        ({"pt": "P", "uk": "U"}, "de", ("pt", "P")),
        ({"en": " ", "pt": "P"}, "en", ("pt", "P")),
        ({"en": ""}, "en", None),
        ({}, "en", None),
    ],
)
def test_a_reader_gets_its_language_its_base_the_fallback_or_any(
    texts: dict[str, str], language: str, chosen: tuple[str, str] | None
) -> None:
    assert pick(texts, language, fallback="en") == chosen


@pytest.mark.one_database("sqlite", "nothing is asked of it")
def test_words_that_nothing_here_can_write_are_refused_on_save(portal: Portal, monkeypatch: pytest.MonkeyPatch) -> None:
    """``num2words`` is an extra."""
    text = "In words: {invoice_total|words}"
    check_text(text, trigger="charge_created", registry=portal.state.registry)
    monkeypatch.setattr("sms_plugin.wording.texts.can_tell_words", lambda: False)
    with pytest.raises(SmsError, match="invoice_total") as caught:
        check_text(text, trigger="charge_created", registry=portal.state.registry)
    assert caught.value.code == "no_words"
    assert "flask-admin-sms[words]" in caught.value.hint
