"""Settings of gateways: read from text, refused all at once, secrets kept."""

from __future__ import annotations

from dataclasses import dataclass

import pytest

from sms_plugin.errors import SmsError
from sms_plugin.gateways.settings import BadSettings, Kind, build, fields_of, setting, unfilled


@dataclass(frozen=True, kw_only=True)
class Example:
    """One field of each kind."""

    user: str = setting("User")
    token: str = setting("Token", secret=True, help="From the panel.")
    port: int = setting("Port", default=443, minimum=1, maximum=65535)
    ssl: bool = setting("SSL", default=True)
    form: str = setting("Form", default="a", choices={"a": "first", "b": "second"})
    headers: str = setting("Headers", default="", lines=True)

    def check(self) -> None:
        if self.user == self.token:
            raise BadSettings({"token": "is the user"})


def test_text_becomes_what_the_field_is() -> None:
    built = build(
        Example,
        {"user": " me ", "token": "x", "port": "8080", "ssl": "off", "form": "b", "headers": "A: 1\r\nB: 2"},
    )
    assert built == Example(user="me", token="x", port=8080, ssl=False, form="b", headers="A: 1\nB: 2")


def test_what_is_left_out_or_blank_takes_its_default() -> None:
    built = build(Example, {"user": "me", "token": "x", "port": "", "ssl": None})
    assert (built.port, built.ssl, built.form) == (443, True, "a")


def test_every_mistake_is_named_in_one_error() -> None:
    with pytest.raises(SmsError) as raised:
        build(Example, {"toke": "x", "port": "0", "ssl": "perhaps", "form": "c", "user": "a\x00b"})
    assert raised.value.code == "bad_settings"
    assert isinstance(raised.value, BadSettings)
    assert set(raised.value.problems) == {"toke", "token", "port", "ssl", "form", "user"}
    assert "Did you mean 'token'?" in str(raised.value)


@pytest.mark.parametrize("port", ["12.5", "many", True, 70_000, "-1", [1]])
def test_what_is_no_whole_number_within_bounds_is_refused(port: object) -> None:
    with pytest.raises(BadSettings) as raised:
        build(Example, {"user": "me", "token": "x", "port": port})
    assert list(raised.value.problems) == ["port"]


def test_the_class_may_check_fields_against_each_other() -> None:
    with pytest.raises(BadSettings) as raised:
        build(Example, {"user": "same", "token": "same"})
    assert raised.value.problems == {"token": "is the user"}


def test_a_secret_shows_neither_in_repr_nor_in_an_error() -> None:
    """P14."""
    assert "geheim" not in repr(build(Example, {"user": "me", "token": "geheim"}))
    with pytest.raises(BadSettings) as raised:
        build(Example, {"user": "me", "token": "gehe\x07im"})
    assert "gehe" not in str(raised.value)


def test_a_form_can_be_made_from_the_fields() -> None:
    user, token, port, ssl, form, headers = fields_of(Example)
    assert (user.required, token.secret, token.help) == (True, True, "From the panel.")
    assert (port.kind, port.default, port.minimum, port.maximum) == (Kind.NUMBER, 443, 1, 65535)
    assert (ssl.kind, form.kind, headers.kind) == (Kind.SWITCH, Kind.CHOICE, Kind.LINES)
    assert form.choices == {"a": "first", "b": "second"}


def test_before_anybody_filled_anything_in_there_are_the_defaults() -> None:
    """What a gateway can do is asked with them: nothing is checked."""
    assert unfilled(Example) == Example(user="", token="", port=443, ssl=True, form="a", headers="")
