"""The ways by which the form of a send to many finds its recipients: read from what was posted, and shown again with
all that was typed (S2, S6).
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import sqlalchemy as sa
from flask_admin import Admin
from flask_admin.contrib.sqla import ModelView
from werkzeug.datastructures import MultiDict

from sms_plugin.batches.audience import FILE, FILTERS, GROUP, KINDS, MOST_SOURCES, NUMBERS, RECORDS, Source
from sms_plugin.host.bound import BoundEntity
from sms_plugin.host.identity import RecordRef
from sms_plugin.host.search import Found, label_of, load
from sms_plugin.models import Group
from sms_plugin.state import State
from sms_plugin.triggers.previewing import Subject, search
from sms_plugin.web.apart import reading
from sms_plugin.web.bulk_words import source_words
from sms_plugin.web.condition_fields import Fields, fields
from sms_plugin.web.conditions import Reading, read, reading_of
from sms_plugin.web.sights import is_closed, shown_refs
from sms_plugin.web.translation import gettext

_KIND = re.compile(r"s([0-9]{1,3})-kind")
#: So many records are offered for what was typed, twice as many of several entities; and so many of each are looked
#: through, of which the admin may not show all.
OFFERED, LOOKED_THROUGH = 8, 40
#: So many single records are chosen by hand at most.
MOST_KEYS = 500
_LONGEST_NUMBERS = 2_000_000
#: What parts the columns of a file in a form: no shortcode holds it.
_BETWEEN = ","


@dataclass(frozen=True, kw_only=True)
class Block:
    """One source as the form has it. ``number`` stands in the names of its fields."""

    number: int
    kind: str
    entity: str = ""
    reading: Reading = field(default_factory=Reading)  #: filters: what was typed, and what it means
    everybody: bool = False  #: filters: all records are meant where there is no condition
    group: int = 0
    keys: tuple[tuple[str, str], ...] = ()  #: records: (entity, key) of those that are chosen
    words: str = ""  #: records: what is looked for
    text: str = field(default="", repr=False)
    name: str = ""  #: file
    columns: tuple[str, ...] = ()
    phone: str = ""
    wanted: str = ""  #: file: the heading of the column with the numbers, where somebody says it

    @property
    def is_empty(self) -> bool:
        """Whether nobody was chosen in it yet."""
        if self.kind == FILTERS:
            return not self.reading.conditions and not self.everybody
        chosen = {GROUP: self.group, RECORDS: self.keys, NUMBERS: self.text.strip(), FILE: self.columns}
        return not chosen[self.kind]

    def sources(self, *, all_: bool = False) -> list[Source]:
        """What it asks for; nothing where nobody was chosen; with ``all_`` filters that are not set ask for all."""
        if self.is_empty and not (all_ and self.kind == FILTERS):
            return []
        if self.kind == RECORDS:
            entities = dict.fromkeys(entity for entity, _ in self.keys)
            return [
                Source(kind=RECORDS, entity=each, keys=tuple(key for entity, key in self.keys if entity == each))
                for each in entities
            ]
        return [
            Source(
                kind=self.kind,
                entity=self.entity,
                conditions=tuple(self.reading.conditions),
                group=self.group,
                text=self.text,
                name=self.name,
                columns=self.columns,
                phone=self.phone,
            )
        ]


@dataclass(frozen=True, kw_only=True)
class Shown:
    """A block with what only its page needs."""

    block: Block
    title: str
    fields: Fields | None = None  #: filters: None where the portal has its records no more
    chosen: Sequence[tuple[str, str]] = ()  #: records: (value, label)
    found: Sequence[Found] = ()
    lacking: Sequence[str] = ()  #: shortcodes of the text that it cannot fill in


def read_blocks(form: MultiDict[str, str], *, state: State) -> list[Block]:
    """The sources in a form, in their order; nothing of them is believed yet."""
    numbers = sorted({int(found[1]) for name in form if (found := _KIND.fullmatch(name))})[:MOST_SOURCES]
    return [_block(form, number, state=state) for number in numbers if form.get(f"s{number}-kind") in KINDS]


def blocks_of(sources: Iterable[Source], *, state: State) -> list[Block]:
    """The sources of a draft as the form shows them: single records stand together."""
    blocks: list[Block] = []
    for source in sources:
        keys = tuple((source.entity, key) for key in source.keys)
        together = next((each for each in blocks if each.kind == RECORDS), None)
        if source.kind == RECORDS and together is not None:
            blocks[blocks.index(together)] = replace(together, keys=together.keys + keys)
            continue
        block = Block(
            number=len(blocks),
            kind=source.kind,
            entity=source.entity,
            reading=_reading(source, state=state),
            everybody=source.kind == FILTERS and not source.conditions,
            group=source.group,
            keys=keys if source.kind == RECORDS else (),
            text=source.text,
            name=source.name,
            columns=source.columns,
            phone=source.phone,
        )
        blocks.append(block)
    return blocks


def with_another(blocks: Sequence[Block], what: str, *, state: State) -> list[Block]:
    """The blocks and an empty one more: ``what`` is a kind, for filters with the entity behind a colon."""
    kind, _, entity = what.partition(":")
    if kind not in KINDS or len(blocks) >= MOST_SOURCES or (kind == FILTERS and entity not in state.registry.entities):
        return list(blocks)
    number = max((each.number for each in blocks), default=-1) + 1
    return [*blocks, Block(number=number, kind=kind, entity=entity if kind == FILTERS else "")]


def offered_kinds(*, state: State, admin: Admin | None, file: bool = True) -> list[tuple[str, str]]:
    """What can be added: filters of each entity that leads to people, and the other ways."""
    by_filters = [
        (f"{FILTERS}:{each.key}", gettext("%(what)s, chosen by filters", what=entity_label(each, admin=admin)))
        for each in state.registry.entities.values()
        if (each.filters or each.person is not None) and not is_closed(each, admin=admin)
    ]
    by_filters.sort(key=lambda each: not state.registry.entities[each[0].partition(":")[2]].filters)
    others = (GROUP, RECORDS, NUMBERS, *((FILE,) if file else ()))
    return [*by_filters[:1], *((kind, source_words(kind)) for kind in others), *by_filters[1:]]


def shown_blocks(
    blocks: Sequence[Block], *, state: State, admin: Admin | None, lacking: dict[int, list[str]] | None = None
) -> list[Shown]:
    """The blocks with the names of what was chosen, and what a search in them found. Reads only."""
    return [
        replace(_shown(each, state=state, admin=admin), lacking=(lacking or {}).get(each.number, ())) for each in blocks
    ]


def problems_of(blocks: Sequence[Block], *, state: State) -> list[str]:
    """What is wrong with the filters and the groups of the blocks, in words."""
    gone = gettext("The portal does not offer a source any more: remove it, and choose in another way.")
    found = [problem for each in blocks for problem in each.reading.problems.values()]
    lost = any(each.kind == FILTERS and each.entity not in state.registry.entities for each in blocks)
    chosen = gettext("Choose a group where you added one, or remove that source.")
    open_ = any(each.kind == GROUP and each.is_empty for each in blocks)
    return [*found, *([gone] if lost else []), *([chosen] if open_ else [])]


def people(words: str, *, state: State, admin: Admin | None) -> list[Found]:
    """Records that can be texted, by what a person types: the beginning of a name or a number; those that the admin
    would show. Reads only.
    """
    entities = tuple(each for each in state.registry.entities.values() if each.person is not None)
    with reading(state) as apart:
        found = search(apart, Subject(entities=entities), words[:200], most=LOOKED_THROUGH)
    refs = {RecordRef(entity=each.entity, key=each.key): each for each in found}
    return [refs[each] for each in shown_refs(refs, admin=admin, state=state)][: 2 * OFFERED]


def only_shown(blocks: Sequence[Block], *, state: State, admin: Admin | None) -> tuple[list[Block], int]:
    """The blocks without the single records that the admin would not show, and how many these are. Reads only."""
    kept: list[Block] = []
    hidden = 0
    for block in blocks:
        refs = [RecordRef(entity=entity, key=key) for entity, key in block.keys]
        keys = tuple((each.entity, each.key) for each in shown_refs(refs, admin=admin, state=state))
        hidden += len(block.keys) - len(keys)
        kept.append(replace(block, keys=keys))
    return kept, hidden


def groups(session: Any) -> list[Group]:
    """The groups that can be chosen, by name. Reads only."""
    return list(session.scalars(sa.select(Group).order_by(Group.name).limit(1000)))


def entity_label(entity: BoundEntity, *, admin: Admin | None) -> str:
    """What the host's own admin calls the records of an entity; else the name of their class."""
    for view in [] if admin is None else admin._views:
        if isinstance(view, ModelView) and view.model is entity.model:
            return str(view.name)
    return entity.model.__name__


