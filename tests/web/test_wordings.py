"""The pages of templates: whatever is given, nothing of it is lost, and what is wrong is said in words."""

from __future__ import annotations

import re
from collections.abc import Mapping
from html import unescape
from typing import Any

import pytest
import sqlalchemy as sa
from flask import Flask
from flask_admin import Admin
from flask_sqlalchemy import SQLAlchemy
from jinja2 import StrictUndefined

from sms_plugin import Section
from sms_plugin.host.entity import Declaration
from sms_plugin.models import Change, Template, TriggerRow
from sms_plugin.web.editing import language_names
from tests.demo.visitor import TOKEN, Visitor
from tests.portal import Client, Invoice, Portal, make_portal
from tests.portal.app import declarations
from tests.web.conftest import Mounted

#: What a form says and how a page shows it.
one_kind = pytest.mark.one_database("sqlite", "what is written is tested on all of them beside the functions")
NEW = "/admin/sms/template/new/"
LIST = "/admin/sms/template/"


def edit(id: int) -> str:
    return f"/admin/sms/template/edit/?id={id}"


def templates(portal: Portal) -> list[Template]:
    with portal.app.app_context(), portal.fresh() as session:
        return list(session.scalars(sa.select(Template).order_by(Template.id)))


def write(visitor: Visitor, **fields: str) -> str:
    """The page after a new template was sent."""
    given = {"name": "Due", "section": "invoice", "text-en": "Pay {invoice_number}", "enabled": "1", **fields}
    return unescape(visitor.send(NEW, **given).text)


@pytest.fixture
def id(pages: Portal, visitor: Visitor) -> int:
    """A template in the database."""
    write(visitor)
    return templates(pages)[0].id


def use(portal: Portal, id: int) -> None:
    with portal.app.app_context(), portal.fresh() as session, session.begin():
        at = session.get_one(Template, id).changed_at
        session.add(TriggerRow(key="charge_created", on=False, texts={}, template_id=id, changed_at=at))


def test_an_empty_list_says_what_to_do_next(visitor: Visitor) -> None:
    html = visitor.read(LIST)
    assert "No template yet" in html
    assert f'href="{NEW}"' in html


def test_a_template_is_written_and_listed(pages: Portal, visitor: Visitor) -> None:
    """M1"""
    html = write(visitor, description="when it is due")
    assert "The template “Due” is saved." in html
    assert "when it is due" in html
    (stored,) = templates(pages)
    assert (stored.section, stored.texts, stored.enabled) == ("invoice", {"en": "Pay {invoice_number}"}, True)


def test_a_row_can_be_edited_and_deleted_without_an_inline_handler(visitor: Visitor, id: int) -> None:
    """A strict Content-Security-Policy would block it, and then delete without a question."""
    html = visitor.read(LIST)
    assert f"edit/?id={id}" in html
    assert "data-sms-confirm" in html
    assert re.search(r"<[^>]*\son[a-z]+\s*=", html) is None


def test_a_text_in_another_language_is_added(pages: Portal, visitor: Visitor) -> None:
    """X17"""
    write(visitor, **{"new-language": "pt-BR", "new-text": "Pague {invoice_number}"})
    assert templates(pages)[0].texts == {"en": "Pay {invoice_number}", "pt-BR": "Pague {invoice_number}"}


@pytest.mark.parametrize(
    ("fields", "says"),
    [
        ({"text-en": "{invoice_nubmer}"}, "The shortcode {invoice_nubmer} at character 1 is unknown."),
        ({"text-en": "{task_name}"}, "known but not reached from this section"),
        ({"text-en": "100 } euro"}, 'The "}" at character 5 closes nothing.'),
        ({"text-en": "x" * 10_000}, "The text has 10000 characters."),
        ({"text-en": "x" * 30_000}, "The text has 30000 characters."),
        ({"section": ""}, "{invoice_number} at character 5 is known but not reached"),
        ({"section": "galaxy"}, "The section 'galaxy' is not declared any more."),
        ({"name": ""}, "A template needs a name"),
        ({"name": "x" * 200}, "A template needs a name"),
        ({"new-language": "<script>", "new-text": "x"}, "is no language"),
    ],
)
def test_what_cannot_be_is_refused_in_words_and_stays_on_the_page(
    pages: Portal, visitor: Visitor, fields: dict[str, str], says: str
) -> None:
    """M5"""
    html = write(visitor, **fields)
    assert says in html
    assert fields.get("text-en", "Pay {invoice_number}") in html
    assert templates(pages) == []


