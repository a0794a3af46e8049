"""Switching a trigger on, once one has seen what will be sent and what will not; and off (X5, X22)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from flask import abort, current_app, flash, redirect, request
from flask.typing import ResponseReturnValue
from flask_admin import expose
from sqlalchemy.orm import Session

from sms_plugin.errors import SmsError
from sms_plugin.models import TriggerRow, database_now
from sms_plugin.providers.costs import Tariff, tariff
from sms_plugin.triggers.planned import Planned
from sms_plugin.triggers.runs import runs
from sms_plugin.triggers.sending import digest
from sms_plugin.triggers.skipped import MOST, as_if_on, count_today, plan_today, sample
from sms_plugin.triggers.switching import switch_off, switch_on
from sms_plugin.web.apart import reading, within
from sms_plugin.web.base import Page, confirmed
from sms_plugin.web.forms import has_token
from sms_plugin.web.permissions import Right, actor
from sms_plugin.web.reasons import reason_words
from sms_plugin.web.send import send_planned, sent_words, sums
from sms_plugin.web.shown import trigger_label
from sms_plugin.web.translation import gettext, in_words, ngettext
from sms_plugin.web.trigger_shown import one_shown, rows_of, silence
from sms_plugin.web.waiting import counts_dates
from sms_plugin.wording.texts import inactive_because, silent_because

#: So many occurrences are shown and sent at once.
AT_ONCE = 200


@dataclass(frozen=True, kw_only=True)
class Skipped:
    """How many occurrences of today are not sent because they came due before; at most one more than ``MOST``."""

    count: int = 0

    @property
    def told(self) -> str:
        """The number in words."""
        return gettext("more than %(most)s", most=f"{MOST:,}") if self.count > MOST else str(self.count)


class SwitchingPages(Page):
    """The steps before and after a trigger is switched on; for the view of the triggers."""

    @expose("/switch/", methods=("POST",))
    def switch_view(self) -> ResponseReturnValue:
        """Switch a trigger on, from this moment, or off."""
        self._must_configure()
        key, on = request.form.get("key", ""), request.form.get("on") == "1"
        back = redirect(self.get_url(".index_view"))
        if not has_token():
            return back
        if key not in self.state.registry.reasons:
            flash(gettext("There is no trigger “%(name)s” in this portal.", name=key[:80]), "error")
            return back
        if on and not confirmed():
            return self._before(key)
        who = actor()

        def work(session: Session) -> str:
            registry, now = self.state.registry, database_now(session)
            switch = switch_on if on else switch_off
            row = switch(session, key, registry=registry, who=who, now=now)
            return inactive_because(row, registry.reason(key), registry=registry)

        try:
            why = within(self.state, work)
        except SmsError as error:
            flash(for_the_page(error), "error")
            return redirect(self.get_url(".edit_view", key=key))
        self.state.db.session.expire_all()
        self._tell_switched(key, on=on, why=why)
        if on and not why and self.may(Right.SEND) and self._skipped(key).count:
            return redirect(self.get_url(".skipped_view", key=key))
        return redirect(self.get_url(".edit_view", key=key)) if on else back

    @expose("/skipped/", methods=("GET", "POST"))
    def skipped_view(self) -> ResponseReturnValue:
        """What came due today before the trigger was switched on: shown, and sent if that is wanted."""
        key = request.args.get("key", "")
        if not self.may(Right.SEND):
            return self.tell("refused", right=Right.SEND, no_rule=False), 403
        after = redirect(self.get_url(".edit_view", key=key))
        if key not in self.state.registry.reasons or not self._skipped(key).count:
            flash(gettext("Nothing of today was left out, or it was sent already."), "info")
            return after
        planned, prices = self._planned(key)
        shown, going = digest(planned), [each for each in planned if each.goes]
        asked = request.method == "POST" and has_token()
        if asked and going and request.form.get("shown") == shown:
            written = send_planned(going, state=self.state)
            flash(sent_words(written), "success" if written else "info")
            return redirect(self.get_url(".skipped_view", key=key)) if len(going) == AT_ONCE else after
        return self.render(
            "sms/skipped.html",
            key=key,
            label=trigger_label(key, state=self.state),
            skipped=self._skipped(key),
            shown=shown,
            changed=asked,
            **sums(planned, prices),
        )

    def _before(self, key: str) -> str:
        """What will be sent once the trigger is on, and what will not."""
        session = self.state.db.session()
        rows = rows_of(session)
        reason = self.state.registry.reason(key)
        silent = silent_because(rows.get(key), reason, registry=self.state.registry)
        with reading(self.state) as apart:
            now = database_now(apart)
            wanted = as_if_on(rows_of(apart).get(key), key, now=now)
            found = None if silent else sample(apart, wanted, state=self.state, now=now)
            next_at = runs(apart, {key: wanted}, state=self.state, now=now)[key].next_at
            skipped = Skipped(count=count_today(apart, wanted, state=self.state, until=now))
            apart.rollback()
        return self.render(
            "sms/switch.html",
            shown=one_shown(session, key, rows, state=self.state),
            silent=silence(silent),
            forecast_url=self.forecast_url(key),
            overlap=overlap_words,
            skipped=skipped,
            sample=found,
            dated=counts_dates(self.state.registry.hooks_of(key)),
            next_at=next_at,
            why=reason_words,
        )

    def _skipped(self, key: str) -> Skipped:
        """What was left out when the trigger was switched on today; nothing where that was on another day."""
        with reading(self.state) as apart:
            row = rows_of(apart).get(key)
            if not self._switched_on_today(row, database_now(apart)):
                return Skipped()
            assert row is not None  # noqa: S101 - the line before asked
            assert row.on_since is not None  # noqa: S101
            return Skipped(count=count_today(apart, row, state=self.state, until=row.on_since))

    def _planned(self, key: str) -> tuple[list[Planned], Tariff]:
        with reading(self.state) as apart:
            row = apart.get_one(TriggerRow, key)
            now = database_now(apart)
            until = row.on_since or now
            planned = plan_today(apart, row, state=self.state, until=until, who=actor(), now=now, most=AT_ONCE)
            apart.rollback()
            return planned, tariff(apart)

    def _switched_on_today(self, row: TriggerRow | None, now: datetime) -> bool:
        if row is None or not row.on or row.on_since is None:
            return False
        zone = self.state.settings.zone
        return row.on_since.astimezone(zone).date() == now.astimezone(zone).date()

    def forecast_url(self, key: str) -> str:
        """The address of the forecast of a trigger; empty where that page is not mounted."""
        endpoint = f"{self.prefix}_forecast.index_view"
        return self.page_url("forecast", trigger=key) if endpoint in current_app.view_functions else ""

    def _tell_switched(self, key: str, *, on: bool, why: str) -> None:
        label = trigger_label(key, state=self.state)
        if not on:
            flash(
                gettext("“%(name)s” is off. What is queued still goes, but for reminders of dates.", name=label),
                "success",
            )
        elif why:
            flash(gettext("“%(name)s” is on, but sends nothing.", name=label) + " " + silence(why), "warning")
        else:
            flash(gettext("“%(name)s” is on from this moment. Nothing from before is sent.", name=label), "success")

    def _must_configure(self) -> None:
        if not self.may(Right.CONFIGURE):
            abort(403)


def for_the_page(error: SmsError) -> str:
    """The error's sentence; the hint to a command is for the command line."""
    return in_words(error.message if "flask sms" in error.hint else error)


def overlap_words(others: Sequence[str]) -> str:
    """That others tell of the same thing (X22)."""
    return ngettext(
        "%(names)s tells of the same thing and is on: people may get a text of each.",
        "%(names)s tell of the same thing and are on: people may get a text of each.",
        len(others),
        names=", ".join(f"“{name}”" for name in others),
    )
