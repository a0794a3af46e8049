"""What one session noticed, and how far its transaction has come."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field

from sqlalchemy.orm import Session, SessionTransaction

from sms_plugin.triggers.facts import SPOKEN, Fact

_JOURNAL = "sms_plugin.journal"


@dataclass
class Journal:
    """Facts, a frame per savepoint: a released one hands its frame up, a rolled-back one takes it along."""

    frames: dict[SessionTransaction, list[Fact]] = field(default_factory=dict)
    muted: dict[SessionTransaction, Counter[str]] = field(default_factory=dict)  #: by trigger, of what fires nothing
    committing: int = 0  #: commits that have begun and not ended, of savepoints and of the whole
    deciding: bool = False  #: what the decision's own flushes bring is decided in the next round
    decided: bool = False  #: the outermost commit has begun: what comes now is decided at once
    wrote: bool = False  #: a message may be due when this commits
    rolled_back: bool = False
    failed: int = 0  #: decisions that came to nothing for a reason of ours

    def add(self, session: Session, fact: Fact) -> None:
        """Put a fact into the frame of the innermost savepoint."""
        self.frames.setdefault(_framed(_innermost(session)), []).append(fact)

    def mute(self, session: Session, triggers: Iterable[str]) -> None:
        """Count what would have fired, beside the facts: an import may hold a million of them."""
        self.muted.setdefault(_framed(_innermost(session)), Counter()).update(triggers)

    def taken(self) -> list[Fact]:
        """All facts, which are decided now."""
        facts = [fact for frame in self.frames.values() for fact in frame]
        self.frames.clear()
        return facts

    def taken_muted(self) -> Counter[str]:
        """How many notices of each trigger were muted, which are counted now."""
        counts = sum(self.muted.values(), Counter[str]())
        self.muted.clear()
        return counts

    def hand_up(self, ended: SessionTransaction) -> None:
        """Give what was noticed in a savepoint to what is around it."""
        facts = self.frames.pop(ended, None)
        if facts and ended.parent is not None:
            self.frames.setdefault(_framed(ended.parent), []).extend(facts)
        counts = self.muted.pop(ended, None)
        if counts and ended.parent is not None:
            self.muted.setdefault(_framed(ended.parent), Counter()).update(counts)

    def take_back(self, session: Session) -> None:
        """Forget what was noticed in the savepoint, or in the whole transaction, that is being rolled back."""
        self.committing = 0
        inner = session.get_nested_transaction()
        if inner is not None:
            self.frames.pop(inner, None)
            self.muted.pop(inner, None)
        else:
            self.frames.clear()
            self.muted.clear()
            self.rolled_back = True

    def lost(self) -> list[Fact]:
        """What was spoken in a transaction that ended, and that neither a commit nor a rollback answered."""
        return [] if self.rolled_back else [fact for fact in self.taken() if fact.kind in SPOKEN]


def _innermost(session: Session) -> SessionTransaction:
    return session.get_nested_transaction() or session.get_transaction() or session.begin()


def _framed(transaction: SessionTransaction) -> SessionTransaction:
    """The savepoint or the outermost transaction that this one is in; a flush has one of its own between."""
    while transaction.parent is not None and not transaction.nested:
        transaction = transaction.parent
    return transaction


def journal(session: Session) -> Journal:
    """The session's journal, a new one where it has none."""
    found: Journal = session.info.setdefault(_JOURNAL, Journal())
    return found


def open_journal(session: Session) -> Journal | None:
    """The session's journal, or None."""
    found: Journal | None = session.info.get(_JOURNAL)
    return found


def closed_journal(session: Session) -> Journal | None:
    """The session's journal, taken from it, or None."""
    found: Journal | None = session.info.pop(_JOURNAL, None)
    return found
