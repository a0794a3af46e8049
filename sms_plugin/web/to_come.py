"""What sends to many have in store for somebody, or left them out of, in words: no message tells of it (X20, Q4)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from sms_plugin.outbox.unfed import Unfed
from sms_plugin.states import BatchState
from sms_plugin.web.bulk_words import left_out_words, paused_words, state_words
from sms_plugin.web.permissions import Right, allowed
from sms_plugin.web.reasons import reason_words
from sms_plugin.web.shown import shown_number
from sms_plugin.web.translation import gettext, retold
from sms_plugin.web.translation import lazy_gettext as _
from sms_plugin.web.words import Line


@dataclass(frozen=True, kw_only=True)
class ToCome:
    """One recipient of a send, as a page tells of it."""

    name: str  #: of the send
    state: str  #: of the send, in a word
    kind: str
    number: str
    text: str  #: what will be read; empty for whoever is left out
    why: str  #: why nothing has gone
    lines: list[Line]


def to_come(found: Iterable[Unfed]) -> list[ToCome]:
    """Each with its line of decisions; numbers whole for whoever may send, masked for whoever may only read (X23)."""
    return [_told(each) for each in found]


def _told(each: Unfed) -> ToCome:
    recipient, batch = each.recipient, each.batch
    words, kind = _state(each)
    lines = list(_lines(each))
    out = recipient.is_left_out
    return ToCome(
        name=batch.name,
        state=words,
        kind=kind,
        number=shown_number(recipient.number),
        text="" if out else (recipient.redacted or recipient.text or ""),
        why=lines[-1].why if not out else left_out_words(recipient.reason, reason_words),
        lines=lines,
    )


def _lines(each: Unfed) -> Iterator[Line]:
    recipient, batch = each.recipient, each.batch
    yield Line(at=each.built_at, head=gettext("Found by the send to many"), who=batch.operator)
    number = shown_number(recipient.number)
    whom = " ".join(filter(None, [recipient.name if recipient.entity is not None else "", number]))
    if whom:
        yield Line(at=each.built_at, head=gettext("To %(whom)s", whom=whom))
    if recipient.is_left_out:
        detail = retold(recipient.detail) if allowed(Right.SEND) else ""  # it may hold a number as it was written
        why = left_out_words(recipient.reason, reason_words)
        yield Line(at=each.built_at, head=gettext("Left out"), why=why, detail=detail, kind="bad")
    if batch.confirmed_at is not None:
        yield Line(at=batch.confirmed_at, head=gettext("The send to many was confirmed"), who=batch.confirmed_by)
    if batch.approved_at is not None:
        yield Line(at=batch.approved_at, head=gettext("The send to many was approved"), who=batch.approved_by)
    words, kind = _state(each)
    paused = paused_words(batch.reason, batch.detail) if batch.state == BatchState.PAUSED else ""
    yield Line(
        at=batch.changed_at,
        head=gettext("Now: %(state)s", state=words),
        why=" ".join(filter(None, [str(_NOW[batch.state]), paused])),
        kind=kind,
        until=batch.due_at if batch.state == BatchState.RUNNING and _is_later(each) else None,
    )


def _state(each: Unfed) -> tuple[str, str]:
    return state_words(each.batch.state, later=_is_later(each))


def _is_later(each: Unfed) -> bool:
    """Whether its time was not there when it was last looked at: nothing of it has begun."""
    return each.batch.due_at is not None and each.batch.started_at is None


_NOW: Mapping[str, Any] = {
    BatchState.READY: _("Its recipients are found, and nobody has confirmed it yet."),
    BatchState.WAITING: _("It waits for a second person, who has to approve it."),
    BatchState.RUNNING: _("The turn of this recipient has not come yet."),
    BatchState.PAUSED: _("Nothing of it leaves until somebody resumes it."),
    BatchState.CANCELLED: _("It was cancelled before the turn of this recipient came: nothing will be sent."),
}
