"""A portal whose clients and invoices can be chosen by filters, and an operator who sends to many of them."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID, uuid4

import sqlalchemy as sa
from flask import current_app

from sms_plugin import Debt, Entity, Filter, Person, Section, money
from sms_plugin.batches.audience import Audience, Source
from sms_plugin.batches.building import begin, build_some, check_added, check_draft
from sms_plugin.batches.deciding import add, confirm
from sms_plugin.batches.drafting import Asked, save
from sms_plugin.host.entity import Declaration
from sms_plugin.jobs.due import run_job
from sms_plugin.models import Batch, BatchRecipient, Message
from sms_plugin.testing import drain
from sms_plugin.transactions import within
from tests.portal import Client, Contact, Invoice, Portal, Shelf, make_portal

WHO, OTHER = "Olga", "Pedro"
HELLO = "Hi {contact_firstname}"


def declared(*filters: Filter, **shortcodes: Any) -> list[Declaration]:
    """Clients with three kinds of number, contacts, shelves by a key of two columns, and invoices that are debts."""
    usual = [Filter("name", Client.name), Filter("language", Client.language)]
    return [
        Entity(
            Client,
            "clients",
            person=Person(
                name="name",
                phones={"mobile": "phone", "billing": "billing_phone", "others": lambda client: _others(client)},
                language="language",
                timezone="timezone",
                consents=lambda client, purpose: client.agrees_to_marketing if purpose == "marketing" else None,
            ),
            shortcodes={"contact_firstname": "name", **shortcodes},
            filters=[*usual, *filters],
        ),
        Entity(Contact, "clients", person=Person(name="name", phones="phone", client="client")),
        Entity(Shelf, "shelves", person=Person(name="name", phones="phone")),
        Entity(
            Invoice,
            "invoice",
            to={"client": "client"},
            shortcodes={"invoice_number": "number", "invoice_total": money("total")},
            filters=[Filter("status", Invoice.status), Filter("total", Invoice.total)],
            debt=Debt(money("total"), since="due_on"),
        ),
        Section("company", {"company_name": lambda: "Acme"}),
    ]


def speaks_as(name: str) -> sa.ColumnElement[bool]:
    """What a host writes that looks something up before it asks: clients of the language of this one."""
    session = current_app.extensions["sqlalchemy"].session
    language: str | None = session.scalar(sa.select(Client.language).where(Client.name == name))
    return Client.language == language


def _others(client: Client) -> list[str | None]:
    return [each.phone for each in client.contacts]


@dataclass(frozen=True, kw_only=True)
class Desk:
    """An operator at the portal. Every step commits."""

    portal: Portal

    def add(self, *records: Any) -> None:
        """Keep records of the host's."""
        self.portal.session.add_all(records)
        self.portal.session.commit()

    def clients(self, count: int, **given: Any) -> list[Client]:
        """So many clients, each with a number of their own."""
        made = [
            Client(
                **{"name": f"Ana {n}", "phone": f"91 {n // 10000 + 200:03} {n % 10000:04}", "language": "en"} | given
            )
            for n in range(count)
        ]
        self.add(*made)
        return made

    def draft(self, *sources: Source, text: str | Mapping[str, str] = HELLO, **given: Any) -> UUID:
        """A draft; ``given`` are fields of what is asked, or of the audience."""
        named = {key: value for key, value in given.items() if key in Audience.__dataclass_fields__}
        rest = {key: value for key, value in given.items() if key not in named}
        once = rest.pop("once", uuid4().hex)
        asked = Asked(
            name=rest.pop("name", "June"),
            texts={"en": text} if isinstance(text, str) else text,
            audience=Audience(sources=sources, **named),
            **rest,
        )
        state = self.portal.state
        return within(state, lambda s: save(s, asked, once=once, who=WHO, now=now(), state=state).id)

    def begin(self, batch: UUID) -> None:
        """Begin to look for its recipients."""
        state, version = self.portal.state, self.batch(batch).version
        check_draft(state, batch)
        within(state, lambda s: begin(s, batch, version=version, who=WHO, now=now(), state=state).id)

    def add_sources(self, batch: UUID, *sources: Source) -> None:
        """Begin to look for more people."""
        for source in sources:
            check_added(self.portal.state, source)
        self.decide(add, batch, sources)

    def built(self, *sources: Source, **given: Any) -> UUID:
        """A batch whose recipients are all built."""
        batch = self.draft(*sources, **given)
        self.begin(batch)
        self.build(batch)
        return batch

    def build(self, batch: UUID) -> None:
        """Build what is left."""
        while build_some(self.portal.state, batch, seconds=5):
            pass

    def confirm(self, batch: UUID, **given: Any) -> Batch:
        """Confirm what was built."""
        state, seen = self.portal.state, self.batch(batch)
        asked: dict[str, Any] = {"version": seen.version, "count": seen.going, "typed": seen.going, "ceiling": None}
        asked |= {"who": WHO, "now": now(), "state": state, **given}
        return self.decide(confirm, batch, **asked)

    def decide(self, decision: Any, batch: UUID, *args: Any, **given: Any) -> Batch:
        """One decision, seen at the newest version unless another is given; the batch as it stands then."""
        asked: dict[str, Any] = {"version": self.batch(batch).version, "who": WHO, "now": now(), **given}
        within(self.portal.state, lambda s: decision(s, batch, *args, **asked) and None)
        return self.batch(batch)

    def follow(self) -> None:
        """One run of the job."""
        run_job(self.portal.state, "batches", now=True)

    def send(self) -> None:
        """Have all that is due leave."""
        drain(self.portal.app)

    def batch(self, batch: UUID) -> Batch:
        """The batch as it stands."""
        with self.portal.fresh() as session:
            found = session.get_one(Batch, batch)
            session.expunge_all()
            return found

    def recipients(self, batch: UUID, *, left_out: bool = False) -> list[BatchRecipient]:
        """Its recipients in the order in which they were found."""
        with self.portal.fresh() as session:
            query = sa.select(BatchRecipient).where(
                BatchRecipient.batch_id == batch, BatchRecipient.left_out.is_(left_out)
            )
            found = list(session.scalars(query.order_by(BatchRecipient.id)))
            session.expunge_all()
            return found

    def texts(self, batch: UUID) -> list[str | None]:
        """What they read."""
        return [each.text for each in self.recipients(batch)]

    def reasons(self, batch: UUID) -> list[str]:
        """Why others are left out."""
        return [each.reason for each in self.recipients(batch, left_out=True)]

    def messages(self, batch: UUID) -> list[Message]:
        """Its messages, in the order in which they go."""
        return sorted((each for each in self.portal.messages() if each.batch_id == batch), key=lambda each: each.id)


def desk_for(url: str, *filters: Filter, shortcodes: Mapping[str, Any] | None = None, **config: Any) -> Desk:
    """A desk at a portal of these filters."""
    return Desk(portal=make_portal(url, *declared(*filters, **(shortcodes or {})), **config))


def now() -> dt.datetime:
    return dt.datetime.now(dt.UTC)


def clients(*conditions: Mapping[str, Any]) -> Source:
    """All clients for whom these hold."""
    return Source(kind="filters", entity="clients/Client", conditions=tuple(conditions))


def invoices(*conditions: Mapping[str, Any]) -> Source:
    """All invoices for which these hold."""
    return Source(kind="filters", entity="invoice/Invoice", conditions=tuple(conditions))


def numbers(text: str) -> Source:
    """Numbers as somebody typed them."""
    return Source(kind="numbers", text=text)


def states(messages: Sequence[Message]) -> list[tuple[str, str]]:
    """State and reason of each."""
    return [(each.state, each.reason) for each in messages]


__all__ = ["Desk", "clients", "declared", "desk_for", "invoices", "now", "numbers", "speaks_as", "states"]
