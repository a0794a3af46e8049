"""The CSV of a history: what a spreadsheet reads, and nothing that it would run (Q4)."""

from __future__ import annotations

import csv
import datetime as dt
import io
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from zoneinfo import ZoneInfo

import pytest
import sqlalchemy as sa
from hypothesis import example, given
from hypothesis import strategies as st
from sqlalchemy.orm import Session

from sms_plugin.models import Message
from sms_plugin.outbox import export as module
from sms_plugin.outbox.export import COLUMNS, SEPARATORS, Layout, export, file_name, guarded, unguarded
from sms_plugin.outbox.history import Selection, about_number
from tests.portal import Client, Portal

LISBON = ZoneInfo("Europe/Lisbon")


def _file(portal: Portal, *, of: Selection | None = None, newest_first: bool = False, **layout: Any) -> bytes:
    return b"".join(
        export(
            portal.fresh,
            of=of or Selection(),
            layout=Layout(zone=LISBON, **layout),
            registry=portal.state.registry,
            newest_first=newest_first,
        )
    )


def _read(data: bytes, *, separator: str = ",") -> list[dict[str, str]]:
    text = io.StringIO(data.decode("utf-8-sig"), newline="")
    return [
        {name: unguarded(cell) for name, cell in row.items()}
        for row in csv.DictReader(text, delimiter=separator, strict=True)
    ]


def _ana(ana: Client) -> dict[str, Any]:
    return {"person_entity": "clients/Client", "person": str(ana.id)}


def test_every_column_of_the_requirement_is_there(portal: Portal, ana: Client) -> None:
    portal.queue(trigger="charge_created", segments=2, operator="Olga", text="Olá, Ana", **_ana(ana))
    (row,) = _read(_file(portal))
    at = dt.datetime.fromisoformat(row.pop("time"))
    assert at.utcoffset() == dt.datetime.now(LISBON).utcoffset()
    assert abs(at - dt.datetime.now(dt.UTC)) < dt.timedelta(minutes=5)
    assert row == {
        "direction": "out",
        "person": "Ana",
        "number": "+351912345678",
        "text": "Olá, Ana",
        "status": "queued",
        "segments": "2",
        "cost": "",
        "reason_to_text": "charge_created",
        "operator": "Olga",
        "channel": "",
    }


@pytest.mark.parametrize("separator", SEPARATORS)
@pytest.mark.parametrize(
    "text",
    [
        '=HYPERLINK("http://evil.example","x")',
        "<script>alert(1)</script>",
        "+1+1",
        "-2",
        "@SUM(A1)",
        "\t=1",
        "\r=1",
        "\n=1",
        '  "=1',
        "'=1",
        "'just a quote",
        'a;b,c\td "e"\r\nf',
        "＝1",
    ],
)
def test_what_is_read_back_is_what_was_written_and_nothing_begins_like_a_formula(
    portal: Portal, separator: str, text: str
) -> None:
    client = Client(name=text[:80], phone="912 345 678")
    portal.session.add(client)
    portal.session.commit()
    portal.queue(text=text, operator=text, **_ana(client))
    data = _file(portal, separator=separator)
    cells = next(iter(list(csv.reader(io.StringIO(data.decode(), newline=""), delimiter=separator))[1:]))
    assert [cell for cell in cells if cell.lstrip(' "\n')[:1] in tuple("=+-@\t\r＝")] == []
    (row,) = _read(data, separator=separator)
    assert (row["text"], row["operator"], row["person"]) == (text, text, text)
    assert row["number"] == "+351912345678"


@example("'\r")
@given(st.text(alphabet=st.sampled_from("'\"`=+-@ \t\r\na1;,\x00\ufeff＝"), max_size=8))
def test_the_prefix_can_always_be_taken_away_again(cell: str) -> None:
    assert unguarded(guarded(cell)) == cell


def test_the_file_may_begin_with_a_byte_order_mark(portal: Portal) -> None:
    assert _file(portal, bom=True).startswith(b"\xef\xbb\xbftime,")
    assert _file(portal).startswith(b"time,")