def test_a_name_that_is_taken_is_told(pages: Portal, visitor: Visitor, id: int) -> None:
    assert "There is a template 'Due' already." in write(visitor)
    assert len(templates(pages)) == 1


def test_an_empty_text_is_kept_and_shown_so(pages: Portal, visitor: Visitor) -> None:
    html = write(visitor, **{"text-en": ""})
    assert "No text" in html
    assert templates(pages)[0].texts == {"en": ""}


def test_markup_in_names_and_texts_is_shown_as_text(visitor: Visitor) -> None:
    sent = "<script>alert(1)</script>"
    write(visitor, name=sent, description=sent, **{"text-en": sent + " {{brace}}"})
    html = visitor.read(LIST)
    assert "<script>alert" not in html
    assert unescape(html).count(sent) >= 2
    page = visitor.read(edit(1))
    assert "<script>alert" not in page
    assert sent + " {{brace}}" in unescape(page)


@pytest.mark.parametrize("field", ["name", "description", "section", "text-en"])
def test_what_no_database_can_hold_is_left_out(pages: Portal, visitor: Visitor, field: str) -> None:
    given = {"name": "Welcome", "description": "For all", "section": "invoice", "text-en": "Hello"}
    write(visitor, **{**given, field: given[field] + "\0"})
    (kept,) = templates(pages)
    assert [kept.name, kept.description, kept.section, kept.texts] == ["Welcome", "For all", "invoice", {"en": "Hello"}]


def test_a_flood_of_languages_is_not_measured(visitor: Visitor) -> None:
    page = write(visitor, name="Many", do="measure", **{f"text-{number}": "Hello" for number in range(1000)})
    assert page.count("<textarea") < 300


@pytest.mark.parametrize("id", ["abc", "", "999", "99999999999999999999999", "1 OR 1=1"])
def test_an_id_that_is_none_leads_back_to_the_list(visitor: Visitor, id: str) -> None:
    response = visitor.client.get("/admin/sms/template/edit/", query_string={"id": id}, follow_redirects=True)
    assert response.status_code == 200
    assert "not there any more" in response.text


def test_a_form_without_its_token_saves_nothing(pages: Portal, visitor: Visitor) -> None:
    response = visitor.client.post(NEW, data={"name": "Due", "text-en": "Hi", "section": ""})
    assert "open for too long" in response.text
    assert "Hi" in response.text
    assert templates(pages) == []


def test_of_two_tabs_the_later_is_told_and_may_save_after_looking(pages: Portal, visitor: Visitor, id: int) -> None:
    first, second = visitor.read(edit(id)), visitor.read(edit(id))

    def save(page: str, text: str) -> str:
        token, seen = TOKEN.search(page), re.search(r'name="seen" value="([^"]+)"', page)
        assert token
        assert seen
        fields = {"csrf_token": token[1], "seen": unescape(seen[1]), "name": "Due", "section": "invoice"}
        return visitor.client.post(edit(id), data={**fields, "text-en": text}, follow_redirects=True).text

    assert "is saved" in save(first, "First")
    told = save(second, "Second")
    assert "Somebody else has changed this" in told
    assert "Second" in told
    assert templates(pages)[0].texts == {"en": "First"}
    assert "is saved" in save(told, "Second")
    assert templates(pages)[0].texts == {"en": "Second"}


