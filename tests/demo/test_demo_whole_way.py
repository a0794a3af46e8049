"""The whole way, as a stranger walks it: a payment in the portal's admin becomes an SMS on a phone, and its receipt
comes back.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import pytest
import sqlalchemy as sa
from playwright.sync_api import Page, expect, sync_playwright

from host_demo.seed.people import ADMIN_LOGIN, ADMIN_PASSWORD
from tests.demo_process import RunningDemo, running_demo
from tests.needs import CHROMIUM_FLAGS, chromium

pytestmark = pytest.mark.browser

#: What the payment caused; reminders of the seeded records may stand beside it, planned for their hour.
TOLD = "SELECT state, attempts FROM sms_message WHERE entity = 'payment/Payment'"


@dataclass(frozen=True)
class Stage:
    """The demo, a browser and the demo's database."""

    demo: RunningDemo
    page: Page
    engine: sa.Engine

    def row(self, query: str) -> tuple[object, ...]:
        """One row of the demo's database."""
        with self.engine.connect() as connection:
            return tuple(connection.execute(sa.text(query)).one())


@pytest.fixture
def stage(empty_database_url: str) -> Iterator[Stage]:
    engine = sa.create_engine(empty_database_url)
    with running_demo(database=empty_database_url) as demo, sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium(), args=CHROMIUM_FLAGS)
        yield Stage(demo, browser.new_page(), engine)
        browser.close()
    engine.dispose()


def test_a_payment_in_the_admin_becomes_a_delivered_sms(stage: Stage) -> None:
    """X1, X3, T2: by the pages alone."""
    page, demo = stage.page, stage.demo
    invoice, number, first_name = stage.row(
        "SELECT i.id, i.number, c.first_name FROM invoice i JOIN client c ON c.id = i.client_id"
        " JOIN phone_number p ON p.client_id = c.id"
        " WHERE i.status = 'open' AND p.main AND c.region = 'PT' AND p.number LIKE '+351 91%'"
        " AND p.number NOT LIKE '%000_' ORDER BY i.id LIMIT 1"
    )
    page.goto(f"{demo.url}/login")
    page.fill("#login", ADMIN_LOGIN)
    page.fill("#password", ADMIN_PASSWORD)
    page.click("text=Sign in")
    page.wait_for_url("**/admin/")
    page.goto(f"{demo.url}/admin/invoice/details/?id={invoice}")
    page.click("text=Record a payment")
    page.click("text=Save")

    page.goto(demo.phone_url)
    bubble = page.locator("body")
    expect(bubble).to_contain_text(str(number), timeout=15_000)
    expect(bubble).to_contain_text(str(first_name))
    expect(bubble).to_contain_text("delivered", timeout=15_000)

    state, attempts = "", 0
    for _ in range(100):
        state, attempts = stage.row(TOLD)  # type: ignore[assignment]
        if state == "delivered":
            break
        page.wait_for_timeout(100)
    assert (state, attempts) == ("delivered", 1)
