"""What verdicts mean for the provider: it stops for good, rests for a while (P21), or is left alone (X9)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from sqlalchemy.orm import Session

from sms_plugin.gateways.contract import About, Verdict
from sms_plugin.models import Provider
from sms_plugin.providers.active import pause, stop
from sms_plugin.providers.breaker import note

#: How long a provider rests that asked for patience without saying how long, in seconds.
PAUSE = 5.0
#: No provider can make us wait longer than this at a time, in seconds.
LONGEST_PAUSE = 3600.0


@dataclass(frozen=True, kw_only=True)
class Judgement:
    """Whether the provider is closed now, and whether it was this that stopped it."""

    closed: bool = False
    again: bool = False  #: a message is due now, though nothing new was queued
    troubled: bool = False  #: a provider's breaker counts: what is accepted must be judged, too
    stopped: bool = False
    provider: str = ""
    reason: str = ""
    detail: str = ""


def judge(
    session: Session, verdicts: Sequence[tuple[int, Verdict]], *, now: datetime, current: int | None = None
) -> Judgement:
    """Stop or pause providers that refused our account, and leave alone those that cannot be reached. ``current`` is
    the provider in use: that another one's breaker is open closes nothing. Writes in the caller's transaction.
    """
    judgement = _of_account(session, verdicts, now=now)
    for provider_id in dict.fromkeys(each for each, _ in verdicts):
        of_it = [verdict for each, verdict in verdicts if each == provider_id]
        noted = note(session, provider_id, of_it, now=now)
        is_ours = current in {None, provider_id}
        judgement = replace(
            judgement,
            closed=judgement.closed or (noted.is_open and is_ours),
            # what another one did not take is due for ours
            again=judgement.again or noted.again or (noted.is_open and not is_ours),
            troubled=judgement.troubled or noted.troubled,
        )
    return judgement


def _of_account(session: Session, verdicts: Sequence[tuple[int, Verdict]], *, now: datetime) -> Judgement:
    judgement = Judgement()
    for provider_id, verdict in verdicts:
        if verdict.about is not About.ACCOUNT:
            continue
        if not verdict.for_good:
            wait = PAUSE if verdict.retry_after is None else min(max(verdict.retry_after, 0.0), LONGEST_PAUSE)
            pause(session, provider_id, until=now + timedelta(seconds=wait))
            judgement = judgement if judgement.closed else Judgement(closed=True)
        elif stop(session, provider_id, reason=verdict.reason, detail=verdict.detail, now=now):
            provider = session.get(Provider, provider_id)
            judgement = Judgement(
                closed=True,
                stopped=True,
                provider=provider.name if provider is not None else "",
                reason=verdict.reason,
                detail=verdict.detail,
            )
        else:
            judgement = judgement if judgement.closed else Judgement(closed=True)
    return judgement
