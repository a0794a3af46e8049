"""Everything that a portal writes to text its clients, a file for each part of it. Copy it, and change the names."""

from __future__ import annotations

from host_demo.sms.billing import invoice, payment
from host_demo.sms.company import company
from host_demo.sms.goods import item, order, repair, repair_message
from host_demo.sms.offers import contract, contract_comment, estimate, proposal, proposal_comment
from host_demo.sms.office import booking, meeting, reminder, task
from host_demo.sms.people import client, contact, lead, papers, staff, supplier
from host_demo.sms.services import service
from sms_plugin import SMS

sms = SMS(
    client,
    contact,
    staff,
    invoice,
    payment,
    lead,
    supplier,
    estimate,
    proposal,
    proposal_comment,
    contract,
    contract_comment,
    order,
    item,
    service,
    task,
    reminder,
    meeting,
    booking,
    repair,
    repair_message,
    papers,
    company,
)
