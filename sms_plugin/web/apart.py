"""Transactions of a page's own. The request's is ended first: on SQLite it may hold the lock that ours would wait for.

What the host's functions wrote before the page began is committed with it, as Flask-Admin's own pages do; what was
loaded stays as it was read, so that nothing has to be read again while ours holds the lock.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from typing import TypeVar

from sqlalchemy.orm import Session

from sms_plugin import transactions
from sms_plugin.models.planning import plan_as_it_is
from sms_plugin.state import State
from sms_plugin.web.moments import zone
from sms_plugin.web.translation import language

T = TypeVar("T")


def within(state: State, work: Callable[[Session], T]) -> T:
    """What the work gives, in a transaction that commits; tried again where the database was busy."""
    let_go(state)
    return transactions.within(state, work)


def look(state: State, work: Callable[[Session], T]) -> T:
    """What the work reads; tried again where the database was busy."""
    let_go(state)
    return transactions.look(state, work)


@contextmanager
def reading(state: State) -> Iterator[Session]:
    """A session to read with, apart from the host's."""
    let_go(state)
    with closing(state.session()) as session:
        plan_as_it_is(session)
        yield session


@contextmanager
def along(state: State) -> Iterator[Session]:
    """The host's own session, to read with beside functions of the host's that read with it: on SQLite a second one
    would wait for the first.
    """
    let_go(state)
    yield state.db.session()
    let_go(state)


def let_go(state: State) -> None:
    """End the transaction that the request has open in the host's session, on SQLite."""
    if state.db.engine.dialect.name != "sqlite":
        return
    # Flask-Babel remembers both for the request: where the host reads them, it reads them before ours holds the lock
    language()
    zone()
    if not state.db.session.registry.has():
        return
    session: Session = state.db.session()
    if session.in_transaction():
        usual, session.expire_on_commit = session.expire_on_commit, False
        try:
            session.commit()
        finally:
            session.expire_on_commit = usual
