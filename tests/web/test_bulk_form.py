"""The form of a send to many: whatever is typed stays, what is wrong is told in words, nothing goes by it (S2, S6)."""

from __future__ import annotations

import datetime as dt
import io
import re
from collections.abc import Mapping
from html import unescape
from typing import Any
from uuid import UUID

import pytest
import sqlalchemy as sa
from werkzeug.test import encode_multipart

from sms_plugin.models import Batch, BatchRow, Group, GroupMember, Template
from tests.demo.visitor import Visitor
from tests.portal import Client, Contact, Portal
from tests.web.conftest import Mounted
from tests.web.hosts import hidden, host, shows, token

NEW = "/admin/sms/bulk/new/"
LIST = "/admin/sms/bulk/"
NOW = dt.datetime(2026, 5, 1, tzinfo=dt.UTC)
one_kind = pytest.mark.one_database("sqlite", "what a form says and how a page shows it")


@pytest.fixture
def portal(mounted: Mounted) -> Portal:
    made = mounted(mount=host())
    with made.app.app_context():
        made.session.add_all(
            [
                Client(id=1, name="Ana", phone="912 345 678"),
                Client(id=2, name="Rui", phone="913 333 333"),
                Contact(id=1, name="Eva", phone="914 444 444", client_id=1),
            ]
        )
        made.session.commit()
    return made


@pytest.fixture
def visitor(portal: Portal) -> Visitor:
    return Visitor(client=portal.app.test_client())


def post(visitor: Visitor, path: str = NEW, /, **fields: Any) -> Any:
    """The answer to the form, its dashes written as underlines: ``s0_kind`` is ``s0-kind``."""
    given = {"csrf_token": token(visitor.read(NEW)), "once": "0" * 32, "do": "build"}
    given |= {re.sub(r"^(s\d+|text)_", r"\1-", name): value for name, value in fields.items()}
    return visitor.client.post(path, data=given, content_type="multipart/form-data")


def kept(portal: Portal) -> list[Batch]:
    with portal.app.app_context(), portal.fresh() as session:
        found = list(session.scalars(sa.select(Batch).order_by(Batch.id)))
        session.expunge_all()
        return found


def id_of(location: str) -> UUID:
    return UUID(location.rpartition("id=")[2])


NUMBERS: Mapping[str, str] = {"s0_kind": "numbers", "s0_text": "912345678; 913333333"}


def test_a_draft_is_kept_and_opened_again_as_it_was(portal: Portal, visitor: Visitor) -> None:
    answer = post(
        visitor,
        do="draft",
        name=" Works in  May ",
        text_en="No internet on Monday",
        purpose="billing",
        numbers="all",
        prefixes="91, 93",
        debts="2",
        each="1",
        quiet="ignore",
        **NUMBERS,
        s3_kind="records",
        s3_key=["clients/Client|1", "clients/Contact|1"],
    )
    assert answer.status_code == 302
    (batch,) = kept(portal)
    assert (batch.name, batch.state, batch.purpose, batch.texts) == (
        "Works in May",
        "draft",
        "billing",
        {"en": "No internet on Monday"},
    )
    assert batch.audience["prefixes"] == ["91", "93"]
    assert [each["kind"] for each in batch.audience["sources"]] == ["numbers", "records", "records"]
    page = visitor.read(answer.location)
    assert shows(page, "912345678; 913333333")
    for said in (
        'value="91, 93"',
        'value="clients/Client|1" checked',
        "Ana",
        "Eva",
        'id="each" name="each" value="1" checked',
    ):
        assert said in page
    again = post(visitor, answer.location, do="draft", version=str(batch.version), name="Other", **NUMBERS)
    assert again.status_code == 302
    assert [each.name for each in kept(portal)] == ["Other"]


@one_kind
def test_the_same_form_again_changes_the_draft_that_it_made(portal: Portal, visitor: Visitor) -> None:
    for name in ("First", "First", "Second"):
        assert post(visitor, do="draft", name=name, **NUMBERS).status_code == 302
    assert [each.name for each in kept(portal)] == ["Second"]


