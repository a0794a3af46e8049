"""Several questions in a row."""

from __future__ import annotations

import pytest

from sms_plugin.errors import SmsError
from sms_plugin.gateways.asking import answers
from sms_plugin.gateways.http import Unsure


def test_a_question_without_a_sensible_answer_does_not_hide_the_others() -> None:
    def ask(question: str) -> str:
        if question == "b":
            raise SmsError("?", code="garbled")
        return question.upper()

    assert answers("abca", ask) == {"a": "A", "c": "C"}


def test_once_no_answer_arrives_nothing_more_is_asked() -> None:
    asked: list[str] = []

    def ask(question: str) -> str:
        asked.append(question)
        if question == "b":
            raise Unsure("timeout")
        return question

    assert answers("abc", ask) == {"a": "a"}
    assert asked == ["a", "b"]


def test_when_nothing_was_answered_the_reason_is_told() -> None:
    def ask(question: str) -> str:
        raise SmsError("?", code="bad_credentials")

    with pytest.raises(SmsError) as raised:
        answers("ab", ask)
    assert raised.value.code == "bad_credentials"
    assert answers("", ask) == {}
