"""What presets of the generic gateway share: a short form with the values that customers are given (P12).

What a provider's answers mean comes from its manual where there is any, else from what clients of it handle; a code
that neither names is left to ``unknown``.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

from sms_plugin.gateways import fields
from sms_plugin.gateways.generic import GenericHttpGateway
from sms_plugin.gateways.generic_settings import GenericHttpSettings
from sms_plugin.gateways.settings import setting

_BRAZIL = "55"
NO_ACCOUNT = "http 401 = account bad_credentials\nhttp 404 = account bad_address\n"


def accents(*, help: str = "This provider asks for texts without accents.") -> Any:
    """Off, because these providers ask for it."""
    return setting("Keep accents", default=False, help=help)


@dataclass(frozen=True, kw_only=True)
class PresetSettings:
    """What the machinery asks of every preset's short form."""

    user: str = fields.user()
    if TYPE_CHECKING:
        host: str
        port: int
        ssl: bool
        number_form: str
        accents: bool

    @property
    def base(self) -> str:
        """Scheme, host and port, which a test of the connection calls. Raises ``SmsError``."""
        return self.described().base

    def check(self) -> None:
        """Raises ``BadSettings`` when they make no address."""
        self.described().check()

    def described(self) -> GenericHttpSettings:
        """The same as settings of the generic gateway."""
        raise NotImplementedError

    def _described(self, **more: Any) -> GenericHttpSettings:
        return GenericHttpSettings(
            user=self.user,
            host=self.host,
            port=self.port,
            ssl=self.ssl,
            number_form=self.number_form,
            country_code=_BRAZIL,
            accents=self.accents,
            **more,
        )


class PresetGateway(GenericHttpGateway):
    """A generic gateway with a short form."""

    kind: ClassVar[str] = ""

    @classmethod
    def described(cls, settings: Any) -> GenericHttpSettings:
        """The short form written out."""
        described: GenericHttpSettings = settings.described()
        return described
