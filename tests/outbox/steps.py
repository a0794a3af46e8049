"""The outbox's steps one at a time, each in a transaction of its own, at a moment of the test's choice."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import replace
from uuid import UUID

from sqlalchemy.orm import Session

from sms_plugin.gateways.contract import Outcome, Report, Verdict
from sms_plugin.jobs.claiming import LOCKS_OUT
from sms_plugin.outbox.claim import Claim, Claimed, Terms, claim, sift, take_leases
from sms_plugin.outbox.depart import Departed, depart
from sms_plugin.outbox.receipts import take
from sms_plugin.outbox.settle import Finished, settle
from sms_plugin.providers.active import active_id
from sms_plugin.settings import Settings
from sms_plugin.transactions import MustWrite, look_only, within
from tests.portal import Portal

LEASE = dt.timedelta(seconds=60)
UNKNOWN = Verdict(outcome=Outcome.UNKNOWN, reason="timeout")


def now() -> dt.datetime:
    """This moment."""
    return dt.datetime.now(dt.UTC)


def provider(portal: Portal) -> int:
    """The active provider's number."""
    with portal.fresh() as session:
        found = active_id(session)
    assert found is not None
    return found


def claim_some(portal: Portal, *, want: int = 100, at: dt.datetime | None = None) -> Claim:
    """One claim, in the steps that the flush takes for it: where leases keep others out, it asks without a lock."""
    moment = at or now()
    if portal.db.engine.dialect.name not in LOCKS_OUT:
        with portal.fresh() as session, session.begin():
            return claim(
                session,
                state=portal.state,
                provider_id=provider(portal),
                want=want,
                now=moment,
                lease=LEASE,
            )
    terms = Terms(provider_id=provider(portal), want=want, lease=LEASE)
    taken = within(portal.state, lambda session: take_leases(session, terms, now=moment, read=False))
    if isinstance(taken, Claim):
        return taken

    def work(session: Session) -> Claim:
        return sift(session, taken, state=portal.state, now=moment)

    try:
        return look_only(portal.state, work)
    except MustWrite:
        return within(portal.state, work)


def depart_with(portal: Portal, claimed: Sequence[Claimed], *, at: dt.datetime | None = None) -> list[Departed]:
    """The departure of what was claimed."""
    moment = at or now()
    with portal.fresh() as session, session.begin():
        return depart(
            session, claimed, provider_id=provider(portal), now=moment, until=moment + dt.timedelta(minutes=1)
        )


def send_off(portal: Portal, message: UUID) -> Departed:
    """Claim and depart; the departed message must be this one."""
    (gone,) = depart_with(portal, claim_some(portal).messages)
    assert gone.id == message
    return gone


def settle_with(
    portal: Portal, gone: Departed, verdict: Verdict, *, at: dt.datetime | None = None, settings: Settings | None = None
) -> None:
    """What the gateway said of one attempt."""
    finished = Finished(id=gone.id, attempt=gone.attempt, provider_id=provider(portal), verdict=verdict)
    with portal.fresh() as session, session.begin():
        settle(session, [finished], settings=settings or portal.state.settings, now=at or now())


def report(portal: Portal, *reports: Report, about: UUID | None = None, provider_id: int | None = None) -> list[UUID]:
    """What the provider reports in one request."""
    number = provider(portal) if provider_id is None else provider_id
    with portal.fresh() as session, session.begin():
        return take(session, reports, provider_id=number, about=about, now=now())


def with_settings(portal: Portal, **values: int) -> Settings:
    """The portal's settings, some of them otherwise."""
    return replace(portal.state.settings, **values)  # type: ignore[arg-type]
