"""Deciding what fires when a host's outermost transaction is about to commit, and counting what nobody committed.

Everything here runs in the host's own transaction. No error of ours reaches its commit, but where it took the host's
changes along: a commit that keeps nothing must not say that it did.
"""

from __future__ import annotations

import logging
from enum import Enum
from typing import Any

from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from sms_plugin.errors import ConfigurationError
from sms_plugin.models import database_now
from sms_plugin.outbox.tallies import tally
from sms_plugin.state import State
from sms_plugin.trails import cause, trail
from sms_plugin.transactions import within
from sms_plugin.triggers.facts import Fact, net
from sms_plugin.triggers.firing import active_rows, fire_all
from sms_plugin.triggers.journal import Journal
from sms_plugin.triggers.muting import MUTED

log = logging.getLogger(__name__)

#: Counter of notices that no commit ever followed.
LOST = "lost_notices"
#: Counter of decisions that failed for a reason of ours.
FAILED = "failed_decisions"
#: A shortcode that changes records makes more to decide; one that never ends is stopped after so many rounds.
_ROUNDS = 10
#: MariaDB's errors after which nothing of the transaction is left: record changed, deadlock.
_TRANSACTION_GONE = frozenset({1020, 1213})


class Tried(Enum):
    """What a decision brought."""

    WROTE = "wrote"
    NOTHING = "nothing"


def decide_all(session: Session, state: State, book: Journal) -> None:
    """Decide until nothing new is noticed. Raises only what the host's own flush raises."""
    if book.deciding:
        return
    session.flush()
    book.deciding = True
    try:
        for _ in range(_ROUNDS):
            facts = book.taken()
            if not facts:
                break
            _decide(session, state, book, facts)
            session.flush()
        else:
            left = len(book.taken())
            if left:
                book.failed += 1
                log.error("%d SMS notices were left: some shortcode changes records each time it is read", left)
    finally:
        book.deciding = False
    _count_muted(session, state, book)
    book.decided = True


def decide_late(session: Session, state: State, book: Journal) -> None:
    """Decide at once what comes when the outermost commit has begun already."""
    if book.decided and not book.deciding and not session.in_nested_transaction():
        facts = book.taken()
        if facts:
            _decide(session, state, book, facts)
        _count_muted(session, state, book)


def _decide(session: Session, state: State, book: Journal, facts: list[Fact]) -> None:
    """Decide in one savepoint; where the host's own code breaks it, again with a savepoint around each of its parts.

    Nearly every decision is sound, and each savepoint costs the host's commit two statements.
    """
    try:
        with session.no_autoflush:
            _begin(session)
            wrote = _tried(session, state, facts, careful=False) or _tried(session, state, facts, careful=True)
    except Exception as error:
        if not _stands(session, error):
            raise
        fail(book, error)  # the host's commit goes on: its change is worth more than our message
        return
    book.wrote = book.wrote or wrote is Tried.WROTE


def _tried(session: Session, state: State, facts: list[Fact], *, careful: bool) -> Tried | None:
    """What deciding in a savepoint brought; None where it broke and was undone. With ``careful`` it raises instead."""
    before = set(map(id, session.new))
    try:
        with session.connection().begin_nested():
            netted = net(facts, session=session, registry=state.registry)
            wrote = fire_all(session, netted, state=state, now=database_now(session), careful=careful)
    except Exception as error:
        if careful or not _stands(session, error):
            raise
        for added in [record for record in session.new if id(record) not in before]:
            session.expunge(added)  # what a shortcode added, it will add again
        return None
    return Tried.WROTE if wrote else Tried.NOTHING


def _stands(session: Session, error: Exception) -> bool:
    """Whether the host's transaction outlived the error. SQLite undoes all of it where the disk is full, MariaDB for a
    deadlock; where SQLite's could not even begin, it holds nothing but what was said.
    """
    cause: BaseException | None = error
    while cause is not None:
        # what came last may only say that a savepoint is not there any more
        if isinstance(cause, DBAPIError) and (cause.connection_invalidated or _undone(cause)):
            return False
        cause = cause.__context__
    return _begun(session)


def _undone(error: DBAPIError) -> bool:
    arguments: tuple[object, ...] = getattr(error.orig, "args", ())
    return next(iter(arguments), None) in _TRANSACTION_GONE


def fail(book: Journal, error: Exception) -> None:
    """Note that something of ours went wrong in the host's transaction, which goes on."""
    book.failed += 1
    log.error("an SMS decision failed; the host's transaction goes on without it: %s", trail(error))


def _begin(session: Session) -> None:
    """Make sure that a savepoint is not the transaction itself: SQLite's driver begins only at the first write,
    and releasing an outermost savepoint would commit.
    """
    if not _begun(session):
        session.connection().exec_driver_sql("BEGIN IMMEDIATE")


def _begun(session: Session) -> bool:
    """Whether the database is in a transaction: on SQLite its driver says, elsewhere it always is."""
    connection = session.connection()
    driver: Any = connection.connection.dbapi_connection
    return connection.dialect.name != "sqlite" or bool(driver.in_transaction)


def _count_muted(session: Session, state: State, book: Journal) -> None:
    """Count, in the host's own transaction, the muted notices of those triggers that would have fired."""
    counts = book.taken_muted()
    if not counts:
        return
    try:
        with session.no_autoflush:
            _begin(session)
            with session.connection().begin_nested():
                active = active_rows(session, set(counts), registry=state.registry)
                tally(session, {MUTED: sum(counts[key] for key in active)})
    except Exception as error:
        if not _stands(session, error):
            raise
        fail(book, error)


def close(state: State, book: Journal) -> None:
    """Count what failed and what was lost. Raises ``ConfigurationError`` for what was lost, under testing."""
    lost = book.lost()
    counts = {FAILED: book.failed, LOST: len(lost)}
    if any(counts.values()):
        _count(state, counts)
    if not lost:
        return
    triggers = ", ".join(sorted({fact.fires for fact in lost}))
    message = f"{len(lost)} SMS notice(s) of {triggers} came in a transaction that nobody committed."
    hint = "Send the signal, or call sms.fire, before the commit of the change that it tells of."
    log.error("%s %s", message, hint)
    if state.testing:
        raise ConfigurationError(message, code="lost_notice", hint=hint)


def _count(state: State, counts: dict[str, int]) -> None:
    try:
        within(state, lambda session: tally(session, counts))
    except Exception as error:  # noqa: BLE001 - a counter that cannot be written must not hurt the host either
        log.error("SMS notices could not be counted: %s", cause(error))
