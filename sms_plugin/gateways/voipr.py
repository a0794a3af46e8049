"""Voipr, a campaign server of one's own: the generic gateway with the fields that its integrations ask for (P7).

Source: the configuration pages of one product that speaks with it. Its interface is published nowhere, so nothing of it
is built in: path, parameters and what a success looks like are the admin's to copy from the server's manual.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from sms_plugin.errors import did_you_mean, worded
from sms_plugin.gateways import fields
from sms_plugin.gateways.generic_settings import GenericHttpSettings
from sms_plugin.gateways.presets import PresetGateway
from sms_plugin.gateways.rules import BY
from sms_plugin.gateways.settings import BadSettings, setting

_MEANS: Mapping[str, str] = {
    "{campaign_key}": "{t}",
    "{client_key}": "{p}",
    "{to}": "{d}",
    "{text}": "{m}",
    "{id}": "{r}",
    "{host}": "",
    "{port}": "",
}
_PLACEHOLDER = re.compile(r"\{\w+\}")
_OWN_ADDRESS = re.compile(r"https?://\{host\}(:\{port\})?", re.IGNORECASE)
_KEY = re.compile(r"[0-9A-Za-z]{32}")


@dataclass(frozen=True, kw_only=True)
class VoiprSettings:
    """A campaign of one's own Voipr, and its interface as the manual has it."""

    host: str = setting("Host", help="The server's name or address, often in your own network.")
    port: int = setting(
        "Port",
        default=8080,
        minimum=1,
        maximum=65535,
        help="The port of Voipr's web pages: 8080, unless it was set up otherwise.",
    )
    ssl: bool = setting("SSL", default=False, help="Without SSL your keys travel in clear.")
    private_address: bool = setting("Private address", default=False, help="On for a server in your own network.")
    campaign_key: str = setting(
        "Campaign key", secret=True, help="32 characters. Make the campaign in Voipr's panel first, of the type text."
    )
    client_key: str = setting("Client key", secret=True, help="32 characters.")
    url: str = setting(
        "API/URL",
        secret=True,
        help=(
            "From Voipr's manual: path and query, with {campaign_key}, {client_key}, {to}, {text} and {id} where they"
            " belong. http://{host}:{port} may stand before it."
        ),
    )
    method: str = fields.method()
    body_format: str = fields.body_format()
    body: str = setting("Body template", default="", secret=True, lines=True, help="With the same names in braces.")
    number_form: str = fields.number_form("digits")
    accents: bool = setting(
        "Keep accents",
        default=False,
        help="Off: ação is sent as acao. Whether Voipr takes accents is not known: see its manual, and send a test.",
    )
    longest: int = setting("Most characters", default=0, minimum=0, maximum=5000, help="0: no limit.")
    success: str = setting(
        "A success is known by", default="status", choices=BY, help="The status alone takes any 2xx for a success."
    )
    success_at: str = setting("Where the success stands", default="", help="As in the manual's example of an answer.")
    success_values: str = setting("Values of a success", default="", help="Separated by commas.")
    errors: str = setting(
        "Errors", default="", lines=True, help="One a line: code = class, /expression/ = class or http 401 = class."
    )

    def check(self) -> None:
        """Raises ``BadSettings`` that names every field that is wrong."""
        problems = dict(self._problems())
        if problems:
            raise BadSettings(problems)
        self.described().check()

    def _problems(self) -> Iterator[tuple[str, str]]:
        for name in ("campaign_key", "client_key"):
            if not _KEY.fullmatch(getattr(self, name)):
                yield name, worded("is not 32 letters and digits")
        for name in ("url", "body"):
            wrong = [each for each in _PLACEHOLDER.findall(getattr(self, name)) if each not in _MEANS]
            if wrong:
                guess = did_you_mean(wrong[0], _MEANS) or f"There are: {', '.join(_MEANS)}."
                told = worded("holds the unknown placeholder %(unknown)s. %(guess)s", unknown=wrong[0], guess=guess)
                yield name, told
        if self.url and not self._path().startswith("/"):
            yield "url", worded("does not begin with / or with http://{host}:{port}/")

    def described(self) -> GenericHttpSettings:
        """The same as settings of the generic gateway."""
        return GenericHttpSettings(
            host=self.host,
            port=self.port,
            ssl=self.ssl,
            private_address=self.private_address,
            token=self.campaign_key,
            password=self.client_key,
            url=_translated(self._path()),
            method=self.method,
            body_format=self.body_format,
            body=_translated(self.body),
            number_form=self.number_form,
            country_code="55",
            accents=self.accents,
            longest=self.longest,
            success=self.success,
            success_at=self.success_at,
            success_values=self.success_values,
            errors=self.errors,
        )

    def _path(self) -> str:
        return _OWN_ADDRESS.sub("", self.url, count=1)


def _translated(written: str) -> str:
    """A template in the generic gateway's names."""
    return _PLACEHOLDER.sub(lambda found: _MEANS.get(found[0], found[0]), written)


class Voipr(PresetGateway):
    """Voipr."""

    kind = "voipr"
    label = "Voipr"
    help = (
        "Needs the vendor's manual: Voipr's interface is not public, so its path and parameters are yours to fill in."
        " Receipts, replies and balance are not known."
    )
    Settings = VoiprSettings
