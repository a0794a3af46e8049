"""Zenvia from its page to the client's history, by both products: texts, receipts, replies."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
import sqlalchemy as sa

from sms_plugin.gateways.zenvia_reading import BRASILIA
from sms_plugin.jobs.due import run_job
from sms_plugin.models import Attempt, Job, Message, database_now
from sms_plugin.outbox.polling import Progress
from sms_plugin.testing import drain
from tests.doubles import zenvia
from tests.doubles.troubled import Trouble
from tests.doubles.zenvia import ACCOUNT, ALIAS, PASSWORD, TOKEN, Answered, PlatformDouble, SmsApiDouble
from tests.whole.office import Office

ANA, RUI = "+5511987650001", "+5511987650002"
SECRET = "zenvia-webhook-secret"


@pytest.fixture
def sms_api(office: Office) -> Iterator[SmsApiDouble]:
    """The older product's double, set up as the active provider."""
    with SmsApiDouble() as vendor:
        office.set_up("zenvia", account=ACCOUNT, api_password=PASSWORD, aggregate_id="1750", base_url=vendor.url)
        yield vendor


@pytest.fixture
def platform(office: Office) -> Iterator[PlatformDouble]:
    """The newer one's."""
    with PlatformDouble() as vendor:
        given = {"api_version": "v2", "token": TOKEN, "sender": ALIAS, "webhook_secret": SECRET}
        office.set_up("zenvia", **given, base_url=f"{vendor.url}/v2")
        yield vendor


def texted(office: Office, *texts: tuple[str, str]) -> list[Message]:
    """All messages, the oldest first, after these were written and let go together."""
    with office.portal.app.app_context():
        for number, text in texts:
            office.portal.queue(number=number, text=text)
        drain(office.portal.app)
        return office.portal.messages()


def posted(office: Office, event: Any, **headers: str) -> int:
    """The status with which the portal answers a callback."""
    given = {"Content-Type": "application/json", **{name.replace("_", "-"): value for name, value in headers.items()}}
    return office.called(office.webhook("zenvia"), body=zenvia.as_body(event), headers=given).status_code


def do(office: Office, job: str) -> None:
    """Let a job do its work now."""
    with office.portal.app.app_context():
        run_job(office.portal.state, job, now=True)


def let_pass(office: Office, *, minutes: float) -> None:
    """As if every message had departed so long ago, and receipts had last been asked for half a minute later."""
    with office.portal.app.app_context(), office.portal.fresh() as session, session.begin():
        now = database_now(session)
        ago = now - timedelta(minutes=minutes)
        session.execute(sa.update(Attempt).values(departed_at=ago))
        seen = ago + timedelta(seconds=30)
        session.merge(
            Job(name="receipts", version=1, due_at=now, error="", cursor=str(Progress(since=seen, until=seen)))
        )


def test_texts_share_a_request_and_receipts_name_them_by_our_id(office: Office, sms_api: SmsApiDouble) -> None:
    """P6, X3: one receipt is called back, the other is asked for."""
    ana, rui = (message.id for message in texted(office, (ANA, "Olá Ana"), (RUI, "Olá Rui")))
    assert office.states() == ["sent", "sent"]
    assert sorted((sms.number, sms.text, sms.aggregate) for sms in sms_api.sms.values()) == [
        ("5511987650001", "Olá Ana", "1750"),
        ("5511987650002", "Olá Rui", "1750"),
    ]
    assert len(sms_api.requests) == 1
    assert posted(office, zenvia.receipt(str(ana), "03", "120")) == 200
    assert office.states() == ["delivered", "sent"]
    sms_api.sms[str(rui)].code = ("04", "150")
    let_pass(office, minutes=130)
    do(office, "receipts")
    assert [(message.state, message.reason) for message in texted(office)] == [
        ("delivered", ""),
        ("undelivered", "expired"),
    ]


