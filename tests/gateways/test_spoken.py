"""What was said is shown without a secret in any spelling (promise 9, P15)."""

from __future__ import annotations

import json
from base64 import b64encode
from urllib.parse import quote, urlencode

import pytest

from sms_plugin.gateways.spoken import LONGEST, MASK, Spoken, shown

SECRET = 'p&ss w"rd/ü+1'


def _said(**given: object) -> Spoken:
    return Spoken(**{"method": "POST", "url": "https://api.example.com/send", "headers": {}, "body": b"", **given})  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "spoken",
    [
        _said(url=f"https://api.example.com/{quote(SECRET, safe='')}/send?x=1"),
        _said(url=f"https://api.example.com/send?{urlencode({'q': SECRET})}"),
        _said(body=urlencode({"q": SECRET}).encode()),
        _said(body=json.dumps({"q": SECRET}).encode()),
        _said(body=json.dumps({"q": SECRET}, ensure_ascii=False).encode()),
        _said(headers={"Authorization": f"Bearer {SECRET}"}),
        _said(headers={"X-Custom": SECRET}),
        _said(status=200, answer=f"You sent {SECRET}".encode()),
        _said(status=200, answer_headers={"set-cookie": SECRET}),
        _said(body=b64encode(SECRET.encode())),
    ],
)
def test_a_secret_is_masked_wherever_it_stands(spoken: Spoken) -> None:
    told = shown(spoken, secrets=[SECRET])
    whole = told.request + told.answer
    for spelling in (SECRET, quote(SECRET, safe=""), json.dumps(SECRET)[1:-1], b64encode(SECRET.encode()).decode()):
        assert spelling not in whole
        assert spelling[:8] not in whole
    assert MASK in whole


def test_a_secret_at_the_place_where_a_long_body_is_cut_is_masked_too() -> None:
    for before in range(LONGEST - 60, LONGEST):
        told = shown(_said(body=b"x" * before + SECRET.encode()), secrets=[SECRET])
        assert SECRET[:3] not in told.request


@pytest.mark.parametrize(
    "body",
    [
        "user=a&password=hunter2&to=1",
        '{"user": "a", "authkey": "hunter2"}',
        "<sms><password>hunter2</password><to>1</to></sms>",
        "apikey=hunter2",
    ],
)
def test_what_stands_at_a_secrets_name_is_masked_although_nobody_told_it(body: str) -> None:
    told = shown(_said(body=body.encode()), secrets=[])
    assert "hunter2" not in told.request
    assert MASK in told.request


def test_the_rest_can_be_read_and_a_short_secret_takes_no_letters_along() -> None:
    told = shown(_said(body="to=+351912345678&text=Olá a todos".encode(), status=201, answer=b"ok"), secrets=["a", ""])
    assert "Olá" in told.request
    assert "todos" in told.request
    assert told.answer == "201\n\nok"


def test_bytes_that_are_no_text_and_a_long_body_are_bounded() -> None:
    told = shown(_said(body=b"\xff\x00" * 50_000, failure="timeout"), secrets=[])
    assert len(told.request) <= LONGEST + 1
    assert "\x00" not in told.request
    assert (told.answer, told.failure) == ("", "timeout")
