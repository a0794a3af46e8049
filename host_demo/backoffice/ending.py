"""What ends within a week, or ended yesterday: the papers that wait for somebody's word."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from flask_admin import BaseView
from markupsafe import Markup
from sqlalchemy import select
from sqlalchemy.orm import joinedload

from host_demo.backoffice.cells import SOON, until
from host_demo.database import db
from host_demo.models import Contract, ContractStatus, Estimate, OfferStatus, Proposal

SHOWN = 5


@dataclass(frozen=True, kw_only=True)
class Paper:
    kind: str
    number: str
    name: str
    href: str
    ends_on: date
    until: Markup | str


def soon_over(view: BaseView, *, on: date) -> list[Paper]:
    """The first few of them, the most urgent first."""
    estimate = select(Estimate).where(Estimate.status == OfferStatus.SENT).options(joinedload(Estimate.client))
    proposal = (
        select(Proposal)
        .where(Proposal.status == OfferStatus.SENT)
        .options(joinedload(Proposal.client), joinedload(Proposal.lead))
    )
    contract = select(Contract).where(Contract.status == ContractStatus.SIGNED).options(joinedload(Contract.client))
    papers = [
        *_papers(view, "estimate", estimate, Estimate.expires_on, on),
        *_papers(view, "proposal", proposal, Proposal.expires_on, on),
        *_papers(view, "contract", contract, Contract.ends_on, on),
    ]
    return sorted(papers, key=lambda paper: (paper.ends_on, paper.number))[:SHOWN]


def _papers(view: BaseView, kind: str, query: Any, ends_on: Any, on: date) -> list[Paper]:
    within = ends_on.between(on - timedelta(days=1), on + timedelta(days=SOON))
    return [
        Paper(
            kind=kind,
            number=one.number,
            name=one.addressed_to if isinstance(one, Proposal) else one.client.display_name,
            href=view.get_url(f"{kind}.details_view", id=one.id),
            ends_on=getattr(one, ends_on.key),
            until=until(getattr(one, ends_on.key), waits=True),
        )
        for one in db.session.scalars(query.where(within).order_by(ends_on).limit(SHOWN))
    ]