def test_another_section_is_refused_where_a_shortcode_is_not_reached_any_more(
    pages: Portal, visitor: Visitor, id: int
) -> None:
    """M2"""
    seen = re.search(r'name="seen" value="([^"]+)"', visitor.read(edit(id)))
    assert seen
    fields = {"seen": unescape(seen[1]), "name": "Due", "section": "clients", "text-en": "Pay {invoice_number}"}
    told = unescape(visitor.send(edit(id), **fields).text)
    assert "The shortcode {invoice_number} at character 5 is known but not reached" in told
    assert templates(pages)[0].section == "invoice"


def test_one_in_use_is_not_deleted_and_says_where(pages: Portal, visitor: Visitor, id: int) -> None:
    use(pages, id)
    token = TOKEN.search(visitor.read(LIST))
    assert token
    fields = {"csrf_token": token[1], "id": str(id), "confirmed": "1"}
    response = visitor.client.post("/admin/sms/template/delete/", data=fields, follow_redirects=True)
    assert "is used by charge_created" in unescape(response.text)
    assert len(templates(pages)) == 1
    assert "charge_created" in visitor.read(edit(id))


def test_one_that_nobody_uses_is_deleted_after_a_question(pages: Portal, visitor: Visitor, id: int) -> None:
    token = TOKEN.search(visitor.read(LIST))
    assert token
    fields = {"csrf_token": token[1], "id": str(id)}
    asked = visitor.client.post("/admin/sms/template/delete/", data=fields)
    assert "Delete “Due”?" in unescape(asked.text)
    assert len(templates(pages)) == 1
    visitor.client.post("/admin/sms/template/delete/", data={**fields, "confirmed": "1"})
    assert templates(pages) == []
    with pages.app.app_context(), pages.fresh() as session:
        assert {each.action for each in session.scalars(sa.select(Change))} == {"created", "deleted"}


def test_a_section_that_is_gone_is_told_and_the_texts_are_kept(
    pages: Portal, visitor: Visitor, database_url: str
) -> None:
    write(visitor, section="task", **{"text-en": "{task_name}"})
    kept = [each for each in declarations() if getattr(each, "section", "") != "task"]
    later = make_portal(database_url, *kept, tables=False, mount=_stock)
    one = Visitor(client=later.app.test_client())
    assert "Its section is gone" in one.read(LIST)
    page = unescape(one.read(edit(1)))
    assert "The section “task” is not declared any more" in page
    assert "{task_name}" in page
    fields = {"name": "Due", "section": "task", "text-en": "{task_name}"}
    seen = re.search(r'name="seen" value="([^"]+)"', page)
    assert seen
    assert "Choose another section" in unescape(one.send(edit(1), **fields, seen=seen[1], enabled="1").text)
    assert "is saved" in one.send(edit(1), **fields, seen=seen[1]).text
    assert templates(pages)[0].texts == {"en": "{task_name}"}
    with later.app.app_context():
        later.db.session.remove()
        later.db.engine.dispose()


def test_without_a_script_a_button_measures_and_another_replaces(pages: Portal, visitor: Visitor) -> None:
    """M6, X8"""
    html = write(visitor, **{"text-en": "São {invoice_number}", "do": "preview"})
    assert "UCS-2" in html
    assert "ã → a" in html
    assert "Sao {invoice_number}" in write(visitor, **{"text-en": "São {invoice_number}", "do": "cheaper"})
    assert templates(pages) == []


def test_strict_templates_see_nothing_undefined(mounted: Mounted) -> None:
    def mount(app: Flask, db: SQLAlchemy) -> Mapping[str, Any]:
        app.jinja_env.undefined = StrictUndefined
        return {"admin": Admin(app)}

    strict = Visitor(client=mounted(mount=mount).app.test_client())
    write(strict)
    write(strict, do="preview", words="a", record="invoice/Invoice|1", **{"text-en": "Olá {invoice_number} –"})
    for path in (LIST, NEW, edit(1), "/admin/sms/trigger/", "/admin/sms/trigger/edit/?key=charge_due_soon"):
        strict.read(path)


