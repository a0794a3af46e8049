from __future__ import annotations

import signal
import socket
import subprocess
import sys
from pathlib import Path

import pytest
import requests

from tests.demo_process import ROOT, free_port, running_demo

pytestmark = pytest.mark.slow


def _is_free(url: str) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", int(url.rpartition(":")[2]))) != 0


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT, signal.SIGHUP])
def test_the_portal_and_its_phones_stop_together(number: signal.Signals) -> None:
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        # what a shell started in its background hands down that it hears no interrupt
        signal.signal(signal.SIGINT, signal.default_int_handler)
    with running_demo() as demo:
        assert requests.get(f"{demo.url}/login", timeout=30).status_code == 200
        demo.process.send_signal(number)
        assert demo.process.wait(30) == 0
        assert _is_free(demo.url)
        assert _is_free(demo.phone_url)


@pytest.mark.parametrize("option", ["--port", "--phone-port"])
def test_a_taken_port_is_named_with_the_option_that_changes_it(option: str, tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        ports = {"--port": str(free_port()), "--phone-port": str(free_port()), option: port}
        command = [sys.executable, "-m", "host_demo", "--database", f"sqlite:///{tmp_path}/demo.db"]
        for name, value in ports.items():
            command += [name, value]
        done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 1
    assert f"Port {port}" in done.stderr
    assert option in done.stderr


def test_a_second_start_keeps_what_was_there(tmp_path: Path) -> None:
    database = f"sqlite:///{tmp_path}/demo.db"
    for _ in range(2):
        with running_demo(database=database, phones=False) as demo:
            assert requests.get(f"{demo.url}/login", timeout=30).status_code == 200
