"""Noticing what happens in the host's transactions, and having it decided when the outermost one is about to commit.

Module functions on the session class of the host's ``db``, connected once; they ask the current app for its plugin, and
without one they are silent. No error of ours reaches the host's commit.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import replace
from functools import cache
from typing import Any
from weakref import WeakSet

import blinker
from flask import current_app, has_app_context
from sqlalchemy import event, inspect
from sqlalchemy.orm import InstrumentedAttribute, Session, SessionTransaction, object_session

from sms_plugin.errors import SmsError
from sms_plugin.host.bound import Plan
from sms_plugin.host.entity import Entity
from sms_plugin.host.when import Added, Changed, Signalled
from sms_plugin.state import State
from sms_plugin.triggers.deciding import FAILED, LOST, close, decide_all, decide_late, fail
from sms_plugin.triggers.facts import Fact, FactKind, entered
from sms_plugin.triggers.journal import closed_journal, journal, open_journal
from sms_plugin.triggers.muting import MUTED, is_muted
from sms_plugin.triggers.reading import RENDERING

__all__ = ["FAILED", "LOST", "MUTED", "connect", "current_state", "notice_hand", "notice_written", "watch"]

_connected: WeakSet[type[Session]] = WeakSet()
_heard: WeakSet[blinker.Signal] = WeakSet()


def current_state() -> State | None:
    """The plugin of the current app, or None."""
    if not has_app_context():
        return None
    found: State | None = current_app.extensions.get("sms")
    return found


def connect(session_class: type[Session]) -> None:
    """Listen to a session class; a second call changes nothing."""
    if session_class in _connected:
        return
    _connected.add(session_class)
    event.listen(session_class, "before_flush", _before_flush)
    event.listen(session_class, "after_flush", _after_flush)
    event.listen(session_class, "after_flush_postexec", _after_flush_postexec)
    event.listen(session_class, "before_commit", _before_commit)
    event.listen(session_class, "after_commit", _after_commit)
    event.listen(session_class, "after_rollback", _after_rollback)
    event.listen(session_class, "after_transaction_end", _after_transaction_end)


def watch(entity: Entity[Any]) -> None:
    """Make hooked attributes keep their history, and members and signals heard. Inspects no mapper."""
    for hook in entity.hooks:
        when = hook.when
        if isinstance(when, Changed) and isinstance(when.attribute, InstrumentedAttribute):
            _listen(when.attribute, "set", _keep_history, active_history=True)
        elif isinstance(when, Added) and isinstance(when.attribute, InstrumentedAttribute):
            _listen(when.attribute, "append", _member(FactKind.ADDED, when.attribute.key))
            _listen(when.attribute, "remove", _member(FactKind.REMOVED, when.attribute.key))
        elif isinstance(when, Signalled) and isinstance(when.signal, blinker.Signal):
            _hear(when.signal)


def _listen(attribute: Any, name: str, listener: Callable[..., None], **how: bool) -> None:
    if not event.contains(attribute, name, listener):
        event.listen(attribute, name, listener, propagate=True, **how)


def _keep_history(target: Any, value: Any, old: Any, initiator: Any) -> None:
    """Being listened to with ``active_history`` makes the attribute load its old value before it is replaced."""


@cache
def _member(kind: FactKind, attribute: str) -> Callable[..., None]:
    """A listener for members; the event itself names the side that it began on, which may be the other one."""

    def noticed(target: Any, value: Any, initiator: Any) -> None:
        session = object_session(target)
        # a record of no session yet is read when it is flushed
        state = current_state()
        if session is None or value is None or type(session) not in _connected or state is None:
            return
        plan = state.resolution.plan_of(type(target)) if kind is FactKind.ADDED and is_muted() else None
        hooks = () if plan is None else plan.added.get(attribute, ())
        _note(session, Fact(kind, target, attribute, member=value), fires=[hook.trigger for hook in hooks])

    return noticed


def _hear(signal: blinker.Signal) -> None:
    if signal in _heard:
        return

    def received(sender: object, **arguments: Any) -> None:
        _signalled(signal, arguments)

    _heard.add(signal)
    signal.connect(received, weak=False)


def _signalled(signal: blinker.Signal, arguments: dict[str, Any]) -> None:
    state = current_state()
    if state is None:
        return
    matched: set[str] = set()
    unmatched: dict[str, SmsError] = {}
    session = state.db.session()
    for hook in state.resolution.hooks:
        if not isinstance(hook.when, Signalled) or hook.when.signal is not signal:
            continue
        name, model = hook.when.record, hook.entity.model
        if isinstance(arguments.get(name), model):
            matched.add(name)
            _say(session, Fact(FactKind.SIGNAL, arguments[name], hook=hook))
        else:
            unmatched[name] = SmsError(
                f"The signal of {hook.trigger!r} came without a {model.__name__} as {name!r}.",
                code="bad_signal",
                hint=f"Send it as signal.send(sender, {name}=the_record).",
            )
    for name in unmatched.keys() - matched:
        raise unmatched[name]


def notice_hand(session: Session, record: object, *, trigger: str, once: str, operator: str) -> None:
    """Note that somebody fires a trigger for a record; decided when the caller's transaction commits."""
    _say(session, Fact(FactKind.HAND, record, trigger=trigger, once=once, operator=operator))


