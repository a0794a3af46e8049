"""Templates: written, changed and taken away, without a trigger that uses one being left with what it cannot fill in
(M1, M2, M5).
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from sms_plugin.errors import SmsError, worded
from sms_plugin.host.registry import Registry
from sms_plugin.models import Template, TriggerRow
from sms_plugin.models.changes import note_change
from sms_plugin.wording import versions
from sms_plugin.wording.texts import check_all, is_orphan, used

_LANGUAGE = re.compile(r"[a-z]{2,3}(-[A-Za-z0-9]{2,8})*", re.ASCII)
_FIELDS = ("name", "description", "section", "texts", "enabled")


@dataclass(frozen=True, kw_only=True)
class Draft:
    """A template as an admin wants it."""

    name: str
    description: str = ""
    section: str | None = None
    texts: Mapping[str, str]
    enabled: bool = True


def create(session: Session, wanted: Draft, *, registry: Registry, who: str, now: datetime) -> Template:
    """A new template, flushed. Writes in the caller's transaction.

    Raises ``SmsError`` for a name that is missing, too long or taken, and what ``check_template`` raises.
    """
    check_template(wanted, registry=registry)
    template = Template(**_values(wanted), created_at=now, changed_at=now)
    session.add(template)
    _flush(session, wanted)
    versions.keep(session, template, template.texts, who=who, now=now)
    _record(session, template, "created", who=who, now=now, detail=_values(wanted))
    return template


def change(
    session: Session,
    template: Template,
    wanted: Draft,
    *,
    seen: datetime | None = None,
    registry: Registry,
    who: str,
    now: datetime,
) -> Template:
    """The template as it is wanted now, flushed. Writes in the caller's transaction.

    ``seen`` is the ``changed_at`` that the admin looked at. Raises ``SmsError``: ``changed_meanwhile`` where that is
    not the newest, ``trigger_left`` where a trigger that uses the template could not fill in a shortcode, and what
    ``create`` raises.
    """
    if seen is not None and seen != template.changed_at:
        raise changed_meanwhile()
    check_template(wanted, registry=registry)
    for trigger in uses(session, template):
        if trigger in registry.reasons:
            _check_user(trigger, wanted.texts, registry)
    before = {name: getattr(template, name) for name in _FIELDS}
    after = _values(wanted)
    changed = {name: [before[name], after[name]] for name in _FIELDS if before[name] != after[name]}
    if changed:
        for name in changed:
            setattr(template, name, after[name])
        template.changed_at = now
        _flush(session, wanted)
        if "texts" in changed:
            versions.keep(session, template, template.texts, who=who, now=now)
        _record(session, template, "changed", who=who, now=now, detail=changed)
    return template


def delete(session: Session, template: Template, *, who: str, now: datetime) -> None:
    """Take a template away. Writes in the caller's transaction.

    Raises ``SmsError`` (``template_in_use``) naming the triggers that use it.
    """
    triggers = uses(session, template)
    if triggers:
        raise SmsError(
            worded("The template %(name)r is used by %(triggers)s.", name=template.name, triggers=", ".join(triggers)),
            code="template_in_use",
            hint=worded("Give those triggers a text or a template of their own first."),
        )
    kept = {name: getattr(template, name) for name in _FIELDS}
    _record(session, template, "deleted", who=who, now=now, detail=kept)
    versions.set_apart(session, template, now=now)
    session.delete(template)
    session.flush()


def uses(session: Session, template: Template) -> Sequence[str]:
    """The keys of the triggers that use a template, in their order. Reads only."""
    return session.scalars(
        sa.select(TriggerRow.key).where(TriggerRow.template_id == template.id).order_by(TriggerRow.key)
    ).all()


def locked(session: Session, id: int) -> Template | None:
    """A template by its number, kept from others until the caller's transaction ends."""
    return session.get(Template, id, with_for_update=True, populate_existing=True)


def check_template(wanted: Draft, *, registry: Registry) -> None:
    """Refuse a template that could not be used. Raises ``SmsError``.

    One whose section is not declared any more may be kept, but not enabled; nobody knows then which shortcodes it
    reaches, so that its texts only have to be readable.
    """
    if not wanted.name.strip() or len(wanted.name) > 80 or len(wanted.description) > 255:
        raise SmsError(
            worded("A template needs a name of at most 80 characters, and a description of at most 255."),
            code="bad_name",
            hint=worded("Give it a name by which you will find it again."),
        )
    check_languages(wanted.texts)
    if wanted.section is not None and wanted.section not in registry.sections:
        _check_orphan(wanted, registry)
        return
    check_all(wanted.texts, reachable=registry.reachable_in(wanted.section), known=registry.known_shortcodes)


def check_fit(template: Template, trigger: str, *, registry: Registry) -> None:
    """Refuse a template that a trigger could not fill in. Raises ``SmsError`` naming the shortcodes."""
    if is_orphan(template, registry):
        raise SmsError(
            worded(
                "The section %(section)r of the template %(name)r is not declared any more.",
                section=template.section,
                name=template.name,
            ),
            code="template_section",
            hint=worded("Choose another section for the template first, or have the section declared again."),
        )
    _check_user(trigger, template.texts, registry)


def check_languages(texts: Mapping[str, str]) -> None:
    """Refuse texts by what is no language. Raises ``SmsError``."""
    for language in texts:
        if not _LANGUAGE.fullmatch(language) or len(language) > 12:
            raise SmsError(
                worded("%(language)r is no language.", language=language),
                code="bad_language",
                hint=worded("Give a code such as en, pt or pt-BR."),
            )


def changed_meanwhile() -> SmsError:
    """What to raise where somebody else saved first."""
    return SmsError(
        worded("Somebody else has changed this since you opened it."),
        code="changed_meanwhile",
        hint=worded("Look at what stands now. What you wrote is still here: save again to put it in its place."),
    )


def _check_orphan(wanted: Draft, registry: Registry) -> None:
    if wanted.enabled:
        raise SmsError(
            worded("The section %(section)r is not declared any more.", section=wanted.section),
            code="section_gone",
            hint=worded("Choose another section, or save the template disabled. Its texts are kept."),
        )
    names = frozenset(used(wanted.texts))
    check_all(wanted.texts, reachable=names, known=registry.known_shortcodes)


def _check_user(trigger: str, texts: Mapping[str, str], registry: Registry) -> None:
    reachable = registry.reachable(trigger)
    beyond = [f"{{{name}}}" for name in used(texts) if name not in reachable]
    if beyond:
        raise SmsError(
            worded("The trigger %(trigger)s cannot fill in %(beyond)s.", trigger=trigger, beyond=", ".join(beyond)),
            code="trigger_left",
            hint=worded("Take them out of the text, or choose another template for that trigger."),
        )


def _values(wanted: Draft) -> dict[str, Any]:
    return {
        "name": wanted.name.strip(),
        "description": wanted.description.strip(),
        "section": wanted.section,
        "texts": dict(wanted.texts),
        "enabled": wanted.enabled,
    }


def _flush(session: Session, wanted: Draft) -> None:
    try:
        session.flush()
    except IntegrityError:
        raise SmsError(
            worded("There is a template %(name)r already.", name=wanted.name.strip()),
            code="name_taken",
            hint=worded("Give it another name."),
        ) from None


def _record(
    session: Session, template: Template, action: str, *, who: str, now: datetime, detail: Mapping[str, Any]
) -> None:
    note_change(session, f"template {template.name}", action, who=who, now=now, detail=detail)
