"""``flask sms explain``: why somebody was texted, or was not."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import click
from flask.cli import with_appcontext

from sms_plugin.cli.group import as_json, reading, say, state
from sms_plugin.errors import SmsError
from sms_plugin.host.identity import RecordRef
from sms_plugin.outbox.explain import Explained
from sms_plugin.outbox.timeline import Moment
from sms_plugin.outbox.unfed import Unfed
from sms_plugin.text.phones import PhoneError, mask, parse_phone
from sms_plugin.triggers.answering import Question, answer
from sms_plugin.triggers.explaining import Standing


@click.command()
@click.argument("whom", nargs=-1, required=True, metavar="NUMBER | ENTITY KEY")
@click.option("--trigger", help="Of this trigger only.")
@click.option("--days", type=click.IntRange(1, 3660), default=31, show_default=True, help="Decided since then.")
@click.option("--most", type=click.IntRange(1, 200), default=20, show_default=True, help="How many, the newest first.")
@as_json
@with_appcontext
def explain(whom: tuple[str, ...], trigger: str | None, days: int, most: int, as_json: bool) -> None:
    """Show why each message to a NUMBER, to a person or about a record (ENTITY KEY) went, waits or did not go.

    What triggers would do now for the records that lead there is told, too; nothing is sent by asking. Numbers are
    masked, texts are left out.
    """
    with reading() as (session, now):
        question = _question(whom, trigger, since=now - timedelta(days=days))
        told = answer(session, question, state=state(), now=now, most=most)
    data = {
        "whom": told.name or None,
        "messages": [_message(each) for each in told.account.messages],
        "now": [_standing(each) for each in told.standings],
        "more_records": told.cut,
        "sends_to_come": [_unfed(each) for each in told.unfed],
    }
    lines = [line for each in told.account.messages for line in _lines(each)] or ["No message was decided."]
    lines += ["", "Sends to many whose turn has not come:"] if told.unfed else []
    lines += [_to_come(each) for each in told.unfed]
    lines += ["", "As it stands now:"] if told.standings else []
    lines += [_line(each) for each in told.standings]
    say(data, as_json=as_json, lines=lines)


def _question(whom: tuple[str, ...], trigger: str | None, *, since: datetime) -> Question:
    """Whom it is about. Raises ``SmsError``."""
    registry = state().registry
    if len(whom) == 1:
        try:
            number = parse_phone(whom[0], region=state().settings.region).e164
        except PhoneError as error:
            raise SmsError(
                f"{whom[0]!r} is no number.", code=error.code, hint="Give a number, or an entity and a key."
            ) from None
        return Question(number=number, trigger=trigger, since=since)
    if len(whom) > 2 or whom[0] not in registry.entities:
        known = ", ".join(sorted(registry.entities))
        raise SmsError(
            f"There is no entity {whom[0]!r}.", code="unknown_entity", hint=f"Give one of {known}, and a key."
        )
    ref = RecordRef(entity=whom[0], key=whom[1])
    if registry.entities[ref.entity].person is not None:
        return Question(somebody=ref, trigger=trigger, since=since)
    return Question(record=ref, trigger=trigger, since=since)


def _message(each: Explained) -> dict[str, Any]:
    found = each.message
    return {
        "id": str(found.id),
        "state": found.state,
        "reason": found.reason or None,
        "detail": found.detail or None,
        "trigger": found.trigger,
        "fired_by": {"kind": each.fired.kind, "step": each.fired.step, "moment": each.fired.moment},
        "who": each.fired.who or None,
        "record": f"{found.entity} {found.record}" if found.entity else None,
        "person": f"{found.person_entity} {found.person}" if found.person_entity else None,
        "number": mask(found.number) if found.number else None,
        "number_is": each.number_is or None,
        "decided_at": found.created_at,
        "put_off_until": each.put_off_until,
        "gathered": len(each.gathered),
        "cost": found.cost,
        "currency": found.currency or None,
        "within_a_day": [str(id) for id in each.near],
        "happened": [_moment(moment) for moment in each.moments],
    }


def _moment(each: Moment) -> dict[str, Any]:
    given = {"state": each.state, "reason": each.reason, "detail": each.detail, "who": each.who, "until": each.until}
    return {"at": each.at, "what": each.what, **{name: value for name, value in given.items() if value}}


def _standing(each: Standing) -> dict[str, Any]:
    return {
        "trigger": each.trigger,
        "code": each.code,
        "at": each.at,
        "record": f"{each.record.entity} {each.record.key}" if each.record else None,
        "step": each.step or None,
        "number": mask(each.number) if each.number else None,
        "detail": each.detail or None,
        "message": str(each.message) if each.message else None,
        "state": each.state or None,
    }


def _unfed(each: Unfed) -> dict[str, Any]:
    recipient, batch = each.recipient, each.batch
    return {
        "batch": str(batch.id),
        "name": batch.name,
        "state": batch.state,
        "why": batch.reason or None,
        "left_out": recipient.reason if recipient.is_left_out else None,
        "number": mask(recipient.number) if recipient.number else None,
        "built_at": each.built_at,
        "confirmed_at": batch.confirmed_at,
        "confirmed_by": batch.confirmed_by or None,
        "approved_by": batch.approved_by or None,
        "due_at": batch.due_at,
    }


def _to_come(each: Unfed) -> str:
    told = _unfed(each)
    out = f"left out: {told['left_out']}" if told["left_out"] is not None else ""
    why = f"({told['why']})" if told["why"] else ""
    return "  ".join(filter(None, ["", told["name"], told["state"], why, told["number"], out]))


def _lines(each: Explained) -> list[str]:
    found = each.message
    head = "  ".join(filter(None, [f"{found.created_at:%Y-%m-%d %H:%M}", found.state, found.trigger or "by hand"]))
    fired = " ".join(filter(None, ["fired by", each.fired.kind, each.fired.step, each.fired.moment]))
    told = [head, f"  {fired}" + (f", {each.fired.who}" if each.fired.who else "")]
    if found.number:
        told.append(f"  to {mask(found.number)}" + (f" ({each.number_is})" if each.number_is else ""))
    if each.put_off_until is not None:
        told.append(f"  put off until {each.put_off_until:%Y-%m-%d %H:%M} UTC")
    told += [
        "  " + "  ".join(filter(None, [f"{one.at:%Y-%m-%d %H:%M}", one.what, one.state, one.reason, one.detail]))
        for one in each.moments
    ]
    return told


def _line(each: Standing) -> str:
    record = f"{each.record.entity} {each.record.key}" if each.record else ""
    number = mask(each.number) if each.number else ""
    at = f"{each.at:%Y-%m-%d %H:%M} UTC" if each.at else ""
    return "  ".join(filter(None, ["", each.trigger, record, each.step, each.code, each.detail, number, at]))
