"""The presets against their providers' doubles: what is sent, what it costs, whether it arrived (P12, P17)."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from decimal import Decimal
from urllib.parse import urlsplit
from uuid import UUID

import pytest

from sms_plugin.errors import SmsError
from sms_plugin.gateways.contract import About, Outcome, ReceiptStatus, Sent, Verdict
from sms_plugin.gateways.facilita_movel import FacilitaMovel
from sms_plugin.gateways.hotmobile import HotMobile
from sms_plugin.gateways.http import Http
from sms_plugin.gateways.king_telecom import KingTelecom
from sms_plugin.gateways.presets import PresetGateway
from sms_plugin.gateways.settings import BadSettings, build
from sms_plugin.testing.gateway_contract import outgoing
from tests.doubles.brazil import (
    BAD,
    PASSWORD,
    TOKEN,
    USER,
    BrazilianServer,
    FacilitaMovelServer,
    HotMobileServer,
    KingServer,
)
from tests.doubles.troubled import Trouble

CREDENTIALS = {
    FacilitaMovel: {"user": USER, "password": PASSWORD},
    KingTelecom: {"user": USER, "token": TOKEN},
    HotMobile: {"user": USER, "password": PASSWORD},
}
SERVERS: dict[type[PresetGateway], type[BrazilianServer]] = {
    FacilitaMovel: FacilitaMovelServer,
    KingTelecom: KingServer,
    HotMobile: HotMobileServer,
}
PRESETS = list(SERVERS)


@pytest.fixture
def http() -> Iterator[Http]:
    with Http(read_timeout=0.5, private=True) as http:
        yield http


@pytest.fixture(params=PRESETS, ids=lambda preset: preset.kind)
def preset(request: pytest.FixtureRequest) -> type[PresetGateway]:
    found: type[PresetGateway] = request.param
    return found


@pytest.fixture
def server(preset: type[PresetGateway]) -> Iterator[BrazilianServer]:
    with SERVERS[preset]() as server:
        yield server


def gateway(preset: type[PresetGateway], server: BrazilianServer, http: Http, **more: object) -> PresetGateway:
    """The preset at the double."""
    at = urlsplit(server.url)
    raw = {**CREDENTIALS[preset], "host": at.hostname, "port": at.port, "ssl": False, **more}
    return preset(build(preset.Settings, raw), http)


def sent(gateway: PresetGateway, *, to: str = "+5511987650001", text: str = "Olá João") -> Verdict:
    """The verdict on one message."""
    (verdict,) = gateway.send([outgoing(7, to=to, text=text)])
    return verdict


def asked(verdict: Verdict, number: int = 7) -> Sent:
    """The message of the verdict, as a poll asks for it."""
    return Sent(
        reference=str(verdict.reference), id=UUID(int=number), number="+5511987650001", departed_at=datetime.now(UTC)
    )


def test_a_message_is_taken_and_charged(preset: type[PresetGateway], server: BrazilianServer, http: Http) -> None:
    verdict = sent(gateway(preset, server, http))
    ((reference, taken),) = server.taken.items()
    assert (verdict.outcome, verdict.reference) == (Outcome.ACCEPTED, reference)
    assert (taken.text, taken.number) == ("Ola Joao", "5511987650001" if preset is HotMobile else "11987650001")
    assert (server.credits, server.complaints) == (99, [])


@pytest.mark.parametrize(("to", "about"), [(f"+55{BAD}", About.RECIPIENT), ("+351912345678", About.RECIPIENT)])
def test_a_bad_number_is_about_the_recipient(
    preset: type[PresetGateway], server: BrazilianServer, http: Http, to: str, about: About
) -> None:
    """A number of another country goes only where the country code goes along."""
    verdict = sent(gateway(preset, server, http), to=to)
    if preset is HotMobile and BAD not in to:
        assert verdict.outcome is Outcome.ACCEPTED
    else:
        assert (verdict.outcome, verdict.about, len(server.taken)) == (Outcome.REFUSED, about, 0)


def test_an_account_without_credit_stops(preset: type[PresetGateway], server: BrazilianServer, http: Http) -> None:
    """P21."""
    server.credits = 0
    verdict = sent(gateway(preset, server, http))
    assert (verdict.about, verdict.reason, verdict.for_good) == (About.ACCOUNT, "no_credit", True)


def test_wrong_credentials_stop(preset: type[PresetGateway], server: BrazilianServer, http: Http) -> None:
    """P21."""
    wrong = gateway(preset, server, http, user="somebody")
    verdict = sent(wrong)
    assert (verdict.about, verdict.reason) == (About.ACCOUNT, "bad_credentials")
    if preset.capabilities(wrong.settings).balance:
        with pytest.raises(SmsError):
            wrong.balance()


@pytest.mark.parametrize("trouble", [trouble for trouble in Trouble if trouble is not Trouble.NONE])
def test_whatever_comes_between_is_unknown(
    preset: type[PresetGateway], server: BrazilianServer, http: Http, trouble: Trouble
) -> None:
    """X2: none of them knows a message twice."""
    server.trouble = trouble
    assert sent(gateway(preset, server, http)).outcome is Outcome.UNKNOWN


def test_the_balance_is_in_credits(preset: type[PresetGateway], server: BrazilianServer, http: Http) -> None:
    """P17; HotMobile's is not known to anybody."""
    asking = gateway(preset, server, http)
    if preset is HotMobile:
        assert not preset.capabilities(asking.settings).balance
    else:
        assert (asking.balance().amount, asking.balance().unit) == (Decimal(100), "credits")
    assert server.complaints == []