def notice_written(session: Session) -> None:
    """Note that a message was written in this transaction: its commit wakes the flush."""
    journal(session).wrote = True


def _say(session: Session, fact: Fact) -> None:
    _note(session, fact, fires=[fact.fires])
    state = current_state()
    if state is not None:
        decide_late(session, state, journal(session))


def _note(session: Session, fact: Fact, *, fires: Iterable[str]) -> None:
    """Keep a fact to be decided; where the host has notices muted, only that there was one for each of the triggers."""
    book = journal(session)
    if not is_muted():
        book.add(session, fact)
        return
    book.mute(session, fires)
    if fact.kind is FactKind.CHANGED and book.frames:
        # what was noticed before may lead to a value that came in silence
        book.add(session, replace(fact, muted=True))


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
    try:
        registry = state.resolution
        for record in session.new:
            plan = registry.plan_of(type(record))
            if plan is not None:
                _notice_new(session, record, plan)
        for record in session.dirty:
            plan = registry.plan_of(type(record))
            if plan is not None and plan.changed:
                _notice_changes(session, record, plan)
    except Exception as error:  # noqa: BLE001 - the host's flush goes on: its change is worth more than our message
        fail(journal(session), error)


def _notice_new(session: Session, record: Any, plan: Plan) -> None:
    if plan.created or plan.changed:
        _note(session, Fact(FactKind.CREATED, record), fires=[hook.trigger for hook in plan.created])
    for name in plan.added:
        # they may have come before the record had a session to keep a journal in
        for member in inspect(record).attrs[name].history.added or ():
            fires = [hook.trigger for hook in plan.added[name]]
            _note(session, Fact(FactKind.ADDED, record, name, member=member), fires=fires)


def _notice_changes(session: Session, record: Any, plan: Plan) -> None:
    attributes = inspect(record).attrs
    for name in plan.changed:
        history = attributes[name].history
        if history.added:
            old = history.deleted[0] if history.deleted else None
            new = history.added[0]
            muted = plan.changed[name] if is_muted() else ()
            fires = [hook.trigger for hook in muted if entered(hook, old, new)[0]]
            _note(session, Fact(FactKind.CHANGED, record, name, old), fires=fires)


def _after_flush_postexec(session: Session, context: Any) -> None:
    """Decide what a listener of the host's brought after the decision, inside the same commit."""
    book, state = open_journal(session), current_state()
    if book is not None and state is not None:
        decide_late(session, state, book)


def _before_commit(session: Session) -> None:
    state = current_state()
    if state is None:
        return
    book = journal(session)
    book.committing += 1
    if not session.in_nested_transaction():
        decide_all(session, state, book)


def _after_commit(session: Session) -> None:
    book = open_journal(session)
    if book is None:
        return
    book.committing = max(book.committing - 1, 0)
    if session.in_nested_transaction():
        return
    book.decided = False
    state = current_state()
    if book.wrote and state is not None:
        state.wake.set()


def _after_rollback(session: Session) -> None:
    book = open_journal(session)
    if book is not None:
        book.take_back(session)


def _after_transaction_end(session: Session, transaction: SessionTransaction) -> None:
    book = open_journal(session)
    if book is None:
        return
    state = current_state()
    if transaction.parent is None:
        closed_journal(session)
        if state is not None:
            close(state, book)
    elif transaction.nested:
        book.hand_up(transaction)
        # committing the outermost one releases what is open inside it, after its own before_commit has gone by
        if state is not None and book.committing and not session.in_nested_transaction():
            decide_all(session, state, book)
