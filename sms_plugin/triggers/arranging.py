"""All that an admin sets on a trigger's page, at once: checked as a whole, recorded, and pinned as a version
(T, X5, X6, X12, X21).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from sms_plugin.errors import SmsError, worded
from sms_plugin.host.bound import BoundHook
from sms_plugin.host.registry import Registry
from sms_plugin.hours import EVERY_DAY
from sms_plugin.models import TriggerRow
from sms_plugin.triggers.steps import check_steps, declared, since_now
from sms_plugin.triggers.switching import row_of, set_values
from sms_plugin.wording.templates import changed_meanwhile, check_fit, check_languages, locked
from sms_plugin.wording.texts import RefusedText, check_all

POLICIES = ("ask", "assume", "resend")
PURPOSES = ("billing", "service", "marketing", "staff")
QUIET = ("defer", "forward", "ignore")
#: The longest that a message may be worth sending.
MOST_HOURS = 24 * 60
#: No run is larger.
MOST_CEILING = 10_000_000


@dataclass(frozen=True, kw_only=True)
class Arrangement:
    """What an admin wants of a trigger. Without a template its own texts count; empty: the suggested ones. None is the
    usual: as the trigger is declared, as the portal is set, as was learned.
    """

    texts: Mapping[str, str]
    template_id: int | None
    hour: int | None = None
    validity_hours: int | None = None
    unknown_policy: str = "ask"
    steps: Sequence[Mapping[str, Any]] = ()  #: empty: as the hooks declare them
    purpose: str | None = None
    quiet: str | None = None
    opens: int | None = None
    closes: int | None = None
    weekdays: int | None = None
    holidays: bool | None = None
    ceiling: int | None = None
    gathers: bool | None = None


#: What is written as it was given.
_PLAIN = tuple(field.name for field in fields(Arrangement) if field.name not in {"texts", "steps"})


class RefusedStep(SmsError):
    """A step that cannot be, with its place in the list from 0, and the language where its text is to blame."""

    def __init__(self, error: SmsError, *, place: int) -> None:
        told = worded("Step %(place)s: %(message)s", place=place + 1, message=error.message)
        super().__init__(told, code=error.code, hint=error.hint)
        self.place = place
        self.language = error.language if isinstance(error, RefusedText) else ""


def arranged(row: TriggerRow | None) -> Arrangement:
    """The trigger as it stands."""
    if row is None:
        return Arrangement(texts={}, template_id=None)
    return Arrangement(texts=row.texts, steps=row.steps or (), **{name: getattr(row, name) for name in _PLAIN})


def arrange(
    session: Session,
    trigger: str,
    wanted: Arrangement,
    *,
    seen: datetime | None,
    registry: Registry,
    who: str,
    now: datetime,
) -> TriggerRow:
    """The trigger as it is wanted now. Writes in the caller's transaction.

    ``seen`` is the ``changed_at`` that the admin looked at, None where there was no row yet. Raises ``SmsError``:
    ``changed_meanwhile`` where that is not the newest, one naming the shortcodes of a text or a template that the
    trigger does not reach, ``RefusedStep``, and one for whatever else cannot be.
    """
    session.execute(sa.select(TriggerRow.key).where(TriggerRow.key == trigger).with_for_update())
    known = session.get(TriggerRow, trigger, populate_existing=True)
    if (None if known is None else known.changed_at) != seen:
        raise changed_meanwhile()
    row = row_of(session, trigger, registry=registry, now=now)
    check(wanted, hooks=registry.hooks_of(trigger))
    _check_words(session, wanted, trigger, registry)
    values = {name: getattr(wanted, name) for name in _PLAIN}
    texts = dict(wanted.texts)
    values["texts"] = {} if texts == dict(registry.reason(trigger).text) else texts
    values["steps"] = _steps(row, wanted, registry.hooks_of(trigger), now=now)
    set_values(session, row, values, registry=registry, who=who, now=now)
    return row


def check(wanted: Arrangement, *, hooks: Sequence[BoundHook]) -> None:
    """Refuse what cannot be of hour, hours, days, steps, purpose, ceiling and policies. Raises ``SmsError``."""
    if wanted.hour is not None and not 0 <= wanted.hour <= 23:
        raise SmsError(
            worded("%(hour)s is no hour.", hour=wanted.hour), code="bad_hour", hint=worded("Give one from 0 to 23.")
        )
    if wanted.validity_hours is not None and not 1 <= wanted.validity_hours <= MOST_HOURS:
        raise SmsError(
            worded("%(hours)s hours is no validity.", hours=wanted.validity_hours),
            code="bad_validity",
            hint=worded("Give 1 to %(most)s hours.", most=MOST_HOURS),
        )
    if wanted.ceiling is not None and not 1 <= wanted.ceiling <= MOST_CEILING:
        raise SmsError(
            worded("%(ceiling)s is no ceiling.", ceiling=wanted.ceiling),
            code="bad_ceiling",
            hint=worded(
                "Give 1 to %(most)s messages, or leave it empty: what is usual is learned.",
                most=MOST_CEILING,
            ),
        )
    _check_one_of("policy", wanted.unknown_policy, POLICIES)
    _check_one_of("purpose", wanted.purpose, PURPOSES)
    _check_one_of("quiet", wanted.quiet, QUIET)
    _check_hours(wanted)
    for place, step in enumerate(wanted.steps):
        try:
            check_steps([step], hooks)
        except SmsError as error:
            raise RefusedStep(error, place=place) from None
    if wanted.steps:
        check_steps(wanted.steps, hooks)


def _check_one_of(what: str, given: str | None, known: Sequence[str]) -> None:
    if given is not None and given not in known:
        raise SmsError(
            worded("%(given)r is none of the choices.", given=given),
            code=f"bad_{what}",
            hint=worded("Give one of %(known)s.", known=", ".join(known)),
        )


def _check_hours(wanted: Arrangement) -> None:
    if (wanted.opens is None) != (wanted.closes is None):
        raise SmsError(
            worded("One end of its hours is missing."),
            code="bad_hours",
            hint=worded("Give both from and until, or neither."),
        )
    if wanted.opens is not None and wanted.closes is not None:
        if not (0 <= wanted.opens <= 23 and 1 <= wanted.closes <= 24):
            raise SmsError(
                worded(
                    "From %(opens)s until %(closes)s are no hours of a day.", opens=wanted.opens, closes=wanted.closes
                ),
                code="bad_hours",
                hint=worded("Give from 0 to 23, and until 1 to 24."),
            )
        if wanted.opens == wanted.closes:
            raise SmsError(
                worded(
                    "From %(opens)s:00 until %(closes)s:00 leaves no minute in which it may go.",
                    opens=wanted.opens,
                    closes=wanted.closes,
                ),
                code="bad_hours",
                hint=worded("Let it begin earlier, or end later."),
            )
    if wanted.weekdays is not None and not 1 <= wanted.weekdays <= EVERY_DAY:
        raise SmsError(
            worded("Without a weekday there is no minute in which it may go."),
            code="bad_weekdays",
            hint=worded("Choose one day at least."),
        )


def _check_words(session: Session, wanted: Arrangement, trigger: str, registry: Registry) -> None:
    reachable, known = registry.reachable(trigger), registry.known_shortcodes
    if wanted.template_id is None:
        check_languages(wanted.texts)
        check_all(wanted.texts, reachable=reachable, known=known)
    else:
        template = locked(session, wanted.template_id)
        if template is None:
            raise SmsError(worded("The template is gone."), code="unknown_template", hint=worded("Choose another one."))
        check_fit(template, trigger, registry=registry)
    for place, step in enumerate(wanted.steps):
        try:
            check_languages(step["texts"])
            check_all(step["texts"], reachable=reachable, known=known)
        except SmsError as error:
            raise RefusedStep(error, place=place) from None


def _steps(row: TriggerRow, wanted: Arrangement, hooks: Sequence[BoundHook], *, now: datetime) -> list[dict[str, Any]]:
    """The steps with the moment from which each counts; none where they are, and always were, as declared.

    One that comes back counts from now: what it would have said meanwhile is never made up for (X5).
    """
    usual = declared(hooks)
    if not row.steps and [_said(step) for step in wanted.steps] in ([], [_said(step) for step in usual]):
        return []
    return since_now([_said(step) for step in wanted.steps or usual], row, hooks, now=now)


def _said(step: Mapping[str, Any]) -> dict[str, Any]:
    """What a step says, without the moment from which it counts; texts that are empty are none."""
    texts = {language: text for language, text in (step.get("texts") or {}).items() if text.strip()}
    return {**{name: step.get(name) for name in ("when", "days", "hours", "every", "most")}, "texts": texts}
