"""What the translation files say, as gettext takes it: read when a page in that language is first asked for (X14).

Nothing built is kept: a file that a person can read and mend is the only one there is.
"""

from __future__ import annotations

import logging
from gettext import GNUTranslations, NullTranslations
from io import BytesIO
from itertools import pairwise
from pathlib import Path

FOLDER = Path(__file__).parent / "translations"

log = logging.getLogger(__name__)


def words_of(language: str, folder: Path = FOLDER) -> NullTranslations:
    """The words of a language; what a region does not say otherwise is said as in its language, and else in English."""
    spoken = dict.fromkeys([language, language.partition("_")[0]])
    read = [words for words in (_read(path_of(each, folder)) for each in spoken) if words is not None]
    if not read:
        return NullTranslations()
    for nearer, farther in pairwise(read):
        nearer.add_fallback(farther)
    return read[0]


def known_words(language: str, folder: Path = FOLDER) -> set[str]:
    """The English words for which the language has others."""
    known: set[str] = set()
    spoken: object = words_of(language, folder)
    while spoken is not None:
        # Python's own class tells no other way what it has read
        known |= {each for each in getattr(spoken, "_catalog", {}) if isinstance(each, str) and each}
        spoken = getattr(spoken, "_fallback", None)
    return known


def path_of(language: str, folder: Path = FOLDER) -> Path:
    """Where the words of that language stand."""
    return folder / language / "LC_MESSAGES" / "sms.po"


def _read(path: Path) -> GNUTranslations | None:
    """What one file says; None where there is none, or where it is broken: English beats a page that fails."""
    if not path.is_file():
        return None
    # Here, and not above: a portal whose pages are only ever read in English has no use for it.
    from babel.messages.mofile import write_mo
    from babel.messages.pofile import read_po

    try:
        with path.open("rb") as source:
            catalogue = read_po(source, locale=path.parent.parent.name, ignore_obsolete=True, abort_invalid=True)
        built = BytesIO()
        write_mo(built, catalogue)
        built.seek(0)
        return GNUTranslations(built)
    except Exception as error:  # noqa: BLE001 - whatever is wrong with it
        log.error("the translation %s cannot be read, so its pages speak English: %s", path, error)
        return None