@one_kind
def test_a_source_is_added_and_removed_without_a_script_and_all_that_was_typed_stays(visitor: Visitor) -> None:
    typed = {"name": "Works", "text_en": "No internet", **NUMBERS}
    page = post(visitor, do="add", add="records", **typed).text
    assert 'name="s1-kind" value="records"' in page
    assert shows(page, "912345678; 913333333")
    assert 'value="Works"' in page
    assert shows(page, "No internet")
    page = post(visitor, do="remove-0", **typed).text
    assert "s0-kind" not in page
    assert 'value="Works"' in page


@one_kind
def test_people_are_found_by_the_beginning_of_their_name_and_chosen(visitor: Visitor) -> None:
    page = post(visitor, do="find-0", s0_kind="records", s0_words="Ev").text
    assert 'name="s0-key" value="clients/Contact|1"> Eva' in page
    page = post(visitor, do="find-0", s0_kind="records", s0_words="", s0_key="clients/Contact|1").text
    assert 'value="clients/Contact|1" checked> Eva' in page
    found = post(visitor, "/admin/sms/bulk/people/", words="An", number="4").json["html"]
    assert 'name="s4-key" value="clients/Client|1"' in found


@one_kind
def test_a_template_gives_its_text(portal: Portal, visitor: Visitor) -> None:
    with portal.app.app_context():
        portal.session.add(
            Template(id=1, name="Works", texts={"en": "Works tonight.", "pt": "Obras."}, created_at=NOW, changed_at=NOW)
        )
        portal.session.commit()
    page = post(visitor, do="take", template="1", text_en="mine", name="N").text
    assert shows(page, "Works tonight.")
    assert shows(page, "Obras.")
    assert "mine</textarea>" not in page
    gone = post(visitor, do="take", template="99", text_en="mine", name="N").text
    assert "mine</textarea>" in gone


@one_kind
def test_a_shortcode_that_a_source_lacks_is_named_with_who_is_left_out(visitor: Visitor) -> None:
    page = post(visitor, do="measure", name="N", text_en="Hi {contact_firstname}", **NUMBERS).text
    assert shows(page, "Whoever is found by this is left out: there is no {contact_firstname} here.")


@one_kind
def test_all_without_a_filter_has_to_be_said(portal: Portal, visitor: Visitor) -> None:
    whom = {"s0_kind": "filters", "s0_entity": "clients/Client"}
    page = post(visitor, name="N", text_en="Hi", **whom).text
    assert shows(page, "Nobody is chosen yet.")
    assert [each.audience["sources"] for each in kept(portal)] == [[]]
    post(visitor, do="draft", name="N", text_en="Hi", **whom, s0_everybody="1")
    assert [each.audience["sources"] for each in kept(portal)] == [
        [{"kind": "filters", "entity": "clients/Client", "conditions": []}]
    ]


FILE = "Telemóvel;Nome\n912 345 678;João\n913 333 333;Eva\n"


def _file(text: str, encoding: str = "utf-8", name: str = "clients.csv") -> tuple[io.BytesIO, str]:
    return io.BytesIO(text.encode(encoding)), name


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16", "windows-1252"])
def test_a_file_is_kept_with_its_rows_and_names_the_send(portal: Portal, visitor: Visitor, encoding: str) -> None:
    answer = post(visitor, do="draft", text_en="Hi {nome}", s0_kind="file", s0_file=_file(FILE, encoding))
    (batch,) = kept(portal)
    assert batch.name == "clients.csv"
    assert batch.audience["sources"] == [
        {"kind": "file", "name": "clients.csv", "columns": ["telemovel", "nome"], "phone": "telemovel"}
    ]
    with portal.app.app_context(), portal.fresh() as session:
        rows = session.scalars(sa.select(BatchRow).order_by(BatchRow.line)).all()
        assert [(row.line, row.phone, row.values) for row in rows] == [
            (2, "912 345 678", {"nome": "João"}),
            (3, "913 333 333", {"nome": "Eva"}),
        ]
    page = visitor.read(answer.location)
    assert shows(page, "“clients.csv” is kept.")
    assert "<code>{nome}</code>" in page
    assert 'data-sms-insert="{nome}"' in page


