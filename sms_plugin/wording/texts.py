"""The texts of a trigger: which one counts, why there is none, and whether one may be saved (M5, M8)."""

from __future__ import annotations

from collections.abc import Collection, Mapping

from sms_plugin.errors import SmsError, worded
from sms_plugin.host.bound import Reason
from sms_plugin.host.registry import Registry
from sms_plugin.models import Template, TriggerRow
from sms_plugin.text.amounts import can_tell_words
from sms_plugin.text.grammar import Form
from sms_plugin.text.shortcodes import check, parse
from sms_plugin.wording.forms import formed

#: The longest text that can be saved, in characters before its shortcodes are filled in: ten segments of GSM-7.
LONGEST = 1530

#: What a person reads where a trigger has nothing to say, by code.
WHY_SILENT: Mapping[str, str] = {
    "no_text": worded("Its text is empty."),
    "template_disabled": worded("Its template is disabled."),
    "template_section": worded("The section of its template is not declared any more."),
}


class RefusedText(SmsError):
    """A text that may not be saved, with the language that it is in."""

    def __init__(self, message: str, *, code: str, hint: str, language: str) -> None:
        super().__init__(message, code=code, hint=hint)
        self.language = language


def texts_of(row: TriggerRow | None, reason: Reason) -> Mapping[str, str]:
    """The texts by language: of the template that the trigger uses, else the admin's, else the suggested ones."""
    if row is not None and row.template is not None:
        return row.template.texts
    return row.texts if row is not None and row.texts else reason.text


def silent_because(row: TriggerRow | None, reason: Reason, *, registry: Registry) -> str:
    """Why a trigger that is on has nothing to say, as a code of ``WHY_SILENT``; empty where it has."""
    template = None if row is None else row.template
    if template is not None and not template.enabled:
        return "template_disabled"
    if template is not None and is_orphan(template, registry):
        return "template_section"
    return "" if any(text.strip() for text in texts_of(row, reason).values()) else "no_text"


def inactive_because(row: TriggerRow | None, reason: Reason, *, registry: Registry) -> str:
    """Why a trigger sends nothing, as a code: "off", or one of ``WHY_SILENT``; empty where it is active."""
    if row is None or not row.on:
        return "off"
    return silent_because(row, reason, registry=registry)


def is_orphan(template: Template, registry: Registry) -> bool:
    """Whether the section of a template is not declared any more."""
    return template.section is not None and template.section not in registry.sections


def check_text(template: str, *, trigger: str, registry: Registry) -> None:
    """Refuse a text that could not be rendered for this trigger.

    Raises ``SmsError`` with the position: a stray brace, a shortcode that is unknown or not reached, an empty text.
    """
    check_reach(template, reachable=registry.reachable(trigger), known=registry.known_shortcodes)


def check_reach(template: str, *, reachable: Collection[str], known: Collection[str]) -> None:
    """Refuse a text that is empty, too long, cannot be read, uses what is not reachable, or what is not installed.

    Raises ``SmsError``.
    """
    if len(template) > LONGEST:
        raise SmsError(
            worded("The text has %(count)s characters.", count=len(template)),
            code="text_too_long",
            hint=worded("Write at most %(most)s.", most=LONGEST),
        )
    check(parse(template), reachable=reachable, known=known)
    in_words = next((each for each in formed(template).shortcodes if each.form is Form.WORDS), None)
    if in_words is not None and not can_tell_words():
        raise SmsError(
            worded(
                "Nothing here can write {%(name)s} at character %(position)s in words.",
                name=in_words.name,
                position=in_words.position,
            ),
            code="no_words",
            hint=worded('Install what does it, pip install "flask-admin-sms[words]", or leave it out.'),
        )


def check_all(texts: Mapping[str, str], *, reachable: Collection[str], known: Collection[str]) -> None:
    """Refuse texts of which one could not be rendered; an empty one is none. Raises ``RefusedText``."""
    for language, text in texts.items():
        if not text.strip():
            continue
        try:
            check_reach(text, reachable=reachable, known=known)
        except SmsError as error:
            raise RefusedText(
                worded("The text (%(language)s): %(message)s", language=language, message=error.message),
                code=error.code,
                hint=error.hint,
                language=language,
            ) from None


def used(texts: Mapping[str, str]) -> tuple[str, ...]:
    """The shortcodes that readable texts use, each once, in their order."""
    return tuple(dict.fromkeys(name for text in texts.values() if text.strip() for name in parse(text).names))