def value_of(entity: str, key: str) -> str:
    """A record as a form writes it."""
    return f"{entity}|{key}"


def _block(form: MultiDict[str, str], number: int, *, state: State) -> Block:
    def given(name: str, most: int = 200) -> str:
        return form.get(f"s{number}-{name}", "").replace("\0", "")[:most]

    kind, entity = given("kind"), given("entity")
    bound = state.registry.entities.get(entity)
    group = given("group", 9)
    keys = [
        (of, key)
        for each in form.getlist(f"s{number}-key")[:MOST_KEYS]
        for of, _, key in [each.replace("\0", "").partition("|")]
        if of in state.registry.entities and key
    ]
    return Block(
        number=number,
        kind=kind,
        entity=entity if kind == FILTERS else "",
        reading=read(form, bound, state=state, prefix=_prefix(number)) if kind == FILTERS and bound else Reading(),
        everybody=f"s{number}-everybody" in form,
        group=int(group) if group.isascii() and group.isdecimal() else 0,
        keys=tuple(dict.fromkeys(keys)),
        words=given("words"),
        text=form.get(f"s{number}-text", "").replace("\0", "").replace("\r\n", "\n")[:_LONGEST_NUMBERS],
        name=given("name"),
        columns=tuple(each for each in given("columns", 4000).split(_BETWEEN) if each),
        phone=given("phone"),
        wanted=given("wanted").strip(),
    )


