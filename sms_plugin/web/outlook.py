"""What a hand has typed for one person or number, and what would become of it as it stands (S1, S8, P17, M6, X6)."""

from __future__ import annotations

import re
import secrets
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Any

import sqlalchemy as sa
from flask import request
from flask_admin import Admin
from sqlalchemy.orm import Session
from werkzeug.datastructures import MultiDict

from sms_plugin.errors import SmsError
from sms_plugin.host.search import load
from sms_plugin.models import Provider, Template, database_now
from sms_plugin.outbox.lengths import TEXT_TOO_LONG
from sms_plugin.people.owners import STRANGER
from sms_plugin.providers.costs import tariff
from sms_plugin.state import State
from sms_plugin.text.phones import parse_phone
from sms_plugin.text.segments import measure
from sms_plugin.triggers import sending
from sms_plugin.triggers.planned import Planned, Wish
from sms_plugin.web.apart import reading
from sms_plugin.web.editing import MEASURED, Judged, judged_as_sent
from sms_plugin.web.moments import in_words as moment_in_words
from sms_plugin.web.moments import zone
from sms_plugin.web.people import Somebody, owner_of, somebody
from sms_plugin.web.reasons import reason_words
from sms_plugin.web.translation import gettext, in_words
from sms_plugin.web.verdicts import cost_in_words
from sms_plugin.wording.texts import check_reach, is_orphan

#: What stands for a number that is typed in place of one of the person's.
OTHER = "other"
_TOKEN = re.compile(r"[0-9a-f]{32}")
_LETTER = re.compile(r"[^\W\d_]")


@dataclass(frozen=True, kw_only=True)
class Typed:
    """What the form says; bounded, and nothing of it believed yet."""

    to: str = field(default="", repr=False)  #: a name or a number, as typed
    who: str = ""  #: the person that was chosen, "entity|key"
    number: str = field(default="", repr=False)  #: one of theirs, or ``OTHER``
    other: str = field(default="", repr=False)  #: the other number, as typed
    subject: str = ""
    what: str = "words"  #: "words" or "template:ID"
    text: str = field(default="", repr=False)
    when: str = "now"  #: "now" or "later"
    at: str = ""  #: a local time of the viewer's
    hour: str = ""  #: what was chosen for quiet hours: "now" or "open"
    sure: bool = False
    once: str = ""
    shown: str = ""  #: the digest of what was shown
    step: str = ""  #: "find", "look" or "send"


@dataclass(frozen=True, kw_only=True)
class Outlook:
    """What would become of what was typed. ``problem`` says in words why nothing would go, ``hint`` how to mend it."""

    who: Somebody | None = None
    planned: Planned | None = None
    judged: Judged | None = None
    cost: str = ""
    balance: str = ""
    low: bool = False  #: the balance does not cover it
    shown: str = ""  #: the digest of what would be sent
    problem: str = ""
    hint: str = ""
    place: str = ""  #: the field that the problem is about
    early: bool = False  #: the form is not filled in yet: nothing to complain of while somebody types
    opens: str = ""  #: until when the recipient is not to be disturbed, in their own time

    @property
    def goes(self) -> bool:
        """Whether it would be sent, but for what is still to be decided."""
        return self.planned is not None and self.planned.goes and not self.problem


class _Wrong(Exception):
    """What stands against it, and in which field."""

    def __init__(self, place: str, problem: str, hint: str = "", *, early: bool = False) -> None:
        super().__init__(problem)
        self.place, self.problem, self.hint, self.early = place, problem, hint, early


