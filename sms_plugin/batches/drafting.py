"""Keeping what an operator wants to send to many, before anybody is looked for (S2, S4)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Session

from sms_plugin.batches.audience import FILE, NUMBERS, Audience, check, entities_of, shortcode_of
from sms_plugin.batches.fence import found, moved, record
from sms_plugin.errors import SmsError, worded
from sms_plugin.models import Batch, Template, new_id
from sms_plugin.models.insertion import insert_once
from sms_plugin.people.consent import MARKETING
from sms_plugin.providers.lines import hears
from sms_plugin.state import State
from sms_plugin.states import BatchState
from sms_plugin.wording.texts import RefusedText, check_all, used
from sms_plugin.wording.way_out import holds_way_out

#: What a send to many may be for; what is for the staff goes by triggers.
PURPOSES = ("service", "billing", "marketing", "staff")
_LONGEST_NAME = 120


@dataclass(frozen=True, kw_only=True)
class Asked:
    """What an operator wrote in the form."""

    name: str
    texts: Mapping[str, str] = field(repr=False)  #: by language, its shortcodes still in it
    audience: Audience
    purpose: str = "service"
    template_id: int | None = None  #: the one that the texts were taken from
    due_at: datetime | None = None  #: not before; None: as soon as it is confirmed


def save(
    session: Session,
    asked: Asked,
    *,
    once: str,
    who: str,
    now: datetime,
    state: State,
    batch_id: UUID | None = None,
    version: int | None = None,
) -> Batch:
    """The draft that keeps this: a new one, the one that the same form made already, or with ``batch_id`` the one that
    stands, where it still has the ``version`` that was seen.

    ``once`` is the form's token (at most 32 characters): a double submit is one batch. Writes in the caller's
    transaction. Raises ``SmsError``: ``no_name``, ``bad_purpose``, ``changed_meanwhile``. Whether anybody can be looked
    for is asked by ``begin``.
    """
    _check(asked)
    values = _values(session, asked, state=state)
    if batch_id is not None:
        moved(session, batch_id, version=version, only_from={BatchState.DRAFT}, values=values, now=now)
        batch = found(session, batch_id)
        record(session, batch, "changed", who=who, now=now)
        return batch
    row = {
        "id": new_id(now),
        "state": BatchState.DRAFT.value,
        "once": once[:32],
        "operator": who[:120],
        "created_at": now,
        "changed_at": now,
        **_fresh(),
        **values,
    }
    written = insert_once(session.connection(), Batch.__table__, [row], unique="once")  # type: ignore[arg-type]
    batch = session.scalars(sa.select(Batch).where(Batch.once == once[:32])).one()
    if written:
        record(session, batch, "created", who=who, now=now)
    return batch


def check_ready(session: Session, batch: Batch, *, state: State) -> None:
    """Refuse a draft whose recipients could not be built, or none of which could be worded. Reads only.

    Raises ``SmsError``: what the audience says, ``no_text``, ``no_way_out``, a shortcode that nobody here has.
    """
    audience = Audience.read(batch.audience)
    check(audience, session=session, state=state)
    if not any(text.strip() for text in batch.texts.values()):
        raise SmsError(worded("There is no text yet."), code="no_text", hint=worded("Write one, or choose a template."))
    check_all(batch.texts, reachable=reachable(session, audience, state=state), known=state.registry.known_shortcodes)
    if batch.purpose == MARKETING and not hears(session, state=state):
        without = [language for language, text in batch.texts.items() if text.strip() and not holds_way_out(text)]
        if without:
            raise RefusedText(
                worded(
                    "The text (%(language)s) is an offer, and its reader could not say no to more.", language=without[0]
                ),
                code="no_way_out",
                hint=worded("Put {optout_link} into it: the active provider brings no replies."),
                language=without[0],
            )


def reachable(session: Session, audience: Audience, *, state: State) -> frozenset[str]:
    """The shortcodes that at least one of the sources can fill in. Raises ``SmsError`` for one that is gone."""
    names = state.registry.reachable_in(None)
    for entity in entities_of(audience, session=session, state=state):
        names |= state.registry.reached_from(entity)
    for source in audience.sources:
        if source.kind == FILE:
            names |= {shortcode_of(each) for each in source.columns} - {""}
    return names


def lacking(session: Session, audience: Audience, texts: Mapping[str, str], *, state: State) -> dict[int, list[str]]:
    """The shortcodes of the texts that each source cannot fill in, by its place: who is found by it is left out."""
    company = state.registry.reachable_in(None)
    names = used(texts)
    told: dict[int, list[str]] = {}
    for number, source in enumerate(audience.sources):
        if source.kind in {FILE, NUMBERS}:
            has = company | {shortcode_of(each) for each in source.columns}
            missing = [name for name in names if name not in has]
        else:
            of = entities_of(Audience(sources=(source,)), session=session, state=state)
            missing = [name for name in names if any(name not in state.registry.reached_from(each) for each in of)]
        if missing:
            told[number] = missing
    return told


def _check(asked: Asked) -> None:
    if not asked.name.split():
        raise SmsError(
            worded("The send has no name."), code="no_name", hint=worded("Give it one by which you find it again.")
        )
    if asked.purpose not in PURPOSES:
        raise SmsError(
            worded("%(purpose)s is no purpose.", purpose=repr(asked.purpose)),
            code="bad_purpose",
            hint=worded("Choose one of %(choices)s.", choices=", ".join(PURPOSES)),
        )


def _values(session: Session, asked: Asked, *, state: State) -> dict[str, Any]:
    texts = {language: text for language, text in asked.texts.items() if text.strip()}
    template = None if asked.template_id is None else session.get(Template, asked.template_id)
    same = template is not None and {k: v for k, v in template.texts.items() if v.strip()} == texts
    return {
        "name": " ".join(asked.name.split())[:_LONGEST_NAME],
        "purpose": asked.purpose,
        "template_id": None if template is None else template.id,
        "wording_id": template.wording_id if template is not None and same else None,
        "texts": texts,
        "audience": asked.audience.as_json(),
        "quiet": asked.audience.quiet,
        "due_at": asked.due_at,
        "stop_share": state.settings.bulk_stop,
    }


def _fresh() -> dict[str, Any]:
    """What a batch has of which nobody has been looked for."""
    texts = dict.fromkeys(("reason", "detail", "currency", "confirmed_by", "approved_by"), "")
    numbers = ("version", "looked_at", "going", "left_out", "segments", "fed", "fed_out", "passed_settled")
    return {**texts, **dict.fromkeys((*numbers, "passed_failed"), 0), "spread": {}, "progress": {}}
