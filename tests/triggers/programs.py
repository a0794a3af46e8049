"""A program of random steps: run at once in a portal with the plugin, in a session that knows no plugin, and in a model
of plain dictionaries that says what is to be texted.
"""

from __future__ import annotations

from contextlib import suppress
from copy import deepcopy
from dataclasses import dataclass, field
from typing import Any, TypeAlias

import pytest
import sqlalchemy as sa
from blinker import Signal
from sqlalchemy import Engine
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session, SessionTransaction

from sms_plugin.models import Message
from tests.portal import Booking, Client, Invoice, Portal, Staff, Task
from tests.portal.models import followers

called = Signal()

Step: TypeAlias = tuple[Any, ...]
#: A message by its trigger, its record, and its member or token; and its state.
Texted: TypeAlias = dict[tuple[str, int, str], str]

CLIENT = 1
TASKS = (1, 2)
STAFF = (1, 2, 3)
NUMBERS = ("good", "raises", "asks", "writes")
#: What stands when a program begins.
INVOICES = {1: ("good 1", "open"), 2: ("good 2", "paid"), 3: ("writes 3", "open")}
FOLLOWS = {(1, 3)}


@dataclass
class Rows:
    """What the host's tables hold at some point of a transaction, and what was said in it."""

    invoices: dict[int, tuple[str, str]] = field(default_factory=dict)
    follows: set[tuple[int, int]] = field(default_factory=set)
    said: list[tuple[str, int, str]] = field(default_factory=list)


@dataclass
class Model:
    """The same, by the rules of transactions alone; the last of ``open`` is where the program stands."""

    committed: Rows = field(default_factory=lambda: Rows(dict(INVOICES), set(FOLLOWS)))
    open: list[Rows] = field(default_factory=list)
    texted: Texted = field(default_factory=dict)
    issued: int = len(INVOICES)

    @property
    def now(self) -> Rows:
        if not self.open:
            self.open.append(deepcopy(self.committed))
        return self.open[-1]

    def commit(self) -> None:
        before, after = self.committed, self.now
        for number, (name, status) in after.invoices.items():
            if number not in before.invoices:
                self._text("charge_created", number, "", name)
            elif status == "paid" and before.invoices[number][1] != "paid":
                self._text("invoice_overdue_notice", number, "", name)
        for trigger, number, token in after.said:
            if number in after.invoices:
                self._text(trigger, number, token, after.invoices[number][0])
        for task, staff in after.follows - before.follows:
            self._text("follows", task, f"followers Staff {staff}", "good")
        self.committed = Rows(after.invoices, after.follows)
        self.open = []

    def _text(self, trigger: str, record: int, moment: str, name: str) -> None:
        self.texted.setdefault((trigger, record, moment), "queued" if name.startswith("good") else "held")


