"""Every code has words: states, choices, and each reason that stands in the code (design: doors translate)."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import sms_plugin
from sms_plugin.gateways import (
    clickatell_codes,
    facilita_movel,
    generic_sending,
    hotmobile,
    jasmin,
    kannel,
    king_telecom,
    lgn_pwd,
    msg91_codes,
    presets,
    rules,
    turbosms_codes,
    twilio_codes,
    vonage_codes,
    zenvia_codes,
)
from sms_plugin.gateways.contract import ReceiptStatus
from sms_plugin.outbox.decisions import Choice
from sms_plugin.states import MessageState
from sms_plugin.web import reasons, words

_HOUSE = Path(sms_plugin.__file__).parent
#: Functions whose first argument is a reason.
_SAYS = {"refused", "unknown", "throttled", "_held"}
#: Where a code of an error becomes the reason of a held message.
_RAISED_INTO_REASONS = ("text", "wording/rendering.py", "people", "outbox/rewording.py")


def _literals(node: ast.AST) -> Iterator[str]:
    """The texts that an expression may give."""
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        yield node.value
    elif isinstance(node, ast.IfExp):
        yield from _literals(node.body)
        yield from _literals(node.orelse)


def _reasons(file: Path) -> Iterator[str]:
    raised = any(str(file.relative_to(_HOUSE)).startswith(part) for part in _RAISED_INTO_REASONS)
    for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Call):
            name = getattr(node.func, "id", getattr(node.func, "attr", ""))
            if name in _SAYS and node.args:
                yield from _literals(node.args[0])
            for keyword in node.keywords:
                if keyword.arg == "reason" or (raised and keyword.arg == "code"):
                    yield from _literals(keyword.value)
        elif isinstance(node, ast.Tuple) and len(node.elts) == 2:
            first, second = node.elts
            if isinstance(first, ast.Attribute) and getattr(first.value, "id", "") == "MessageState":
                yield from _literals(second)
        elif isinstance(node, ast.FunctionDef) and node.name in {"not_sent", "unsure"}:
            for each in ast.walk(node):
                if isinstance(each, ast.Return) and each.value is not None:
                    yield from _literals(each.value)


def _of_tables() -> Iterator[str]:
    """What the gateways' tables of codes say."""
    yield from (reason for reason, _about in twilio_codes._REFUSALS.values())
    yield from twilio_codes.LATER.values()
    for table in (turbosms_codes._ACCOUNT, turbosms_codes._RECIPIENT, turbosms_codes._MESSAGE):
        yield from table.values()
    yield from turbosms_codes.LATER.values()
    yield from (reason for reason, _about in msg91_codes._REFUSALS.values())
    yield from (reason for _words, reason, _about in msg91_codes._WORDS)
    yield from (reason for _status, reason in msg91_codes._STATUS.values())
    yield from (reason for reason, _about in vonage_codes._REFUSALS.values())
    yield from vonage_codes.WHY.values()
    yield from (reason for _said, reason, _about in kannel._REFUSALS)
    yield from (reason for _status, _said, reason, _about in jasmin._ERRORS)
    for table in (clickatell_codes._ACCOUNT, clickatell_codes._RECIPIENT, clickatell_codes._MESSAGE):
        yield from table.values()
    for words_of in (clickatell_codes.BY_WORD, clickatell_codes._ONE, clickatell_codes._PLATFORM):
        yield from (reason for _status, reason in words_of.values() if reason)
    yield from (reason for _pattern, reason, _about in clickatell_codes._WORDS)
    yield from (reason for reason, _about in zenvia_codes._REFUSALS.values())
    for told in (*zenvia_codes._BY_STATUS.values(), *zenvia_codes._BY_WORD.values()):
        yield told[1]
    yield from rules._CLASSES.values()
    for module in (facilita_movel, hotmobile, king_telecom, presets, generic_sending, lgn_pwd):
        text = Path(module.__file__ or "").read_text(encoding="utf-8")
        for node in ast.walk(ast.parse(text)):
            if isinstance(node, ast.Constant) and isinstance(node.value, str) and " = " in node.value:
                try:
                    yield from (rule.reason for rule in rules.error_rules(node.value))
                except ValueError:
                    continue  # a sentence, not an error map


def _all() -> set[str]:
    files = [file for file in _HOUSE.rglob("*.py") if "testing" not in file.parts]
    return ({reason for file in files for reason in _reasons(file)} | set(_of_tables())) - {""}


def test_every_reason_of_the_code_has_a_sentence() -> None:
    coded = _all()
    assert {"missing_value", "no_longer_true", "timeout", "no_credit", "bad_credentials", "landline"} <= coded
    assert coded - reasons._REASONS.keys() == set()


def test_every_state_choice_and_receipt_has_words() -> None:
    assert set(words._STATES) == {state.value for state in MessageState}
    assert set(words._CHOICES) == set(Choice)
    assert set(words._RECEIPTS) == {status.value for status in ReceiptStatus}


def test_the_reasons_that_the_queue_offers_are_known() -> None:
    assert set(reasons.WAITING) <= reasons._REASONS.keys()


def test_a_reason_that_somebody_made_up_is_readable() -> None:
    assert reasons.reason_words("account_on_holiday") == "account on holiday"
