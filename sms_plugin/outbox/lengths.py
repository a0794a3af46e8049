"""Texts that are longer than the provider takes: they wait for a person, nobody cuts or refuses them (P19)."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from uuid import UUID

from sqlalchemy.orm import Session

from sms_plugin.errors import worded
from sms_plugin.outbox.moving import move
from sms_plugin.states import MessageState

#: Why a message does not go whose text is longer than the provider takes.
TEXT_TOO_LONG = "text_too_long"


def told_too_long(text: str, most: int | None) -> str:
    """By how much a text, as it would be sent, is longer than so many characters; empty where it is not."""
    if most is None or len(text) <= most:
        return ""
    return worded("It has %(count)s characters, the provider takes %(most)s.", count=len(text), most=most)


def hold_too_long(session: Session, texts: Mapping[UUID, str], *, most: int | None, now: datetime) -> set[UUID]:
    """Hold the claimed messages whose texts are longer than so many characters; their ids. Writes in the caller's
    transaction.
    """
    if most is None:
        return set()
    long = {id: told for id, text in texts.items() if (told := told_too_long(text, most))}
    for id, told in sorted(long.items()):
        move(session, [id], MessageState.HELD, reason=TEXT_TOO_LONG, now=now, detail=told)
    return set(long)
