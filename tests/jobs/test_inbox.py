"""Texts from phones are asked for where the provider does not bring them (Q5)."""

from __future__ import annotations

import pytest

from sms_plugin import signals
from sms_plugin.gateways.contract import Capabilities, Fetched, Inbound
from sms_plugin.jobs import inbox
from sms_plugin.jobs.due import run_job
from tests.asked import Script, use_asked
from tests.portal import Portal

CAN = Capabilities(inbound_polled=True)


def _text(reference: str) -> Inbound:
    return Inbound(sender="351912345678", text=f"text {reference}", reference=reference)


def _texts(portal: Portal) -> set[str | None]:
    return {each.text for each in portal.messages() if each.direction == "in"}


def _use(portal: Portal, *fetched: Fetched) -> Script:
    return use_asked(portal, can=CAN, inbox=list(fetched))


def _run(portal: Portal) -> int | None:
    return run_job(portal.state, "inbox", now=True)


def test_texts_are_fetched_while_there_are_more_and_the_next_run_goes_on_there(portal: Portal) -> None:
    script = _use(
        portal,
        Fetched(texts=[_text("1"), _text("2")], cursor="b", more=True),
        Fetched(texts=[_text("3")], cursor="c"),
    )
    heard: list[object] = []

    def hear(app: object, text: str, **told: object) -> None:
        heard.append(text)

    with signals.message_received.connected_to(hear):
        assert _run(portal) == 3
        assert _run(portal) == 0
    assert script.cursors == ["", "b", "c"]
    assert _texts(portal) == {"text 1", "text 2", "text 3"}
    assert heard == ["text 1", "text 2", "text 3"]


def test_what_was_fetched_before_is_not_kept_again(portal: Portal) -> None:
    """Providers that know no cursor give the same texts again and again."""
    _use(portal, Fetched(texts=[_text("1")]), Fetched(texts=[_text("1"), _text("2")]))
    assert (_run(portal), _run(portal)) == (1, 1)
    assert _texts(portal) == {"text 1", "text 2"}


def test_a_provider_that_never_ends_is_left_for_the_next_run(portal: Portal) -> None:
    script = _use(portal, *(Fetched(texts=(), cursor=str(at), more=True) for at in range(1, 50)))
    _run(portal)
    assert len(script.cursors) == inbox.MOST
    _run(portal)
    assert script.cursors[inbox.MOST] == str(inbox.MOST)


def test_one_that_says_more_and_stays_where_it_is_is_asked_once(portal: Portal) -> None:
    script = _use(portal, *(Fetched(texts=(), cursor="", more=True) for _ in range(5)))
    _run(portal)
    assert script.cursors == [""]


def test_a_provider_that_cannot_be_asked_costs_nothing(portal: Portal, caplog: pytest.LogCaptureFixture) -> None:
    script = _use(portal, Fetched(texts=[_text("1")], cursor="b"))
    script.failure = "timeout"
    assert _run(portal) == 0
    assert "cannot be asked for texts: timeout" in caplog.text
    script.failure = ""
    assert _run(portal) == 1


def test_a_cursor_that_cannot_be_kept_loses_no_text(portal: Portal) -> None:
    script = _use(portal, Fetched(texts=[_text("1")], cursor="x" * 300))
    assert _run(portal) == 1
    _run(portal)
    assert script.cursors == ["", ""]


def test_only_one_that_can_is_asked(portal: Portal) -> None:
    script = use_asked(portal, can=Capabilities(inbound=True))
    assert _run(portal) == 0
    assert script.cursors == []
