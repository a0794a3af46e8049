"""Asking a provider several questions in a row, so that one that it does not answer does not hide the others."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import TypeVar

from sms_plugin.errors import SmsError
from sms_plugin.gateways.http import NotSent, Unsure

K = TypeVar("K")
V = TypeVar("V")


def answers(questions: Iterable[K], ask: Callable[[K], V]) -> Mapping[K, V]:
    """The answer to each question that was answered, each distinct one asked once.

    An answer that makes no sense is left out; once no answer arrives at all, nothing more is asked. Raises the last
    ``SmsError`` when nothing was answered.
    """
    told: dict[K, V] = {}
    problem: SmsError | None = None
    for question in dict.fromkeys(questions):
        try:
            told[question] = ask(question)
        except (NotSent, Unsure) as error:
            problem = error
            break
        except SmsError as error:
            problem = error
    if problem is not None and not told:
        raise problem
    return told
