"""From a trigger's texts and a record to the words that one person reads."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import field
from datetime import date
from decimal import Decimal
from itertools import chain
from types import MappingProxyType
from typing import Any
from zoneinfo import ZoneInfo

from sms_plugin.errors import SmsError, worded
from sms_plugin.host.binding import DEBT
from sms_plugin.host.bound import BoundDebt, BoundEntity, LinkReader, MoneyReader, ShortcodeReader
from sms_plugin.host.several import members
from sms_plugin.state import State
from sms_plugin.text.formats import Money, Style
from sms_plugin.text.segments import Measure, measure
from sms_plugin.text.shortcodes import Parsed, Shortcode, render
from sms_plugin.values import made_often
from sms_plugin.wording.forms import formed
from sms_plugin.wording.sensitive import MASK, SENSITIVE
from sms_plugin.wording.way_out import SHORTCODE, WayOut, link_of

#: For a text that is only looked at.
NOBODYS = WayOut()


@made_often()
class Rendered:
    """A text as it will be sent."""

    text: str = field(repr=False)
    measure: Measure
    redacted: str | None = field(default=None, repr=False)  #: with sensitive values masked; None where it has none

    @property
    def shown(self) -> str:
        """The text as it may be shown."""
        return self.text if self.redacted is None else self.redacted


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
    way_out: WayOut = NOBODYS,
    together: Sequence[object] = (),
) -> Rendered:
    """The text of one message; ``people`` are the records of whom it goes to and of the client behind, nearest first.
    ``way_out`` says whose the link is by which the reader opts out; ``together`` are all the debts that it tells of.

    Raises ``SmsError``: ``missing_value`` for a shortcode without a value and without a default, ``unknown_shortcode``
    for one that nothing here offers. What a host's own attribute raises goes through. Reads only.
    """
    scope = _Scope(record, entity, people, state, together=together)
    return _rendered(template, scope, language=language, zone=zone, state=state, way_out=way_out)


def render_company(
    template: str, *, language: str, zone: ZoneInfo, state: State, way_out: WayOut = NOBODYS
) -> Rendered:
    """A text that is about no record: the company's shortcodes only. Raises what ``render_for`` raises."""
    return _rendered(template, None, language=language, zone=zone, state=state, way_out=way_out)


def render_row(
    template: str,
    *,
    values: Mapping[str, object],
    language: str,
    zone: ZoneInfo,
    state: State,
    way_out: WayOut = NOBODYS,
) -> Rendered:
    """A text about a row of a file: its columns are shortcodes, and the company's are there. No column stands for the
    reader's way out. Raises what ``render_for`` raises.
    """
    values = {name: value for name, value in values.items() if name != SHORTCODE}
    return _rendered(template, None, language=language, zone=zone, state=state, way_out=way_out, values=values)


def _rendered(
    template: str,
    scope: _Scope | None,
    *,
    language: str,
    zone: ZoneInfo,
    state: State,
    way_out: WayOut = NOBODYS,
    values: Mapping[str, object] = MappingProxyType({}),
) -> Rendered:
    parsed = formed(template)
    style = Style(language=language, timezone=zone)

    def value(name: str) -> object:
        return values[name] if name in values else _value(name, scope, state, way_out)

    text = render(parsed, value=value, style=style)
    redacted = None if SENSITIVE.isdisjoint(parsed.names) else render(_masked(parsed), value=value, style=style)
    return Rendered(text=text, measure=measure(text), redacted=redacted)


def _masked(parsed: Parsed) -> Parsed:
    """The text with a mask for each sensitive value, whatever its filters would make of it (M10)."""
    return Parsed(source=parsed.source, parts=tuple(MASK if _is_sensitive(part) else part for part in parsed.parts))


def _is_sensitive(part: str | Shortcode) -> bool:
    return isinstance(part, Shortcode) and part.name in SENSITIVE


class _Scope:
    """Where a shortcode is looked for: the record, whom it goes to, the client behind, what the record reaches.

    What stands further off is read from the record only when a text asks for it.
    """

    def __init__(
        self,
        record: object,
        entity: BoundEntity,
        people: Sequence[object],
        state: State,
        *,
        together: Sequence[object] = (),
    ) -> None:
        self.together, self.entity = together, entity
        self._record = record
        self._beyond: list[tuple[BoundEntity, object]] = []
        # it knows nothing of this scope: in a circle, record and all would live until the collector comes
        self._further = _reached(record, entity, people, state)

    def of(self, name: str) -> tuple[BoundEntity, object] | None:
        """The nearest record that offers a shortcode, and its entity."""
        if name in self.entity.shortcodes:
            return self.entity, self._record
        for each in self._beyond:
            if name in each[0].shortcodes:
                return each
        for each in self._further:
            self._beyond.append(each)
            if name in each[0].shortcodes:
                return each
        return None


def _reached(
    record: object, entity: BoundEntity, people: Sequence[object], state: State
) -> Iterator[tuple[BoundEntity, object]]:
    """The records of entities beyond one, the nearest first, each read when it is asked for."""
    reached = (reader(record) for reader in entity.also.values())
    audiences = (each.read(record) for targets in entity.to.values() for each in targets if each.person is None)
    for each in chain(people, reached, audiences):
        found = next(iter(members(each)), None)
        known = None if found is None else state.registry.entity_of(type(found))
        if known is not None:
            yield known, found


def _value(name: str, scope: _Scope | None, state: State, way_out: WayOut) -> object:
    if scope is not None and scope.together and name in DEBT and scope.entity.debt is not None:
        return _of_all(name, scope.together, scope.entity.debt, state)
    registry = state.registry
    found = None if scope is None or name in registry.company_only else scope.of(name)
    if found is not None:
        return read(found[0].shortcodes[name], found[1], state)
    if name in registry.company:
        return registry.company[name]()
    if name == SHORTCODE:
        return link_of(way_out, state=state)
    raise SmsError(
        worded("{%(name)s} has no value here.", name=name),
        code="unknown_shortcode",
        hint=worded("Take it out of the text, or map it in the entity's shortcodes."),
    )


def _of_all(name: str, records: Sequence[object], debt: BoundDebt, state: State) -> object:
    """What a text says of several debts at once; they are of one currency."""
    count, total, _oldest = DEBT
    if name == count:
        return len(records)
    if name == total:
        amounts = [each for record in records if isinstance(each := read(debt.amount, record, state), Money)]
        return Money(amount=sum((each.amount for each in amounts), Decimal()), currency=amounts[0].currency)
    return min((each for record in records if isinstance(each := debt.since(record), date)), default=None)


def oldest(records: Sequence[object | None], debt: BoundDebt | None) -> object | None:
    """The debt that stands for all: the oldest, where they have a date, else the first."""
    dated = [
        (since, each)
        for each in records
        if each is not None and debt is not None and isinstance(since := debt.since(each), date)
    ]
    return min(dated, key=lambda pair: pair[0])[1] if dated else records[0]


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
            worded("An amount has no currency."),
            code="no_currency",
            hint=worded("Map one in money(…), or set SMS_CURRENCY."),
        )
    return Money(amount=Decimal(str(amount)), currency=str(currency))
