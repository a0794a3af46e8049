"""Estimates, proposals and contracts, and what is said about them."""

from __future__ import annotations

from typing import Any

from host_demo.models import Contract, ContractComment, ContractStatus, Estimate, OfferStatus, Proposal, ProposalComment
from sms_plugin import Entity, Hook, Person, after, before, created, link, money


def around(day: Any, trigger: str, *, days: int, only: Any) -> list[Hook[Any]]:
    """A reminder some days before the last day of an offer, and another one on the day after it."""
    return [Hook(trigger, before(day, days=days), only=only), Hook(trigger, after(day, days=1), only=only)]


estimate = Entity(
    Estimate,
    "estimate",
    to={"client": "client.spokesperson"},
    also={"clients": "client"},
    shortcodes={
        "estimate_number": "number",
        "estimate_expirydate": "expires_on",
        "estimate_total": money("total", "currency"),
        "estimate_link": link("offers.estimate", public_id="public_id"),
    },
    hooks=around(Estimate.expires_on, "estimate_expiration_reminder", days=3, only=Estimate.status == OfferStatus.SENT),
)

# the number written on the proposal, else that of the client or of the lead whom it is for
proposal_reader = Person[Proposal](
    name="addressed_to",
    phones="reached_at",
    language="language",
    timezone="timezone",
    region="region",
    client="customer",
    consents=lambda proposal, purpose: proposal.client.agrees(purpose) if proposal.client else None,
)

proposal = Entity(
    Proposal,
    "proposals",
    to={"client": proposal_reader},
    also={"clients": "client", "leads": "lead"},
    shortcodes={
        "proposal_id": "id",
        "proposal_number": "number",
        "proposal_subject": "subject",
        "proposal_datecreated": "issued_on",
        "proposal_open_till": "expires_on",
        "proposal_assigned": "assignee.name",
        "proposal_proposal_to": "addressed_to",
        "proposal_address": "address",
        "proposal_state": "state",
        "proposal_zip": "zip",
        "proposal_country": "country",
        "proposal_email": "email",
        "proposal_link": link("offers.proposal", public_id="public_id"),
    },
    hooks=around(Proposal.expires_on, "proposal_expiration_reminder", days=3, only=Proposal.status == OfferStatus.SENT),
)

proposal_comment = Entity(
    ProposalComment,
    "comment",
    to={
        "client": Person(
            name="proposal.addressed_to",
            phones="proposal.reached_at",
            language="proposal.language",
            timezone="proposal.timezone",
            region="proposal.region",
            client="proposal.customer",
            consents=lambda comment, purpose: (
                comment.proposal.client.agrees(purpose) if comment.proposal.client else None
            ),
        ),
        "staff": ["proposal.creator", "proposal.assignee"],
    },
    also={"proposals": "proposal", "clients": "proposal.client", "leads": "proposal.lead"},
    shortcodes={"comment_author": "author_name", "comment_text": "text"},
    hooks=[
        Hook("proposal_new_comment_to_customer", created(), only=ProposalComment.by_staff),
        Hook("proposal_new_comment_to_staff", created(), only=~ProposalComment.by_staff),
    ],
)

contract = Entity(
    Contract,
    "contract",
    to={"client": "client.spokesperson"},
    also={"clients": "client", "legal_details": "client.papers"},
    shortcodes={
        "contract_id": "id",
        "contract_subject": "subject",
        "contract_description": "description",
        "contract_datestart": "starts_on",
        "contract_dateend": "ends_on",
        "contract_contract_value": money("value", "currency"),
        "contract_link": link("offers.contract", public_id="public_id"),
        "contract_subtotal_word": money("subtotal", "currency"),
        "contract_discount_word": money("discount", "currency"),
        "contract_discount": money("discount", "currency"),
        "contract_items": "items",
        "contracts_nomer_dogovoru": "number",
    },
    hooks=around(
        Contract.ends_on, "contract_expiration_reminder", days=7, only=Contract.status == ContractStatus.SIGNED
    ),
)

contract_comment = Entity(
    ContractComment,
    "comment",
    to={"client": "contract.client.spokesperson", "staff": "contract.creator"},
    also={"contract": "contract", "clients": "contract.client"},
    shortcodes={"comment_author": "author_name", "comment_text": "text"},
    hooks=[
        Hook("contract_new_comment_to_customer", created(), only=ContractComment.by_staff),
        Hook("contract_new_comment_to_staff", created(), only=~ContractComment.by_staff),
    ],
)