def _shown(block: Block, *, state: State, admin: Admin | None) -> Shown:
    if block.kind == FILTERS:
        entity = state.registry.entities.get(block.entity)
        name = block.entity if entity is None else entity_label(entity, admin=admin)
        shown = None if entity is None else fields(entity, block.reading, state=state, prefix=_prefix(block.number))
        return Shown(block=block, fields=shown, title=gettext("%(what)s, chosen by filters", what=name))
    title = source_words(block.kind)
    if block.kind != RECORDS:
        return Shown(block=block, title=title)
    with reading(state) as apart:
        chosen = [(value_of(entity, key), _label(apart, entity, key, state=state)) for entity, key in block.keys]
        apart.rollback()
    found = people(block.words, state=state, admin=admin) if block.words.strip() else []
    have = set(block.keys)
    return Shown(
        block=block, title=title, chosen=chosen, found=[each for each in found if (each.entity, each.key) not in have]
    )


def _reading(source: Source, *, state: State) -> Reading:
    entity = state.registry.entities.get(source.entity)
    return Reading() if source.kind != FILTERS or entity is None else reading_of(source.conditions, entity)


def _prefix(number: int) -> str:
    """What the names of a block's filters begin with."""
    return f"s{number}-f"


def _label(session: Any, entity: str, key: str, *, state: State) -> str:
    bound = state.registry.entities[entity]
    record = load(session, bound, key)
    return f"{entity} {key}" if record is None else label_of(record, bound)
