"""Words that stand alone, in five languages (X7)."""

from __future__ import annotations

import pytest

from sms_plugin.text.wishes import Said, wish_in


@pytest.mark.parametrize(("text", "said", "language"), [
    ("STOP", Said.STOP, "en"),
    (" stop. ", Said.STOP, "en"),
    ("«Stop!»", Said.STOP, "en"),
    ("STOP 🛑", Said.STOP, "en"),
    ("Opt-out", Said.STOP, "en"),
    ("Sair", Said.STOP, "pt"),
    ("PARAR!!", Said.STOP, "pt"),
    ("СТОП", Said.STOP, "uk"),
    ("відписатися", Said.STOP, "uk"),
    ("Baja", Said.STOP, "es"),
    ("Отписаться.", Said.STOP, "ru"),
    ("ＳＴＯＰ", Said.STOP, "en"),
    ("st\u200bop", Said.STOP, "en"),
    ("Start", Said.START, "en"),
    ("começar", Said.START, "pt"),
    ("COMECAR", Said.START, "pt"),
    ("Alta", Said.START, "es"),
    ("старт", Said.START, "uk"),
    ("Начать", Said.START, "ru"),
    ("NÃO SOU", Said.NOT_ME, "pt"),
    ("nao sou eu.", Said.NOT_ME, "pt"),
    ("НЕ Я", Said.NOT_ME, "uk"),
    ("Вы ошиблись номером!", Said.NOT_ME, "ru"),
    ("It's not me", Said.NOT_ME, "en"),
    ("It’s not me", Said.NOT_ME, "en"),
    ("Número equivocado", Said.NOT_ME, "es"),
])  # fmt: skip
def test_a_word_that_stands_alone_is_a_wish(text: str, said: Said, language: str) -> None:
    found = wish_in(text)
    assert found is not None
    assert (found.said, found.language) == (said, language)


@pytest.mark.parametrize("text", [
    "", "  ", "👍", "Please stop by on Monday", "stop it", "Não sou de Lisboa", "Start at nine", "Obrigado", "stopp",
    "STOP" * 20, "S T O P", "не я один",
])  # fmt: skip
def test_a_word_among_others_is_an_answer_to_read(text: str) -> None:
    assert wish_in(text) is None
