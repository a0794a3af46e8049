"""From what a host wrote about one model to readers, people and shortcodes that hold."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy.orm.interfaces import LoaderOption, RelationshipDirection

from sms_plugin.errors import ConfigurationError
from sms_plugin.host.bound import (
    BoundDebt,
    BoundEntity,
    BoundPerson,
    LinkReader,
    MoneyReader,
    Reader,
    ShortcodeReader,
    Target,
)
from sms_plugin.host.entity import Debt, Entity, LinkTo, MoneyOf, Person, Read
from sms_plugin.host.filtering import bind_filters
from sms_plugin.host.naming import NAME
from sms_plugin.host.paths import Path, check_path, column_at
from sms_plugin.host.resolution import Resolution

#: The shortcodes of debts: how many, their total, the oldest (M9).
DEBT = ("debt_count", "debt_total", "debt_oldest")


@dataclass(kw_only=True)
class Binding:
    """Reads what was written about one model; notes what its paths reach and what a page should load with them."""

    run: Resolution
    model: type[Any]
    reaches: set[str] = field(default_factory=set)
    eager: dict[tuple[str, ...], LoaderOption] = field(default_factory=dict)

    def reader(self, read: Any, *, where: str) -> Reader:
        """The path or function as a reader; a wrong path is noted, and reads None."""
        if not isinstance(read, str):
            if callable(read):
                function: Reader = read
                return function
            self.run.complain(f"{where} is {read!r}.", code="bad_read", hint="Give a path or a function.")
            return _nothing
        path = self.run.attempt(lambda: check_path(self.model, read, where=where))
        if path is None:
            return _nothing
        self._load(path)
        return path.reader()

    def person(self, person: Person[Any], *, where: str) -> BoundPerson:
        """How to read a person from a record of the model, or inside it."""

        def read(what: Read[Any] | None, name: str) -> Reader | None:
            return None if what is None else self.reader(what, where=f"{where}, person's {name}")

        consents: Any = person.consents
        if consents is not None and not callable(consents):
            self.run.complain(
                f"{where}, person's consents is {consents!r}.",
                code="bad_read",
                hint="Give a function of the record and the purpose.",
            )
        phones = person.phones if isinstance(person.phones, Mapping) else {"mobile": person.phones}
        if isinstance(person.client, str):
            self._reach(self.model, person.client)
        return BoundPerson(
            name=self.reader(person.name, where=f"{where}, person's name"),
            phones={
                flag: self.reader(wanted, where=f"{where}, person's phones[{flag!r}]")
                for flag, wanted in phones.items()
            },
            language=read(person.language, "language"),
            timezone=read(person.timezone, "timezone"),
            region=read(person.region, "region"),
            consents=person.consents,
            client=read(person.client, "client"),
            client_by=_ways_back(self.model, person.client),
            client_path=self._client_path(person.client),
            found_by=self._found_by(person, phones, where=where),
        )

    def _client_path(self, client: object) -> Path | None:
        if not isinstance(client, str):
            return None
        try:
            return check_path(self.model, client, where="")
        except ConfigurationError:
            return None  # complained of where it is declared

    def _found_by(self, person: Person[Any], phones: Mapping[str, Any], *, where: str) -> tuple[Path, ...]:
        """The paths to columns that hold numbers: those that are named, else those of ``phones`` that are such."""
        told = [person.found_by] if isinstance(person.found_by, str) else list(person.found_by)
        found: dict[tuple[str, ...], Path] = {}
        for read in told or [each for each in phones.values() if isinstance(each, str)]:
            try:
                path = check_path(self.model, read, where=f"{where}, person's found_by")
            except ConfigurationError as problem:
                if told:
                    self.run.complain(problem.message, code=problem.code, hint=problem.hint)
                continue  # a wrong path of phones is complained of where it is read
            if column_at(self.model, path) is not None:
                found[path.steps] = path
            elif told:
                self.run.complain(
                    f"{where}, person's found_by: {read!r} is no column.",
                    code="bad_path",
                    hint="Give the path to a column that holds numbers, such as numbers.number.",
                )
        return tuple(found.values())

    def targets(self, wanted: Read[Any] | Person[Any] | Sequence[Read[Any]], *, where: str) -> tuple[Target, ...]:
        """The ways from a record to people, in their order."""
        if isinstance(wanted, Person):
            return (Target(read=_itself, person=self.person(wanted, where=where)),)
        several: Sequence[Any] = wanted if isinstance(wanted, (list, tuple)) else [wanted]
        return tuple(target for each in several if (target := self._target(each, where=where)) is not None)

    def also(self, also: Mapping[str, str], *, where: str) -> dict[str, Reader]:
        """The readers of the records whose sections a text may use too."""
        readers = {
            section: self._another(path, section, where=f"{where}, also[{section!r}]") for section, path in also.items()
        }
        return {section: reader for section, reader in readers.items() if reader is not None}

    def shortcode(self, wanted: Any, *, where: str) -> ShortcodeReader:
        """How to read the value of a shortcode."""
        if isinstance(wanted, MoneyOf):
            currency = None if wanted.currency is None else self.reader(wanted.currency, where=where)
            return MoneyReader(amount=self.reader(wanted.amount, where=where), currency=currency)
        if isinstance(wanted, LinkTo):
            values = {name: self.reader(path, where=where) for name, path in wanted.values.items()}
            return LinkReader(declared=wanted, values=values)
        return self.reader(wanted, where=where)

    def debt(self, wanted: Debt[Any], *, where: str) -> BoundDebt:
        """How to read a debt."""
        amount = self.shortcode(wanted.amount, where=f"{where}, debt's amount")
        if not isinstance(amount, MoneyReader):
            self.run.complain(
                f"{where}, debt's amount is {wanted.amount!r}.", code="bad_debt", hint='Write Debt(money("total"), …).'
            )
            amount = MoneyReader(amount=_nothing, currency=None)
        return BoundDebt(amount=amount, since=self.reader(wanted.since, where=f"{where}, debt's since"))

    def _load(self, path: Path) -> None:
        option = path.eager()
        if option is not None:
            self.eager[path.steps[: len(path.relationships)]] = option

    def _target(self, read: Any, *, where: str) -> Target | None:
        if not isinstance(read, str):
            if callable(read):
                # where a function leads shows when it is called: to any of the declared people
                self.reaches.update(entity.name for entity in self.run.people())
            return Target(read=self.reader(read, where=where))
        path = self.run.attempt(lambda: self._path_to_people(read, where=where))
        if path is None:
            return None
        self._load(path)
        self._reach(self.model, read)
        return Target(read=path.reader(), path=path)

    def _path_to_people(self, read: str, *, where: str) -> Path:
        path = check_path(self.model, read, where=where)
        if path.target is not None and self.run.person(path.target) is None:
            raise ConfigurationError(
                f"{where}: {read!r} leads to {path.target.__name__}, which is no declared person.",
                code="no_person",
                hint=f"Declare Entity({path.target.__name__}, …, person=Person(name=…, phones=…)).",
            )
        return path

    def _another(self, read: str, section: str, *, where: str) -> Reader | None:
        path = self.run.attempt(lambda: check_path(self.model, read, where=where))
        if path is None:
            return None
        target = None if path.target is None else self.run.declared(path.target)
        if target is None or target.section != section:
            self.run.complain(
                f"{where}: {read!r} leads to no declared entity of the section {section!r}.",
                code="bad_also",
                hint="Name the section of the entity that the path leads to, and declare that entity.",
            )
            return None
        self._load(path)
        self.reaches.add(target.name)
        return path.reader()

    def _reach(self, model: type[Any], read: str, *, depth: int = 2) -> None:
        """Note what a path leads to, and the client behind a person that it leads to."""
        try:
            end = check_path(model, read, where="").target
        except ConfigurationError:
            return  # complained of where it is declared
        target = None if end is None else self.run.declared(end)
        if target is None:
            return
        self.reaches.add(target.name)
        if depth and target.person is not None and isinstance(target.person.client, str):
            self._reach(target.model, target.person.client, depth=depth - 1)


def bind(run: Resolution, entity: Entity[Any]) -> BoundEntity:
    """The entity with readers in place of paths. Mistakes are noted in the run; what they spoil reads None."""
    where = f"Entity {entity.name}"
    binding = Binding(run=run, model=entity.model)
    person = None if entity.person is None else binding.person(entity.person, where=where)
    to = {
        audience: binding.targets(wanted, where=f"{where}, to[{audience!r}]") for audience, wanted in entity.to.items()
    }
    also = binding.also(entity.also, where=where)
    shortcodes: dict[str, ShortcodeReader] = {}
    for name, wanted in entity.shortcodes.items():
        if not NAME.match(name):
            run.complain(
                f"{where}: {name!r} cannot be a shortcode.",
                code="bad_shortcode_name",
                hint="Letters, digits and underscores, not beginning with a digit.",
            )
        shortcodes[name] = binding.shortcode(wanted, where=f"{where}, shortcode {name!r}")
    debt = None if entity.debt is None else binding.debt(entity.debt, where=where)
    if debt is not None:  # one record is a single debt; what is told together is counted where it is worded
        of_one: dict[str, ShortcodeReader] = dict(zip(DEBT, (_one, debt.amount, debt.since), strict=True))
        shortcodes = {**of_one, **shortcodes}
    return BoundEntity(
        key=entity.name,
        model=entity.model,
        section=entity.section,
        person=person,
        to=to,
        also=also,
        shortcodes=shortcodes,
        reaches=frozenset(binding.reaches),
        eager=tuple(binding.eager.values()),
        debt=debt,
        filters=bind_filters(run, entity),
    )


def _ways_back(model: type[Any], client: object) -> tuple[Any, ...]:
    """The relationships by which a person's client can be asked for its people; none where no person is ever without.

    Somebody who got a client later (a lead) was texted without one: the client's history has to find those messages.
    """
    if not isinstance(client, str):
        return ()
    try:
        path = check_path(model, client, where="")
    except ConfigurationError:
        return ()  # complained of where it is declared
    if path.target is None:
        return ()
    always = all(
        not attribute.property.uselist
        and attribute.property.direction is RelationshipDirection.MANYTOONE
        and not any(column.nullable for column in attribute.property.local_columns)
        for attribute in path.relationships
    )
    return () if always else path.relationships


def _itself(record: Any) -> object:
    return record


def _nothing(record: Any) -> object:
    return None


def _one(record: Any) -> object:
    return 1
