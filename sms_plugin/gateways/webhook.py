"""A request to a webhook and the answer to it, as a gateway sees them. Gateways import them from ``contract``."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from urllib.parse import parse_qsl


@dataclass(frozen=True, kw_only=True)
class WebRequest:
    """A request to a webhook, without any framework."""

    method: str
    url: str  #: the public address that was called, query string included
    headers: Mapping[str, str]  #: names in lower case
    body: bytes
    came_at: datetime | None = None  #: aware UTC; a signature that holds for a while is not checked for it without

    @property
    def query(self) -> list[tuple[str, str]]:
        """The query string's pairs, blank values kept."""
        _, _, query = self.url.partition("?")
        return parse_qsl(query, keep_blank_values=True)

    @property
    def form(self) -> list[tuple[str, str]]:
        """The body's pairs where it is a form, else none."""
        kind = self.headers.get("content-type", "").partition(";")[0].strip().lower()
        if kind != "application/x-www-form-urlencoded":
            return []
        return parse_qsl(self.body.decode("utf-8", "replace"), keep_blank_values=True)


@dataclass(frozen=True, kw_only=True)
class WebAnswer:
    """How a provider wants its webhook answered."""

    status: int = 204
    body: bytes = b""
    content_type: str = "text/plain; charset=utf-8"
