"""The gateways there are: those that ship, and those that other distributions bring (P20)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from importlib.metadata import EntryPoint, entry_points

from sms_plugin.errors import ConfigurationError, did_you_mean
from sms_plugin.gateways.allcance import Allcance
from sms_plugin.gateways.android import AndroidGateway
from sms_plugin.gateways.clickatell import ClickatellGateway
from sms_plugin.gateways.console import ConsoleGateway
from sms_plugin.gateways.contract import Gateway
from sms_plugin.gateways.facilita_movel import FacilitaMovel
from sms_plugin.gateways.generic import GenericHttpGateway
from sms_plugin.gateways.hotmobile import HotMobile
from sms_plugin.gateways.jasmin import JasminGateway
from sms_plugin.gateways.kannel import KannelGateway
from sms_plugin.gateways.khal import Khal
from sms_plugin.gateways.king_telecom import KingTelecom
from sms_plugin.gateways.locasms import LocaSms
from sms_plugin.gateways.msg91 import Msg91Gateway
from sms_plugin.gateways.playsms import PlaySmsGateway
from sms_plugin.gateways.smsgateway_me import SmsGatewayMe
from sms_plugin.gateways.turbosms import TurboSmsGateway
from sms_plugin.gateways.twilio import TwilioGateway
from sms_plugin.gateways.voipr import Voipr
from sms_plugin.gateways.vonage import VonageGateway
from sms_plugin.gateways.zenvia import ZenviaGateway

GROUP = "sms_plugin.gateways"

SHIPPED: tuple[type[Gateway], ...] = (
    TwilioGateway,
    TurboSmsGateway,
    AndroidGateway,
    SmsGatewayMe,
    Msg91Gateway,
    ZenviaGateway,
    VonageGateway,
    KannelGateway,
    JasminGateway,
    ClickatellGateway,
    PlaySmsGateway,
    GenericHttpGateway,
    FacilitaMovel,
    KingTelecom,
    Allcance,
    Khal,
    LocaSms,
    Voipr,
    HotMobile,
    ConsoleGateway,
)


def kinds(extra: Iterable[type[Gateway]] = ()) -> Mapping[str, type[Gateway]]:
    """Every gateway by its kind: shipped, brought by entry points, then ``extra``.

    Raises ``ConfigurationError`` for an entry point that cannot be loaded and for a kind that two gateways
    claim.
    """
    found: dict[str, type[Gateway]] = {}
    for gateway in SHIPPED:
        _add(found, gateway, origin="sms_plugin")
    for point in entry_points(group=GROUP):
        _add(found, _loaded(point), origin=_distribution(point))
    for gateway in extra:
        _add(found, gateway, origin="the application")
    return found


def find(kind: str, extra: Iterable[type[Gateway]] = ()) -> type[Gateway]:
    """The gateway of that kind. Raises ``ConfigurationError`` (``unknown_gateway``) when there is none."""
    known = kinds(extra)
    if kind not in known:
        raise ConfigurationError(
            f"There is no gateway {kind!r}.",
            code="unknown_gateway",
            hint=did_you_mean(kind, known) or f"There are: {', '.join(sorted(known))}.",
        )
    return known[kind]


def _add(found: dict[str, type[Gateway]], gateway: type[Gateway], *, origin: str) -> None:
    kind = getattr(gateway, "kind", "")
    if not kind or not getattr(gateway, "label", ""):
        raise ConfigurationError(
            f"The gateway {gateway.__name__} of {origin} has no kind or no label.",
            code="bad_gateway",
            hint='Give the class kind = "…" and label = "…".',
        )
    if found.get(kind, gateway) is not gateway:
        raise ConfigurationError(
            f"The gateway kind {kind!r} of {origin} is taken already, by {found[kind].__module__}.",
            code="duplicate_gateway",
            hint="Give one of the two another kind, or uninstall one.",
        )
    found[kind] = gateway


def _loaded(point: EntryPoint) -> type[Gateway]:
    try:
        gateway = point.load()
    except Exception as error:  # whatever a stranger's import raises is told with their name
        raise ConfigurationError(
            f"The gateway {point.name!r} of {_distribution(point)} cannot be loaded: {type(error).__name__}: {error}.",
            code="bad_gateway",
            hint=f"Mend or uninstall that distribution; its entry point is {point.value!r}.",
        ) from error
    if not (isinstance(gateway, type) and issubclass(gateway, Gateway)):
        raise ConfigurationError(
            f"The entry point {point.name!r} of {_distribution(point)} is no Gateway class.",
            code="bad_gateway",
            hint="Point it at a class that extends sms_plugin.gateways.contract.Gateway.",
        )
    return gateway


def _distribution(point: EntryPoint) -> str:
    return point.dist.name if point.dist else "an unknown distribution"
