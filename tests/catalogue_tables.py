"""The README's tables of triggers and shortcodes, from the catalogue itself: ``python -m tests.catalogue_tables``."""

from __future__ import annotations

import re
from pathlib import Path

from sms_plugin.catalog.loader import load

README = Path(__file__).parent.parent / "README.md"
_TRIGGERS = "| trigger | when | section → whom | purpose | in quiet hours |"
_SHORTCODES = "| section | shortcodes |"
_QUIET = {"defer": "waits", "forward": "goes before", "ignore": "goes"}


def triggers_table() -> str:
    """The lines of the triggers, in the catalogue's order."""
    rows = []
    for each in load().triggers.values():
        whom = f"{each.section} → {each.audience}"
        rows.append(f"| `{each.key}` | {each.help['en']} | {whom} | {each.purpose} | {_QUIET[each.quiet]} |")
    return "\n".join([_TRIGGERS, "|---|---|---|---|---|", *rows]) + "\n"


def shortcodes_table() -> str:
    """The lines of the shortcodes, a section each; a star stands for sensitive."""
    catalogue = load()
    rows = []
    for section in catalogue.sections:
        names = [
            f"`{each.name}`" + (" \\*" if each.sensitive else "")
            for each in catalogue.shortcodes.values()
            if each.section == section
        ]
        rows.append(f"| `{section}` | {', '.join(names)} |")
    return "\n".join([_SHORTCODES, "|---|---|", *rows]) + "\n"


def main() -> int:
    """Put the tables into the README, in place of those that stand there."""
    text = README.read_text("utf-8")
    for head, table in ((_TRIGGERS, triggers_table()), (_SHORTCODES, shortcodes_table())):
        # a function, for the tables hold backslashes
        text = re.sub(rf"{re.escape(head)}\n(?:\|.*\n)+", lambda _, table=table: table, text)  # type: ignore[misc]
    README.write_text(text, "utf-8")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
