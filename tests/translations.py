"""The translation files, brought up to what the pages say: ``python -m tests.translations``, or ``make translations``.

New strings come in empty, those that nothing says any more go, translations stay. A region's file holds only what it
says otherwise than its language, so nothing is added to it. The files hold no line numbers, dates or wrapping, and are
sorted: a change of one string is a change of one place. A file's own head says how it counts: Babel's newer versions
may count the language otherwise, and that is no reason to translate it anew.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping
from pathlib import Path

from babel import Locale
from babel.messages.catalog import Catalog, Message
from babel.messages.extract import extract_from_dir
from babel.messages.pofile import normalize, read_po

from sms_plugin.gateways.contract import Gateway
from sms_plugin.gateways.registry import SHIPPED
from sms_plugin.gateways.settings import fields_of
from sms_plugin.testing.phone_gateway import PhoneGateway
from sms_plugin.web.translation_files import FOLDER, path_of

PACKAGE = FOLDER.parent.parent
LANGUAGES = tuple(sorted(path.name for path in FOLDER.iterdir() if path.is_dir()))

_READERS = [("**/templates/**.html", "jinja2"), ("**.py", "python")]
_KEYWORDS = {
    **dict.fromkeys(("_", "gettext", "lazy_gettext", "sms_gettext", "worded")),
    **dict.fromkeys(("ngettext", "counted"), (1, 2)),
}

Said = str | tuple[str, str]


def said(package: Path = PACKAGE) -> set[Said]:
    """Every string of code and templates that is shown in the viewer's language, with its plural where it has one."""
    found: set[Said] = set()
    for _file, _line, string, _comments, _context in extract_from_dir(package, _READERS, keywords=_KEYWORDS):
        found.add(string if isinstance(string, str) else (string[0], string[1]))
    return found | set(declared())


def declared() -> Iterator[str]:
    """What the gateways of the plugin say of themselves and of their settings, which no call of ``gettext`` names.

    A choice without a label of its own is a word of the provider's, and stays as it is.
    """
    shown: tuple[type[Gateway], ...] = (*SHIPPED, PhoneGateway)
    for gateway in shown:
        yield from filter(None, (gateway.label, gateway.help))
        for field in fields_of(gateway.Settings):
            yield from filter(None, (field.label, field.help))
            yield from (label for value, label in field.choices.items() if label and label != value)


def written(language: str, folder: Path = FOLDER) -> Catalog:
    """What the language's file holds; nothing where there is none yet."""
    path = path_of(language, folder)
    if not path.is_file():
        return Catalog(locale=language)
    with path.open("rb") as source:
        return read_po(source, locale=language, ignore_obsolete=True, abort_invalid=True)


def entries(catalogue: Catalog) -> dict[str, Message]:
    """Its messages by their first string, without the head of the file."""
    return {_first(message.id): message for message in catalogue if message.id}


def brought_up(language: str, strings: set[Said], catalogue: Catalog) -> str:
    """The text of the language's file for these strings, with the translations that the catalogue holds."""
    kept = entries(catalogue)
    region = Locale.parse(language).territory is not None
    wanted = sorted((each for each in strings if not region or _first(each) in kept), key=_first)
    told = ("\n".join(_entry(each, kept, catalogue.num_plurals)) + "\n" for each in wanted)
    return "\n".join([_head(language, catalogue.plural_forms), *told])


def bring_up(language: str, strings: set[Said], folder: Path = FOLDER) -> int:
    """Write the language's file anew; how many of its strings are not translated yet."""
    text = brought_up(language, strings, written(language, folder))
    path = path_of(language, folder)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")
    return sum(not complete(message) for message in entries(written(language, folder)).values())


def complete(message: Message) -> bool:
    """Whether a person has translated it whole, with each of its plural forms."""
    told = message.string if isinstance(message.string, tuple | list) else [message.string]
    return all(told) and not message.fuzzy


def _head(language: str, rule: str) -> str:
    lines = [
        f"Language: {language}",
        "MIME-Version: 1.0",
        "Content-Type: text/plain; charset=utf-8",
        "Content-Transfer-Encoding: 8bit",
        f"Plural-Forms: {rule}",
    ]
    return "\n".join(['msgid ""', 'msgstr ""', *(f'"{line}\\n"' for line in lines)]) + "\n"


def _entry(string: Said, kept: Mapping[str, Message], plurals: int) -> Iterator[str]:
    before = kept.get(_first(string))
    told = before.string if before is not None and _shape(before.id) == _shape(string) else None
    comments = before.user_comments if before is not None else []
    flags = sorted(Message(string).flags | ({"fuzzy"} if before is not None and before.fuzzy else set()))
    yield from (f"# {comment}" for comment in comments)
    if flags:
        yield f"#, {', '.join(flags)}"
    if isinstance(string, str):
        yield f"msgid {normalize(string, width=0)}"
        yield f"msgstr {normalize(told if isinstance(told, str) else '', width=0)}"
        return
    yield f"msgid {normalize(string[0], width=0)}"
    yield f"msgid_plural {normalize(string[1], width=0)}"
    forms = list(told) if isinstance(told, tuple | list) else []
    for number in range(plurals):
        yield f"msgstr[{number}] {normalize(forms[number] if number < len(forms) else '', width=0)}"


def _first(string: str | tuple[str, ...] | list[str]) -> str:
    return string if isinstance(string, str) else string[0]


def _shape(string: str | tuple[str, ...] | list[str]) -> bool:
    return isinstance(string, str)


def main(languages: list[str]) -> None:
    """Bring up the languages that are named, or all that have a file."""
    strings = said()
    for language in languages or LANGUAGES:
        missing = bring_up(language, strings)
        sys.stdout.write(f"{language}: {missing} of {len(entries(written(language)))} to translate\n")


if __name__ == "__main__":
    main(sys.argv[1:])
