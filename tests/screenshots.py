"""Pictures of every page of the demo, at desk and at phone width: ``python -m tests.screenshots``."""

from __future__ import annotations

import re
import sys
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from playwright.sync_api import Browser, Page, sync_playwright

from tests.demo.steps import sign_in
from tests.demo_days import Days, live_through
from tests.demo_month import count_days, live_through_a_month
from tests.demo_process import RunningDemo, running_demo
from tests.demo_providers import ACCOUNTS
from tests.needs import CHROMIUM_FLAGS, chromium

FOLDER = Path("screenshots")
WIDTHS = {1280: 800, 360: 740}

PAGES = {
    "home": "/admin/",
    "clients": "/admin/client/",
    "client": "/admin/client/details/?id=4",
    "client-edit": "/admin/client/edit/?id=4",
    "client-new": "/admin/client/new/",
    "invoices": "/admin/invoice/",
    "invoices-overdue": "/admin/invoice/?flt0_status_equals=overdue",
    "invoice": "/admin/invoice/details/?id=20",
    "invoice-new": "/admin/invoice/new/",
    "payments": "/admin/payment/",
    "payment-new": "/admin/payment/new/",
    "leads": "/admin/lead/",
    "lead": "/admin/lead/details/?id=1",
    "estimates": "/admin/estimate/",
    "proposals": "/admin/proposal/",
    "proposal": "/admin/proposal/details/?id=1",
    "proposal-new": "/admin/proposal/new/",
    "contracts": "/admin/contract/",
    "contract": "/admin/contract/details/?id=1",
    "contract-edit": "/admin/contract/edit/?id=1",
    "orders": "/admin/order/",
    "order": "/admin/order/details/?id=1",
    "order-new": "/admin/order/new/",
    "items": "/admin/item/",
    "papers": "/admin/papers/",
    "papers-of-one": "/admin/papers/details/?id=1",
    "suppliers": "/admin/supplier/",
    "lines": "/admin/service/",
    "line": "/admin/service/details/?id=1",
    "line-edit": "/admin/service/edit/?id=1",
    "bookings": "/admin/booking/",
    "booking": "/admin/booking/details/?id=2",
    "booking-new": "/admin/booking/new/",
    "booking-public": "/book?lang=pt",
    "repairs": "/admin/repair/",
    "repair": "/admin/repair/details/?id=1",
    "repair-edit": "/admin/repair/edit/?id=1",
    "plans": "/admin/plan/",
    "servers": "/admin/server/",
    "tasks": "/admin/task/",
    "task": "/admin/task/details/?id=1",
    "meetings": "/admin/meeting/",
    "meeting-new": "/admin/meeting/new/",
    "reminders": "/admin/reminder/",
    "staff": "/admin/staff/",
    "staff-new": "/admin/staff/new/",
    "sms-overview": "/admin/sms/overview/",
    "sms-individual": "/admin/sms/individual/",
    "sms-individual-found": "/admin/sms/individual/?to=Carvalho",
    "sms-individual-chosen": "/admin/sms/individual/?who=clients/Client%7C4",
    "sms-queue": "/admin/sms/queue/",
    "sms-held-runs": "/admin/sms/surge/",
    "sms-messages": "/admin/sms/message/",
    "sms-queue-found": "/admin/sms/queue/?state=queued&number=912345678",
    "sms-record": "/admin/sms/change/",
    "sms-looks": "/admin/sms/change/looks/",
    "sms-print": "/admin/client/sms/print/?record=4",
    "sms-messages-found": "/admin/sms/message/?number=912345678&words=invoice",
    "sms-bulk": "/admin/sms/bulk/",
    "sms-bulk-new": "/admin/sms/bulk/new/",
    "sms-providers": "/admin/sms/provider/",
    "sms-provider-kinds": "/admin/sms/provider/new/",
    "sms-provider-new": "/admin/sms/provider/new/?kind=generic",
    "sms-provider": "/admin/sms/provider/edit/?name=phone",
    "sms-templates": "/admin/sms/template/",
    "sms-template-new": "/admin/sms/template/new/?section=invoice",
    "sms-groups": "/admin/sms/group/",
    "sms-group-kinds": "/admin/sms/group/new/",
    "sms-group-new": "/admin/sms/group/new/?of=clients/Client",
    "sms-triggers": "/admin/sms/trigger/",
    "sms-trigger": "/admin/sms/trigger/edit/?key=invoice_overdue_notice",
}


#: What says what to do next, before there is anything.
EMPTY = {
    "sms-overview-empty": "/admin/sms/overview/",
    "sms-queue-empty": "/admin/sms/queue/",
    "sms-messages-empty": "/admin/sms/message/",
    "sms-messages-none-found": "/admin/sms/message/?words=nothing",
    "sms-templates-empty": "/admin/sms/template/",
    "sms-forecast-of-no-day": "/admin/sms/forecast/?day=2030-01-01",
    "sms-explain-empty": "/admin/sms/explain/",
    "sms-explain-nothing": "/admin/sms/explain/?number=%2B351912345678",
    "sms-history-empty": "/admin/sms/history/?number=%2B351912345678",
    "client-sms-empty": "/admin/client/sms/?record=4",
    "client-empty": "/admin/client/details/?id=4",
}


