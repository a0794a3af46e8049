"""Finding a record by what a person types (M7): never a large table from end to end."""

from __future__ import annotations

import datetime as dt

import pytest
import sqlalchemy as sa

from sms_plugin.host import search
from sms_plugin.host.search import find, load
from tests.portal import Client, Invoice, Portal


@pytest.fixture
def people(portal: Portal) -> Portal:
    """Three clients and a few invoices."""
    names = ["Ana Silva", "Bruno Anjos", "100% <script>alert(1)</script>"]
    clients = [Client(name=name, phone="912345678", born_on=dt.date(1990, 1, 1)) for name in names]
    portal.session.add_all(clients)
    portal.session.flush()
    portal.session.add_all([Invoice(client=clients[0], number=f"F{number}") for number in range(1, 16)])
    portal.session.commit()
    return portal


def labels(portal: Portal, words: str, entity: str = "clients/Client") -> list[str]:
    with portal.fresh() as session:
        return [each.label for each in find(session, portal.state.registry.entities[entity], words)]


@pytest.mark.parametrize(
    ("words", "found"),
    [
        ("Ana", ["Ana Silva"]),
        ("an", ["Bruno Anjos", "Ana Silva"]),
        ("  silva   ANA ", ["Ana Silva"]),
        ("ana bruno", []),
        ("na", []),
        ("100%", ["100% <script>alert(1)</script>"]),
        ("%", []),
        ("_", []),
        ("99999999999999999999999", []),
        ("0\0", []),
        ("'; DROP TABLE client; --", []),
    ],
)
def test_every_word_begins_a_word_of_the_record(people: Portal, words: str, found: list[str]) -> None:
    assert labels(people, words) == found


def test_a_key_finds_its_record_first(people: Portal) -> None:
    with people.fresh() as session:
        key = session.scalars(sa.select(Client.id).where(Client.name == "Ana Silva")).one()
    assert labels(people, str(key))[0] == "Ana Silva"


def test_without_words_the_newest_come_and_never_more_than_a_few(people: Portal) -> None:
    found = labels(people, "", "invoice/Invoice")
    assert len(found) == search.MOST
    assert len(labels(people, "F1", "invoice/Invoice")) == 7


def test_only_the_newest_are_looked_through(people: Portal, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(search, "NEWEST", 2)
    assert labels(people, "F1", "invoice/Invoice") == labels(people, "", "invoice/Invoice")[:2]


def test_a_record_without_a_name_is_called_by_its_class_and_key(people: Portal) -> None:
    assert all(label.startswith("Invoice ") for label in labels(people, "", "invoice/Invoice"))


@pytest.mark.parametrize("key", ["abc", "", "[1,2]", "999999999999999999999999", "1\0", "{}"])
def test_what_is_no_key_loads_nothing(people: Portal, key: str) -> None:
    with people.fresh() as session:
        assert load(session, people.state.registry.entities["clients/Client"], key) is None


def test_a_secret_cannot_be_guessed_by_its_beginning(portal: Portal) -> None:
    class Base(sa.orm.DeclarativeBase):
        pass

    class Account(Base):
        __tablename__ = "account"
        id = sa.orm.mapped_column(sa.Integer, primary_key=True)
        login = sa.orm.mapped_column(sa.String(20))
        password_hash = sa.orm.mapped_column(sa.String(200))
        api_token = sa.orm.mapped_column(sa.String(200))

    assert [column.key for column in search.text_columns(Account)] == ["login"]


def test_nothing_is_written(people: Portal) -> None:
    written: list[str] = []

    def note(_connection: object, _cursor: object, statement: str, *_rest: object) -> None:
        written.append(statement)

    sa.event.listen(people.db.engine, "before_cursor_execute", note)
    labels(people, "ana")
    sa.event.remove(people.db.engine, "before_cursor_execute", note)
    assert written
    assert all(statement.startswith("SELECT") for statement in written)
