"""Where pages lead back to: never out of the portal (X12)."""

from __future__ import annotations

import pytest
from flask import Flask

from sms_plugin.web.way_back import way_back


def _back(url: str) -> str:
    with Flask(__name__).test_request_context("/", query_string={"url": url}):
        return way_back("/list/")


@pytest.mark.parametrize(
    "url",
    [
        "//elsewhere.example",
        "/\\elsewhere.example",
        "http:\\\\elsewhere.example",
        "http://localhost\\@elsewhere.example",
        "http://localhost@elsewhere.example",
        "/\t/elsewhere.example",
        "javascript:alert(1)",
        "",
    ],
)
def test_an_address_elsewhere_is_not_taken(url: str) -> None:
    assert _back(url) == "/list/"


@pytest.mark.parametrize("url", ["/page/?at=x", "http://localhost/page/"])
def test_an_address_of_the_portal_is_taken(url: str) -> None:
    assert _back(url) == url
