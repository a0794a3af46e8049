"""Which message a receipt is about (X3)."""

from __future__ import annotations

from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Session

from sms_plugin.gateways.contract import Report
from sms_plugin.models import Attempt, Message
from sms_plugin.models.message import attempts_provider_of_named
from sms_plugin.text.storage import storable

_ATTEMPT: Any = Attempt.__table__
_MESSAGE: Any = Message.__table__


def kept_reference(reference: str | None) -> str | None:
    """A provider's reference as it is kept and compared: the column bounds it."""
    return None if reference is None else storable(reference, 100)


#: What a receipt has to know of its message.
_LOOKED_AT = [
    _MESSAGE.c[name]
    for name in (
        "id",
        "state",
        "reason",
        "attempt_id",
        "number",
        "segments",
        "cost",
        "currency",
        "channel",
        "counted_on",
    )
]
_CURRENT = _ATTEMPT.alias()
#: The message is locked and its attempt looked at in one: a webhook has as little time as the database can make of it.
_STANDING = (
    sa.select(*_LOOKED_AT, _MESSAGE.c.is_charged.label("charged"), _CURRENT.c.verdict.label("verdict"))
    .outerjoin(_CURRENT, _CURRENT.c.id == _MESSAGE.c.attempt_id)
    .with_for_update(of=_MESSAGE)
)
_TRIED = sa.exists().where(
    _ATTEMPT.c.message_id == _MESSAGE.c.id, attempts_provider_of_named == sa.bindparam("provider", type_=sa.Integer)
)
_NAMED = _STANDING.where(_MESSAGE.c.id == sa.bindparam("message", type_=sa.Uuid), _TRIED)
_REFERRED = (
    sa.select(_ATTEMPT.c.message_id)
    .where(
        _ATTEMPT.c.reference == sa.bindparam("reference", type_=_ATTEMPT.c.reference.type),
        attempts_provider_of_named == sa.bindparam("provider", type_=sa.Integer),
    )
    .limit(1)
)
_BY_ID = _STANDING.where(_MESSAGE.c.id == sa.bindparam("message", type_=sa.Uuid))


def message_of(session: Session, report: Report, *, provider_id: int, wanted: UUID | None) -> Any | None:
    """What stands of the message that a report is about, locked; None where none is known."""
    if wanted is not None:
        found = session.connection().execute(_NAMED, {"message": wanted, "provider": provider_id}).one_or_none()
        if found is not None:
            return found
    reference = kept_reference(report.reference)
    return None if reference is None else by_reference(session, reference, provider_id=provider_id)


def by_reference(session: Session, reference: str, *, provider_id: int) -> Any | None:
    """What stands of the message that a provider calls so, locked; None where none is known."""
    connection = session.connection()
    found = connection.scalar(_REFERRED, {"reference": reference, "provider": provider_id})
    return None if found is None else connection.execute(_BY_ID, {"message": found}).one_or_none()
