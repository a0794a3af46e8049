"""What this machine lacks for the whole suite, and how to get it.

``python -m tests.needs marks`` prints the marker expression of the heavier tests that can run here;
``python -m tests.needs report`` says what was left out; with ``SMS_TEST_REQUIRE=all`` it fails on that.
"""

from __future__ import annotations

import os
import shutil
import sys

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


def chromium() -> str | None:
    """The path of a Chromium or Chrome, or None."""
    return next((path for path in map(shutil.which, BROWSERS) if path), None)


def left_out() -> list[str]:
    """A sentence for each kind of test that cannot run here, with how to get what it needs."""
    missing = []
    if chromium() is None:
        missing.append("The browser tests: no Chromium on the PATH. On Debian: apt-get install chromium")
    return missing


def heavier() -> str:
    """The marker expression that picks the slow tests and, where there is a browser, those that need one."""
    return "slow or browser" if chromium() else "slow and not browser"


def required() -> bool:
    return os.environ.get("SMS_TEST_REQUIRE") == "all"


def report() -> int:
    """Print what was left out. 1 where all of it is required, else 0."""
    missing = left_out()
    if not missing:
        sys.stdout.write("Nothing was left out.\n")
        return 0
    sys.stdout.write("Left out:\n" + "".join(f"  {line}\n" for line in missing))
    if required():
        sys.stdout.write("SMS_TEST_REQUIRE=all asks for everything.\n")
        return 1
    return 0


if __name__ == "__main__":
    if sys.argv[1:] == ["marks"]:
        sys.stdout.write(heavier() + "\n")
    else:
        raise SystemExit(report())
