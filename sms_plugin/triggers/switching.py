"""What an admin does to a trigger: on, off, its texts or its template (X5: switching on starts from that moment)."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from sms_plugin.catalog.loader import load
from sms_plugin.errors import SmsError, worded
from sms_plugin.host.registry import Registry
from sms_plugin.models import Template, TriggerRow
from sms_plugin.models.changes import note_change
from sms_plugin.text.shortcodes import parse
from sms_plugin.wording import versions
from sms_plugin.wording.templates import check_fit, check_languages
from sms_plugin.wording.texts import check_text


def row_of(session: Session, trigger: str, *, registry: Registry, now: datetime) -> TriggerRow:
    """The trigger's row, kept from others until the transaction ends, and made where there is none. Raises ``SmsError``
    for an unknown trigger. Writes nothing.
    """
    registry.reason(trigger)
    session.execute(sa.select(TriggerRow.key).where(TriggerRow.key == trigger).with_for_update())
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
        _keep_version(session, row, registry=registry, who=who, now=now)
        _record(session, trigger, "on", who=who, now=now)
    return row


def switch_off(session: Session, trigger: str, *, registry: Registry, who: str, now: datetime) -> TriggerRow:
    """Switch a trigger off: what is queued still goes, but for reminders of dates.

    Raises ``SmsError`` for an unknown trigger.
    """
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
    set_values(session, row, {"texts": texts, "template_id": None}, registry=registry, who=who, now=now)
    return row


def use_template(session: Session, row: TriggerRow, name: str, *, registry: Registry, who: str, now: datetime) -> None:
    """Have a template speak for a trigger, by its name; an empty one lets its own texts speak again.

    Raises ``SmsError`` where there is no such template, or the trigger could not fill it in.
    """
    template = session.scalar(sa.select(Template).where(Template.name == name).with_for_update()) if name else None
    if name and template is None:
        raise SmsError(
            worded("There is no template %(name)r.", name=name),
            code="unknown_template",
            hint=worded("Write it on its page first."),
        )
    if template is not None:
        check_fit(template, row.key, registry=registry)
    set_values(
        session, row, {"template_id": None if template is None else template.id}, registry=registry, who=who, now=now
    )


def set_values(
    session: Session, row: TriggerRow, wanted: Mapping[str, Any], *, registry: Registry, who: str, now: datetime
) -> None:
    """Write those values of a trigger's row that are new, and who changed them from what; new texts are a new version.

    Checks nothing.
    """
    changed = {name: [getattr(row, name), value] for name, value in wanted.items() if getattr(row, name) != value}
    if not changed:
        return
    for name in changed:
        setattr(row, name, wanted[name])
    row.changed_at = now
    session.flush()
    if "template_id" in changed:
        session.refresh(row, ["template"])
    if changed.keys() & {"texts", "steps", "template_id"}:
        _keep_version(session, row, registry=registry, who=who, now=now)
    _record(session, row.key, "changed", who=who, now=now, detail=changed)


def _keep_version(session: Session, row: TriggerRow, *, registry: Registry, who: str, now: datetime) -> None:
    """A version of the trigger's own texts, where they are new and it has any to say beside its template's."""
    steps = versions.texts_by_step(row.steps or ())
    if row.template_id is not None and not row.texts and not steps:
        return
    session.flush()
    versions.keep(session, row, row.texts or registry.reason(row.key).text, steps=steps, who=who, now=now)


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
    _check(text, language, trigger, registry, hint=_mapped(text, trigger, registry))
    return {}


def _mapped(text: str, trigger: str, registry: Registry) -> str:
    """How a host maps what a suggested text lacks: in the entity, or for the whole portal."""
    shipped, reachable = load().shortcodes, registry.reachable(trigger)
    beyond = [name for name in parse(text).names if name not in reachable]
    of_company = [name for name in beyond if name in shipped and shipped[name].section == "company"]
    if not of_company:
        return worded(
            'Map it in the entity (shortcodes=, also=), or write your own: flask sms trigger text %(trigger)s "…"',
            trigger=trigger,
        )
    return worded(
        'Map what belongs to no record by Section("company", {"%(name)s": …}) in SMS(…), all else in the entity, or'
        ' write your own: flask sms trigger text %(trigger)s "…"',
        name=of_company[0],
        trigger=trigger,
    )


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
            worded(
                "The text of %(trigger)s (%(language)s): %(message)s",
                trigger=trigger,
                language=language,
                message=error.message,
            ),
            code=error.code,
            hint=hint or error.hint,
        ) from None


def _record(
    session: Session, trigger: str, action: str, *, who: str, now: datetime, detail: Mapping[str, Any] | None = None
) -> None:
    note_change(session, f"trigger {trigger}", action, who=who, now=now, detail=detail)
