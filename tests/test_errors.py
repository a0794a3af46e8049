"""Words that a door can say in another language are plain English to everybody else."""

from __future__ import annotations

import json
from copy import deepcopy

from sms_plugin.errors import SmsError, counted, did_you_mean, joined, worded


def test_worded_words_are_plain_text() -> None:
    words = worded("There is no provider %(name)r.", name="main")
    assert words == "There is no provider 'main'."
    assert f"{words}" == "There is no provider 'main'."
    assert json.loads(json.dumps(words)) == words
    assert deepcopy(words) == words


def test_a_sentence_without_values_may_hold_a_percent_sign() -> None:
    assert worded("a space is %20") == "a space is %20"


def test_the_text_of_an_error_still_knows_how_it_was_put_together() -> None:
    error = SmsError(worded("There is no %(what)s.", what="queue"), code="x", hint=worded("Choose another one."))
    told = str(error)
    assert told == "There is no queue. Choose another one."
    assert [str(each) for each in told.values.values()] == [error.message, error.hint]  # type: ignore[attr-defined]
    assert str(ValueError(error.message)).template == "There is no %(what)s."  # type: ignore[attr-defined]


def test_a_hint_that_is_empty_leaves_no_space() -> None:
    assert str(SmsError("Nothing is left.", code="x")) == "Nothing is left."
    assert joined("", "one", "", "two") == "one two"
    assert joined() == ""


def test_numbers_choose_the_form() -> None:
    assert [counted("one digit", "%(num)s digits", number) for number in (1, 2, 0)] == [
        "one digit",
        "2 digits",
        "0 digits",
    ]


def test_a_guess_names_the_closest_word_or_nothing() -> None:
    assert did_you_mean("fatura", ["factura", "client"]) == "Did you mean 'factura'?"
    assert did_you_mean("zzz", ["factura"]) == ""
