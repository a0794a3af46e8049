"""What somebody wants who answers with a word of its own: no texts, texts again, or to say that it is not them (X7).

Only a word that stands alone counts: "stop" is a wish, "please stop by on Monday" is an answer to read.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Final


class Said(StrEnum):
    """What a word that stands alone says."""

    STOP = "stop"
    START = "start"
    NOT_ME = "not_me"


@dataclass(frozen=True, kw_only=True)
class Word:
    """A word that was recognised, and the language that it is of."""

    said: Said
    language: str


_WORDS: Final[Mapping[Said, Mapping[str, str]]] = {
    Said.STOP: {
        "en": "stop, stop all, stopall, unsubscribe, end, quit, cancel, revoke, opt out, optout, remove me",
        "pt": "sair, parar, pare, cancelar, remover, descadastrar, anular",
        "uk": "стоп, відписатися, відписатись, відписка, не пишіть, відмова",
        "es": "baja, dar de baja, darme de baja, alto, no mas",
        "ru": "отписаться, отписка, отказ, не пишите, отменить подписку",
    },
    Said.START: {
        "en": "start, unstop, resume, opt in, optin, subscribe",
        "pt": "voltar, começar, iniciar, retomar, entrar",
        "uk": "старт, почати, підписатися, підписатись",
        "es": "alta, empezar, comenzar, reanudar",
        "ru": "начать, подписаться, возобновить",
    },
    Said.NOT_ME: {
        "en": "not me, it is not me, it's not me, wrong number, wrong person",
        "pt": "não sou, não sou eu, número errado, engano, é engano",
        "uk": "не я, це не я, не той номер, помилка номером, ви помилилися, ви помилилися номером",
        "es": "no soy, no soy yo, número equivocado, equivocado",
        "ru": "это не я, не тот номер, ошиблись номером, вы ошиблись, вы ошиблись номером",
    },
}
#: A text longer than this is no word that stands alone.
_LONGEST: Final = 64


def wish_in(text: str) -> Word | None:
    """What a text says that is one of the words and nothing else, in any capitals, accents and punctuation."""
    return None if len(text) > _LONGEST else _KNOWN.get(_plain(text))


def _plain(text: str) -> str:
    """The words without capitals, accents and what is no letter: an apostrophe joins, all else parts."""
    folded = unicodedata.normalize("NFKD", unicodedata.normalize("NFKC", text).casefold())
    kept = (c if c.isalnum() else " " for c in folded if unicodedata.category(c) != "Mn" and c not in "'’ʼ\u200b\ufeff")
    return " ".join("".join(kept).split())


def _entries() -> Iterable[tuple[str, Word]]:
    for said, languages in _WORDS.items():
        for language, words in languages.items():
            for word in words.split(","):
                yield _plain(word), Word(said=said, language=language)


_KNOWN: Final[Mapping[str, Word]] = dict(_entries())
