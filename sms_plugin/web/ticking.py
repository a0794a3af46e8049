"""A message that goes with a record's save, where its tick is set: the text in the form, the tick beside it (S9, T28).

``sms_tick = "repair_message"`` in a view with the mixin names the trigger whose messages these are. The forms get a
text and a tick. With the tick, the text goes to the client in the save's own transaction, as the trigger words it:
``{repair_message}`` in its text stands for what was typed, and what was typed may hold shortcodes of the record.
Without the tick it stands in the record's history as a note, and nothing is sent.
"""

# mypy: allow-untyped-calls

from __future__ import annotations

import secrets
from collections.abc import Mapping
from datetime import datetime
from hashlib import sha256
from typing import Any

from sqlalchemy.orm import Session
from wtforms import BooleanField, HiddenField, TextAreaField, ValidationError

from sms_plugin.errors import SmsError
from sms_plugin.models import TriggerRow, database_now
from sms_plugin.outbox.enqueue import Draft, enqueue
from sms_plugin.states import MessageState
from sms_plugin.text.segments import measure
from sms_plugin.triggers import sending
from sms_plugin.triggers.noticing import notice_written
from sms_plugin.triggers.planned import Planned, Wish
from sms_plugin.web.permissions import Right, actor
from sms_plugin.web.reach import Ground
from sms_plugin.web.reasons import reason_words
from sms_plugin.web.shown import trigger_label
from sms_plugin.web.translation import gettext, in_words, lazy_gettext
from sms_plugin.wording.texts import LONGEST, inactive_because, texts_of

#: The names of the fields that the forms get.
TEXT, TICK, ONCE = "sms_text", "sms_send", "sms_once"
#: Why a message was kept and not sent.
NOTED = "noted"


class _Aside:
    """A field that is no attribute of the record."""

    def populate_obj(self, obj: object, name: str) -> None:
        """Leave the record as it is."""


class _Text(_Aside, TextAreaField):
    """What is typed."""


class _Tick(_Aside, BooleanField):
    """Whether it is sent."""


class _Once(_Aside, HiddenField):
    """What tells the same showing of the form from another one."""


class Ticking:
    """The part of ``SMSRecord`` that is about a record's form."""

    sms_tick: str = ""  #: the trigger whose message goes with a save; empty: the forms have none
    sms_tick_most: int = 160  #: characters of the message, after its shortcodes were filled in

    def get_create_form(self) -> Any:
        """The view's own, with text and tick where they are wanted."""
        return self._sms_with_tick(super().get_create_form())  # type: ignore[misc]

    def get_edit_form(self) -> Any:
        """The view's own, with text and tick where they are wanted."""
        return self._sms_with_tick(super().get_edit_form())  # type: ignore[misc]

    def on_model_change(self, form: Any, model: Any, is_created: bool) -> None:
        """The view's own; then what was typed goes or is kept, in the save's transaction.

        Raises ``ValidationError`` for what cannot go: nothing is saved then, and the form keeps what was typed.
        """
        super().on_model_change(form, model, is_created)  # type: ignore[misc]
        ground: Ground | None = self.sms_ground() if self.sms_tick else None  # type: ignore[attr-defined]
        if ground is None or TEXT not in form:
            return
        text, ticked = " ".join((form[TEXT].data or "").replace("\0", "").split()), bool(form[TICK].data)
        if not text and not ticked:
            return
        if ticked and not self.sms_may(Right.SEND):  # type: ignore[attr-defined]
            raise ValidationError(gettext("You may not send messages: take the tick away."))
        session: Session = ground.state.db.session()
        session.flush()
        once = _once(form, text, ticked=ticked)
        _go(
            session,
            model,
            text,
            ticked=ticked,
            trigger=self.sms_tick,
            most=self.sms_tick_most,
            ground=ground,
            once=once,
        )

    def _sms_with_tick(self, form: Any) -> Any:
        if not self.sms_tick:
            return form
        fields = {
            TEXT: _Text(
                lazy_gettext("New message"),
                description=lazy_gettext("Kept with the record, and sent where the tick is set."),
                render_kw={"rows": 3, "maxlength": LONGEST, **counted(self.sms_tick_most)},
            ),
            TICK: _Tick(lazy_gettext("Send SMS"), description=lazy_gettext("It goes when the record is saved.")),
            ONCE: _Once(default=lambda: secrets.token_hex(16)),
        }
        return type(form.__name__, (form,), fields)


