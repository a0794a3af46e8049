"""A person at the portal: pages are read, forms are sent with the token that their page carries."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from urllib.parse import quote

from flask.testing import FlaskClient
from werkzeug.test import TestResponse

TOKEN = re.compile(r'name="csrf_token"[^>]*value="([^"]+)"')


@dataclass(frozen=True, kw_only=True)
class Visitor:
    client: FlaskClient

    def read(self, path: str) -> str:
        response = self.client.get(path)
        assert response.status_code == 200, f"{path}: {response.status}"
        return response.text

    def send(self, path: str, **fields: str | Sequence[str]) -> TestResponse:
        """The answer to the form at a path, filled in and followed to the page that it leads to."""
        return self.post(path, path, **fields)

    def post(self, page: str, path: str, **fields: str | Sequence[str]) -> TestResponse:
        """The answer to a form on a page that goes to another path, followed to the page that it leads to."""
        token = TOKEN.search(self.read(page))
        assert token, f"{page} carries no token"
        return self.client.post(path, data={"csrf_token": token[1], **fields}, follow_redirects=True)

    def sign_in(self, login: str, password: str, *, then: str = "") -> TestResponse:
        return self.send(f"/login?next={quote(then)}", login=login, password=password)
