"""What operators choose for messages: each in a transaction of its own, each refusal told (Q1)."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from flask import flash
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session
from werkzeug.datastructures import MultiDict

from sms_plugin.errors import SmsError
from sms_plugin.models import database_now
from sms_plugin.outbox.decisions import Choice, TooLate, choose
from sms_plugin.state import State
from sms_plugin.trails import trail
from sms_plugin.web.apart import within
from sms_plugin.web.base import explained
from sms_plugin.web.moments import in_words, zone
from sms_plugin.web.permissions import actor
from sms_plugin.web.reasons import reason_words
from sms_plugin.web.translation import gettext, ngettext
from sms_plugin.web.words import choice_name, state_name

log = logging.getLogger(__name__)

#: The most messages of one choice: a page of them, as a rule.
MOST = 200
#: So many refusals are told one by one.
_TOLD = 5


@dataclass(frozen=True, kw_only=True)
class Chosen:
    """What somebody chose for which messages."""

    choice: Choice
    messages: tuple[UUID, ...]


def chosen(form: MultiDict[str, str]) -> Chosen | None:
    """What a form says: ``one`` is a row's own button (``choice:id``), else ``choice`` goes for the ``rowid`` given.

    None where it says nothing that can be done.
    """
    choice, ids = form.get("choice", ""), form.getlist("rowid")
    if form.get("one"):
        choice, _, only = form["one"].partition(":")
        ids = [only]
    try:
        found = Chosen(choice=Choice(choice), messages=tuple(dict.fromkeys(UUID(each) for each in ids[:MOST])))
    except ValueError:
        return None
    return found if found.messages else None


def carry_out(asked: Chosen, *, state: State) -> None:
    """Do what was chosen, message by message, and tell the viewer what came of it. Commits each by itself."""
    who = actor()
    refusals: list[str] = []
    for message in asked.messages:
        refusal = _one(asked.choice, message, state=state, who=who)
        if refusal:
            refusals.append(refusal)
    done = len(asked.messages) - len(refusals)
    if done:
        state.wake.set()
        flash(_done(asked.choice, done), "success")
    for refusal in refusals[:_TOLD]:
        flash(refusal, "warning")
    if len(refusals) > _TOLD:
        left = len(refusals) - _TOLD
        flash(
            ngettext("One more message had moved on already.", "%(num)s more messages could not be taken along.", left),
            "warning",
        )


def _one(choice: Choice, message: UUID, *, state: State, who: str) -> str:
    """What stood against it in words; empty where it is done."""

    def work(session: Session) -> None:
        choose(session, choice, message, state=state, who=who, now=database_now(session))

    try:
        within(state, work)
    except TooLate as late:
        return _too_late(late)
    except SmsError as error:
        if error.code == "unknown_message":
            return gettext("The message is not there any more.")
        return _impossible(choice, error.code)
    except SQLAlchemyError as error:
        log.error("the choice %s for the message %s failed: %s", choice.value, message, trail(error))
        return explained(error)
    except Exception as error:  # noqa: BLE001 - the host's own functions make the text of a released message anew
        log.error("the message %s cannot be worded: %s", message, type(error).__name__)
        return _impossible(choice, "render_failed")
    return ""


def _impossible(choice: Choice, reason: str) -> str:
    return gettext("%(choice)s: not possible. %(why)s", choice=choice_name(choice), why=reason_words(reason))


def _too_late(late: TooLate) -> str:
    if late.code == "being_sent":
        return gettext("The message is being sent at this moment: it is too late for that. See what the provider says.")
    at = in_words(late.at.astimezone(zone()))
    state = state_name(late.state)
    if late.who:
        return gettext(
            "%(who)s was quicker: since %(at)s the message is “%(state)s”.", who=late.who, at=at, state=state
        )
    return gettext("Meanwhile the message has moved on: since %(at)s it is “%(state)s”.", at=at, state=state)


def _done(choice: Choice, number: int) -> str:
    if choice is Choice.CANCEL:
        return ngettext("One message is cancelled.", "%(num)s messages are cancelled.", number)
    if choice is Choice.ASSUME_SENT:
        return ngettext("One message is taken as sent.", "%(num)s messages are taken as sent.", number)
    if choice is Choice.SEND_NOW:
        return ngettext("One message goes next.", "%(num)s messages go next.", number)
    return ngettext("One message is in the queue again.", "%(num)s messages are in the queue again.", number)


def questions(choice: Choice, words: str, messages: Sequence[UUID]) -> str:
    """What is asked before a choice for several messages."""
    if len(messages) == 1:
        return words
    return ngettext(
        "%(choice)s: one message?", "%(choice)s: %(num)s messages?", len(messages), choice=choice_name(choice)
    )
