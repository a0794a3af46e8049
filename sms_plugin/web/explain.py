"""Why somebody was texted, or was not: the line of decisions, and how the triggers stand now (X20)."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import groupby
from uuid import UUID

from flask import flash, redirect, request
from flask.typing import ResponseReturnValue
from flask_admin import expose

from sms_plugin.errors import SmsError
from sms_plugin.host.identity import RecordRef
from sms_plugin.models import Message, database_now
from sms_plugin.outbox.explain import Explained
from sms_plugin.triggers.answering import Question, Told, about_message, answer
from sms_plugin.triggers.explaining import Standing
from sms_plugin.web.apart import reading
from sms_plugin.web.base import Page
from sms_plugin.web.history import day_of, forgiving
from sms_plugin.web.host_records import Named, named
from sms_plugin.web.looks import looked
from sms_plugin.web.paging import PARAMETER, Cursor, read_cursor, write_cursor
from sms_plugin.web.permissions import Right
from sms_plugin.web.shown import shown_number, trigger_label
from sms_plugin.web.to_come import to_come
from sms_plugin.web.translation import gettext, in_words, lazy_gettext, retold
from sms_plugin.web.why import decisions, standing_words, step_words
from sms_plugin.web.words import Line, state_kind, state_name

#: So many messages are explained on a page.
MOST = 15
_NAMES = ("number", "of", "record", "message", "trigger", "since", "until")


@dataclass(frozen=True, kw_only=True)
class Decided:
    """One message as the page explains it."""

    id: UUID
    at: datetime
    state: str
    kind: str
    trigger: str
    number: str
    record: Named | None
    lines: list[Line]
    near: tuple[UUID, ...]


@dataclass(frozen=True, kw_only=True)
class Stands:
    """How a trigger stands to one record, in words."""

    words: str
    at: datetime | None
    record: Named | None
    step: str
    number: str
    detail: str
    message: UUID | None
    state: str
    kind: str


class ExplainPages(Page):
    """The line of decisions about somebody."""

    page = "explain"
    title = lazy_gettext("Explanation")
    icon = "fa-question-circle-o"
    right = Right.READ

    @expose("/")
    def index_view(self) -> ResponseReturnValue:
        """The form that asks about whom, and the answer."""
        given = {name: request.args.get(name, "").replace("\0", "").strip()[:300] for name in _NAMES}
        question, way = self._of_message(given) if given["message"] else (self._question(given), None)
        if way is not None:
            return redirect(way)
        told = None if question is None else self._answer(question, given)
        if question is not None and told is not None:
            looked(self.state, about=question.somebody or question.record, number=question.number)
        return self.render(
            "sms/explain.html",
            given=given,
            told=told,
            name=self._name(question, told),
            decided=[] if told is None else [self._decided(each) for each in told.account.messages],
            standings=[] if told is None else self._standings(told.standings),
            without=[] if told is None else self._without(told.standings),
            to_come=[] if told is None else to_come(told.unfed),
            triggers=self._triggers(),
            older_url=self._beside(given, told.account.older, back=False) if told else None,
            newer_url=self._beside(given, told.account.newer, back=True) if told else None,
            here=request.full_path,
        )

    def _of_message(self, given: dict[str, str]) -> tuple[Question | None, str | None]:
        """The question that a message raises, or the way to the page that asks it.

        Where only its number says whose it is, the message stands for it with those who may not see numbers whole.
        """
        with reading(self.state) as session:
            try:
                question = about_message(session, UUID(given["message"]))
            except ValueError:
                question = None
        if question is None:
            flash(gettext("There is no such message, or it is not there any more."), "error")
            return None, self.get_url(".index_view")
        asked = {"trigger": question.trigger or ""}
        ref = question.somebody or question.record
        if ref is not None:
            asked["of" if question.somebody else "record"] = _written(ref)
        elif question.number is not None and self.may(Right.SEND):
            asked["number"] = question.number
        else:
            return (question if question.number else None), None
        return None, self.get_url(".index_view", **{name: value for name, value in asked.items() if value})

    def _question(self, given: dict[str, str]) -> Question | None:
        """What is asked; None where nobody is named, which is told where something was."""
        number = None
        if given["number"]:
            number = forgiving(given["number"], region=self.state.settings.region)
            if number is None:
                flash(
                    gettext("This is no number: write it with its country code, such as +351 912 345 678."), "warning"
                )
                return None
        somebody, record = _ref(given["of"]), _ref(given["record"])
        if (given["of"] and somebody is None) or (given["record"] and record is None):
            flash(gettext("Nobody is called so."), "warning")
            return None
        trigger = given["trigger"] or None
        if trigger is not None and trigger not in self.state.registry.reasons:
            flash(gettext("There is no such trigger in this portal."), "warning")
            given["trigger"], trigger = "", None
        if number is None and somebody is None and record is None:
            return None
        until = self._day(given, "until")
        return Question(
            somebody=None if number else somebody,
            number=number,
            record=record,
            trigger=trigger,
            since=self._day(given, "since"),
            until=None if until is None else until + timedelta(days=1),
        )

    def _day(self, given: dict[str, str], name: str) -> datetime | None:
        day = day_of(given[name]) if given[name] else None
        if given[name] and day is None:
            flash(gettext("“%(day)s” is no day: write it as 2026-01-31.", day=given[name]), "warning")
            given[name] = ""
        return day

    def _answer(self, question: Question, given: dict[str, str]) -> Told | None:
        cursor = self._cursor(given)
        id = None if cursor is None else cursor.values[0]
        beside = {} if cursor is None else {"after" if cursor.back else "before": id}
        with reading(self.state) as session:
            now = database_now(session)
            try:
                return answer(
                    session, question, state=self.state, now=now, most=MOST, standing=cursor is None, **beside
                )
            except SmsError as error:
                flash(in_words(error.message), "warning")
                return None

    def _cursor(self, given: dict[str, str]) -> Cursor | None:
        written = request.args.get(PARAMETER)
        if not written:
            return None
        try:
            return read_cursor(written, of=_of(given), columns=[Message.id])
        except ValueError:
            flash(gettext("This link to a further page no longer holds: here is the newest one."), "warning")
            return None

    def _beside(self, given: dict[str, str], id: UUID | None, *, back: bool) -> str | None:
        if id is None:
            return None
        kept = {name: value for name, value in given.items() if value}
        url: str = self.get_url(
            ".index_view", **kept, **{PARAMETER: write_cursor(Cursor(values=(id,), back=back), of=_of(given))}
        )
        return url

    def _name(self, question: Question | None, told: Told | None) -> str:
        if question is None or told is None:
            return ""
        ref = question.somebody or question.record
        if question.number is not None:
            return shown_number(question.number) if request.args.get("message") else question.number
        return told.name or (f"{ref.entity} {ref.key}" if ref is not None else "")

    def _decided(self, each: Explained) -> Decided:
        message = each.message
        trigger = trigger_label(message.trigger, state=self.state) if message.trigger else ""
        if each.batch:
            trigger = gettext("Send to many: %(name)s", name=each.batch)
        record = None
        if message.entity is not None and message.record is not None:
            record = self._named(RecordRef(entity=message.entity, key=message.record))
        return Decided(
            id=message.id,
            at=message.created_at,
            state=state_name(message.state),
            kind=state_kind(message.state),
            trigger=trigger or message.subject or gettext("By hand"),
            number=shown_number(message.number),
            record=record,
            lines=decisions(each, trigger=trigger),
            near=each.near,
        )

    def _standings(self, found: Sequence[Standing]) -> list[tuple[str, str, list[Stands]]]:
        """By trigger: its key, its name, and how it stands to each record."""
        looked = [each for each in found if not _is_bare(each)]
        return [
            (key, trigger_label(key, state=self.state), [self._stands(each) for each in some])
            for key, some in groupby(looked, key=lambda each: each.trigger)
        ]

    def _without(self, found: Sequence[Standing]) -> list[tuple[str, list[tuple[str, str]]]]:
        """Why no record was looked at, and the triggers that this is said of, by key and name."""
        by_words: dict[str, list[tuple[str, str]]] = {}
        for each in found:
            if _is_bare(each):
                named = (each.trigger, trigger_label(each.trigger, state=self.state))
                by_words.setdefault(standing_words(each.code), []).append(named)
        return [(words, _sorted(some)) for words, some in by_words.items()]

    def _stands(self, each: Standing) -> Stands:
        return Stands(
            words=standing_words(each.code),
            at=each.at,
            record=None if each.record is None else self._named(each.record, each.label),
            step=step_words(each.step),
            number=shown_number(each.number),
            detail=retold(in_words(each.detail)),
            message=each.message,
            state=state_name(each.state) if each.state else "",
            kind=state_kind(each.state),
        )

    def _named(self, ref: RecordRef, name: str = "") -> Named:
        return named(ref, admin=self.admin, state=self.state, name=name)

    def _triggers(self) -> list[tuple[str, str]]:
        return _sorted((key, trigger_label(key, state=self.state)) for key in self.state.registry.reasons)


def _is_bare(each: Standing) -> bool:
    """Whether no record was looked at, and nothing more is to be said of it than why."""
    return each.record is None and each.at is None and not each.detail


def _sorted(triggers: Iterable[tuple[str, str]]) -> list[tuple[str, str]]:
    return sorted(triggers, key=lambda each: each[1].casefold())


def _of(given: dict[str, str]) -> str:
    """The list that a cursor belongs to."""
    return "explain " + " ".join(f"{name}={given[name]}" for name in _NAMES if given[name])


def _ref(written: str) -> RecordRef | None:
    entity, separator, key = written.partition(":")
    if not (entity and separator and key) or len(entity) > 120 or len(key) > 190:
        return None
    return RecordRef(entity=entity, key=key)


def _written(ref: RecordRef) -> str:
    return f"{ref.entity}:{ref.key}"
