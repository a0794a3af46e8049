"""Four Brazilian providers as presets of the generic gateway, with the values that customers are given (P12).

What their answers mean comes from the manuals where there are any, else from what clients of theirs handle; a
code that neither names is left to ``unknown``.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

from sms_plugin.gateways.generic import GenericHttpGateway
from sms_plugin.gateways.generic_settings import NUMBER_FORMS, GenericHttpSettings
from sms_plugin.gateways.settings import setting

_BRAZIL = "55"
_NO_ACCOUNT = "http 401 = account bad_credentials\nhttp 404 = account bad_address\n"


def _password() -> Any:
    return setting("Password", secret=True)


def _host(default: str) -> Any:
    return setting("Host", default=default)


def _port(default: int) -> Any:
    return setting("Port", default=default, minimum=1, maximum=65535)


def _ssl(*, default: bool) -> Any:
    return setting("SSL", default=default, help="Without SSL your credentials travel in clear.")


def _number_form(default: str) -> Any:
    return setting("Form of the number", default=default, choices=NUMBER_FORMS)


def _accents() -> Any:
    return setting("Keep accents", default=False, help="These providers ask for texts without accents.")


@dataclass(frozen=True, kw_only=True)
class PresetSettings:
    """What the machinery asks of every preset's short form."""

    user: str = setting("User")
    if TYPE_CHECKING:
        host: str
        port: int
        ssl: bool
        number_form: str
        accents: bool

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


@dataclass(frozen=True, kw_only=True)
class FacilitaMovelSettings(PresetSettings):
    """Facilita Móvel's account."""

    password: str = _password()
    host: str = _host("www.facilitamovel.com.br")
    port: int = _port(443)
    ssl: bool = _ssl(default=True)
    number_form: str = _number_form("national")
    accents: bool = _accents()

    def described(self) -> GenericHttpSettings:
        """The answer is ``code;message`` with the id, if any, in the last field."""
        return self._described(
            password=self.password,
            url="/api/simpleSend.ft?user={u}&password={p}&destinatario={d}&msg={m}",
            longest=160,
            success="field",
            success_at="1",
            success_values="5,6",
            reference_by="regex",
            reference_at=r";\s*(\d+)\s*$",
            errors=_NO_ACCOUNT
            + "1 = account bad_credentials\n2 = account no_credit\n"
            + "3 = recipient bad_number\n4 = message rejected_text",
        )


class FacilitaMovel(PresetGateway):
    """Facilita Móvel."""

    kind = "facilita_movel"
    label = "Facilita Móvel"
    help = "Longer texts than 160 characters would be cut, so they are refused."
    Settings = FacilitaMovelSettings


@dataclass(frozen=True, kw_only=True)
class KingTelecomSettings(PresetSettings):
    """KingSMS's account."""

    token: str = setting("Token", secret=True, help="In the customer's panel: Home, Informações da Conta, Token.")
    host: str = _host("sms.kingtelecom.com.br")
    port: int = _port(443)
    ssl: bool = _ssl(default=True)
    number_form: str = _number_form("national")
    accents: bool = _accents()

    def described(self) -> GenericHttpSettings:
        """The answer is JSON with ``status``, ``cause`` and, when taken, ``id``."""
        return self._described(
            token=self.token,
            url="/kingsms/api.php?acao=sendsms&login={u}&token={t}&numero={d}&msg={m}",
            longest=160,
            success="json",
            success_at="status",
            success_values="success",
            reference_by="json",
            reference_at="id",
            error_at="cause",
            errors=_NO_ACCOUNT
            + "/login|token/ = account bad_credentials\n/saldo|cr[eé]dito/ = account no_credit\n"
            + "/n[uú]mero/ = recipient bad_number",
        )


class KingTelecom(PresetGateway):
    """King Telecom, KingSMS."""

    kind = "king_telecom"
    label = "King Telecom (KingSMS)"
    Settings = KingTelecomSettings


@dataclass(frozen=True, kw_only=True)
class AllcanceSettings(PresetSettings):
    """Allcance's account."""

    password: str = _password()
    host: str = _host("corporativo.allcancesms.com.br")
    port: int = _port(80)
    ssl: bool = _ssl(default=False)
    number_form: str = _number_form("national")
    accents: bool = _accents()

    def described(self) -> GenericHttpSettings:
        """The answer is JSON: ``status`` 1 with the campaign's id in ``data``, else the reason in ``msg``."""
        return self._described(
            password=self.password,
            url="/app/modulo/api/index.php?action=sendsms&lgn={u}&pwd={p}&numbers={d}&msg={m}",
            success="json",
            success_at="status",
            success_values="1",
            reference_by="json",
            reference_at="data",
            error_at="msg",
            errors=_NO_ACCOUNT
            + "/FALHA AO REALIZAR LOGIN/ = account bad_credentials\n"
            + "/saldo|cr[eé]dito/ = account no_credit\n/n[uú]mero/ = recipient bad_number",
        )


class Allcance(PresetGateway):
    """Allcance SMS."""

    kind = "allcance"
    label = "Allcance SMS"
    help = "Numbers go without the country code: other forms are taken, charged and lost."
    Settings = AllcanceSettings


@dataclass(frozen=True, kw_only=True)
class HotMobileSettings(PresetSettings):
    """HotMobile's account."""

    password: str = _password()
    host: str = _host("painel.hotmobile.com.br")
    port: int = _port(80)
    ssl: bool = _ssl(default=False)
    number_form: str = _number_form("digits")
    accents: bool = _accents()

    def described(self) -> GenericHttpSettings:
        """The answer is a number: the id when positive, else what is wrong."""
        return self._described(
            password=self.password,
            url="/SendAPI/Send.aspx?usr={u}&pwd={p}&number={d}&msg={m}",
            success="number",
            reference_by="number",
            errors=_NO_ACCOUNT
            + "-1 = retry\n-20 = retry\n-2 = account no_credit\n-5 = account bad_credentials\n"
            + "-7 = message rejected_text\n-8 = account bad_sender\n-9 = recipient bad_number\n"
            + "-13 = recipient bad_number\n-30 = message rejected_text",
        )


class HotMobile(PresetGateway):
    """HotMobile."""

    kind = "hotmobile"
    label = "HotMobile"
    Settings = HotMobileSettings
