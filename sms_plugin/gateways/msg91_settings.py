"""What an MSG91 account needs to be known by, for flows and for free text (P3)."""

from __future__ import annotations

import re
from dataclasses import dataclass

from sms_plugin.errors import SmsError, worded
from sms_plugin.gateways import fields, msg91_flows
from sms_plugin.gateways.http import base_address
from sms_plugin.gateways.settings import BadSettings, setting

FLOW, FREE = "flow", "v2"

_ID = re.compile(r"[A-Za-z0-9_-]{1,64}", re.ASCII)
_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]{0,39}", re.ASCII)


@dataclass(frozen=True, kw_only=True)
class Msg91Settings:
    """An account, and the flows that it may send or the sender of its free texts."""

    auth_key: str = setting(
        "Auth key",
        secret=True,
        help="In MSG91's panel, the user's menu › Authkey. Its IP security is on from the start: allow this server's"
        " address there, or every request is refused (418). The balance is told only while it is on.",
    )
    api: str = setting(
        "API",
        default=FLOW,
        choices={FLOW: "Flows (v5): only texts that MSG91 knows", FREE: "Free text (v2): older or non-Indian accounts"},
        help="In India only texts that are registered may be sent: write them down below, under Flows.",
    )
    sender: str = setting(
        "Sender ID",
        default="",
        help="Six letters, as registered. Needed for free text; for flows only where they say “sender from API”.",
    )
    flows: str = setting(
        "Flows",
        default="",
        lines=True,
        help="One a line: flow id = its text, letter for letter as in the panel, \\n for a new line. Variables as"
        " there, ##name##, or {shortcode}, or {shortcode=name}. A message goes by the flow whose words it has.",
    )
    catch_all: str = setting(
        "Catch-all flow",
        default="",
        help="Id of a flow whose text is one variable: it carries what no other flow says. Without it such a message is"
        " refused. Your account may limit how long a variable may be.",
    )
    catch_all_variable: str = setting(
        "Variable of the catch-all flow",
        default="body",
        help="What stands between the ## in that flow's text: body, where it is ##body##.",
    )
    receiver: str = setting(
        "Name of the number", default="mobiles", help="The flow's receiver key, if it was renamed in the panel."
    )
    short_links: bool = setting("Shorten links", default=False, help="Flows only: by MSG91's own shortener.")
    reference_field: str = setting(
        "Field of our reference",
        default="",
        help="Flows only. MSG91 does not say which field its reports bring back as CRQID or clientid: leave this empty"
        " unless its support has told you.",
    )
    batch_size: int = setting(
        "Most messages in one request",
        default=1,
        minimum=1,
        maximum=100,
        help="More is faster. But MSG91 answers once for all of them: where it refuses one number, nobody knows what"
        " became of the others.",
    )
    route: str = setting(
        "Route",
        default="4",
        choices={"4": "transactional", "1": "promotional"},
        help="Free text goes by it, and the balance shown is this route's. MSG91 closes the promotional one by night.",
    )
    country: int = setting(
        "Country code",
        default=91,
        minimum=0,
        maximum=999,
        help="Free text only: numbers of this country go as national ones; 0 sends all as international.",
    )
    dlt_template_id: str = setting("DLT template ID", default="", help="Free text only; in India the operators ask it.")
    flash: bool = setting("Flash", default=False, help="Free text only: shown at once and not kept by the phone.")
    currency: str = setting(
        "Currency",
        default="",
        help="The account's, such as INR: reports tell an amount without it. Empty: costs are counted in credits.",
    )
    base_url: str = fields.base_url("https://api.msg91.com")

    def check(self) -> None:
        """Raises ``BadSettings`` that names every field that is wrong."""
        problems = self._of_flows() if self.api == FLOW else {} if self.sender else {"sender": "is missing"}
        if self.currency and not re.fullmatch("[A-Z]{3}", self.currency):
            problems["currency"] = worded("is not three capital letters, such as INR")
        try:
            base_address(self.base_url)
        except SmsError as error:
            problems["base_url"] = str(error)
        if problems:
            raise BadSettings(problems)

    def _of_flows(self) -> dict[str, str]:
        problems: dict[str, str] = {}
        for name in ("catch_all_variable", "receiver", "reference_field"):
            if (name != "reference_field" or self.reference_field) and not _NAME.fullmatch(getattr(self, name)):
                problems[name] = worded("is not letters, digits and underscores")
        taken = [self.receiver, self.reference_field] if self.reference_field else [self.receiver]
        if self.catch_all_variable in taken:
            problems["catch_all_variable"] = worded("is a name that means something else already")
        if len(set(taken)) < len(taken):
            problems["reference_field"] = worded("is the name of the number")
        if self.flash:
            problems["flash"] = worded("is not for flows: MSG91 sends them as ordinary messages")
        if self.catch_all and not _ID.fullmatch(self.catch_all):
            problems["catch_all"] = worded("is no flow's id")
        try:
            known = msg91_flows.read(self.flows, taken=taken)
        except ValueError as error:
            return {**problems, "flows": str(error)}
        if not known and not self.catch_all:
            problems["flows"] = worded("is missing: without a flow or a catch-all flow nothing can be sent")
        if self.catch_all in {flow.id for flow in known}:
            problems["catch_all"] = worded("is one of the flows above")
        return problems