def test_words_and_heads_are_the_door_s(portal: Portal) -> None:
    portal.queue(trigger="charge_created")
    data = _file(portal, header=[name.upper() for name in COLUMNS], say=lambda kind, code: f"{kind} {code}")
    (row,) = _read(data)
    assert (row["STATUS"], row["DIRECTION"], row["REASON_TO_TEXT"]) == (
        "state queued",
        "direction out",
        "trigger charge_created",
    )


def test_it_holds_what_was_selected_in_the_order_that_was_asked_for(portal: Portal) -> None:
    for text in ("1", "2", "3"):
        portal.queue(text=text)
    portal.queue(text="another's", number="+351912345679")
    of = about_number("+351912345678")
    assert [row["text"] for row in _read(_file(portal, of=of))] == ["1", "2", "3"]
    assert [row["text"] for row in _read(_file(portal, of=of, newest_first=True))] == ["3", "2", "1"]


@pytest.fixture
def many(portal: Portal, monkeypatch: pytest.MonkeyPatch) -> Portal:
    """More messages than a page holds, and small pages."""
    monkeypatch.setattr(module, "_FIRST", 2)
    monkeypatch.setattr(module, "_REST", 5)
    for number in range(23):
        portal.queue(text=f"{number}", person_entity="clients/Client", person=str(number))
    return portal


@contextmanager
def _noted(portal: Portal) -> Iterator[list[int]]:
    """How many rows of messages each statement brought."""
    brought: list[int] = []

    def note(connection: Any, cursor: Any, statement: str, parameters: Any, context: Any, many: bool) -> None:
        if "FROM sms_message" in statement:
            brought.append(int(parameters["param_1"] if isinstance(parameters, dict) else parameters[-1]))

    sa.event.listen(portal.db.engine, "after_cursor_execute", note)
    yield brought
    sa.event.remove(portal.db.engine, "after_cursor_execute", note)


@pytest.mark.parametrize("newest_first", [False, True])
def test_pages_join_without_a_gap_and_without_a_double(many: Portal, newest_first: bool) -> None:
    rows = [int(row["text"]) for row in _read(_file(many, newest_first=newest_first))]
    assert rows == sorted(range(23), reverse=newest_first)


def test_it_is_read_in_bounded_pages_each_in_a_transaction_of_its_own(many: Portal) -> None:
    open_now, most_open = 0, 0

    @contextmanager
    def page() -> Iterator[Session]:
        nonlocal open_now, most_open
        open_now += 1
        most_open = max(most_open, open_now)
        with many.fresh() as session:
            yield session
        open_now -= 1

    parts = export(page, of=Selection(), layout=Layout(zone=LISBON), registry=many.state.registry)
    for part in parts:
        assert open_now == 0  # while the client reads, nothing is held
        assert part.count(b"\r\n") <= 5
    assert most_open == 1


def test_a_reader_who_leaves_ends_the_questions(many: Portal) -> None:
    with _noted(many) as asked:
        parts = export(many.fresh, of=Selection(), layout=Layout(zone=LISBON), registry=many.state.registry)
        next(parts)
        next(parts)
        parts.close()  # type: ignore[attr-defined]
        assert len(asked) == 1


def test_names_are_kept_for_some_people_only(many: Portal, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "_NAMES", 3)
    with many.fresh() as session, session.begin():
        session.execute(sa.update(Message).values(person="1"))
    many.session.add(Client(id=1, name="Ana", phone="912 345 678"))
    many.session.commit()
    assert {row["person"] for row in _read(_file(many))} == {"Ana"}


@pytest.mark.parametrize(
    ("about", "name"),
    [
        ("Ana Lúcia", "sms-ana-lucia-2026-11-21.csv"),
        ('=HYPERLINK("x")\r\n../../etc', "sms-hyperlink-x-etc-2026-11-21.csv"),
        ("Олена", "sms-2026-11-21.csv"),
        ("+351912345678", "sms-351912345678-2026-11-21.csv"),
    ],
)
def test_the_file_s_name_is_safe_in_every_header_and_folder(about: str, name: str) -> None:
    assert file_name(about, at=dt.datetime(2026, 11, 21, tzinfo=dt.UTC)) == name