def typed(form: MultiDict[str, str] | None = None) -> Typed:
    """What the request's form says."""
    given: Any = request.form if form is None else form
    once = given.get("once", "")

    def short(name: str, most: int) -> str:
        written: str = given.get(name, "")
        return " ".join(written.replace("\0", "").split())[:most]

    return Typed(
        to=short("to", 100),
        who=given.get("who", "").replace("\0", "")[:320],
        number=short("number", 32),
        other=short("other", 64),
        subject=short("subject", 120),
        what=given.get("what", "")[:40] or "words",
        text=given.get("text", "").replace("\0", "").replace("\r\n", "\n")[:MEASURED],
        when="later" if given.get("when") == "later" else "now",
        at=short("at", 32),
        hour=given.get("hour", "") if given.get("hour") in {"now", "open"} else "",
        sure=given.get("sure") == "1",
        once=once if _TOKEN.fullmatch(once) else secrets.token_hex(16),
        shown=given.get("shown", "")[:64],
        step=given.get("step", ""),
    )


def outlook(form: Typed, *, admin: Admin | None, who: str, state: State) -> Outlook:
    """What would become of a form as it stands. Reads only."""
    chosen = somebody(form.who, admin=admin, state=state) if form.who else None
    try:
        if form.who and chosen is None:
            raise _Wrong("to", gettext("This person is not there any more."), gettext("Search for another one."))
        number, free = _number(form, chosen, state)
        at = _at(form)
        with reading(state) as session:
            found = _outlook(session, form, chosen, number, free=free, at=at, who=who, state=state)
            session.rollback()
        return found
    except _Wrong as wrong:
        judged = judged_as_sent(form.text, None) if form.what == "words" else None
        told = {"problem": wrong.problem, "hint": wrong.hint, "place": wrong.place, "early": wrong.early}
        return Outlook(who=chosen, judged=judged, **told)  # type: ignore[arg-type]


def _number(form: Typed, chosen: Somebody | None, state: State) -> tuple[str, bool]:
    """The number in E.164, and whether it was typed; empty for the chosen person's usual one."""
    if chosen is not None and form.number != OTHER:
        theirs = [each.value for each in chosen.numbers if each.value]
        if not theirs:
            raise _Wrong(
                "number",
                gettext("There is no number here that can be texted."),
                gettext("Write another number below, or give the record one first."),
            )
        if form.number and form.number not in theirs:
            raise _Wrong("number", reason_words("not_their_number"), gettext("Choose one of the list."))
        return form.number or theirs[0], False
    written, place = (form.other, "other") if chosen is not None else (form.to, "to")
    if not written:
        raise _Wrong(place, gettext("Nobody is chosen yet."), gettext("Write a name or a number."), early=True)
    if chosen is None and _LETTER.search(written):
        hint = gettext("Choose one of those who are found.")
        raise _Wrong(place, gettext("Nobody is chosen yet."), hint, early=True)
    try:
        return parse_phone(written, region=state.settings.region).e164, True
    except SmsError as error:
        raise _Wrong(place, in_words(error.message), in_words(error.hint)) from None


def _at(form: Typed) -> datetime | None:
    """The time that was chosen, aware UTC; None for now."""
    if form.when == "now":
        return None
    try:
        at = datetime.fromisoformat(form.at).replace(tzinfo=zone()).astimezone(UTC)
    except (ValueError, OverflowError):  # the first and the last day of the calendar are none in every timezone
        raise _Wrong("at", gettext("This is no time."), gettext("Choose a day and an hour.")) from None
    now = datetime.now(UTC)
    if at <= now:
        raise _Wrong("at", gettext("This time is over."), gettext("Choose a later one, or send it now."))
    if (at - now).days > 366:
        raise _Wrong("at", gettext("This is more than a year ahead."), gettext("Choose an earlier time."))
    return at


