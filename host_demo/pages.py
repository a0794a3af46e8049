"""The pages that clients see without signing in."""

from __future__ import annotations

from flask import Blueprint, redirect, render_template, url_for
from flask.typing import ResponseReturnValue
from sqlalchemy import select

from host_demo.database import db
from host_demo.formats import day, money
from host_demo.models import Invoice

pages = Blueprint("pages", __name__)

WORDS = {
    "en": {
        "invoice": "Invoice",
        "for": "For",
        "issued": "Issued on",
        "due": "Due on",
        "total": "Total",
        "paid": "Paid so far",
        "left": "Left to pay",
        "status": {"open": "Open", "overdue": "Overdue", "paid": "Paid, thank you", "cancelled": "Cancelled"},
    },
    "pt": {
        "invoice": "Fatura",
        "for": "Para",
        "issued": "Emitida em",
        "due": "Vence em",
        "total": "Total",
        "paid": "Já pago",
        "left": "Por pagar",
        "status": {
            "open": "Em aberto",
            "overdue": "Vencida",
            "paid": "Paga, obrigado",
            "cancelled": "Anulada",
        },
    },
    "uk": {
        "invoice": "Рахунок",
        "for": "Для",
        "issued": "Виставлено",
        "due": "Оплатити до",
        "total": "Разом",
        "paid": "Вже сплачено",
        "left": "Залишилося сплатити",
        "status": {
            "open": "Очікує оплати",
            "overdue": "Прострочено",
            "paid": "Сплачено, дякуємо",
            "cancelled": "Скасовано",
        },
    },
}


@pages.get("/")
def front() -> ResponseReturnValue:
    return redirect(url_for("admin.index"))


@pages.get("/i/<public_id>")
def invoice(public_id: str) -> ResponseReturnValue:
    """One invoice, in its client's language; the link is a secret that only the client is sent."""
    found = db.first_or_404(select(Invoice).where(Invoice.public_id == public_id))
    language = found.client.language if found.client.language in WORDS else "en"
    return render_template(
        "portal/invoice_page.html",
        invoice=found,
        words=WORDS[language],
        language=language,
        money=lambda amount: money(amount, found.currency, language=language),
        day=lambda value: day(value, language=language),
    )
