"""Where clients and leads read what they are offered, and answer; each link is a secret of its reader."""

# mypy: allow-untyped-calls

from __future__ import annotations

from typing import Any

from flask import Blueprint, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_wtf import FlaskForm
from sqlalchemy import select
from wtforms import TextAreaField

from host_demo.database import db
from host_demo.formats import day, money
from host_demo.models import LONGEST_COMMENT, Contract, Estimate, Proposal
from host_demo.offer_words import WORDS
from host_demo.sales import SalesRefused, comment_on

offers = Blueprint("offers", __name__)


class CommentForm(FlaskForm):
    text = TextAreaField()


@offers.get("/e/<public_id>")
def estimate(public_id: str) -> ResponseReturnValue:
    """One estimate, in its client's language."""
    found = _found(Estimate, public_id)
    return _page(
        "estimate",
        found,
        language=found.client.language,
        total=found.total,
        facts=lambda day, _money: [
            ("for", found.client.display_name),
            ("from", day(found.issued_on)),
            ("until", day(found.expires_on)),
        ],
    )


@offers.route("/p/<public_id>", methods=["GET", "POST"])
def proposal(public_id: str) -> ResponseReturnValue:
    """One proposal, in its reader's language, with what both sides said and a form to say more."""
    found = _found(Proposal, public_id)
    return _talked(
        "proposal",
        found,
        language=found.language,
        total=found.total,
        facts=lambda day, _money: [
            ("for", found.addressed_to),
            ("from", day(found.issued_on)),
            ("until", day(found.expires_on)),
        ],
    )


@offers.route("/c/<public_id>", methods=["GET", "POST"])
def contract(public_id: str) -> ResponseReturnValue:
    """One contract, line by line, in its client's language, with what both sides said and a form to say more."""
    found = _found(Contract, public_id)
    return _talked(
        "contract",
        found,
        language=found.client.language,
        total=found.value,
        lines=found.lines,
        facts=lambda day, money: [
            ("for", found.client.display_name),
            ("from", day(found.starts_on)),
            ("until", day(found.ends_on)),
            ("subtotal", money(found.subtotal) if found.discount else ""),
            ("discount", money(found.discount) if found.discount else ""),
        ],
    )


def _found(kind: type[Any], public_id: str) -> Any:
    return db.first_or_404(select(kind).where(kind.public_id == public_id))


def _talked(kind: str, offer: Any, **values: Any) -> ResponseReturnValue:
    """The page; what is written into its form becomes a comment of the reader's, once for each time it is sent."""
    form = CommentForm()
    refused = ""
    if form.validate_on_submit():
        try:
            comment_on(db.session, offer, text=form.text.data or "", by=None)
            db.session.commit()
            return redirect(url_for(f"offers.{kind}", public_id=offer.public_id, said=1, _anchor="talk"), 303)
        except SalesRefused as refusal:
            db.session.rollback()
            refused = refusal.code
    page = _page(kind, offer, form=form, refused=refused, said=bool(request.args.get("said")), **values)
    return (page, 422) if refused else page


def _page(kind: str, offer: Any, *, language: str, total: Any, facts: Any, **values: Any) -> str:
    spoken = language if language in WORDS else "en"

    def written(amount: Any) -> str:
        return money(amount, offer.currency, language=spoken)

    def dated(value: Any) -> str:
        return day(value, language=spoken)

    return render_template(
        "portal/offer_page.html",
        kind=kind,
        offer=offer,
        words=WORDS[spoken],
        language=spoken,
        total=total,
        facts=facts(dated, written),
        money=written,
        day=dated,
        longest=LONGEST_COMMENT,
        **values,
    )