@pytest.mark.parametrize("flash", [True, False])
def test_flash_is_the_providers_own_parameter(
    preset: type[PresetGateway], server: BrazilianServer, http: Http, flash: bool
) -> None:
    if preset.capabilities(gateway(preset, server, http).settings).flash:
        sent(gateway(preset, server, http, flash=flash))
        assert [taken.flash for taken in server.taken.values()] == [flash]
        assert server.complaints == []
    else:
        assert preset is KingTelecom


def test_a_test_of_the_connection_has_an_address(
    preset: type[PresetGateway], server: BrazilianServer, http: Http
) -> None:
    """P15."""
    assert gateway(preset, server, http).settings.base == server.url


def test_hotmobile_takes_every_letter_where_the_admin_keeps_them(http: Http) -> None:
    with HotMobileServer() as server:
        assert sent(gateway(HotMobile, server, http, accents=True, sender="Loja"), text="Olá, Привіт").reference
        (taken,) = server.taken.values()
    assert (taken.text, server.requests[0].query["sender"], server.complaints) == ("Olá, Привіт", "Loja", [])


def test_facilita_tells_the_fate_of_many_messages_in_one_answer(http: Http) -> None:
    """By our own key: the codes' meaning is what the admin wrote down."""
    with FacilitaMovelServer() as server:
        asking = gateway(FacilitaMovel, server, http, status_words="4 = delivered\n7 = undelivered unreachable")
        verdicts = [asking.send([outgoing(number, to=f"+551198765000{number}")])[0] for number in range(1, 5)]
        for taken, fate in zip(server.taken.values(), ("4", "7", "9", ""), strict=True):
            taken.fate = fate
        before = len(server.requests)
        reports = asking.poll([asked(verdict, number) for number, verdict in enumerate(verdicts, 1)])
    assert [(report.message_id, report.status, report.reason) for report in reports] == [
        (UUID(int=1), ReceiptStatus.DELIVERED, ""),
        (UUID(int=2), ReceiptStatus.UNDELIVERED, "unreachable"),
    ]
    assert [report.reference for report in reports] == [verdict.reference for verdict in verdicts[:2]]
    assert (len(server.requests) - before, server.complaints) == (1, [])


def test_king_tells_the_fate_of_each_message_by_its_id(http: Http) -> None:
    with KingServer() as server:
        asking = gateway(KingTelecom, server, http, status_words="/entregue/ = delivered")
        verdict = sent(asking)
        server.taken[str(verdict.reference)].fate = "Entregue ao aparelho"
        (report,) = asking.poll([asked(verdict)])
    assert (report.status, report.provider_code) == (ReceiptStatus.DELIVERED, "Entregue ao aparelho")
    assert server.complaints == []


@pytest.mark.parametrize("preset", [FacilitaMovel, KingTelecom], ids=lambda preset: preset.kind)
def test_without_the_meaning_of_its_words_nothing_is_asked(preset: type[PresetGateway], http: Http) -> None:
    with SERVERS[preset]() as server:
        assert preset.capabilities(gateway(preset, server, http).settings).polled == 0
        assert preset.capabilities(gateway(preset, server, http, status_words="1 = sent").settings).polled
        with pytest.raises(BadSettings) as raised:
            gateway(preset, server, http, status_words="1 = arrived")
    assert list(raised.value.problems) == ["status_words"]
