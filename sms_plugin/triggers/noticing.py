"""Noticing what happens in the host's transactions, and deciding when the outermost one is about to commit.

Module functions on the session class of the host's ``db``, connected once; they ask the current app for its plugin, and
without one they are silent. No error of ours reaches the host's commit.
"""

from __future__ import annotations

import logging
from dataclasses import dataclass, field
from typing import Any

import blinker
from flask import current_app, has_app_context
from sqlalchemy import event, inspect
from sqlalchemy.orm import InstrumentedAttribute, Session, SessionTransaction

from sms_plugin.errors import ConfigurationError, SmsError
from sms_plugin.host.entity import Entity
from sms_plugin.host.when import Added, Changed, Signalled
from sms_plugin.models import database_now
from sms_plugin.outbox.tallies import tally
from sms_plugin.state import State
from sms_plugin.triggers.drafting import RENDERING
from sms_plugin.triggers.facts import SPOKEN, Fact, FactKind, net
from sms_plugin.triggers.firing import fire_all

log = logging.getLogger(__name__)

#: Counter of notices that no commit ever followed.
LOST = "lost_notices"
#: Counter of decisions that failed for a reason of ours.
FAILED = "failed_decisions"
_JOURNAL = "sms_plugin.journal"
_MEMBERS = "sms_plugin.members"
_ROUNDS = 10


@dataclass
class Journal:
    """What one session noticed, a frame per savepoint: a released one hands its frame up, a rolled-back one takes it along."""

    frames: dict[SessionTransaction, list[Fact]] = field(default_factory=dict)
    deciding: bool = False  #: what the decision's own flushes bring is decided in the next round
    decided: bool = False  #: the outermost commit has begun: what comes now is decided at once
    wrote: bool = False  #: a message may be due when this commits
    rolled_back: bool = False
    failed: bool = False

    def add(self, session: Session, fact: Fact) -> None:
        """Put a fact into the frame of the innermost savepoint."""
        at = session.get_nested_transaction() or session.get_transaction() or session.begin()
        while at.parent is not None and not at.nested:
            at = at.parent
        self.frames.setdefault(at, []).append(fact)

    def taken(self) -> list[Fact]:
        """All facts, which are decided now."""
        facts = [fact for frame in self.frames.values() for fact in frame]
        self.frames.clear()
        return facts


def journal(session: Session) -> Journal:
    """The session's journal."""
    found: Journal = session.info.setdefault(_JOURNAL, Journal())
    return found


def current_state() -> State | None:
    """The plugin of the current app, or None."""
    if not has_app_context():
        return None
    found: State | None = current_app.extensions.get("sms")
    return found


def connect(session_class: type[Session]) -> None:
    """Listen to a session class; a second call changes nothing."""
    if event.contains(session_class, "after_flush", _after_flush):
        return
    event.listen(session_class, "after_flush", _after_flush)
    event.listen(session_class, "after_flush_postexec", _after_flush_postexec)
    event.listen(session_class, "before_flush", _before_flush)
    event.listen(session_class, "before_commit", _before_commit)
    event.listen(session_class, "after_commit", _after_commit)
    event.listen(session_class, "after_rollback", _after_rollback)
    event.listen(session_class, "after_transaction_end", _after_transaction_end)


def watch(entity: Entity[Any]) -> None:
    """Make hooked attributes keep their history, and their signals heard. Inspects no mapper."""
    for hook in entity.hooks:
        when = hook.when
        if isinstance(when, Changed) and isinstance(when.attribute, InstrumentedAttribute):
            if not event.contains(when.attribute, "set", _keep_history):
                event.listen(when.attribute, "set", _keep_history, active_history=True)
        elif isinstance(when, Added) and isinstance(when.attribute, InstrumentedAttribute):
            if not event.contains(when.attribute, "append", _member_added):
                event.listen(when.attribute, "append", _member_added)
                event.listen(when.attribute, "remove", _member_removed)
        elif isinstance(when, Signalled) and isinstance(when.signal, blinker.Signal):
            _listen(when.signal)


_receivers: dict[blinker.Signal, Any] = {}


def _listen(signal: blinker.Signal) -> None:
    if signal in _receivers:
        return

    def received(sender: object, **arguments: Any) -> None:
        _signalled(signal, arguments)

    _receivers[signal] = received
    signal.connect(received, weak=False)


def _signalled(signal: blinker.Signal, arguments: dict[str, Any]) -> None:
    state = current_state()
    if state is None:
        return
    for hook in state.resolution.hooks:
        if not isinstance(hook.when, Signalled) or hook.when.signal is not signal:
            continue
        record = arguments.get(hook.when.record)
        if not isinstance(record, hook.entity.model):
            raise SmsError(
                f"The signal of {hook.trigger!r} came without a {hook.entity.model.__name__} as {hook.when.record!r}.",
                code="bad_signal",
                hint=f"Send it as signal.send(sender, {hook.when.record}=the_record).",
            )
        session = state.db.session()
        journal(session).add(session, Fact(FactKind.SIGNAL, record, hook=hook))


def notice_hand(session: Session, record: object, *, trigger: str, once: str, operator: str) -> None:
    """Note that somebody fires a trigger for a record; decided when the caller's transaction commits."""
    journal(session).add(session, Fact(FactKind.HAND, record, trigger=trigger, once=once, operator=operator))


def notice_written(session: Session) -> None:
    """Note that a message was written in this transaction: its commit wakes the flush."""
    journal(session).wrote = True


def _keep_history(target: Any, value: Any, old: Any, initiator: Any) -> None:
    """Being listened to with ``active_history`` makes the attribute load its old value before it is replaced."""


