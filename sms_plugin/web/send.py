"""Sending from the host's records: chosen, shown as it would go, and sent once (S9)."""

from __future__ import annotations

import re
import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

import sqlalchemy as sa
from flask import request

from sms_plugin.errors import SmsError
from sms_plugin.host.bound import BoundEntity
from sms_plugin.host.search import label_of, load
from sms_plugin.models import Template, TriggerRow, database_now
from sms_plugin.people.recipients import Recipient
from sms_plugin.providers.costs import Tariff, tariff
from sms_plugin.state import State
from sms_plugin.triggers import sending
from sms_plugin.triggers.noticing import notice_written
from sms_plugin.triggers.planned import Planned, Wish
from sms_plugin.web.apart import reading, within
from sms_plugin.web.editing import MEASURED, judged_as_sent
from sms_plugin.web.moments import in_words as moment_in_words
from sms_plugin.web.outlook import Outlook, of_plan
from sms_plugin.web.reasons import reason_words
from sms_plugin.web.shown import trigger_label
from sms_plugin.web.translation import gettext, in_words, ngettext
from sms_plugin.web.verdicts import cost_in_words
from sms_plugin.wording.texts import LONGEST, check_reach, inactive_because, is_orphan

#: So many records at most are texted at once.
MOST = 200
#: So many messages are written in one transaction.
_AT_ONCE = 50
_TOKEN = re.compile(r"[0-9a-f]{32}")


@dataclass(frozen=True, kw_only=True)
class Choice:
    """One thing that can be sent: ``trigger:KEY``, ``template:ID`` or ``words``."""

    value: str
    label: str
    silent: str = ""  #: why it sends nothing at the moment


@dataclass(frozen=True, kw_only=True)
class Asked:
    """What the form says."""

    what: str = ""
    text: str = field(default="", repr=False)
    number: str = field(default="", repr=False)
    each: bool = False
    once: str = ""
    shown: str = ""  #: the digest of what was shown
    step: str = ""  #: "look", "send", or "reply": sent where it reads as it was typed, else looked at
    hour: str = ""  #: what was chosen for quiet hours: "now" or "open"


@dataclass(frozen=True, kw_only=True)
class Outcome:
    """What became of a form: what it shows now, or how many messages were written."""

    values: Mapping[str, Any] = field(default_factory=dict)
    written: int | None = None


def asked() -> Asked:
    """What the request's form says; bounded, and nothing of it believed yet."""
    form = request.form
    step, _, hour = form.get("step", "").partition("_")
    hour = hour or form.get("hour", "")
    return Asked(
        what=form.get("what", "")[:200],
        text=form.get("text", "").replace("\0", "").replace("\r\n", "\n")[:MEASURED],
        number=form.get("number", "")[:32],
        each=form.get("each") == "1",
        once=form.get("once", "") if _TOKEN.fullmatch(form.get("once", "")) else "",
        shown=form.get("shown", "")[:64],
        step=step,
        hour=hour if hour in {"now", "open"} else "",
    )


def work_on(keys: Sequence[str], *, entity: BoundEntity, form: Asked, who: str, state: State) -> Outcome:
    """Show what can be sent for these records, show it as it would go, or send what was shown.

    What is confirmed is what was shown: where it has changed meanwhile, it is shown again. A second confirmation of
    the same form writes nothing. Raises ``SmsError`` for what cannot be.
    """
    with reading(state) as session:
        records = [found for key in keys if (found := load(session, entity, key)) is not None]
        values: dict[str, Any] = {
            "form": form,
            "records": [label_of(record, entity) for record in records],
            "keys": list(keys),
            "choices": _choices(session, entity, state),
            "people": _people(records[0], entity, state) if len(keys) == 1 and records else [],
            "shortcodes": sorted(state.registry.reachable_in(entity.section)),
            "planned": None,
            "changed": False,
            "opens": "",
        }
        if form.step not in {"look", "send", "reply"}:
            return Outcome(values=values)
        once = form.once or secrets.token_hex(16)
        wish = _wish(session, form, once=once, who=who, state=state)
        planned = sending.plan(session, records, entity=entity, wish=wish, state=state, now=database_now(session))
        session.rollback()
        prices = tariff(session)
    shown = sending.digest(planned)
    undecided = not form.hour and any(each.goes and each.opens_at for each in planned)
    agreed = form.shown == shown if form.step == "send" else form.step == "reply" and _is_as_typed(planned, form)
    if agreed and form.once and not undecided and any(each.goes for each in planned):
        return Outcome(values=values, written=send_planned(planned, state=state))
    values |= {"planned": planned, "once": once, "shown": shown, "changed": form.step == "send"}
    values |= {"opens": _opens(planned)}
    values |= sums(planned, prices)
    return Outcome(values=values)


def look_at(key: str, *, entity: BoundEntity, form: Asked, who: str, state: State) -> Outlook | None:
    """What would become of words about one record as they stand, while they are typed; None where it is not there any
    more. Reads only.
    """
    with reading(state) as session:
        record, now = load(session, entity, key), database_now(session)
        if record is None:
            return None
        try:
            wish = _wish(session, form, once=form.once or secrets.token_hex(16), who=who, state=state)
            known, reachable = state.registry.known_shortcodes, state.registry.reachable_in(entity.section)
            check_reach(form.text, reachable=reachable, known=known)
        except SmsError as error:
            early = not form.text.strip()
            judged = judged_as_sent(form.text, None)
            problem, hint = in_words(error.message), in_words(error.hint)
            return Outlook(judged=judged, problem=problem, hint=hint, place="text", early=early)
        planned = sending.plan(session, [record], entity=entity, wish=wish, state=state, now=now)
        found = of_plan(session, planned[0], text=form.text, now=now)
        session.rollback()
    return found


