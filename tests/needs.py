"""What this machine lacks for the whole suite, how to get it, and how many tests ran on which database.

``python -m tests.needs marks`` prints the marker expression of the heavier tests that can run here;
``python -m tests.needs report`` tells what ran and what was left out; with ``SMS_TEST_REQUIRE=all`` it fails where
anything was left out, where a test was skipped, or where one touches a database without saying which.
"""

from __future__ import annotations

import os
import shutil
import sys
from pathlib import Path

from tests import databases, tally
from tests.kannel import boxes
from tests.kill import servers

BROWSERS = ("chromium", "chromium-browser", "google-chrome")
CHROMIUM_FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
#: What scans pages for what keeps people out; npm brings it, by ``make node_modules``.
AXE = Path(__file__).resolve().parent.parent / "node_modules" / "axe-core" / "axe.min.js"
_PACKAGES = {databases.POSTGRESQL: "postgresql", databases.MARIADB: "mariadb-server"}


def chromium() -> str | None:
    """The path of a Chromium or Chrome, or None."""
    return next((path for path in map(shutil.which, BROWSERS) if path), None)


def left_out() -> list[str]:
    """A sentence for each kind of test that cannot run here, with how to get what it needs."""
    missing = []
    if chromium() is None:
        missing.append("The browser tests: no Chromium on the PATH. On Debian: apt-get install chromium")
    if not AXE.exists():
        missing.append("The scan of the pages: no axe-core. On Debian: apt-get install npm, then: make node_modules")
    chosen = databases.kinds()
    for kind in databases.ALL:
        if why := databases.missing(kind):
            variable = databases.VARIABLES[kind]
            server = databases.server(kind).render_as_string()
            missing.append(
                f"The tests on {kind}: {server} does not answer ({why}).\n"
                f"    On Debian: apt-get install {_PACKAGES[kind]}, or name another server in {variable}"
            )
        elif kind not in chosen:
            missing.append(f"The tests on {kind}: {databases.CHOSEN} does not name it.")
    for kind, programs in _lacking().items():
        missing.append(
            f"The tests that restart a server of {kind}: no {' and no '.join(programs)} here.\n"
            f"    On Debian: apt-get install {_PACKAGES[kind]}"
        )
    if programs := boxes.missing():
        missing.append(
            f"The tests with a real Kannel: no {' and no '.join(programs)} here.\n"
            "    On Debian: apt-get install kannel kannel-extras"
        )
    return missing


def _lacking() -> dict[str, list[str]]:
    """The programs of database servers that are not here, by kind."""
    kinds = (databases.POSTGRESQL, databases.MARIADB)
    return {kind: programs for kind in kinds if (programs := servers.missing(kind))}


def heavier() -> str:
    """The marker expression that picks the slow tests and, where there is what they need, those that need more."""
    picked = "slow or browser" if chromium() else "slow and not browser"
    lacking = {"restarts": _lacking(), "kannel": boxes.missing()}
    without = [f" and not {marker}" for marker, programs in lacking.items() if programs and not required()]
    return f"({picked}){''.join(without)}" if without else picked


def required() -> bool:
    return os.environ.get("SMS_TEST_REQUIRE") == "all"


def report() -> int:
    """Print what ran and what was left out. 1 where all of it is required and something is amiss, else 0."""
    counted = tally.read()
    lines = [*left_out(), *counted.amiss()]
    out = counted.table()
    out += "Left out or amiss:\n" + "".join(f"  {line}\n" for line in lines) if lines else "Nothing was left out.\n"
    failing = bool(lines) and required()
    if failing:
        out += "SMS_TEST_REQUIRE=all asks for everything.\n"
    sys.stdout.write(out)
    return int(failing)


def start() -> int:
    """Forget what ran before."""
    tally.path().unlink(missing_ok=True)
    return 0


if __name__ == "__main__":
    match sys.argv[1:]:
        case ["marks"]:
            sys.stdout.write(heavier() + "\n")
        case ["start"]:
            raise SystemExit(start())
        case _:
            raise SystemExit(report())
