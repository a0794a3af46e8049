"""What an admin does to a trigger: on, off, its texts or its template (X5: switching on starts from that moment)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from sms_plugin.errors import SmsError
from sms_plugin.host.registry import Registry
from sms_plugin.models import Change, Template, TriggerRow, new_id
from sms_plugin.wording.templates import changed_meanwhile, check_fit, check_languages, locked
from sms_plugin.wording.texts import check_all, check_text

POLICIES = ("ask", "assume", "resend")
#: The longest that a message may be worth sending.
MOST_HOURS = 24 * 60


@dataclass(frozen=True, kw_only=True)
class Arrangement:
    """What an admin wants of a trigger, all at once. Without a template its own texts count; empty: the suggested."""

    texts: Mapping[str, str]
    template_id: int | None
    hour: int | None
    validity_hours: int | None
    unknown_policy: str


def row_of(session: Session, trigger: str, *, registry: Registry, now: datetime) -> TriggerRow:
    """The trigger's row, made where there is none. Raises ``SmsError`` for an unknown trigger. Flushes nothing."""
    registry.reason(trigger)
    row = session.get(TriggerRow, trigger)
    if row is None:
        row = TriggerRow(key=trigger, on=False, texts={}, unknown_policy="ask", changed_at=now)
        session.add(row)
    return row


def switch_on(session: Session, trigger: str, *, registry: Registry, who: str, now: datetime) -> TriggerRow:
    """Switch a trigger on from this moment; nothing older is ever texted.

    Raises ``SmsError`` for a text or a template that cannot be, or where no suggested text suits and there is none of
    its own.
    """
    row = row_of(session, trigger, registry=registry, now=now)
    if row.template is not None:
        check_fit(row.template, trigger, registry=registry)
    else:
        row.texts = row.texts or _own_texts(trigger, registry)
        for language, text in row.texts.items():
            _check(text, language, trigger, registry)
    if not row.on:
        row.on, row.on_since, row.changed_at = True, now, now
        _record(session, trigger, "on", who=who, now=now)
    return row


def switch_off(session: Session, trigger: str, *, registry: Registry, who: str, now: datetime) -> TriggerRow:
    """Switch a trigger off: what is queued already still goes. Raises ``SmsError`` for an unknown trigger."""
    row = row_of(session, trigger, registry=registry, now=now)
    if row.on:
        row.on, row.on_since, row.changed_at = False, None, now
        _record(session, trigger, "off", who=who, now=now)
    return row


def set_text(
    session: Session, trigger: str, language: str, text: str, *, registry: Registry, who: str, now: datetime
) -> TriggerRow:
    """Give a trigger its text in one language; an empty one takes that language's text away.

    Raises ``SmsError`` naming what in the text cannot be. The other languages keep theirs; a template is let go.
    """
    row = row_of(session, trigger, registry=registry, now=now)
    check_languages({language: text})
    _check(text, language, trigger, registry)
    texts = {**(row.texts or _suitable(trigger, registry)), language: text}
    set_values(session, row, {"texts": texts, "template_id": None}, who=who, now=now)
    return row


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
    trigger does not reach, and one for an hour, a validity or a policy that cannot be.
    """
    session.execute(sa.select(TriggerRow.key).where(TriggerRow.key == trigger).with_for_update())
    known = session.get(TriggerRow, trigger, populate_existing=True)
    if (None if known is None else known.changed_at) != seen:
        raise changed_meanwhile()
    row = row_of(session, trigger, registry=registry, now=now)
    _check_course(wanted)
    if wanted.template_id is None:
        check_languages(wanted.texts)
        check_all(wanted.texts, reachable=registry.reachable(trigger), known=registry.known_shortcodes)
    else:
        template = locked(session, wanted.template_id)
        if template is None:
            raise SmsError("The template is gone.", code="unknown_template", hint="Choose another one.")
        check_fit(template, trigger, registry=registry)
    values = {name: getattr(wanted, name) for name in ("template_id", "hour", "validity_hours", "unknown_policy")}
    texts = dict(wanted.texts)
    values["texts"] = {} if texts == dict(registry.reason(trigger).text) else texts
    set_values(session, row, values, who=who, now=now)
    return row


def use_template(session: Session, row: TriggerRow, name: str, *, registry: Registry, who: str, now: datetime) -> None:
    """Have a template speak for a trigger, by its name; an empty one lets its own texts speak again.

    Raises ``SmsError`` where there is no such template, or the trigger could not fill it in.
    """
    template = session.scalar(sa.select(Template).where(Template.name == name).with_for_update()) if name else None
    if name and template is None:
        raise SmsError(f"There is no template {name!r}.", code="unknown_template", hint="Write it on its page first.")
    if template is not None:
        check_fit(template, row.key, registry=registry)
    set_values(session, row, {"template_id": None if template is None else template.id}, who=who, now=now)


def set_values(session: Session, row: TriggerRow, wanted: Mapping[str, Any], *, who: str, now: datetime) -> None:
    """Write those values of a trigger's row that are new, and who changed them from what. Checks nothing."""
    changed = {name: [getattr(row, name), value] for name, value in wanted.items() if getattr(row, name) != value}
    if not changed:
        return
    for name in changed:
        setattr(row, name, wanted[name])
    row.changed_at = now
    session.flush()
    if "template_id" in changed:
        session.refresh(row, ["template"])
    _record(session, row.key, "changed", who=who, now=now, detail=changed)