def counted(most: int) -> dict[str, Any]:
    """What makes a field of a host's form tell its length while somebody types: ``render_kw=counted(160)``."""
    return {"data-sms-counted": most, "data-sms-counted-words": lazy_gettext("{number} of {most} characters")}


def _once(form: Any, text: str, *, ticked: bool) -> str:
    """The occasion: a double click is one message, other words in a form that was gone back to are another (promise 2).

    A form that shows no such field sends each time.
    """
    shown = (form[ONCE].data or "") if ONCE in form else ""
    return sha256(f"{shown or secrets.token_hex(16)} {ticked} {text}".encode()).hexdigest()[:32]


def _go(
    session: Session,
    record: Any,
    text: str,
    *,
    ticked: bool,
    trigger: str,
    most: int,
    ground: Ground,
    once: str,
) -> None:
    if not text:
        raise ValidationError(gettext("There is nothing to send: write a message, or take the tick away."))
    state, now = ground.state, database_now(session)
    row = session.get(TriggerRow, trigger)
    silent = inactive_because(row, state.registry.reason(trigger), registry=state.registry)
    if ticked and silent:
        raise ValidationError(f"{reason_words(silent)} {gettext('Take the tick away, or have it switched on.')}")
    reason = state.registry.reason(trigger)
    purpose = (row.purpose if row is not None else None) or reason.purpose
    subject = trigger_label(trigger, state=state)[:120]
    texts = _worded(texts_of(row, reason), trigger, text)
    wish = Wish(once=once, texts=texts, operator=actor(), subject=subject, purpose=purpose)
    try:
        own = sending.plan(session, [record], entity=ground.entity, wish=wish, state=state, now=now)
    except SmsError as error:
        raise ValidationError(in_words(error)) from None
    if not ticked:
        known = next((each.draft for each in own if each.draft is not None), None)
        if known is None:
            known = sending.note(session, record, text, entity=ground.entity, wish=wish, state=state, now=now)
        _keep(session, known, text, now=now)
        return
    _check(own, most=most)
    if sending.send(session, own, now=now):
        notice_written(session)


def _worded(texts: Mapping[str, str], trigger: str, text: str) -> dict[str, str]:
    """The trigger's texts with what was typed in its place."""
    return {language: each.replace(f"{{{trigger}}}", text) for language, each in texts.items()}


def _check(planned: list[Planned], *, most: int) -> None:
    """Raise ``ValidationError`` where not all of it can go, or some of it is too long."""
    for each in planned:
        if not each.goes:
            told = " ".join(filter(None, [reason_words(each.problem), in_words(each.detail)]))
            raise ValidationError(f"{told} {gettext('Mend it, or take the tick away: then it is kept as a note.')}")
        length = len((each.draft.text if each.draft is not None else "") or "")
        if length > most:
            raise ValidationError(
                gettext("The message has %(length)s characters; at most %(most)s go.", length=length, most=most)
            )


def _keep(session: Session, known: Draft, text: str, *, now: datetime) -> None:
    """Write it into the record's history as a note: nothing of it is sent."""
    size = measure(known.text or text)
    note = known.but(
        state=MessageState.SUPPRESSED,
        reason=NOTED,
        text=known.text or text,
        segments=0,
        encoding=str(size.encoding),
        expires_at=None,
    )
    enqueue(session, [note], now=now)