def lived_in(days: Days) -> dict[str, str]:
    """The pages that have something to show after a few days."""
    message = {state.value: f"/admin/sms/message/details/?id={id}" for state, id in days.messages.items()}
    return {
        **{f"sms-message-{state}": path for state, path in message.items() if state in SHOWN},
        "sms-queue-held": "/admin/sms/queue/?state=held",
        "sms-messages-by-words": "/admin/sms/message/?number=910000041&words=fatura",
        "sms-template": f"/admin/sms/template/edit/?id={days.template}",
        "sms-template-orphan": f"/admin/sms/template/edit/?id={days.template + 2}",
        "sms-trigger-payment": "/admin/sms/trigger/edit/?key=invoice_payment_recorded",
        "sms-provider-new-twilio": "/admin/sms/provider/new/?kind=twilio",
        **{f"sms-provider-{name}": f"/admin/sms/provider/edit/?name={name}" for name in ACCOUNTS},
        "sms-forecast": "/admin/sms/forecast/?days=14",
        "sms-forecast-of-one": "/admin/sms/forecast/?trigger=charge_due_soon&days=31",
        "sms-forecast-record": "/admin/sms/forecast/record/?kind=invoice/Invoice&words=NF&record=invoice/Invoice%7C87",
        "sms-explain": "/admin/sms/explain/?number=%2B351910000041",
        "sms-explain-of-one": "/admin/sms/explain/?of=clients/Client:4&trigger=charge_due_soon",
        "sms-history": "/admin/sms/history/?number=%2B351910000041",
        "sms-history-nothing": "/admin/sms/history/?number=abc",
        "client-sms": "/admin/client/sms/?record=4",
        "client-sms-found": "/admin/client/sms/?record=4&words=fatura",
        "client-sms-consent": "/admin/client/sms/consent/?record=4",
        "client-sms-group": "/admin/client/sms/group/?record=4&record=5",
        "client-sms-send": "/admin/client/sms/send/?record=4",
        "client-sms-send-no-number": "/admin/client/sms/send/?record=9",
        "invoice-sms": "/admin/invoice/sms/?record=20",
        "invoice-sms-send": "/admin/invoice/sms/send/?record=87",
        "invoice-sms-send-no-number": "/admin/invoice/sms/send/?record=20",
    }


#: Messages that have a page of their own to look at; the others look like one of these.
SHOWN = ("held", "unknown", "queued", "suppressed", "undelivered")


@dataclass(frozen=True, kw_only=True)
class Camera:
    """Pictures of the demo's pages at one width."""

    page: Page
    demo: RunningDemo
    width: int

    def shoot(self, name: str, path: str) -> None:
        """A picture of a page, from top to bottom."""
        self.page.goto(path if path.startswith("http") else self.demo.url + path)
        self.keep(name)

    def keep(self, name: str) -> None:
        """A picture of the page as it stands."""
        self.page.screenshot(path=FOLDER / f"{name}-{self.width}.png", full_page=True)


def take(camera: Camera, pages: Mapping[str, str]) -> None:
    """Save a picture of each page."""
    for name, path in pages.items():
        camera.shoot(name, path)


def take_steps(camera: Camera) -> None:
    """What stands behind a button: a text as it would go, a menu, what a form refuses."""
    page = camera.page
    page.goto(f"{camera.demo.url}/admin/invoice/sms/send/?record=87")
    page.select_option("#sms-what", "words")
    page.fill("#sms-text", "{contact_firstname}, a fatura {invoice_number} continua por pagar. Rui, {company_name}")
    page.click("text=Show the text")
    camera.keep("invoice-sms-shown")
    page.goto(f"{camera.demo.url}/admin/sms/template/new/?section=invoice")
    page.fill("#name", "Due")
    page.fill("#text-pt", "São {invoice_totl} – a pagar")
    page.click("button:text-is('Save')")
    camera.keep("sms-template-refused")
    _trigger_steps(camera)
    _by_hand(camera)
    page.goto(f"{camera.demo.url}/admin/sms/provider/new/?kind=twilio")
    page.fill("#name", "main")
    page.locator("form.sms-form").evaluate("form => form.noValidate = true")
    page.click("button:text-is('Save')")
    camera.keep("sms-provider-refused")
    page.goto(camera.demo.url + PAGES["sms-provider"])
    page.fill("#sms-try-to", "+351910000041")
    page.click("text=Send the test")
    page.wait_for_selector("#sms-tried")
    camera.keep("sms-provider-tried")
    page.goto(camera.demo.url + PAGES["invoice"])
    camera.shoot("invoice-public", camera.demo.url + str(page.get_attribute("text=Client's page", "href")))
    for kind in ("estimate", "proposal", "contract"):
        page.goto(f"{camera.demo.url}/admin/{kind}/details/?id=1")
        camera.shoot(f"{kind}-public", camera.demo.url + str(page.get_attribute("text=Client's page", "href")))
    camera.shoot("phones", camera.demo.phone_url)


