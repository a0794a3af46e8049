"""Under the debug reloader only the process that serves runs anything."""

from __future__ import annotations

import pytest

from tests.demo_process import free_port
from tests.portal import Portal
from tests.processes.running import Processes, children, runners, until

pytestmark = [
    pytest.mark.slow,
    pytest.mark.one_database("sqlite", "which process runs what is no matter of the database"),
]


@pytest.mark.parametrize("start", [False, True], ids=["", "started by the module"])
def test_the_debug_reloaders_parent_runs_nothing(office: Portal, processes: Processes, start: bool) -> None:
    port = free_port()
    web = processes.flask("--debug", "run", "--port", str(port), start=start, url=f"http://127.0.0.1:{port}")
    web.open()
    until(lambda: runners(office))
    assert runners(office) == [("embedded", child) for child in children(web.process.pid)]


def test_nor_does_it_where_the_portal_is_run_by_hand(office: Portal, processes: Processes) -> None:
    web = processes.script()
    web.open()
    until(lambda: runners(office))
    assert runners(office) == [("embedded", child) for child in children(web.process.pid)]
