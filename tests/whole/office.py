"""A portal with its pages and somebody at them, for a gateway's whole way: set up, text, receipt, reply, balance."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from html import unescape
from html.parser import HTMLParser
from urllib.parse import urlsplit

from werkzeug.test import TestResponse

from sms_plugin.testing import drain
from tests.demo.visitor import Visitor
from tests.portal import Client, Portal

HOME = "/admin/sms/provider/"
PUBLIC = "https://portal.example.com"


@dataclass(frozen=True, kw_only=True)
class Office:
    """What an admin does on the pages, and what a vendor does at the webhook."""

    portal: Portal
    visitor: Visitor

    def set_up(self, kind: str, **settings: str) -> None:
        """Save a provider, named as its kind, on its page and activate it there."""
        answer = self._saved(kind, settings)
        assert "is saved" in alerts(answer.text), alerts(answer.text)
        self.press(kind, "activate")

    def refused(self, kind: str, **settings: str) -> str:
        """The page with a provider's form and what is wrong in it, since it cannot be saved so."""
        answer = self._saved(kind, settings)
        assert not answer.history, "it was saved"
        return unescape(answer.text)

    def press(self, kind: str, button: str, **fields: str) -> str:
        """What the page says after one of the buttons of a provider's page."""
        page = f"{HOME}edit/?name={kind}"
        token = {"csrf_token": Form.of(self.visitor.read(page))["csrf_token"]}
        data = {**token, "name": kind, "to_one": "1", **fields}
        answer = self.visitor.client.post(f"{HOME}{button}/", data=data, follow_redirects=True)
        return alerts(answer.text)

    def client(self, name: str, phone: str) -> int:
        """A client of the portal's; the number of its record."""
        with self.portal.app.app_context():
            client = Client(name=name, phone=phone)
            self.portal.session.add(client)
            self.portal.session.commit()
            return client.id

    def text(self, client: int, number: str, *texts: str) -> None:
        """Text a client, and let it leave."""
        whose = {"person_entity": "clients/Client", "client_entity": "clients/Client"}
        with self.portal.app.app_context():
            for text in texts:
                self.portal.queue(number=number, text=text, person=str(client), client=str(client), **whose)
            drain(self.portal.app)

    def states(self) -> list[str]:
        """The states of the texts to phones, the oldest first."""
        with self.portal.app.app_context():
            return [message.state for message in self.portal.messages() if message.direction == "out"]

    def conversation(self, client: int) -> list[str]:
        """What the page of a client's history shows, the oldest first."""
        page = self.visitor.read(f"/admin/client/sms/?record={client}")
        return [unescape(text) for text in re.findall(r'class="sms-bubble-text">([^<]*)<', page)]

    def webhook(self, kind: str) -> str:
        """The address that the provider's page shows for its webhook."""
        with self.portal.app.app_context():
            address = f"{PUBLIC}/sms/receipts/{self.portal.provider(kind).token}"
        assert address in unescape(self.visitor.read(f"{HOME}edit/?name={kind}"))
        return address

    def called(self, url: str, *, body: bytes | None = None, headers: Mapping[str, str] | None = None) -> TestResponse:
        """The portal's answer to a vendor that calls a public address: by POST where there is a body."""
        assert url.startswith(PUBLIC)
        parts = urlsplit(url)
        kind = {"Content-Type": "application/x-www-form-urlencoded"} if body is not None else {}
        return self.portal.app.test_client().open(
            parts.path,
            query_string=parts.query,
            method="GET" if body is None else "POST",
            data=body,
            headers={"Host": "internal:8000", **kind, **(headers or {})},
        )

    def _saved(self, kind: str, settings: Mapping[str, str]) -> TestResponse:
        given = {"name": kind, **{f"setting_{name}": value for name, value in settings.items()}}
        return self._filled_in(f"{HOME}new/?kind={kind}", given)

    def _filled_in(self, page: str, given: Mapping[str, str]) -> TestResponse:
        fields = {**Form.of(self.visitor.read(page)), **given}
        return self.visitor.client.post(page, data=fields, follow_redirects=True)


@dataclass
class Form(HTMLParser):
    """What a browser would send of a page's forms as they are opened."""

    fields: dict[str, str] = field(default_factory=dict)
    _select: str = ""
    _lines: str = ""

    def __post_init__(self) -> None:
        super().__init__()

    @classmethod
    def of(cls, page: str) -> dict[str, str]:
        """The fields of a page."""
        form = cls()
        form.feed(page)
        return form.fields

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        name, value = given.get("name", ""), given.get("value", "")
        if tag == "input" and name and (given.get("type") not in {"checkbox", "radio"} or "checked" in given):
            self.fields.setdefault(name, value or ("y" if given.get("type") == "checkbox" else ""))
        elif tag == "select":
            self._select = name
        elif tag == "textarea":
            self._lines = name
            self.fields[name] = ""
        elif tag == "option" and self._select and ("selected" in given or self._select not in self.fields):
            self.fields[self._select] = value

    def handle_endtag(self, tag: str) -> None:
        if tag == "select":
            self._select = ""
        elif tag == "textarea":
            self._lines = ""

    def handle_data(self, data: str) -> None:
        if self._lines:
            self.fields[self._lines] += data.removeprefix("\r\n").removeprefix("\n")


def alerts(html: str) -> str:
    """What a page flashes."""
    found = re.findall(r'<div class="alert[^>]*>\s*<button.*?</button>(.*?)</div>', html, re.DOTALL)
    return unescape(" ".join(found)).strip()
