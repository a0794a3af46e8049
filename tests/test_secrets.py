"""Credentials at rest (P14)."""

from __future__ import annotations

import pytest

from sms_plugin.errors import ConfigurationError
from sms_plugin.secrets import Vault, new_key


def test_what_was_sealed_can_be_opened() -> None:
    vault = Vault([new_key()])
    assert vault.open(vault.seal({"token": "très secret", "n": 1}), of="it") == {"token": "très secret", "n": 1}


def test_the_same_secret_is_sealed_differently_each_time() -> None:
    vault = Vault([new_key()])
    assert vault.seal({"token": "t"}) != vault.seal({"token": "t"})


def test_the_first_key_writes_and_all_of_them_read() -> None:
    old, new = new_key(), new_key()
    sealed = Vault([old]).seal({"token": "t"})
    both = Vault([new, old])
    assert both.open(sealed, of="it") == {"token": "t"}
    renewed = both.renew(sealed, of="it")
    assert Vault([new]).open(renewed, of="it") == {"token": "t"}


@pytest.mark.parametrize("sealed", ["", "not sealed", "gAAAAA"])
def test_what_no_key_opens_names_whose_it_is(sealed: str) -> None:
    with pytest.raises(ConfigurationError, match="credentials of it cannot be read") as told:
        Vault([new_key()]).open(sealed, of="it")
    assert told.value.code == "wrong_key"
    assert told.value.__cause__ is None


@pytest.mark.parametrize("keys", [["short"], [""], [new_key(), "é" * 44]])
def test_what_is_no_key_is_refused_without_being_quoted(keys: list[str]) -> None:
    with pytest.raises(ConfigurationError) as told:
        Vault(keys)
    assert told.value.code == "bad_key"
    assert not keys[-1] or keys[-1] not in str(told.value)


def test_a_vault_shows_nothing() -> None:
    key = new_key()
    assert key not in repr(Vault([key]))


def test_a_brief_name_is_the_same_each_time_and_only_the_keys_read_it() -> None:
    """X7: it stands in an address of 22 characters."""
    old, new = new_key(), new_key()
    brief = Vault([old]).brief(b"\x01number")
    assert brief == Vault([old]).brief(b"\x01number")
    assert len(brief) == 22
    assert Vault([new, old]).expand(brief) == b"\0\x01number"
    assert Vault([new]).expand(brief) is None


@pytest.mark.parametrize("made_up", ["", "A" * 22, "A" * 21, "A" * 44, "é" * 22, "=" * 22, "$" * 22])
def test_a_brief_name_cannot_be_made_up(made_up: str) -> None:
    vault = Vault([new_key()])
    assert vault.expand(made_up) is None
    good = vault.brief(b"12345678")
    assert vault.expand(good[:-2] + ("AA" if good[-2:] != "AA" else "BA")) is None