class Program:
    """One program, as it runs in both sessions and in the model."""

    def __init__(self, portal: Portal, plain: Engine) -> None:
        self.portal = portal
        self.plain = Session(plain)
        self.model = Model()
        self.savepoints: list[list[SessionTransaction]] = []
        self.held: dict[tuple[Session, type[Any], int], Any] = {}

    @property
    def sessions(self) -> tuple[Session, Session]:
        return self.portal.session, self.plain

    def run(self, steps: list[Step]) -> None:
        for name, *arguments in steps:
            getattr(self, name)(*arguments)
        self.commit()

    def create(self, kind: str) -> None:
        self.model.issued += 1
        number, name = self.model.issued, f"{kind} {self.model.issued}"
        for session in self.sessions:
            session.add(Invoice(id=number, client_id=CLIENT, number=name, status="open"))
        self.model.now.invoices[number] = (name, "open")

    def change(self, which: int, status: str) -> None:
        number = self._invoice(which)
        if number is not None:
            for session in self.sessions:
                self._record(session, Invoice, number).status = status
            self.model.now.invoices[number] = (self.model.now.invoices[number][0], status)

    def delete(self, which: int) -> None:
        number = self._invoice(which)
        if number is not None:
            for session in self.sessions:
                session.flush()
                session.delete(self._record(session, Invoice, number))
            del self.model.now.invoices[number]

    def call(self, which: int) -> None:
        """The host's signal."""
        number = self._invoice(which)
        if number is not None:
            invoice = self._record(self.portal.session, Invoice, number)
            called.send(self.portal.app, invoice=invoice)
            self.model.now.said.append(("call", number, ""))

    def fire(self, which: int) -> None:
        """By hand."""
        number = self._invoice(which)
        if number is not None:
            self.model.issued += 1
            token = f"token {self.model.issued}"
            invoice = self._record(self.portal.session, Invoice, number)
            self.portal.sms.fire("call", invoice, once=token)
            self.model.now.said.append(("call", number, token))

    def follow(self, task: int, staff: int, from_staff: bool) -> None:
        if (task, staff) not in self.model.now.follows:
            for session in self.sessions:
                followed, follower = self._record(session, Task, task), self._record(session, Staff, staff)
                followed.followers.append(follower) if not from_staff else follower.tasks.append(followed)
            self.model.now.follows.add((task, staff))

    def unfollow(self, task: int, staff: int, from_staff: bool) -> None:
        if (task, staff) in self.model.now.follows:
            for session in self.sessions:
                followed, follower = self._record(session, Task, task), self._record(session, Staff, staff)
                followed.followers.remove(follower) if not from_staff else follower.tasks.remove(followed)
            self.model.now.follows.discard((task, staff))

    def replace(self, task: int, staff: list[int]) -> None:
        for session in self.sessions:
            self._record(session, Task, task).followers = [self._record(session, Staff, each) for each in staff]
        kept = {(other, each) for other, each in self.model.now.follows if other != task}
        self.model.now.follows = kept | {(task, each) for each in staff}

    def flush(self) -> None:
        for session in self.sessions:
            session.flush()

    def look(self) -> None:
        """A query, which flushes by itself."""
        for session in self.sessions:
            session.scalars(sa.select(Invoice)).all()

    def forget(self) -> None:
        for session in self.sessions:
            session.flush()
            session.expire_all()

    def savepoint(self) -> None:
        if len(self.savepoints) < 3:
            self.savepoints.append([session.begin_nested() for session in self.sessions])
            self.model.open.append(deepcopy(self.model.now))

    def release(self, depth: int) -> None:
        at = self._depth(depth)
        if at is not None:
            for handle in self.savepoints[at]:
                handle.commit()
            del self.savepoints[at:]
            self.model.open[at:] = self.model.open[-1:]

    def undo(self, depth: int) -> None:
        at = self._depth(depth)
        if at is not None:
            for handle in self.savepoints[at]:
                handle.rollback()
            if at < len(self.savepoints) - 1:
                # with or without us, SQLAlchemy keeps in memory what was changed inside an inner one that was open yet,
                # and then writes nothing where it is said again
                for session in self.sessions:
                    session.expire_all()
            del self.savepoints[at:]
            del self.model.open[at + 1 :]

    def collide(self) -> None:
        """A flush that the database refuses, in a savepoint of its own."""
        for session in self.sessions:
            with suppress(IntegrityError), session.begin_nested():
                session.add(Booking(guest=None))
                session.flush()

    def rollback(self) -> None:
        for session in self.sessions:
            session.rollback()
        self._end()

    def abandon(self) -> None:
        """Neither committed nor rolled back: what was said in it is lost, and under testing that is told."""
        said = any(rows.said for rows in self.model.open)
        if said:
            with pytest.raises(Exception, match="nobody committed"):
                self.portal.db.session.remove()
            self.portal.db.session.registry.clear()
        else:
            self.portal.db.session.remove()
        self.plain.close()
        self._end()

    def commit(self) -> None:
        for session in self.sessions:
            session.commit()
        self.model.commit()
        self._end()
        self.check()

    def finish(self) -> None:
        """The outermost transaction is committed by its handle, which releases what is open inside it."""
        for session in self.sessions:
            (session.get_transaction() or session.begin()).commit()
        self.model.commit()
        self._end()
        self.check()

    def check(self) -> None:
        with self.portal.fresh() as session:
            rows = rows_of(session)
            texted = [
                ((row.trigger or "", int(row.record or 0), moment_of(row)), row.state)
                for row in session.scalars(sa.select(Message))
            ]
        assert rows == rows_of(self.plain) == (self.model.committed.invoices, self.model.committed.follows, ["Ana"])
        self.plain.rollback()
        assert len(texted) == len(self.model.texted)
        assert dict(texted) == self.model.texted

    def _end(self) -> None:
        self.model.open = []
        self.savepoints = []

    def _depth(self, depth: int) -> int | None:
        return depth % len(self.savepoints) if self.savepoints else None

    def _invoice(self, which: int) -> int | None:
        numbers = sorted(self.model.now.invoices)
        return numbers[which % len(numbers)] if numbers else None

    def _record(self, session: Session, model: type[Any], number: int) -> Any:
        """The record as a host holds it: pending, loaded or expired, and not asked of the database again."""
        held = self.held.get((session, model, number))
        if held is None or held not in session:
            pending = (each for each in session.new if isinstance(each, model) and each.id == number)
            held = next(pending, None) or session.get_one(model, number)
            self.held[session, model, number] = held
        return held


def rows_of(session: Session) -> tuple[dict[int, tuple[str, str]], set[tuple[int, int]], list[str]]:
    invoices = session.execute(sa.select(Invoice.id, Invoice.number, Invoice.status))
    members = session.execute(sa.select(followers))
    return (
        {row.id: (row.number, row.status) for row in invoices},
        {(row.task_id, row.staff_id) for row in members},
        list(session.scalars(sa.select(Client.name))),
    )


def moment_of(message: Message) -> str:
    """Once per day and value: the day is not the model's business."""
    return "" if message.trigger == "invoice_overdue_notice" else message.moment