def _own_texts(trigger: str, registry: Registry) -> dict[str, str]:
    """The texts to begin with: none where the suggested ones do, those that suit the portal where some do not.

    Raises ``SmsError`` where none does: it tells of the first, and what to do.
    """
    suggested = registry.reason(trigger).text
    suitable = _suitable(trigger, registry)
    if len(suitable) == len(suggested):
        return {}
    if suitable:
        return suitable
    language, text = next(iter(suggested.items()))
    own = f'write your own: flask sms trigger text {trigger} "…"'
    _check(text, language, trigger, registry, hint=f"Map it in the entity (shortcodes=, also=), or {own}")
    return {}


def _suitable(trigger: str, registry: Registry) -> dict[str, str]:
    """The suggested texts whose shortcodes the portal maps."""
    suitable: dict[str, str] = {}
    for language, text in registry.reason(trigger).text.items():
        try:
            _check(text, language, trigger, registry)
        except SmsError:
            continue
        suitable[language] = text
    return suitable


def _check(text: str, language: str, trigger: str, registry: Registry, *, hint: str = "") -> None:
    """Raise ``SmsError`` naming the language, for a text that could not be rendered; an empty one is none."""
    if not text.strip():
        return
    try:
        check_text(text, trigger=trigger, registry=registry)
    except SmsError as error:
        raise SmsError(
            f"The text of {trigger} ({language}): {error.message}", code=error.code, hint=hint or error.hint
        ) from None


def _check_course(wanted: Arrangement) -> None:
    if wanted.hour is not None and not 0 <= wanted.hour <= 23:
        raise SmsError(f"{wanted.hour} is no hour.", code="bad_hour", hint="Give one from 0 to 23.")
    if wanted.validity_hours is not None and not 1 <= wanted.validity_hours <= MOST_HOURS:
        raise SmsError(
            f"{wanted.validity_hours} hours is no validity.", code="bad_validity", hint=f"Give 1 to {MOST_HOURS} hours."
        )
    if wanted.unknown_policy not in POLICIES:
        raise SmsError(
            f"{wanted.unknown_policy!r} is no policy.", code="bad_policy", hint=f"Give one of {', '.join(POLICIES)}."
        )


def _record(
    session: Session, trigger: str, action: str, *, who: str, now: datetime, detail: Mapping[str, Any] | None = None
) -> None:
    what = f"trigger {trigger}"
    session.add(Change(id=new_id(now), at=now, who=who[:120], what=what, action=action, detail=dict(detail or {})))
