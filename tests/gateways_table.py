"""The README's table of what each gateway can do, from the gateways themselves: ``python -m tests.gateways_table``."""

from __future__ import annotations

import re
from pathlib import Path

from sms_plugin.gateways.contract import Capabilities
from sms_plugin.gateways.registry import SHIPPED
from sms_plugin.gateways.settings import unfilled

README = Path(__file__).parent.parent / "README.md"
_HEAD = "| gateway | messages a request | receipts | replies | credit | price | look-up | flash | once |"
_TABLE = re.compile(rf"{re.escape(_HEAD)}\n(?:\|.*\n)+")


def table() -> str:
    """Its lines: each gateway as it is before anything is set up."""
    rows = [_row(gateway.label, gateway.capabilities(unfilled(gateway.Settings))) for gateway in SHIPPED]
    return "\n".join([_HEAD, "|---|---|---|---|---|---|---|---|---|", *rows]) + "\n"


def _row(label: str, can: Capabilities) -> str:
    batch = f"{can.batch_size:,}" + (" of one text" if can.same_text and can.batch_size > 1 else "")
    flags = (can.balance, can.prices, can.lookup, can.flash, can.idempotent)
    cells = [
        label,
        batch,
        _told(pushed=can.receipts, asked=can.polled > 0),
        _told(pushed=can.inbound, asked=can.inbound_polled),
        *("yes" if each else "" for each in flags),
    ]
    return "| " + " | ".join(cells) + " |"


def _told(*, pushed: bool, asked: bool) -> str:
    return ", ".join(word for word, holds in (("pushed", pushed), ("asked for", asked)) if holds)


def main() -> int:
    """Put the table into the README, in place of the one that stands there."""
    README.write_text(_TABLE.sub(lambda _: table(), README.read_text("utf-8")), "utf-8")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
