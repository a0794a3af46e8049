"""The rules of lines: who does not pay is warned, slowed down, blocked and lost; who pays is back at once.

Each function works in the session it is given and leaves the commit to its caller.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, timedelta

from sqlalchemy import func, select
from sqlalchemy.orm import joinedload

from host_demo.clock import today
from host_demo.database import AnySession
from host_demo.models import Client, Invoice, InvoiceStatus, Service, ServiceStatus
from host_demo.models.service import HELD_BACK

#: Days since the oldest unpaid invoice fell due, and what they lead to.
DEADLINES: Mapping[ServiceStatus, int] = {
    ServiceStatus.PENDING: 5,
    ServiceStatus.REDUCED: 10,
    ServiceStatus.BLOCKED: 20,
    ServiceStatus.CANCELLED: 60,
}
_ORDER = list(ServiceStatus)


def follow_up(session: AnySession, *, on: date) -> list[Service]:
    """The services whose deadline has come, moved to what it leads to; none is moved back."""
    oldest = (
        select(Invoice.client_id, func.min(Invoice.due_on).label("due_on"))
        .where(Invoice.status == InvoiceStatus.OVERDUE)
        .group_by(Invoice.client_id)
        .subquery()
    )
    late = (
        select(Service, oldest.c.due_on)
        .join(oldest, oldest.c.client_id == Service.client_id)
        .where(Service.status != ServiceStatus.CANCELLED)
        .order_by(Service.id)
        .options(joinedload(Service.client), joinedload(Service.plan))
    )
    moved: list[Service] = []
    for service, due_on in session.execute(late).all():
        wanted = _due(on - due_on)
        if wanted is not None and _ORDER.index(wanted) > _ORDER.index(service.status):
            _enter(service, wanted, due_on=due_on, on=on)
            moved.append(service)
    return moved


def _due(late: timedelta) -> ServiceStatus | None:
    reached = [status for status, days in DEADLINES.items() if late.days >= days]
    return reached[-1] if reached else None


def _enter(service: Service, status: ServiceStatus, *, due_on: date, on: date) -> None:
    service.status = status
    service.block_date = max(due_on + timedelta(days=DEADLINES[ServiceStatus.BLOCKED]), on)
    service.cancel_date = max(due_on + timedelta(days=DEADLINES[ServiceStatus.CANCELLED]), on)
    if status == ServiceStatus.REDUCED:
        service.speed_reduced_at = on


def set_status(service: Service, status: ServiceStatus, *, on: date | None = None) -> None:
    """Move a service by hand; the dates that it then needs are set where nobody gave them."""
    on = on or today()
    service.status = status
    if status == ServiceStatus.ENABLED:
        service.speed_reduced_at = service.block_date = service.cancel_date = None
        return
    if status == ServiceStatus.REDUCED:
        service.speed_reduced_at = service.speed_reduced_at or on
    if status == ServiceStatus.BLOCKED:
        service.block_date = on
    elif service.block_date is None:
        service.block_date = on + timedelta(days=DEADLINES[ServiceStatus.BLOCKED] - DEADLINES[ServiceStatus.PENDING])
    if status == ServiceStatus.CANCELLED:
        service.cancel_date = on
    elif service.cancel_date is None:
        service.cancel_date = service.block_date + timedelta(
            days=DEADLINES[ServiceStatus.CANCELLED] - DEADLINES[ServiceStatus.BLOCKED]
        )


def restore(session: AnySession, *, client: Client) -> list[Service]:
    """The client's services that work again because nothing is overdue any more."""
    session.flush()
    overdue = select(Invoice.id).where(Invoice.client_id == client.id, Invoice.status == InvoiceStatus.OVERDUE)
    if session.scalar(overdue.limit(1)) is not None:
        return []
    held_back = [service for service in client.services if service.status in HELD_BACK]
    for service in held_back:
        set_status(service, ServiceStatus.ENABLED)
    session.flush()
    return held_back
