"""What verdicts about our account mean for the provider: it stops for good, or rests for a while (P21)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy.orm import Session

from sms_plugin.gateways.contract import About, Verdict
from sms_plugin.models import Provider
from sms_plugin.providers.active import pause, stop

#: How long a provider rests that asked for patience without saying how long, in seconds.
PAUSE = 5.0
#: No provider can make us wait longer than this at a time, in seconds.
LONGEST_PAUSE = 3600.0


@dataclass(frozen=True, kw_only=True)
class Judgement:
    """Whether the provider is closed now, and whether it was this that stopped it."""

    closed: bool = False
    stopped: bool = False
    provider: str = ""
    reason: str = ""
    detail: str = ""


def judge(session: Session, verdicts: Sequence[tuple[int, Verdict]], *, now: datetime) -> Judgement:
    """Stop or pause providers that refused our account. Writes in the caller's transaction."""
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