def _by_hand(camera: Camera) -> None:
    """One message as it would go and gone, the express panel, and a send to many from its refusal to its way."""
    page = camera.page
    page.goto(f"{camera.demo.url}/admin/sms/individual/?who=clients/Client%7C4", wait_until="load")
    page.fill("#sms-text", "Olá {contact_firstname}, a sua fatura está disponível – €")
    page.locator("[data-sms-outlook] blockquote").wait_for()
    camera.keep("sms-individual-told")
    page.check("#sms-sure")
    page.get_by_role("button", name="Send", exact=True).click()
    page.get_by_role("link", name="See the message").wait_for()
    camera.keep("sms-individual-sent")
    page.goto(f"{camera.demo.url}/admin/payment/", wait_until="load")
    page.locator("[data-sms-express]").click()
    page.fill("#sms-express-to", "910 000 041")
    page.fill("#sms-express-text", "A avaria está resolvida.")
    page.locator(".sms-express-outlook blockquote").wait_for()
    camera.keep("sms-express")
    page.goto(f"{camera.demo.url}/admin/sms/bulk/new/", wait_until="load")
    find = page.get_by_role("button", name="Find the recipients")
    page.fill("#name", "Works on Sunday")
    find.click()
    camera.keep("sms-bulk-refused")
    page.locator("textarea[name^=text-]").first.fill("{contact_firstname}, obras no domingo das 6 às 8.")
    page.get_by_label("Enabled").first.check()
    find.click()
    page.get_by_role("button", name=re.compile("^Send [0-9]+ messages")).wait_for()
    camera.keep("sms-bulk-preview")
    page.once("dialog", lambda asked: asked.accept())
    page.get_by_role("button", name=re.compile("^Send [0-9]+ messages")).click()
    page.locator("section[aria-label='How far it is']").wait_for()
    page.wait_for_timeout(3000)  # the first have gone by then
    camera.keep("sms-bulk-going")
    camera.keep("sms-bulk-done")
    camera.shoot("sms-bulk-list", "/admin/sms/bulk/")


def _trigger_steps(camera: Camera) -> None:
    """A trigger's steps as they are refused, its versions, and what switching one on would do."""
    page = camera.page
    page.goto(f"{camera.demo.url}/admin/sms/trigger/edit/?key=charge_due_soon")
    page.wait_for_load_state("load")
    page.fill("[name=step-0-amount]", "10000")
    page.click("button:text-is('Save')")
    camera.keep("sms-trigger-refused")
    page.fill("[name=step-0-amount]", "3")
    page.fill("#text-pt", f"{{contact_firstname}}, a fatura {{invoice_number}} vence em breve. {camera.width}")
    page.click("button:text-is('Save')")
    page.click("text=Version 2")
    camera.keep("sms-trigger-versions")
    estimates = f"{camera.demo.url}/admin/sms/trigger/edit/?key=estimate_expiration_reminder"
    page.goto(estimates)
    page.click("button:text-is('Switch off')")
    page.goto(estimates)
    page.click("button:text-is('Switch on')")
    camera.keep("sms-trigger-switch-on")
    page.click("button:text-is('Switch on')")
    camera.keep("sms-trigger-switched-on")


def main() -> int:
    browser_path = chromium()
    if browser_path is None:
        sys.stderr.write("Pictures need Chromium. On Debian: apt-get install chromium\n")
        return 1
    FOLDER.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as playwright:
        database = f"sqlite:///{folder}/demo.db"
        with running_demo(database=database) as demo:
            browser = playwright.chromium.launch(executable_path=browser_path, args=CHROMIUM_FLAGS)
            cameras = [_camera(browser, demo, width, height) for width, height in WIDTHS.items()]
            for camera in cameras:
                camera.shoot("login", "/login")
                sign_in(camera.page, demo)
                take(camera, EMPTY)
            days = live_through(database)
            live_through_a_month(database)
            count_days(database)
            for camera in cameras:
                take(camera, PAGES | lived_in(days))
                take_steps(camera)
            browser.close()
    sys.stdout.write(f"{len(list(FOLDER.glob('*.png')))} pictures in {FOLDER}/\n")
    return 0


def _camera(browser: Browser, demo: RunningDemo, width: int, height: int) -> Camera:
    page = browser.new_page(viewport={"width": width, "height": height})
    return Camera(page=page, demo=demo, width=width)


if __name__ == "__main__":
    raise SystemExit(main())
