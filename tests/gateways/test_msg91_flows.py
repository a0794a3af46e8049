"""MSG91's flows: found by their words, in time that does not explode, and refused when written wrongly (P3)."""

from __future__ import annotations

import random
import re
from collections.abc import Mapping

import pytest

from sms_plugin.gateways.msg91_flows import Flow, find, read


def flows(*lines: str) -> tuple[Flow, ...]:
    """The flows of these lines."""
    return read("\n".join(lines), taken=["mobiles"])


def values(line: str, text: str) -> Mapping[str, str] | None:
    """What the one flow's variables hold for the text."""
    (flow,) = flows(line)
    return flow.values(text)


def said(flow: Flow, held: Mapping[str, str]) -> str:
    """The SMS that the vendor makes of a flow and its variables."""
    spoken = [flow.words[0]]
    for name, words in zip(flow.variables, flow.words[1:], strict=True):
        spoken += [held[name], words]
    return "".join(spoken)


@pytest.mark.parametrize(
    "line",
    [
        "f1 = Dear ##name##, invoice ##no## is due.",
        "f1 = Dear {name}, invoice {no} is due.",
        "f1 = Dear {contact_firstname=name}, invoice {invoice_number=no} is due.",
        "f1=Dear ##name##, invoice {invoice_number=no} is due.",
    ],
)
def test_a_variable_is_written_the_vendors_way_or_ours(line: str) -> None:
    assert values(line, "Dear Anna, invoice 4711 is due.") == {"name": "Anna", "no": "4711"}


@pytest.mark.parametrize(
    ("line", "text", "held"),
    [
        ("f = Code ##code##", "Code 1234", {"code": "1234"}),
        ("f = ##code## is your code", "1234 is your code", {"code": "1234"}),
        ("f = We are open.", "We are open.", {}),
        ("f = Dear ##a####b##!", "Dear Anna!", {"a": "A", "b": "nna"}),
        ("f = Dear ##n##, it is ##n##", "Dear Bo, it is Bo", {"n": "Bo"}),
        (r"f = Dear ##n##,\nbye", "Dear Bo,\nbye", {"n": "Bo"}),
        ("f = Dear ##n##, bye", "Dear Silva, Lda, bye", {"n": "Silva, Lda"}),
        ("f = Шановний ##n##, борг ##d## грн", "Шановний Ігоре 👋, борг 5 грн", {"n": "Ігоре 👋", "d": "5"}),
        ("f = a##x##aa", "aaaa", {"x": "a"}),
        ("f = Ole\u0301 ##n##", "Olé Ana", {"n": "Ana"}),
    ],
)
def test_variables_hold_what_stands_between_the_words(line: str, text: str, held: Mapping[str, str]) -> None:
    assert values(line, text) == held


@pytest.mark.parametrize(
    ("line", "text"),
    [
        ("f = Dear ##n##, bye", "Dear , bye"),
        ("f = Dear ##n##, bye", "dear Bo, bye"),
        ("f = Dear ##n##, bye", "Dear Bo, bye!"),
        ("f = Dear ##n##, bye", "Dear Bo"),
        ("f = Dear ##n##, it is ##n##", "Dear Bo, it is Anna"),
        ("f = ab##x##ba", "aba"),
        ("f = x##a##, ##b##.", "x1, ."),
        ("f = We are open.", "We are open"),
        ("f = ##a## due", " due"),
    ],
)
def test_a_text_that_the_flow_cannot_say_is_not_its(line: str, text: str) -> None:
    """No wrong word, no hole."""
    assert values(line, text) is None


def test_of_two_flows_that_fit_the_more_specific_one_says_it() -> None:
    known = flows("wide = Dear ##body##", "narrow = Dear ##name##, bye", "other = Hello ##name##")
    found = find(known, "Dear Bo, bye")
    assert found is not None
    assert (found[0].id, found[1]) == ("narrow", {"name": "Bo"})
    assert find(known, "Good evening") is None


def test_whatever_a_flow_says_is_found_again_and_said_the_same() -> None:
    """Any split will do that reproduces the text: tried on a thousand made-up flows of few letters."""
    chance = random.Random(91)
    found = 0
    for _ in range(1000):
        count = chance.randint(1, 4)
        words = ["".join(chance.choices("ab ", k=chance.randint(0, 3))) for _ in range(count)]
        text = "w" + "".join(f"{part}##v{at}##" for at, part in enumerate(words)) + chance.choice(["", "a", "ba"])
        (flow,) = flows(f"f = {text}")
        sms = said(flow, {f"v{at}": "".join(chance.choices("ab ", k=chance.randint(1, 4))) for at in range(count)})
        held = flow.values(sms)
        assert held is not None
        assert said(flow, held) == sms
        assert all(held.values())
        found += 1
    assert found == 1000


def test_a_flow_says_exactly_the_texts_that_any_split_would_make() -> None:
    """Against an expression that tries every split, on texts that are short enough for one."""
    chance = random.Random(5)
    fitting = 0
    for _ in range(2000):
        words = ["".join(chance.choices("ab", k=chance.randint(0, 2))) for _ in range(chance.randint(2, 4))]
        names = tuple(f"v{at}" for at in range(len(words) - 1))
        text = "".join(chance.choices("ab", k=chance.randint(1, 9)))
        any_split = re.fullmatch("(.+)".join(words), text)
        assert (Flow(id="f", words=tuple(words), variables=names).values(text) is None) == (any_split is None)
        fitting += any_split is not None
    assert 200 < fitting < 1800


def test_a_text_made_to_be_slow_is_not() -> None:
    """Twenty variables between the same letters: an expression would try for longer than this suite may run."""
    (flow,) = flows("f = " + "".join(f"##v{at}##a" for at in range(20)) + "!")
    for length in range(1500, 1600):
        assert flow.values("a" * length) is None


@pytest.mark.parametrize(
    ("lines", "problem"),
    [
        (("Dear ##name##",), "not of the form"),
        (("f =",), "not of the form"),
        (("f 1 = Dear",), "not of the form"),
        (("f = Dear ##name#",), "variable that is none"),
        (("f = Dear ## name ##",), "variable that is none"),
        (("f = Dear {name|default('x')}",), "variable that is none"),
        (("f = Dear {name",), "variable that is none"),
        (("f = Dear ##1##",), "variable that is none"),
        (("f = ##body##",), "without words"),
        (("f = ##a##, ##b##.",), "without words"),
        (("f = To ##mobiles##",), "means something else"),
        (("f = Dear ##a##", "f = Hello ##a##"), "twice"),
        (("f = Dear ##a##", "g = Dear {b}"), "the same words"),
        (("f = Dear ##a####b##, ##a##",), "nothing between"),
        (tuple(f"f{at} = Number {at} ##x##" for at in range(501)), "more than 500"),
    ],
)
def test_flows_that_are_written_wrongly_are_refused(lines: tuple[str, ...], problem: str) -> None:
    with pytest.raises(ValueError, match=problem):
        flows(*lines)


def test_no_flow_is_none() -> None:
    assert flows("", "  ") == ()