def _member_added(target: Any, value: Any, initiator: Any) -> None:
    inspect(target).info.setdefault(_MEMBERS, []).append((FactKind.ADDED, initiator.key, value))


def _member_removed(target: Any, value: Any, initiator: Any) -> None:
    inspect(target).info.setdefault(_MEMBERS, []).append((FactKind.REMOVED, initiator.key, value))


def _before_flush(session: Session, context: Any, instances: Any) -> None:
    if session.info.get(RENDERING):
        raise SmsError(
            "A shortcode tried to flush the session.",
            code="flush_in_shortcode",
            hint="Shortcodes only read: take the writing out of the attribute.",
        )


def _after_flush(session: Session, context: Any) -> None:
    state = current_state()
    if state is None:
        return
    registry = state.resolution
    for record in session.new:
        plan = registry.plan_of(type(record))
        if plan is not None:
            if plan.created or plan.changed:
                journal(session).add(session, Fact(FactKind.CREATED, record))
            _notice_members(session, record)
    for record in session.dirty:
        plan = registry.plan_of(type(record))
        if plan is not None:
            _notice_changes(session, record, plan.changed)
            _notice_members(session, record)


def _notice_changes(session: Session, record: Any, attributes: dict[str, Any]) -> None:
    state = inspect(record)
    for name in attributes:
        history = state.attrs[name].history
        if history.added:
            old = history.deleted[0] if history.deleted else None
            journal(session).add(session, Fact(FactKind.CHANGED, record, name, old))


def _notice_members(session: Session, record: Any) -> None:
    for kind, name, member in inspect(record).info.pop(_MEMBERS, ()):
        journal(session).add(session, Fact(kind, record, name, member=member))


def _before_commit(session: Session) -> None:
    if session.in_nested_transaction():
        return
    state = current_state()
    if state is None:
        return
    session.flush()
    book = session.info.get(_JOURNAL)
    if book is None:
        return
    book.deciding = True
    try:
        for _ in range(_ROUNDS):
            facts = book.taken()
            if not facts:
                break
            _decide(session, state, book, facts)
            session.flush()
    finally:
        book.deciding = False
    book.decided = True


def _after_flush_postexec(session: Session, context: Any) -> None:
    """Decide what a listener of the host's brought after the decision, inside the same commit."""
    book = session.info.get(_JOURNAL)
    if book is None or not book.decided or book.deciding or session.in_nested_transaction():
        return
    state = current_state()
    facts = book.taken()
    if state is not None and facts:
        _decide(session, state, book, facts)


def _decide(session: Session, state: State, book: Journal, facts: list[Fact]) -> None:
    _begin(session)
    with session.no_autoflush:
        savepoint = session.connection().begin_nested()
        try:
            netted = net(facts, state.resolution)
            wrote = fire_all(session, netted, state=state, now=database_now(session))
            savepoint.commit()
        except Exception:
            # the host's commit goes on: its change is worth more than our message
            savepoint.rollback()
            book.failed = True
            log.exception("an SMS decision failed; the host's transaction goes on without it")
            return
    book.wrote = book.wrote or wrote


def _begin(session: Session) -> None:
    """Make sure that a savepoint is not the transaction itself: SQLite's driver begins only at the first write,
    and releasing an outermost savepoint would commit.
    """
    connection = session.connection()
    if connection.dialect.name == "sqlite" and not connection.connection.dbapi_connection.in_transaction:  # type: ignore[union-attr]
        connection.exec_driver_sql("BEGIN IMMEDIATE")


def _after_commit(session: Session) -> None:
    book = session.info.get(_JOURNAL)
    if book is None:
        return
    inner = session.get_nested_transaction()
    if inner is not None:
        _hand_up(book, inner)
    elif book.wrote:
        state = current_state()
        if state is not None:
            state.wake.set()


def _hand_up(book: Journal, inner: SessionTransaction) -> None:
    facts = book.frames.pop(inner, None)
    outer = inner.parent
    while outer is not None and outer.parent is not None and not outer.nested:
        outer = outer.parent
    if facts and outer is not None:
        book.frames.setdefault(outer, []).extend(facts)


def _after_rollback(session: Session) -> None:
    book = session.info.get(_JOURNAL)
    if book is not None:
        book.rolled_back = True


def _after_transaction_end(session: Session, transaction: SessionTransaction) -> None:
    book = session.info.get(_JOURNAL)
    if book is None:
        return
    left = book.frames.pop(transaction, [])
    if transaction.parent is not None:
        return
    del session.info[_JOURNAL]
    lost = [fact for fact in left if fact.kind in SPOKEN]
    state = current_state()
    if state is None:
        return
    if book.failed:
        _count(state, FAILED, 1)
    if lost and not book.rolled_back:
        _lost(state, lost)


def _lost(state: State, lost: list[Fact]) -> None:
    triggers = ", ".join(sorted({fact.trigger or (fact.hook.trigger if fact.hook else "") for fact in lost}))
    message = f"{len(lost)} SMS notice(s) of {triggers} came in a transaction that nobody committed."
    hint = "Send the signal, or call sms.fire, before the commit of the change that it tells of."
    _count(state, LOST, len(lost))
    log.error("%s %s", message, hint)
    if state.testing:
        raise ConfigurationError(message, code="lost_notice", hint=hint)


def _count(state: State, name: str, amount: int) -> None:
    session = state.session()
    try:
        with session.begin():
            tally(session, {name: amount})
    except Exception:
        log.exception("%s could not be counted", name)
    finally:
        session.close()
