"""The texts of a trigger: which one counts, and whether it may be saved (M5, M8)."""

from __future__ import annotations

from collections.abc import Mapping

from sms_plugin.host.bound import Reason
from sms_plugin.host.registry import Registry
from sms_plugin.models import TriggerRow
from sms_plugin.text.shortcodes import check, parse


def texts_of(row: TriggerRow | None, reason: Reason) -> Mapping[str, str]:
    """The admin's texts by language, else the suggested ones."""
    return row.texts if row is not None and row.texts else reason.text


def inactive_because(row: TriggerRow | None, reason: Reason) -> str:
    """Why a trigger sends nothing, as a code: "off", "no_text"; empty where it is active."""
    if row is None or not row.on:
        return "off"
    return "" if any(text.strip() for text in texts_of(row, reason).values()) else "no_text"


def check_text(template: str, *, trigger: str, registry: Registry) -> None:
    """Refuse a text that could not be rendered for this trigger.

    Raises ``SmsError`` with the position: a stray brace, a shortcode that is unknown or not reached, an empty text.
    """
    check(parse(template), reachable=registry.reachable(trigger), known=registry.known_shortcodes)
