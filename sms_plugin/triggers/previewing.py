"""A text as one person would read it, on a record of the host's, with nothing written (M7)."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from sqlalchemy.orm import Session

from sms_plugin.errors import SmsError
from sms_plugin.host.bound import BoundEntity, Target
from sms_plugin.host.search import Found, find, label_of, load
from sms_plugin.host.when import Added
from sms_plugin.people.recipients import Recipient, recipients
from sms_plugin.state import State
from sms_plugin.text.segments import Measure
from sms_plugin.triggers.reading import guarded
from sms_plugin.wording.rendering import Rendered, render_company, render_for
from sms_plugin.wording.way_out import WayOut


@dataclass(frozen=True, kw_only=True)
class Subject:
    """What a text is about: a section, or the records of a trigger."""

    entities: tuple[BoundEntity, ...]
    trigger: str | None = None


@dataclass(frozen=True, kw_only=True)
class Preview:
    """The text on one record, or why it would be held."""

    record: str = ""  #: what a person calls the record
    person: str = ""  #: who reads it; empty where the record leads to nobody
    language: str = ""
    text: str = ""
    measure: Measure | None = None
    problem: str = ""
    hint: str = ""


def subject_of(state: State, *, trigger: str | None = None, section: str | None = None) -> Subject:
    """What a trigger's text, or a text of a section, is about. Raises ``SmsError`` for an unknown trigger."""
    if trigger is not None:
        return Subject(entities=state.registry.subjects(trigger), trigger=trigger)
    return Subject(entities=state.registry.entities_of(section))


def search(session: Session, subject: Subject, words: str, *, most: int, numbers: bool = True) -> list[Found]:
    """Records of the subject by what a person types: some of each of its entities, as ``find`` does. Reads only."""
    with _kept_out(session):
        ways = [find(session, entity, words, most=most, numbers=numbers) for entity in subject.entities]
        return [found for some in ways for found in some][: 2 * most]


def preview(
    session: Session, template: str, *, subject: Subject, entity: str = "", key: str = "", language: str, state: State
) -> Preview:
    """The text on one record as its first reader gets it; without entities, on none.

    The session is rolled back: nothing of what a host's attribute changes is kept, so give one with nothing to lose.
    ``language`` is the text's: where it is not the reader's, values are written its way, as in the message itself.
    """
    bound = next((each for each in subject.entities if each.key == entity), None)
    with _kept_out(session):
        try:
            if not subject.entities:
                zone = state.settings.zone
                return _told(render_company(template, language=language, zone=zone, state=state), language=language)
            record = None if bound is None else load(session, bound, key)
            if bound is None or record is None:
                return Preview(problem="This record is not there any more.", hint="Search for another one.")
            return _on(session, template, record, bound, subject, language=language, state=state)
        except SmsError as error:
            return Preview(problem=error.message, hint=error.hint)


def _on(
    session: Session,
    template: str,
    record: Any,
    entity: BoundEntity,
    subject: Subject,
    *,
    language: str,
    state: State,
) -> Preview:
    label = label_of(record, entity)
    try:
        with guarded(session, careful=False):
            to = next(iter(_people(record, entity, subject, state)), None)
            person = "" if to is None else _name(to, entity)
            reader = to.language if to is not None and _base(to.language) == _base(language) else language
            rendered = render_for(
                template,
                record=record,
                entity=entity,
                people=[] if to is None else [each for each in (to.record, to.client) if each is not None],
                language=reader,
                zone=state.settings.zone if to is None else to.zone,
                state=state,
                way_out=WayOut(number=None if to is None else to.number),
            )
    except SmsError as error:
        return Preview(record=label, problem=error.message, hint=error.hint)
    except Exception as error:  # noqa: BLE001 - a host's attribute may raise anything; that is what is being told
        return Preview(
            record=label,
            problem=f"A value cannot be read on this record: {type(error).__name__}.",
            hint="Its message would be held. See `flask sms check`.",
        )
    return _told(rendered, language=reader, record=label, person=person)


def _told(rendered: Rendered, *, language: str, record: str = "", person: str = "") -> Preview:
    return Preview(record=record, person=person, language=language, text=rendered.shown, measure=rendered.measure)


def _people(record: Any, entity: BoundEntity, subject: Subject, state: State) -> Sequence[Recipient]:
    registry = state.registry
    audience, purpose = next(iter(entity.to), "client"), "service"
    to: tuple[Target, ...] = ()
    if subject.trigger is not None:
        reason = registry.reason(subject.trigger)
        audience, purpose = reason.audience, reason.purpose
        to = registry.to_by_hand(subject.trigger, entity=entity.key) or _members(subject.trigger, entity, state)
    return recipients(
        record,
        entity=entity,
        to=to,
        purpose=purpose,
        audience=audience,
        registry=registry,
        settings=state.settings,
    )


def _members(trigger: str, entity: BoundEntity, state: State) -> tuple[Target, ...]:
    """The members whose addition fires the trigger: any of them stands for the one who would be added."""
    return tuple(
        Target(read=lambda record, name=hook.when.attribute.key: list(getattr(record, name))[:1])  # type: ignore[misc]
        for hook in state.registry.hooks_of(trigger, entity=entity.key)
        if hook.of_member and isinstance(hook.when, Added)
    )


def _name(to: Recipient, entity: BoundEntity) -> str:
    owner = to.entity or entity
    return label_of(to.record, owner)


def _base(language: str) -> str:
    return language.partition("-")[0]


@contextmanager
def _kept_out(session: Session) -> Iterator[None]:
    """A block of which nothing stays in the session."""
    with session.no_autoflush:
        try:
            yield
        finally:
            session.rollback()
