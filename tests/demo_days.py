"""A few days of the demo's texting, written into its database: what a picture or a look at every page needs.

What is due now is sent by the demo itself, so that some messages have their whole way behind them.
"""

from __future__ import annotations

import datetime as dt
import time
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Session

from sms_plugin.models import Message, Template
from sms_plugin.outbox.enqueue import BATCH, OWN_ACTION, REMINDER, Draft, enqueue
from sms_plugin.states import MessageState
from sms_plugin.text.segments import measure
from tests import demo_providers

CLIENT = "clients/Client"
#: What must stay text wherever it stands: on a page, and in a spreadsheet.
HOSTILE = ('=HYPERLINK("http://evil.example","x")', "<script>alert(1)</script>")
_MOST = 30.0


@dataclass(frozen=True, kw_only=True)
class Days:
    """What was written: a message of each state, and a template."""

    messages: dict[MessageState, UUID]
    template: int


@dataclass(frozen=True, kw_only=True)
class _Said:
    hours: float  #: ago; below zero: from now on
    client: int
    number: str
    text: str
    state: MessageState
    reason: str = ""
    detail: str = ""
    trigger: str = ""
    operator: str = ""
    subject: str = ""
    priority: int = REMINDER


_BAKERY, _MARTA, _OKSANA = (4, "+351910000041"), (1, "+351913000118"), (23, "+380500000012")
_ANTONIO, _LEONOR, _EMMA = (5, "+351960000012"), (10, ""), (30, "+447400000012")


def _said(hours: float, to: tuple[int, str], text: str, state: MessageState, **more: Any) -> _Said:
    return _Said(hours=hours, client=to[0], number=to[1], text=text, state=state, **more)


_S = MessageState
SAID = (
    _said(
        74,
        _BAKERY,
        "Inês, a fatura NF2026-00131 de 69,80 € vence a 24/11/2026. Norte Fibra",
        _S.DELIVERED,
        trigger="charge_due_soon",
    ),
    _said(
        26,
        _BAKERY,
        "Inês, a fatura NF2026-00131 de 69,80 € venceu ontem. Norte Fibra",
        _S.DELIVERED,
        trigger="invoice_overdue_notice",
    ),
    _said(
        3,
        _BAKERY,
        "Boa tarde, Inês. O técnico passa pela padaria amanhã entre as 9h e as 11h. Rui, Norte Fibra",
        _S.QUEUED,
        operator="Rui Tavares",
        subject="Visit of the technician",
        priority=OWN_ACTION,
    ),
    _said(
        0.01,
        _MARTA,
        "Marta, parabéns! Bom aniversário da equipa da Norte Fibra.",
        _S.QUEUED,
        trigger="birthday_greeting",
    ),
    _said(
        0.01,
        _OKSANA,
        "Оксано, рахунок на 390,00 ₴ чекає на оплату до 28.11.2026. Norte Fibra",
        _S.QUEUED,
        trigger="charge_due_soon",
    ),
    _said(0.01, _EMMA, "Emma, your invoice of £22.00 is due in three days.", _S.QUEUED, trigger="charge_due_soon"),
    _said(
        -9,
        _ANTONIO,
        "António, a sua ligação foi reposta. Norte Fibra",
        _S.QUEUED,
        trigger="service_restored",
        priority=OWN_ACTION,
    ),
    _said(-14, _MARTA, "Marta, a fatura NF2026-00128 vence hoje.", _S.QUEUED, trigger="charge_due_today"),
    _said(
        2,
        _ANTONIO,
        "António, a fatura de {invoice_total} venceu.",
        _S.HELD,
        reason="missing_value",
        detail="invoice_total",
        trigger="invoice_overdue_notice",
    ),
    _said(
        1,
        _BAKERY,
        "Inês, recebemos 34,90 €. Obrigado! Norte Fibra",
        _S.UNKNOWN,
        reason="timeout",
        trigger="invoice_payment_recorded",
    ),
    _said(
        5,
        _LEONOR,
        "Leonor, a fatura vence hoje.",
        _S.SUPPRESSED,
        reason="too_short",
        trigger="charge_due_today",
    ),
    _said(
        20,
        _EMMA,
        "Emma, your invoice is overdue.",
        _S.SUPPRESSED,
        reason="no_longer_true",
        trigger="invoice_overdue_notice",
    ),
    _said(30, _MARTA, "Marta, novidades da Norte Fibra.", _S.CANCELLED, operator="Helena Prata", priority=BATCH),
    _said(49, _OKSANA, "Оксано, рахунок прострочено.", _S.EXPIRED, reason="too_late", trigger="charge_due_today"),
    _said(50, (17, "+351910000060"), "A fatura vence hoje.", _S.UNDELIVERED, reason="unreachable"),
    _said(51, (25, "+380670000015"), "Рахунок чекає на оплату.", _S.FAILED, reason="unknown_number"),
    _said(52, (4, "+351910000042"), "Ola " + HOSTILE[1], _S.SENT, subject=HOSTILE[0][:120], operator=HOSTILE[1]),
)


