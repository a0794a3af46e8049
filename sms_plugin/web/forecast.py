"""The forecast: what the next days will bring, as a calendar with its cost and as a list with each text (X4)."""

from __future__ import annotations

import re
from datetime import date

from flask import flash, request
from flask_admin import expose

from sms_plugin.errors import SmsError
from sms_plugin.host.identity import RecordRef
from sms_plugin.models import database_now
from sms_plugin.outbox.names import names_of
from sms_plugin.triggers.forecast import Forecast, Wanted, forecast
from sms_plugin.triggers.lookahead import MOST_DAYS, Look
from sms_plugin.web.apart import reading
from sms_plugin.web.forecast_record import RecordTrials
from sms_plugin.web.forecast_words import calendar, counted
from sms_plugin.web.moments import day_in_words
from sms_plugin.web.permissions import Right
from sms_plugin.web.reasons import reason_words
from sms_plugin.web.shown import trigger_label
from sms_plugin.web.translation import gettext, lazy_gettext

#: So many days are shown unless more are asked for, so many messages are looked at, and so many listed at once.
DAYS, LOOKED_AT, LISTED = 7, 3000, 25
_PLACE = re.compile(r"[dmu] [\w:/.|-]{1,200}( [\w:/.|-]{1,120}){0,3}\Z")


class ForecastPages(RecordTrials):
    """The next days, and what one record would send."""

    page = "forecast"
    title = lazy_gettext("Forecast")
    icon = "fa-calendar"
    right = Right.READ

    @expose("/")
    def index_view(self) -> str:
        """The calendar of the next days, and the messages of all of them or of one day."""
        days, trigger = self._days(), self._trigger()
        found: Forecast | None = None
        names: dict[RecordRef, str] = {}
        refused = ""
        with reading(self.state) as session:
            now = database_now(session)
            wanted = Wanted(most=LISTED, day=self._day(), after=self._after())
            look = Look(days=days, trigger=trigger)
            try:
                found = forecast(session, look, state=self.state, now=now, wanted=wanted, most=LOOKED_AT)
            except SmsError as error:
                refused = reason_words(error.code)
            else:
                names = names_of(session, found.entries, registry=self.state.registry)
        if found is not None and found.lost:
            flash(gettext("This link to a further page no longer holds: the list begins anew."), "warning")
        given = _given(days, trigger)
        return self.render(
            "sms/forecast.html",
            found=found,
            refused=refused,
            total=counted(found.total, found.currency) if found else "",
            calendar=calendar(found, state=self.state) if found else [],
            entries=self.entries(found.entries, names, found.currency) if found else [],
            given=given,
            days=days,
            most_days=MOST_DAYS,
            trigger=trigger,
            trigger_name=trigger_label(trigger, state=self.state) if trigger else "",
            day=wanted.day,
            day_name=day_in_words(wanted.day) if wanted.day else "",
            triggers=self._dated_triggers(),
            next_url=self.get_url(".index_view", **given, after=found.next) + "#list" if found and found.next else None,
            further=bool(wanted.after),
            may_try=self.may(Right.CONFIGURE),
            here=request.full_path,
        )

    def _days(self) -> int:
        written = request.args.get("days", "").strip()
        if not written:
            return DAYS
        if not (written.isascii() and written.isdigit() and len(written) < 4 and 1 <= int(written) <= MOST_DAYS):
            flash(gettext("Give 1 to %(most)s days.", most=MOST_DAYS), "warning")
            return DAYS
        return int(written)

    def _trigger(self) -> str | None:
        written = request.args.get("trigger", "")
        if written and written not in self.state.registry.reasons:
            flash(gettext("There is no such trigger in this portal."), "warning")
            return None
        return written or None

    def _day(self) -> date | None:
        written = request.args.get("day", "")
        try:
            return date.fromisoformat(written) if written else None
        except ValueError:
            flash(gettext("“%(day)s” is no day: write it as 2026-01-31.", day=written[:40]), "warning")
            return None

    def _after(self) -> str | None:
        written = request.args.get("after", "")
        return written if _PLACE.match(written) else None

    def _dated_triggers(self) -> list[tuple[str, str]]:
        """The triggers that come by themselves at a date: of the others nothing can be foreseen."""
        keys = {hook.trigger for hook in self.state.registry.date_hooks()}
        return sorted(
            ((key, trigger_label(key, state=self.state)) for key in keys), key=lambda each: each[1].casefold()
        )


def _given(days: int, trigger: str | None) -> dict[str, str]:
    """What was asked for, as the parameters of a link."""
    given = {
        "days": str(days) if days != DAYS else "",
        "trigger": trigger or "",
        "day": request.args.get("day", ""),
    }
    return {name: value for name, value in given.items() if value}
