"""From a trigger's texts and a record to the words that one person reads."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

from sms_plugin.errors import SmsError
from sms_plugin.host.bound import BoundEntity, LinkReader, MoneyReader, ShortcodeReader
from sms_plugin.state import State
from sms_plugin.text.formats import Money, Style
from sms_plugin.text.segments import Measure, measure
from sms_plugin.text.shortcodes import parse, render


@dataclass(frozen=True, kw_only=True)
class Rendered:
    """A text as it will be sent."""

    text: str
    measure: Measure


def pick(texts: Mapping[str, str], language: str, *, fallback: str) -> tuple[str, str] | None:
    """The language and text for a reader of ``language``, else its base, the fallback, any; None if all are empty."""
    base = language.partition("-")[0]
    for wanted in (language, base, fallback, fallback.partition("-")[0], *sorted(texts)):
        if texts.get(wanted, "").strip():
            return wanted, texts[wanted]
    return None


def render_for(
    template: str,
    *,
    record: object,
    entity: BoundEntity,
    people: Sequence[object],
    language: str,
    zone: ZoneInfo,
    state: State,
) -> Rendered:
    """The text of one message; ``people`` are the records of whom it goes to and of the client behind, nearest first.

    Raises ``SmsError``: ``missing_value`` for a shortcode without a value and without a default, ``unknown_shortcode``
    for one that nothing here offers. What a host's own attribute raises goes through. Reads only.
    """
    return _rendered(template, _scope(record, entity, people, state), language=language, zone=zone, state=state)


def render_company(template: str, *, language: str, zone: ZoneInfo, state: State) -> Rendered:
    """A text that is about no record: the company's shortcodes only. Raises what ``render_for`` raises."""
    return _rendered(template, (), language=language, zone=zone, state=state)


def _rendered(template: str, scope: _Scope, *, language: str, zone: ZoneInfo, state: State) -> Rendered:
    parsed = parse(template)
    text = render(
        parsed,
        value=lambda name: _value(name, scope, state),
        style=Style(language=language, timezone=zone),
    )
    return Rendered(text=text, measure=measure(text))


_Scope = Sequence[tuple[BoundEntity, object]]


def _scope(record: object, entity: BoundEntity, people: Sequence[object], state: State) -> _Scope:
    """Where a shortcode is looked for: the record, whom it goes to, the client behind, what the record reaches."""
    scope: list[tuple[BoundEntity, object]] = [(entity, record)]
    reached = [reader(record) for reader in entity.also.values()]
    audiences = [target.read(record) for targets in entity.to.values() for target in targets if target.person is None]
    for each in (*people, *reached, *audiences):
        found = each[0] if isinstance(each, list) and each else each
        known = None if found is None else state.registry.entity_of(type(found))
        if known is not None:
            scope.append((known, found))
    return scope


def _value(name: str, scope: _Scope, state: State) -> object:
    for entity, record in scope:
        if name in entity.shortcodes:
            return read(entity.shortcodes[name], record, state)
    if name in state.registry.company:
        return state.registry.company[name]()
    raise SmsError(
        f"{{{name}}} has no value here.",
        code="unknown_shortcode",
        hint="Take it out of the text, or map it in the entity's shortcodes.",
    )


def read(reader: ShortcodeReader, record: Any, state: State) -> object:
    """A shortcode's value on a record. What the host's attribute raises goes through; ``SmsError`` without currency."""
    if isinstance(reader, LinkReader):
        return state.links(reader.declared.endpoint, {name: of(record) for name, of in reader.values.items()})
    if not isinstance(reader, MoneyReader):
        return reader(record)
    amount = reader.amount(record)
    if amount is None:
        return None
    currency = (None if reader.currency is None else reader.currency(record)) or state.settings.currency
    if not currency:
        raise SmsError(
            "An amount has no currency.", code="no_currency", hint="Map one in money(…), or set SMS_CURRENCY."
        )
    return Money(amount=Decimal(str(amount)), currency=str(currency))