@one_kind
def test_a_ukrainian_file_of_windows_is_read(portal: Portal, visitor: Visitor) -> None:
    text = "Телефон;Ім'я\n+380501234567;Олена\n+380671234567;Їжак\n"
    post(visitor, do="draft", name="N", s0_kind="file", s0_file=_file(text, "windows-1251"))
    with portal.app.app_context(), portal.fresh() as session:
        assert [row.values for row in session.scalars(sa.select(BatchRow).order_by(BatchRow.line))] == [
            {"imia": "Олена"},
            {"imia": "Їжак"},
        ]


@one_kind
@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("nome;cidade\nAna;Porto\n", "No column of the file is known to hold the telephone numbers."),
        ("phone;name\n912345678;a;b\n", "Line 2 has 3 columns, and the file has 2"),
        ('phone;name\n912345678;"a\n', "The quotes in line 2 do not match"),
        ("", "The file is empty"),
    ],
)
def test_a_file_that_cannot_be_taken_is_told_with_its_line_and_nothing_typed_is_lost(
    portal: Portal, visitor: Visitor, text: str, words: str
) -> None:
    page = post(
        visitor, name="Works", text_en="Hi", s0_kind="file", s0_file=_file(text), s1_kind="numbers", s1_text="912345678"
    ).text
    assert shows(page, words)
    assert 'value="Works"' in page
    assert "912345678</textarea>" in page
    assert kept(portal) == []


@one_kind
def test_another_file_takes_the_place_of_the_first(portal: Portal, visitor: Visitor) -> None:
    answer = post(visitor, do="draft", name="N", s0_kind="file", s0_file=_file(FILE))
    other = _file("phone\n914444444\n", name="other.csv")
    post(
        visitor,
        answer.location,
        do="draft",
        name="N",
        version=str(kept(portal)[0].version),
        s0_kind="file",
        s0_file=other,
    )
    with portal.app.app_context(), portal.fresh() as session:
        assert session.scalars(sa.select(BatchRow.phone)).all() == ["914444444"]


@one_kind
def test_ten_thousand_pasted_numbers_are_kept(portal: Portal, visitor: Visitor) -> None:
    text = "\n".join(f"91{number:07}" for number in range(10_000))
    assert post(visitor, do="draft", name="N", s0_kind="numbers", s0_text=text).status_code == 302
    assert kept(portal)[0].audience["sources"][0]["text"] == text


@one_kind
def test_a_draft_with_a_hundred_thousand_numbers_is_kept_again(portal: Portal, visitor: Visitor) -> None:
    text = "\n".join(f"91{number:07}" for number in range(100_000))
    for name in ("First", "Second"):
        drafts = kept(portal)
        path = f"{LIST}edit/?id={drafts[0].id}&version={drafts[0].version}" if drafts else NEW
        given = {"csrf_token": token(visitor.read(NEW)), "once": "0" * 32, "do": "draft", "name": name}
        fields = {"s0-kind": "numbers", "s0-text": text}
        boundary, body = encode_multipart({**given, **fields})
        as_browsers = f"multipart/form-data; boundary={boundary}"
        assert visitor.client.post(path, data=body, content_type=as_browsers).status_code == 302
    assert [each.name for each in kept(portal)] == ["Second"]


@one_kind
@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"name": "", "text_en": "Hi", **NUMBERS}, "The send has no name."),
        ({"name": "N", "text_en": "", **NUMBERS}, "There is no text yet."),
        ({"name": "N", "text_en": "Hi"}, "Nobody is chosen yet."),
        ({"name": "N", "text_en": "Hi {no_such_thing}", **NUMBERS}, "{no_such_thing}"),
        ({"name": "N", "text_en": "Hi", **NUMBERS, "prefixes": "91, x"}, "is no prefix"),
        ({"name": "N", "text_en": "Hi", "s0_kind": "group", "s0_group": "77"}, "A group that was chosen is gone."),
        (
            {"name": "N", "text_en": "Hi", "s0_kind": "filters", "s0_entity": "gone/Gone"},
            "The portal does not offer a source any more",
        ),
    ],
    ids=["name", "text", "nobody", "shortcode", "prefix", "group", "entity"],
)
def test_what_is_wrong_is_told_and_the_form_keeps_what_was_typed(
    portal: Portal, visitor: Visitor, fields: Mapping[str, str], words: str
) -> None:
    answer = post(visitor, **fields)
    assert answer.status_code == 200
    page = unescape(answer.text)
    assert words in page
    assert f">{fields['text_en']}</textarea>" in page
    assert [each.state for each in kept(portal)] in ([], ["draft"])


