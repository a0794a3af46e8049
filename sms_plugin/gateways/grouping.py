"""Messages in the requests that a provider takes which has one text for many numbers."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable

from sms_plugin.gateways.contract import Outgoing


def same_texts(messages: Iterable[Outgoing]) -> list[list[Outgoing]]:
    """The messages in groups of one text, in which each number stands once: such a provider drops the second of two.

    In order of their first message; nearly always one group, because the flush hands over what shares a text.
    """
    turns: Counter[tuple[str, str]] = Counter()
    groups: dict[tuple[str, int], list[Outgoing]] = {}
    for message in messages:
        turn = turns[message.text, message.to]
        turns[message.text, message.to] += 1
        groups.setdefault((message.text, turn), []).append(message)
    return list(groups.values())


def digits(number: object) -> str:
    """A number without everything that providers write around its digits; empty for what is none."""
    return "".join(char for char in str(number) if char.isascii() and char.isdigit()) if number else ""
