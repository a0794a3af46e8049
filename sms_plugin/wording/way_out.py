"""The way out that a text may hold: a link to the public page where its reader says that there shall be no more (X7).

The address names number and purpose in 22 characters that only this portal's keys make and read: no table grows by it,
and the page needs no login.
"""

from __future__ import annotations

from dataclasses import field
from typing import Final

from sms_plugin.state import State
from sms_plugin.text.phones import digits
from sms_plugin.text.shortcodes import parse
from sms_plugin.values import made_often

#: The shortcode.
SHORTCODE: Final = "optout_link"
_ENDPOINT = "sms_optout.page"
#: What a link may be about, by its number in the address: they may be added to, never moved.
_PURPOSES: Final = ("", "billing", "service", "marketing", "staff")
_NUMBER_BYTES: Final = 7


@made_often()
class WayOut:
    """Whose link it is, and the purpose of the text that holds it; without a number it leads nowhere."""

    number: str | None = field(default=None, repr=False)
    purpose: str = ""


def holds_way_out(template: str) -> bool:
    """Whether a text holds the link. Raises ``SmsError`` for one that cannot be read."""
    return SHORTCODE in parse(template).names


def link_of(way_out: WayOut, *, state: State) -> str:
    """The address. Raises ``SmsError`` where the portal has no public one."""
    number = int(digits(way_out.number or "0"))
    purpose = _PURPOSES.index(way_out.purpose) if way_out.purpose in _PURPOSES else 0
    content = bytes([purpose]) + number.to_bytes(_NUMBER_BYTES, "big")
    return state.links(_ENDPOINT, {"token": state.vault.brief(content)})


def read_link(token: str, *, state: State) -> WayOut | None:
    """Whose link it is; None for one that this portal never made."""
    content = state.vault.expand(token)
    if content is None or content[0] >= len(_PURPOSES):
        return None
    number = int.from_bytes(content[1:], "big")
    return WayOut(number=f"+{number}", purpose=_PURPOSES[content[0]]) if number else None