@one_kind
def test_what_somebody_else_saved_meanwhile_is_not_overwritten_unseen(portal: Portal, visitor: Visitor) -> None:
    answer = post(visitor, do="draft", name="Mine", **NUMBERS)
    post(visitor, answer.location, do="draft", version="0", name="Theirs", **NUMBERS)
    late = post(visitor, answer.location, do="draft", version="0", name="Late", **NUMBERS)
    assert late.status_code == 200
    assert "changed meanwhile" in late.text
    assert 'value="Late"' in late.text
    assert [each.name for each in kept(portal)] == ["Theirs"]
    assert post(visitor, answer.location, do="draft", version=hidden(late.text, "version"), name="Late", **NUMBERS)
    assert [each.name for each in kept(portal)] == ["Late"]


@one_kind
def test_a_group_is_chosen_by_its_name(portal: Portal, visitor: Visitor) -> None:
    with portal.app.app_context():
        portal.session.execute(
            sa.insert(Group).values(
                id=4, name="Fibre", description="", conditions=[], who="", created_at=NOW, changed_at=NOW
            )
        )
        portal.session.add(GroupMember(group_id=4, entity="clients/Client", record="1"))
        portal.session.commit()
    page = post(visitor, do="add", add="group").text
    assert '<option value="4">Fibre</option>' in page
    post(visitor, do="draft", name="N", s0_kind="group", s0_group="4")
    assert kept(portal)[0].audience["sources"] == [{"kind": "group", "group": 4}]


@one_kind
def test_a_group_that_was_added_and_not_chosen_is_not_passed_over(portal: Portal, visitor: Visitor) -> None:
    answer = post(visitor, do="build", name="N", text_en="Hi", **NUMBERS, s1_kind="group", s1_group="")
    assert answer.status_code == 200
    assert "Choose a group where you added one, or remove that source." in unescape(answer.text)
    assert kept(portal) == []


@one_kind
@pytest.mark.parametrize("rights", [set[str](), {"read"}, {"send"}, {"configure"}])
def test_who_may_not_send_to_many_is_refused(mounted: Mounted, rights: set[str]) -> None:
    portal = mounted(mount=host(rights=rights))
    client = portal.app.test_client()
    assert client.get(NEW).status_code == 403
    assert client.post(NEW, data={"name": "N", "do": "draft"}).status_code == 403
    page = client.get(LIST)
    assert page.status_code == (200 if "read" in rights else 403)
    if rights == {"read"}:
        assert NEW not in page.text


@one_kind
def test_without_a_token_nothing_is_kept(portal: Portal, visitor: Visitor) -> None:
    page = post(visitor, do="draft", name="Mine", csrf_token="forged", **NUMBERS)
    assert 'value="Mine"' in page.text
    assert kept(portal) == []


@one_kind
def test_an_empty_list_says_what_to_do(visitor: Visitor) -> None:
    page = visitor.read(LIST)
    assert "Nothing was sent to many yet." in page
    assert page.count(f'href="{NEW}"') == 1


@one_kind
def test_the_counter_knows_what_the_audience_reaches(visitor: Visitor) -> None:
    typed = {"language": "en", "field": "text-en", "text_en": "Hi {contact_firstname}"}
    told = post(visitor, "/admin/sms/bulk/measure/", **typed, **NUMBERS).json
    assert "contact_firstname" in told["problem"]
    told = post(
        visitor, "/admin/sms/bulk/measure/", **typed, s0_kind="filters", s0_entity="clients/Client", s0_everybody="1"
    ).json
    assert told["problem"] == ""
    assert "GSM-7" in told["html"]