def _outlook(
    session: Session,
    form: Typed,
    chosen: Somebody | None,
    number: str,
    *,
    free: bool,
    at: datetime | None,
    who: str,
    state: State,
) -> Outlook:
    now = database_now(session)
    entity = None if chosen is None else state.registry.entities[chosen.entity]
    owner = STRANGER
    if entity is None:
        owner = owner_of(session, number, state=state) or STRANGER
        if owner.person is not None:
            entity = state.registry.entities.get(owner.person.entity)
    key = chosen.key if chosen is not None else owner.person.key if owner.person is not None else ""
    record = None if entity is None else load(session, entity, key)
    section = None if entity is None else entity.section
    wish = replace(_wish(session, form, section=section, who=who, state=state), at=at, number=number, free=free)
    if entity is None or record is None:
        planned = sending.plan_number(session, number, wish=wish, state=state, now=now, owner=owner)
    else:
        planned = sending.plan(session, [record], entity=entity, wish=wish, state=state, now=now)[0]
    return of_plan(session, planned, who=chosen, text=form.text if form.what == "words" else "", now=now)


def of_plan(session: Session, planned: Planned, *, text: str, now: datetime, who: Somebody | None = None) -> Outlook:
    """What becomes of a planned message in words, with its size, its cost and the balance. ``text`` is as it was typed;
    empty for a template's. Reads only.
    """
    found = _told(Outlook(who=who, planned=planned), text=text, now=now)
    if planned.draft is None or not planned.draft.text:
        return found
    prices = tariff(session)
    cost = prices.cost(planned.draft.number, planned.draft.segments)
    left = session.execute(sa.select(Provider.balance, Provider.balance_unit).where(Provider.active == 1)).first()
    known = left is not None and left.balance is not None
    return replace(
        found,
        judged=judged_as_sent(text, measure(planned.draft.shown_text or "")),
        cost=cost_in_words(cost, prices.currency),
        balance=cost_in_words(left.balance, left.balance_unit) if known and left is not None else "",
        low=bool(known and left is not None and cost is not None and left.balance < cost),
        shown=sending.digest([planned]),
    )


def _told(found: Outlook, *, text: str, now: datetime) -> Outlook:
    """With what stands against it in words, and what is still to be chosen."""
    planned = found.planned
    assert planned is not None  # noqa: S101 - the caller planned
    if not planned.goes:
        return replace(
            found,
            problem=reason_words(planned.problem),
            hint=" ".join(filter(None, [in_words(planned.detail), _mend(planned.problem)])),
            place=("text" if text else "what") if planned.problem == TEXT_TOO_LONG else "",
        )
    if planned.opens_at is None or planned.zone is None:
        return found
    local = planned.opens_at.astimezone(planned.zone)
    near = local.date() == now.astimezone(planned.zone).date()
    return replace(found, opens=f"{local:%H:%M}" if near else moment_in_words(local))


def _mend(problem: str) -> str:
    """What can be done about it, in words; empty where the reason says so itself."""
    return {
        "opted_out": gettext("It comes back by a text with the word START, or on the person's consent page."),
        "no_consent": gettext("Ask them first, and keep their word on their record."),
        "no_provider": gettext("Activate one under Providers."),
        "missing_value": gettext("Fill it in on the record, or take the shortcode out of the text."),
        TEXT_TOO_LONG: gettext("Make it shorter, or send it in two."),
    }.get(problem, "")


def _wish(session: Session, form: Typed, *, section: str | None, who: str, state: State) -> Wish:
    common: dict[str, Any] = {"once": form.once, "operator": who, "subject": form.subject}
    common["waits"] = form.hour == "open"
    kind, _, name = form.what.partition(":")
    if kind == "template":
        template = session.get(Template, int(name)) if name.isdecimal() and len(name) < 10 else None
        if template is None or not template.enabled or is_orphan(template, state.registry):
            raise _Wrong("what", gettext("This template is not on offer any more."), gettext("Choose another one."))
        return Wish(texts=template.texts, wording_id=template.wording_id, **common)
    if not form.text.strip():
        raise _Wrong("text", gettext("The text is empty."), gettext("Write something to send."), early=True)
    try:
        check_reach(form.text, reachable=state.registry.reachable_in(section), known=state.registry.known_shortcodes)
    except SmsError as error:
        raise _Wrong("text", in_words(error.message), in_words(error.hint)) from None
    return Wish(texts={"": form.text, state.settings.language: form.text}, **common)