def sums(planned: Sequence[Planned], prices: Tariff) -> dict[str, Any]:
    """What a page shows of a plan: what goes and what does not, and what it costs."""
    going = [each for each in planned if each.goes]
    costs = [prices.cost(each.draft.number, each.draft.segments) for each in going if each.draft is not None]
    known = [cost for cost in costs if cost is not None]
    return {
        "costs": [cost_in_words(cost, prices.currency) for cost in costs],
        "total": cost_in_words(sum(known, Decimal(0)), prices.currency) if known and len(known) == len(costs) else "",
        "going": going,
        "left_out": [each for each in planned if not each.goes],
        "segments": sum(each.draft.segments for each in going if each.draft is not None),
        "why": reason_words,
    }


def _is_as_typed(planned: Sequence[Planned], form: Asked) -> bool:
    """Whether all that goes is one message that reads as it was typed: it was seen before it goes."""
    texts = [each.draft.text for each in planned if each.goes and each.draft is not None]
    return form.what == "words" and len(planned) == 1 and texts == [form.text]


def _opens(planned: Sequence[Planned]) -> str:
    """Until when those are not to be disturbed who would be; in their own time, the latest; empty for nobody (X6)."""
    closed = [(each.opens_at, each.zone) for each in planned if each.goes and each.opens_at is not None]
    if not closed:
        return ""
    at, zone = max(closed, key=lambda pair: pair[0])
    return moment_in_words(at.astimezone(zone))


def send_planned(planned: Sequence[Planned], *, state: State) -> int:
    """How many messages were written: in short transactions, the same again being none."""
    going = [each for each in planned if each.goes]

    def some(session: Any, start: int) -> int:
        written = sending.send(session, going[start : start + _AT_ONCE], now=database_now(session))
        if written:
            notice_written(session)
        return len(written)

    starts = range(0, len(going), _AT_ONCE)
    return sum(within(state, lambda session, start=start: some(session, start)) for start in starts)  # type: ignore[misc]


def sent_words(written: int) -> str:
    """What became of a confirmed plan."""
    if written:
        return ngettext("One message is on its way.", "%(num)s messages are on their way.", written)
    return gettext("This was sent already. Nothing was sent twice.")


def _wish(session: Any, form: Asked, *, once: str, who: str, state: State) -> Wish:
    kind, _, name = form.what.partition(":")
    common: dict[str, Any] = {"once": once, "each": form.each, "operator": who, "waits": form.hour == "open"}
    if kind == "trigger":
        return Wish(trigger=name, **common)
    common["number"] = form.number or None
    if kind == "template":
        template = session.get(Template, int(name)) if name.isdecimal() and len(name) < 10 else None
        if template is None or not template.enabled or is_orphan(template, state.registry):
            raise SmsError(
                gettext("This template is not on offer any more."),
                code="no_template",
                hint=gettext("Choose another one."),
            )
        return Wish(texts=template.texts, wording_id=template.wording_id, **common)
    if not form.text.strip():
        raise SmsError(gettext("The text is empty."), code="empty_text", hint=gettext("Write something to send."))
    if len(form.text) > LONGEST:
        raise SmsError(
            gettext("The text is too long."),
            code="text_too_long",
            hint=gettext("Write at most %(most)s characters.", most=LONGEST),
        )
    return Wish(texts={"": form.text, state.settings.language: form.text}, **common)


def _choices(session: Any, entity: BoundEntity, state: State) -> list[Choice]:
    """What can be sent: triggers that are on first, templates of the section, words of one's own."""
    keys = sending.offered(entity, state=state)
    rows = {row.key: row for row in session.scalars(sa.select(TriggerRow).where(TriggerRow.key.in_(keys)))}
    triggers = [
        Choice(
            value=f"trigger:{key}",
            label=trigger_label(key, state=state),
            silent=inactive_because(rows.get(key), state.registry.reason(key), registry=state.registry),
        )
        for key in keys
    ]
    triggers.sort(key=lambda choice: bool(choice.silent))
    templates = session.scalars(sa.select(Template).where(Template.enabled).order_by(Template.name)).all()
    suiting = [each for each in templates if each.section in {None, entity.section}]
    return [
        *triggers,
        *(Choice(value=f"template:{each.id}", label=each.name) for each in suiting),
        Choice(value="words", label=gettext("Words of your own")),
    ]


def _people(record: object, entity: BoundEntity, state: State) -> list[tuple[str, str]]:
    """The numbers that words can go to, each with whose it is; none where the host cannot say."""
    try:
        found: list[Recipient] = sending.numbers(record, entity=entity, state=state)
    except Exception:  # noqa: BLE001 - a host's attribute may raise anything; the plan tells what
        return []
    return [
        (each.number, label_of(each.record, each.entity) if each.entity is not None else "")
        for each in found
        if each.number is not None
    ]
