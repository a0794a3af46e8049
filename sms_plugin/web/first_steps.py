"""What is still to be done before the first text goes, and where: shown until it is done, or put away (issue 7)."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Session

from sms_plugin.errors import ConfigurationError, SmsError
from sms_plugin.models import Provider, Runner, Template, TriggerRow, Wording
from sms_plugin.outbox.obstacles import ALIVE
from sms_plugin.outbox.tallies import state_counter
from sms_plugin.providers.lines import line_of
from sms_plugin.state import State
from sms_plugin.states import MessageState
from sms_plugin.web.permissions import Right, allowed
from sms_plugin.web.translation import gettext

_S = MessageState
#: Gives the address of a page of the plugin.
Url = Callable[..., str]


@dataclass(frozen=True, kw_only=True)
class Step:
    """One thing to do. ``url`` leads to where it is done, for whoever may do it."""

    done: bool
    words: str
    how: str = ""
    url: str = ""


def first_steps(session: Session, *, state: State, counters: Mapping[str, int], now: datetime, url: Url) -> list[Step]:
    """All of them in their order, done or not; none where all are done. ``counters`` are the tallies. Reads only."""
    provider = session.scalar(sa.select(Provider).order_by(Provider.active.is_(None), Provider.id).limit(1))
    steps = [
        *_of_provider(provider, state=state, counters=counters, now=now, url=url),
        _worker(session, now),
        _address(state),
        *_of_texts(session, url),
    ]
    return [] if all(step.done for step in steps) else steps


def _of_provider(
    provider: Provider | None, *, state: State, counters: Mapping[str, int], now: datetime, url: Url
) -> list[Step]:
    may = allowed(Right.CONFIGURE)
    to_new = url("provider", "create_view") if may else ""
    to_one = url("provider", "edit_view", name=provider.name) if may and provider is not None else ""
    arrived = counters.get(state_counter(_S.DELIVERED), 0) > 0
    taken = arrived or any(counters.get(state_counter(each), 0) > 0 for each in (_S.SENT, _S.UNDELIVERED))
    steps = [
        Step(
            done=provider is not None,
            words=gettext("Add your provider"),
            how=gettext("The company that carries your texts; its page asks for what it gave you."),
            url=to_new,
        ),
        Step(
            done=taken,
            words=gettext("Send a test message to your own phone"),
            how=gettext("On the provider's page: it shows what the provider answers."),
            url=to_one,
        ),
        Step(
            done=provider is not None and provider.active == 1,
            words=gettext("Activate the provider"),
            how=gettext("From then on all messages go through it."),
            url=to_one,
        ),
    ]
    if provider is None or arrived or _tells(provider, state=state, now=now):
        steps.insert(
            2,
            Step(
                done=arrived,
                words=gettext("See that it arrived"),
                how=gettext("The provider's receipt says so: look at the message's own page."),
                url=url("message") if allowed(Right.READ) else "",
            ),
        )
    return steps


def _tells(provider: Provider, *, state: State, now: datetime) -> bool:
    """Whether the provider tells what arrived. One whose settings cannot be read may."""
    try:
        can = line_of(provider, state=state, now=now).capabilities
    except (SmsError, ConfigurationError):
        return True
    return can.receipts or can.polled > 0


def _worker(session: Session, now: datetime) -> Step:
    seen = session.scalar(sa.select(sa.func.max(Runner.seen_at)))
    return Step(
        done=seen is not None and seen > now - ALIVE,
        words=gettext("Have a process send"),
        how=gettext("Reload the portal's web process, or start: flask sms worker"),
    )


def _address(state: State) -> Step:
    return Step(
        done=state.settings.public_url is not None,
        words=gettext("Tell the portal's public address"),
        how=gettext("The portal's administrator sets SMS_PUBLIC_URL: links in texts and receipts need it."),
    )


def _of_texts(session: Session, url: Url) -> list[Step]:
    on = session.scalar(sa.select(TriggerRow.key).where(TriggerRow.on.is_(True)).limit(1)) is not None
    written = on or any(session.scalar(sa.select(table.id).limit(1)) is not None for table in (Template, Wording))
    may = allowed(Right.CONFIGURE)
    return [
        Step(
            done=written,
            words=gettext("Write a text"),
            how=gettext("As a template, or on a trigger's page, where a text is suggested."),
            url=url("template") if may else "",
        ),
        Step(
            done=on,
            words=gettext("Switch a trigger on"),
            how=gettext("It says when a text goes by itself; before that it shows who would get what."),
            url=url("trigger") if may else "",
        ),
    ]
