"""Finding messages, the newest first (Q3): pages by key, at the same cost whatever the table holds.

One filter leads, along its index; the others are asked of each message that it brings, so many at most for one page.
What is further back is told apart from what is not there.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from heapq import merge
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Session

from sms_plugin.errors import SmsError, worded
from sms_plugin.models import Message, first_id
from sms_plugin.models.base import constant
from sms_plugin.models.message import shown_text
from sms_plugin.outbox.history import Selection, narrowed
from sms_plugin.states import MessageState

#: So many messages at most are looked at for one page.
LOOK_AT = 2000
#: Words are looked for within a client, a number, or so long a time.
WINDOW = timedelta(days=92)
_CHUNK = 500
_UNSORTED = sa.text("SET LOCAL enable_sort = off")
_MESSAGE: Any = Message.__table__
_LIGHT = tuple(
    _MESSAGE.c[name] for name in ("id", "state", "trigger", "provider_id", "batch_id", "client_entity", "client")
)
_WORDS = (shown_text.label("text"), _MESSAGE.c.subject)


@dataclass(frozen=True, kw_only=True)
class Wanted:
    """What somebody looks for; all of it must hold. ``client`` is an entity's key and a record's."""

    state: MessageState | None = None
    trigger: str | None = None
    provider_id: int | None = None
    batch_id: UUID | None = None  #: of a send to many
    client: tuple[str, str] | None = None
    number: str | None = field(default=None, repr=False)  #: E.164
    since: datetime | None = None  #: decided then or later
    before: datetime | None = None  #: decided earlier
    words: str = field(default="", repr=False)  #: stand in the text or the subject, in any case

    @property
    def alone(self) -> bool:
        """Whether an index answers it all."""
        by_state = None if self.batch_id is not None else self.state  # a batch's index knows states
        leads = [self.number, self.client, self.trigger, self.batch_id, by_state]
        return sum(each is not None for each in leads) <= 1 and self.provider_id is None and not self.words

    @property
    def is_empty(self) -> bool:
        """Whether everything is wanted."""
        return self == Wanted()


@dataclass(frozen=True, kw_only=True)
class Found:
    """A page of messages, the newest first. ``next`` is the id after which the next page begins; None at the end."""

    messages: tuple[Message, ...]
    next: UUID | None
    cut: bool = False  #: the page is short because so many were looked at already: there may be more


def search(session: Session, wanted: Wanted, *, most: int, after: UUID | None = None) -> Found:
    """The next messages that are wanted, after one or from the newest on. Reads only.

    Raises ``SmsError`` for words without a client, a number or a short time to look in.
    """
    _check(wanted)
    chosen: list[UUID] = []
    last, more, cut = after, False, False
    for looked, row in enumerate(_walk(session, wanted, after, chunk=most + 1 if wanted.alone else _CHUNK)):
        if len(chosen) == most or looked == LOOK_AT:
            more, cut = True, len(chosen) < most
            break
        last = row.id
        if _fits(row, wanted):
            chosen.append(row.id)
    return Found(messages=_whole(session, chosen), next=last if more else None, cut=cut)


def selection(wanted: Wanted) -> Selection:
    """All that is wanted, however many: for a file of it, which is read from end to end (Q4).

    Raises ``SmsError`` as ``search`` does.
    """
    _check(wanted)
    also: list[sa.ColumnElement[bool]] = []
    if wanted.state is not None:
        also.append(_MESSAGE.c.state == constant(wanted.state.value))
    if wanted.trigger is not None:
        also.append(_MESSAGE.c.trigger == wanted.trigger)
    if wanted.client is not None:
        entity, key = wanted.client
        also += [_MESSAGE.c.client_entity == entity, _MESSAGE.c.client == key]
    if wanted.number is not None:
        also.append(_MESSAGE.c.number == wanted.number)
    if wanted.provider_id is not None:
        also.append(_MESSAGE.c.provider_id == wanted.provider_id)
    ranges = Selection().ranges if wanted.batch_id is None else tuple(_of_batch(wanted))
    found = Selection(ranges=ranges, also=tuple(also))
    return narrowed(found, words=wanted.words, since=wanted.since, until=wanted.before)


def check_words(words: str, *, narrow: bool) -> None:
    """Refuse to look for words in everything. Raises ``SmsError``."""
    if words and not narrow:
        raise SmsError(
            worded("Words are looked for within one client, one number, or three months."),
            code="too_wide",
            hint=worded("Add a client, a number, or two dates."),
        )


def _check(wanted: Wanted) -> None:
    short = (
        wanted.since is not None
        and wanted.before is not None
        and wanted.before - wanted.since <= WINDOW + timedelta(days=1)
    )
    check_words(wanted.words, narrow=wanted.client is not None or wanted.number is not None or short)


def _walk(session: Session, wanted: Wanted, after: UUID | None, *, chunk: int) -> Iterator[Any]:
    if wanted.batch_id is None or wanted.number is not None or wanted.client is not None:
        return _along(session, wanted, _leading(wanted), after, chunk)
    unsorted(session)
    # its index goes by state, so each is a walk of its own
    states = [_along(session, wanted, [each], after, chunk) for each in _of_batch(wanted)]
    return merge(*states, key=lambda row: row.id.int, reverse=True)


def _along(session: Session, wanted: Wanted, leading: list[Any], after: UUID | None, chunk: int) -> Iterator[Any]:
    columns = [*_LIGHT, *(_WORDS if wanted.words else ())]
    query = sa.select(*columns).where(*leading).order_by(_MESSAGE.c.id.desc())
    if wanted.batch_id is not None and leading and "batch_id" in str(leading[0]):
        query = along_batch(query)
    if wanted.since is not None:
        query = query.where(_MESSAGE.c.id >= first_id(wanted.since))
    if wanted.before is not None:
        query = query.where(_MESSAGE.c.id < first_id(wanted.before))
    while True:
        page = query if after is None else query.where(_MESSAGE.c.id < after)
        rows = session.execute(page.limit(chunk)).all()
        yield from rows
        if len(rows) < chunk:
            return
        after = rows[-1].id


def along_batch(query: sa.Select[Any]) -> sa.Select[Any]:
    """The messages of a send to many in one state, by its own index: of a state that few are in, MariaDB may cut two
    indexes instead and sort what is left.
    """
    for dialect in ("mysql", "mariadb"):
        query = query.with_hint(_MESSAGE, "FORCE INDEX (ix_sms_message_batch)", dialect)
    return query


def unsorted(session: Session) -> None:
    """Have PostgreSQL sort as its last choice for the rest of the transaction: until the table is analysed it takes any
    state for one that few are in, and would sort all of a send that went for each page of it.
    """
    if session.get_bind().dialect.name == "postgresql":
        session.execute(_UNSORTED)


def _of_batch(wanted: Wanted) -> list[Any]:
    """The batch's messages, state by state."""
    states = MessageState if wanted.state is None else (wanted.state,)
    return [
        sa.and_(_MESSAGE.c.batch_id == wanted.batch_id, _MESSAGE.c.state == constant(each.value)) for each in states
    ]


