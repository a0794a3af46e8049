"""The portal as it runs in production: gunicorn with two workers, the plugin's own worker beside them."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager

from host_demo.server import CannotOpen, beside, claim, opens

WEB_WORKERS = 2
_PYTHON = (sys.executable, "-m")


@contextmanager
def deployed(settings: Mapping[str, str], *, host: str, port: int) -> Iterator[Mapping[str, subprocess.Popen[bytes]]]:
    """Web server and worker, answering. The settings reach them by their environment, as a unit file gives them.

    Raises CannotOpen.
    """
    claim(host, port, what="the portal", option="--port")
    env = os.environ | {f"DEMO_{name}": value for name, value in settings.items()}
    web = ["gunicorn", "--bind", f"{host}:{port}", "--workers", str(WEB_WORKERS), "--threads", "4"]
    with ExitStack() as running:
        worker = running.enter_context(beside([*_PYTHON, "flask", "--app", "host_demo", "sms", "worker"], env=env))
        server = running.enter_context(
            beside([*_PYTHON, *web, "host_demo:create_app()"], env=env | {"DEMO_SMS_SCHEDULER": "off"})
        )
        if not opens(server, host=host, port=port):
            raise CannotOpen("gunicorn did not start; the reason stands above.")
        yield {"gunicorn": server, "the worker": worker}


def watch(processes: Mapping[str, subprocess.Popen[bytes]]) -> None:
    """Wait for ever. Raises CannotOpen where one of the processes ends."""
    while True:
        for name, process in processes.items():
            if process.poll() is not None:
                raise CannotOpen(f"{name} ended; the reason stands above.")
        time.sleep(0.2)
