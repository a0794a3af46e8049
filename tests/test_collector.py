"""Python's collector looks between the pages of a run, and is left alone where the host wants it so."""

from __future__ import annotations

from sms_plugin.collector import look_at_the_young
from tests.collecting import looks


def test_it_looks_at_what_is_young() -> None:
    with looks() as told:
        look_at_the_young()
    assert told == [1]


def test_where_the_host_switched_it_off_it_stays_off() -> None:
    with looks(switched_on=False) as told:
        look_at_the_young()
    assert told == []
