"""The first page: what goes out, what waits and why, how it stands with the provider, and the last 30 days (issue 7
item 1). All of it is read from what was counted already, or by an index and up to a bound (promise 10).
"""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

import sqlalchemy as sa
from flask import redirect, request
from flask.typing import ResponseReturnValue
from flask_admin import expose
from sqlalchemy.orm import Session

from sms_plugin.batches.listing import batches
from sms_plugin.models import Provider, Runner, database_now
from sms_plugin.outbox.figures import Period, oldest_due, period, reasons_to_wait
from sms_plugin.outbox.obstacles import ALIVE, obstacles, worries
from sms_plugin.outbox.queue import waiting
from sms_plugin.outbox.tallies import live_counts, totals
from sms_plugin.providers.budget import Budget, budget_of, today
from sms_plugin.states import BatchState, MessageState
from sms_plugin.web import provider_cells
from sms_plugin.web.base import Page
from sms_plugin.web.day_charts import charts
from sms_plugin.web.figure_cards import QueueNow, cards
from sms_plugin.web.first_steps import first_steps
from sms_plugin.web.forms import has_token
from sms_plugin.web.looks import listed
from sms_plugin.web.overview_words import BatchLine, batch_line, budget_lines, counter_lines, reason_lines
from sms_plugin.web.permissions import Right
from sms_plugin.web.queue import obstacle_words
from sms_plugin.web.shown import shown
from sms_plugin.web.translation import lazy_gettext

DAYS = 30
#: So many of what goes next are shown.
NEXT = 5
#: And so many sends to many.
BATCHES = 5
_UNDER_WAY = (BatchState.BUILDING, BatchState.WAITING, BatchState.RUNNING, BatchState.PAUSED)
#: Counters of what waits stop here: more is "more".
MOST = 9_999
#: Keeps the first steps off the page of somebody who put them away, for so many seconds.
PUT_AWAY, _YEAR = "sms_first_steps", 365 * 86_400


class OverviewPage(Page):
    """The overview."""

    page = "overview"
    title = lazy_gettext("Overview")
    icon = "fa-tachometer"
    right = Right.READ

    @expose("/")
    def index_view(self) -> ResponseReturnValue:
        """The whole page."""
        session = self.state.db.session()
        now = database_now(session)
        day = today(self.state.settings, now)
        found = period(session, last=day, days=DAYS)
        counters = totals(session)
        put_away = PUT_AWAY in request.cookies
        steps = first_steps(session, state=self.state, counters=counters, now=now, url=self.page_url)
        return self.render(
            "sms/overview.html",
            steps=steps,
            put_away=put_away,
            obstacles=(*obstacles(session, now=now), *worries(session, settings=self.state.settings, now=now)),
            obstacle_words=obstacle_words,
            found=found,
            charts=charts(found),
            reasons=reason_lines(reasons_to_wait(session)),
            counters=counter_lines(counters),
            runners=_runners(session, now),
            **self._now(session, found, day=day, now=now),
            batches=self._batches(session),
            **self._next(session, now),
        )

    @expose("/first-steps/", methods=("POST",))
    def steps_view(self) -> ResponseReturnValue:
        """Put the first steps away, or show them again: for this browser."""
        answer = redirect(self.get_url(".index_view"))
        if not has_token():
            return answer
        if request.form.get("show"):
            answer.delete_cookie(PUT_AWAY)
        else:
            answer.set_cookie(PUT_AWAY, "1", max_age=_YEAR, httponly=True, samesite="Lax", secure=request.is_secure)
        return answer

    def _now(self, session: Session, found: Period, *, day: date, now: datetime) -> dict[str, Any]:
        """Figures of today and of this moment, and the provider."""
        sending = sa.select(Provider).where(sa.or_(Provider.active == 1, Provider.standby == 1))
        providers = session.scalars(sending.order_by(Provider.active.is_(None))).all()
        budget = _budget(session, providers[0], day) if providers and providers[0].active else None
        queue = QueueNow(counts=live_counts(session, most=MOST), most=MOST, oldest=oldest_due(session, now=now))
        return {
            "cards": cards(found, queue, day=day, url=self.page_url),
            "providers": providers,
            "provider_cells": provider_cells,
            "budget": budget_lines(budget, providers[0].currency) if budget is not None else [],
        }

    def _batches(self, session: Session) -> list[BatchLine]:
        """The sends to many that are under way, with the way to them."""
        under_way = batches(session, states=_UNDER_WAY, most=BATCHES)
        return [batch_line(each, url=self.page_url("bulk", "look_view", id=each.id)) for each in under_way]

    def _next(self, session: Session, now: datetime) -> dict[str, Any]:
        """The next few that go by themselves."""
        queue = waiting(session, now=now, most=NEXT, states=(MessageState.QUEUED,))
        rows = shown([entry.message for entry in queue.entries], state=self.state)
        listed(self.state, [each.number for each in rows], full=self.may(Right.SEND), place=self.page)
        return {"coming": rows, "more_come": queue.next is not None, "now": now}


def _budget(session: Session, provider: Provider, day: date) -> Budget | None:
    return budget_of(session, provider.id, day=day)


def _runners(session: Session, now: datetime) -> list[Runner]:
    alive = sa.select(Runner).where(Runner.seen_at > now - ALIVE).order_by(Runner.started_at)
    return list(session.scalars(alive.limit(20)))
