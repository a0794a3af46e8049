"""What an admin enters for a playSMS: address, user, token, and what a type of message means on its wire (P10)."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import parse_qsl

from sms_plugin.errors import SmsError, worded
from sms_plugin.gateways.http import base_address
from sms_plugin.gateways.settings import BadSettings, setting

TYPES = {
    "long_code": "long code",
    "short_code_1": "short code, one way",
    "short_code_2": "short code, two ways",
    "voice": "voice",
    "whatsapp": "WhatsApp text",
    "promotional": "promotional",
}
INBOXES = {"ix": "the user's inbox", "in": "messages that matched a keyword", "none": "none"}
_TAKEN = frozenset({"app", "op", "u", "h", "p", "to", "msg", "format", "unicode", "nofooter", "schedule"})
_LINE = re.compile(r"(?P<type>\w+)\s*=\s*(?P<parameters>\S+=\S*)")


@dataclass(frozen=True, kw_only=True)
class PlaySmsSettings:
    """A user of a playSMS."""

    base_url: str = setting("Base address", help="Where the server's own pages are, without index.php.")
    user: str = setting("Login/ID", help="The user's name.")
    token: str = setting(
        "Token",
        secret=True,
        help="In playSMS, in the user's configuration: the webservices token. It must be enabled there.",
    )
    sender: str = setting("Sender", default="", help="Only one that the user is allowed; empty: the user's own.")
    message_type: str = setting(
        "Type of message",
        default="long_code",
        choices=TYPES,
        help="As your provider sells it. Any type but the long code needs its line in the next field.",
    )
    type_parameters: str = setting(
        "What the types mean",
        default="",
        lines=True,
        help=(
            "playSMS itself knows no types. Where your provider's manual has parameters for them, write one type a"
            " line: voice = smsc=voice1. The names are: " + ", ".join(TYPES) + "."
        ),
    )
    flash: bool = setting("Flash", default=False, help="Shown at once, and not kept by the phone.")
    inbox: str = setting(
        "Replies come from",
        default="ix",
        choices=INBOXES,
        help="playSMS keeps what begins with a keyword of its own apart from the user's inbox: choose the list where"
        " your clients' answers stand.",
    )
    private_address: bool = setting("Private address", default=False, help="On for a server in your own network.")

    def check(self) -> None:
        """Raises ``BadSettings`` that names every field that is wrong."""
        problems: dict[str, str] = {}
        try:
            base_address(self.base_url)
        except SmsError as error:
            problems["base_url"] = str(error)
        try:
            meanings = self._meanings()
        except ValueError as error:
            problems["type_parameters"] = str(error)
        else:
            if self.message_type != "long_code" and self.message_type not in meanings:
                problems["type_parameters"] = worded(
                    "has no line for the chosen type %(message_type)r", message_type=self.message_type
                )
        if problems:
            raise BadSettings(problems)

    def of_type(self) -> Mapping[str, str]:
        """The parameters of the chosen type."""
        return self._meanings().get(self.message_type, {})

    def _meanings(self) -> Mapping[str, Mapping[str, str]]:
        return dict(_meaning(line.strip()) for line in self.type_parameters.splitlines() if line.strip())


def _meaning(line: str) -> tuple[str, Mapping[str, str]]:
    found = _LINE.fullmatch(line)
    if found is None:
        raise ValueError(
            worded("has the line %(line)r, which is not of the form: type = name=value&name=value", line=line)
        )
    if found["type"] not in TYPES:
        raise ValueError(
            worded("has the unknown type %(found)r. There are: %(types)s", found=found["type"], types=", ".join(TYPES))
        )
    parameters = dict(parse_qsl(found["parameters"], keep_blank_values=True))
    taken = _TAKEN & parameters.keys()
    if taken or not parameters:
        raise ValueError(
            worded(
                "has the line %(line)r, whose parameter %(taken)r cannot be set",
                line=line,
                taken=min(taken, default=""),
            )
        )
    return found["type"], parameters