def test_a_number_on_the_vendors_blacklist_wants_no_texts(office: Office, sms_api: SmsApiDouble) -> None:
    """X7: it is kept, so that the next text is not even tried."""
    sms_api.blacklist.add("5511987650001")
    (first,) = texted(office, (ANA, "Olá"))
    assert (first.state, first.reason) == ("failed", "opted_out")
    asked = len(sms_api.requests)
    last = texted(office, (ANA, "Olá de novo"))[-1]
    assert (last.state, last.reason) == ("suppressed", "opted_out")
    assert len(sms_api.requests) == asked


def test_what_the_vendor_took_while_its_answer_was_lost_is_looked_up(office: Office, sms_api: SmsApiDouble) -> None:
    """Promise 3: by our own id, without sending it again."""
    sms_api.trouble = Trouble.CUT
    (message,) = texted(office, (ANA, "Olá"))
    assert message.state == "unknown"
    sms_api.trouble = Trouble.NONE
    sms_api.sms[str(message.id)].code = ("03", "120")
    do(office, "reconcile")
    assert office.states() == ["delivered"]
    assert len(sms_api.sms) == 1


def test_a_reply_is_in_the_clients_history_once_and_a_no_is_a_no(office: Office, sms_api: SmsApiDouble) -> None:
    """Q5, X7: called back or asked for, or both."""
    client = office.client("Ana", ANA)
    office.text(client, ANA, "Olá Ana")
    (ours,) = sms_api.sms
    for _ in range(2):
        assert posted(office, zenvia.reply("5511987650001", "Não, obrigada 👋", answers=str(UUID(ours)))) == 200
    assert office.conversation(client) == ["Olá Ana", "Não, obrigada 👋"]
    at = datetime.now(BRASILIA).replace(tzinfo=None) - timedelta(minutes=1)
    sms_api.inbox = [
        Answered(id="20690090", mobile="5511987650001", body="Não, obrigada 👋", at=at, answers=ours),
        Answered(id="20690092", mobile="5511987650001", body="Amanhã?", at=at, answers=ours),
    ]
    for _ in range(2):
        do(office, "inbox")
    assert sorted(office.conversation(client)) == ["Amanhã?", "Não, obrigada 👋", "Olá Ana"]
    sair = {"callbackMoRequest": {**zenvia.reply("5511987650001", "SAIR")["callbackMoRequest"], "id": "20690091"}}
    assert posted(office, sair) == 200
    assert texted(office, (ANA, "Olá de novo"))[-1].reason == "opted_out"


def test_the_platforms_text_receipt_and_reply_go_the_whole_way(office: Office, platform: PlatformDouble) -> None:
    """P6, Q5, X3, with the subscriptions' own header."""
    client = office.client("Анна", ANA)
    office.text(client, ANA, "Привіт, Анно 👋")
    (sms,) = platform.sms
    assert (sms.number, sms.text) == ("5511987650001", "Привіт, Анно 👋")
    (ours,) = platform.seen
    delivered = zenvia.status_event(sms.id, ours, "DELIVERED")
    assert posted(office, delivered, X_Webhook_Secret="guessed") == 403
    assert office.states() == ["sent"]
    assert posted(office, delivered, X_Webhook_Secret=SECRET) == 200
    assert office.states() == ["delivered"]
    assert posted(office, zenvia.text_event("5511987650001", "Дякую 👍"), X_Webhook_Secret=SECRET) == 200
    assert office.conversation(client) == ["Привіт, Анно 👋", "Дякую 👍"]


def test_the_form_says_which_password_is_meant_and_the_test_when_it_was_another(
    office: Office, sms_api: SmsApiDouble
) -> None:
    """P6."""
    assert "not the one with which you sign in" in office.visitor.read("/admin/sms/provider/new/?kind=zenvia")
    sms_api.account_code = "900"
    assert "does not know these credentials" in office.press("zenvia", "try", to=ANA, text="Is this on?")