def _leading(wanted: Wanted) -> list[Any]:
    """The condition that an index answers; the one that leaves the fewest, as a rule."""
    if wanted.number is not None:
        return [_MESSAGE.c.number == wanted.number]
    if wanted.client is not None:
        entity, key = wanted.client
        return [_MESSAGE.c.client_entity == entity, _MESSAGE.c.client == key]
    if wanted.state is not None and (wanted.trigger is None or wanted.state not in _USUAL):
        return [_MESSAGE.c.state == constant(wanted.state.value)]
    if wanted.trigger is not None:
        return [_MESSAGE.c.trigger == wanted.trigger]
    return []


#: Where most messages end: a trigger tells more about them.
_USUAL = frozenset({MessageState.SENT, MessageState.DELIVERED})


def _fits(row: Any, wanted: Wanted) -> bool:
    if wanted.alone:
        return True
    if wanted.state is not None and row.state != wanted.state:
        return False
    if wanted.trigger is not None and row.trigger != wanted.trigger:
        return False
    if wanted.client is not None and (row.client_entity, row.client) != wanted.client:
        return False
    if wanted.provider_id is not None and row.provider_id != wanted.provider_id:
        return False
    if wanted.batch_id is not None and row.batch_id != wanted.batch_id:
        return False
    if not wanted.words:
        return True
    words = wanted.words.casefold()
    return words in (row.text or "").casefold() or words in row.subject.casefold()


def _whole(session: Session, ids: list[UUID]) -> tuple[Message, ...]:
    if not ids:
        return ()
    found = {each.id: each for each in session.scalars(sa.select(Message).where(Message.id.in_(ids)))}
    return tuple(found[each] for each in ids if each in found)