def _stock(app: Flask, _db: SQLAlchemy) -> Mapping[str, Any]:
    return {"admin": Admin(app)}


@one_kind
class TestVersions:
    """Who wrote what, what changed, and an older text again."""

    def test_each_is_shown_with_what_changed_and_may_be_used_again(
        self, pages: Portal, visitor: Visitor, id: int
    ) -> None:
        given = {"name": "Due", "section": "invoice", "enabled": "1", "text-en": "Pay bill {invoice_number}"}
        visitor.send(edit(id), **given)
        html = visitor.read(edit(id))
        assert "Version 2" in html
        assert re.search(r"<ins><span[^>]*>added: </span>bill *</ins>", html)
        again = re.search(r'value="(again-[0-9]+)"', html)
        assert again
        page = unescape(visitor.send(edit(id), **{**given, "do": again[1], "description": "typed"}).text)
        assert "The texts of version 1 stand here now." in page
        assert ">Pay {invoice_number}</textarea>" in page
        assert 'value="typed"' in page
        assert templates(pages)[0].texts == {"en": "Pay bill {invoice_number}"}

    def test_a_new_one_has_none(self, visitor: Visitor) -> None:
        assert "Versions of the text" not in visitor.read(NEW)


@one_kind
class TestSensitiveShortcodes:
    """M10: warned of, and masked in the preview."""

    @pytest.fixture
    def pages(self, mounted: Mounted) -> Portal:
        values = {"company_name": lambda: "Acme", "company_passport": lambda: "AB123456"}
        kept = [each for each in declarations() if not isinstance(each, Section)]
        return mounted_with(mounted, *kept, Section("company", values))

    def test_saving_one_warns(self, visitor: Visitor) -> None:
        assert "{company_passport}: whoever holds the phone can read it." in write(
            visitor, **{"text-en": "Passport {company_passport}"}
        )
        assert "whoever holds the phone" not in write(visitor, name="Other")

    def test_the_page_warns_while_it_is_written_and_hides_the_value(self, pages: Portal, visitor: Visitor) -> None:
        with pages.app.app_context():
            pages.session.add(Invoice(client=Client(name="Ana", phone="912345678"), number="F1"))
            pages.session.commit()
        given = {"text-en": "Passport {company_passport}", "do": "preview", "record": "invoice/Invoice|1"}
        html = write(visitor, **given)
        assert "Passport ****" in html
        assert "AB123456" not in html
        assert "whoever holds the phone can read it" in html

    def test_the_offer_is_marked(self, visitor: Visitor) -> None:
        assert re.search(r"company_passport<[^/]*/span><span class=\"sms-sensitive\">sensitive", visitor.read(NEW))


def mounted_with(mounted: Mounted, *declared: Declaration) -> Portal:
    """A portal with these declarations and a stock admin."""
    return mounted(declared=declared)


def test_a_text_is_labelled_with_its_languages_name_and_the_code_where_two_are_called_the_same() -> None:
    """Whoever reads names has no use for codes."""
    app = Flask(__name__)
    with app.test_request_context():
        assert language_names(["pt", "pt-BR", "uk", "zz"]) == {
            "pt": "Portuguese",
            "pt-BR": "Portuguese (Brazil)",
            "uk": "Ukrainian",
            "zz": "zz",
        }
        assert language_names(["pt", "PT"]) == {"pt": "Portuguese (pt)", "PT": "Portuguese (PT)"}


@one_kind
def test_sections_and_triggers_are_called_by_their_names(pages: Portal, visitor: Visitor, id: int) -> None:
    """M1, M2: a key is for whoever declares it."""
    use(pages, id)
    listed = visitor.read(LIST)
    assert re.search(r'class="col-section"[^>]*>\s*Invoices and charges\s*</td>', listed)
    assert re.search(r'key=charge_created">Charge issued</a>', listed)
    page = visitor.read(edit(id))
    assert '<option value="invoice" selected>Invoices and charges</option>' in page
    assert re.search(r'key=charge_created">Charge issued</a>', page)
