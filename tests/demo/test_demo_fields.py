"""Each field that one types into or chooses from, on the plugin's forms, has a label and a line of help (item 12)."""

from __future__ import annotations

from dataclasses import dataclass, field
from html.parser import HTMLParser

import pytest

from tests.demo.visitor import Visitor

FORMS = {
    "provider": "/admin/sms/provider/edit/?name=phone",
    "template": "/admin/sms/template/new/?section=invoice",
    "trigger": "/admin/sms/trigger/edit/?key=invoice_overdue_notice",
    "individual": "/admin/sms/individual/",
    "bulk": "/admin/sms/bulk/new/",
    "group": "/admin/sms/group/new/?of=fixed",
    "group-filter": "/admin/sms/group/new/?of=clients/Client",
    "record-send": "/admin/client/sms/send/?record=4",
}
#: What is no field of its own: buttons, boxes beside their words, what only a script or a token reads.
_OTHER = {"hidden", "submit", "button", "checkbox", "radio", "file", "image", "reset"}
#: The name is shown above the provider's own fields, whose help says what to fill in.
_PLAIN = {"sms-kind", "name"}


@dataclass
class Form(HTMLParser):
    """The fields of the page's posting forms, its labels, and the ids that can describe something."""

    fields: list[dict[str, str]] = field(default_factory=list)
    labelled: set[str] = field(default_factory=set)
    ids: set[str] = field(default_factory=set)
    _posting: bool = False
    _sets: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        super().__init__()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        self.ids.add(given.get("id", ""))
        if tag == "form":
            self._posting = given.get("method", "").lower() == "post" and "/language" not in given.get("action", "")
        elif tag == "fieldset":
            self._sets.append(given.get("aria-describedby", ""))
        elif tag == "label":
            self.labelled.add(given.get("for", ""))
        elif self._posting and tag in {"input", "select", "textarea"} and _is_typed_in(given):
            self.fields.append({**given, "around": " ".join(self._sets)})

    def handle_endtag(self, tag: str) -> None:
        if tag == "form":
            self._posting = False
        elif tag == "fieldset" and self._sets:
            self._sets.pop()


@pytest.mark.parametrize("path", FORMS.values(), ids=FORMS)
def test_each_field_has_a_label_and_a_line_of_help(admin: Visitor, path: str) -> None:
    page = Form()
    page.feed(admin.read(path))
    assert page.fields, "the page has no field to fill in"
    bare = [each for each in page.fields if each.get("id") not in page.labelled and not each.get("aria-label")]
    assert not bare
    alone = [each.get("id") or each.get("name", "") for each in page.fields if not _helped(each, page.ids)]
    assert set(alone) <= _PLAIN


def _is_typed_in(given: dict[str, str]) -> bool:
    return given.get("type", "text") not in _OTHER and "aria-hidden" not in given


def _helped(each: dict[str, str], ids: set[str]) -> bool:
    told = f"{each.get('aria-describedby', '')} {each['around']}".split()
    return bool(set(told) & ids)