def live_through(database: str, *, hostile: bool = False) -> Days:
    """Write the days into a demo's database, and wait until what is due has left; at most half a minute."""
    engine = sa.create_engine(database)
    now = dt.datetime.now(dt.UTC)
    written: dict[MessageState, UUID] = {}
    try:
        with Session(engine) as session, session.begin():
            for said in SAID:
                if hostile or HOSTILE[1] not in said.text:
                    (written[said.state],) = enqueue(
                        session, [_draft(said, now, _about(session, said))], now=_at(said, now)
                    )
            template = _templates(session, now=now, hostile=hostile)
            demo_providers.save(session, now=now)
            if hostile:
                session.execute(
                    sa.text("UPDATE client SET company = :a, first_name = :b WHERE id = 4"),
                    {"a": HOSTILE[0], "b": HOSTILE[1]},
                )
        _wait(engine, before=now)
    finally:
        engine.dispose()
    return Days(messages=written, template=template)


def _at(said: _Said, now: dt.datetime) -> dt.datetime:
    return now - dt.timedelta(hours=max(said.hours, 0))


_INVOICE = "SELECT id, due_on FROM invoice WHERE client_id = :client ORDER BY id DESC LIMIT 1"
_PAYMENT = (
    "SELECT payment.id, '' FROM payment JOIN invoice ON invoice.id = payment.invoice_id"
    " WHERE client_id = :client ORDER BY payment.id DESC LIMIT 1"
)
#: Which record of a client's a trigger is about: its entity, the newest of them with its date, and the trigger's step.
_ABOUT = {
    "invoice_payment_recorded": ("payment/Payment", _PAYMENT, ""),
    "charge_due_soon": ("invoice/Invoice", _INVOICE, "before:3d"),
    "charge_due_today": ("invoice/Invoice", _INVOICE, "on"),
    "invoice_overdue_notice": ("invoice/Invoice", _INVOICE, "after:1d"),
}


def _about(session: Session, said: _Said) -> dict[str, str]:
    """What a message tells of; nothing for what is still to go: the claim would ask about it, and word it anew."""
    if said.state is MessageState.QUEUED or said.trigger not in _ABOUT:
        return {}
    entity, newest, step = _ABOUT[said.trigger]
    found = session.execute(sa.text(newest), {"client": said.client}).first()
    return {} if found is None else {"entity": entity, "record": f"{found[0]}", "step": step, "moment": f"{found[1]}"}


def _draft(said: _Said, now: dt.datetime, about: dict[str, str]) -> Draft:
    size = measure(said.text)
    named: Any = about
    return Draft(
        occurrence=None,
        state=said.state,
        reason=said.reason,
        detail=said.detail,
        trigger=said.trigger or None,
        operator=said.operator,
        subject=said.subject,
        purpose="service",
        priority=said.priority,
        **named,
        person_entity=CLIENT,
        person=str(said.client),
        client_entity=CLIENT,
        client=str(said.client),
        number=said.number or None,
        text=said.text,
        encoding=str(size.encoding),
        segments=size.segments,
        due_at=now - dt.timedelta(hours=said.hours),
        expires_at=None,
    )


def _templates(session: Session, *, now: dt.datetime, hostile: bool) -> int:
    """Three of them, one whose section is gone; the number of the first."""
    wanted = [
        ("Thank you", "payment", {"pt": "Recebido: {payment_amount}. Obrigado, {contact_firstname}!"}, True),
        ("Works in the street", None, {"pt": "Obras na sua rua: a internet pode falhar amanha.", "en": "Works."}, True),
        ("From the old shop", "shop", {"pt": "{shop_name}"}, False),
    ]
    if hostile:
        wanted += [(name, "invoice", {"pt": f"{name} {{invoice_number}}"}, True) for name in HOSTILE]
    made = [
        Template(name=name, section=section, texts=texts, enabled=enabled, created_at=now, changed_at=now)
        for name, section, texts, enabled in wanted
    ]
    session.add_all(made)
    session.flush()
    return made[0].id


def _wait(engine: sa.Engine, *, before: dt.datetime) -> None:
    until = time.monotonic() + _MOST
    left = sa.select(sa.func.count()).where(
        Message.state.in_([MessageState.QUEUED, MessageState.SENDING]), Message.due_at <= before
    )
    while time.monotonic() < until:
        with Session(engine) as session:
            if not session.scalar(left):
                return
        time.sleep(0.2)
    raise AssertionError("the demo does not send what is due")
