"""Pictures of every page of the demo, at desk and at phone width: ``python -m tests.screenshots``."""

from __future__ import annotations

import sys
from pathlib import Path

from playwright.sync_api import Page, sync_playwright

from host_demo.seed.people import ADMIN_LOGIN, ADMIN_PASSWORD
from tests.demo_process import RunningDemo, running_demo
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
    "staff": "/admin/staff/",
    "staff-new": "/admin/staff/new/",
    "sms-queue": "/admin/sms/queue/",
    "sms-messages": "/admin/sms/message/",
    "sms-messages-found": "/admin/sms/message/?number=912345678&words=invoice",
    "sms-providers": "/admin/sms/provider/",
    "sms-provider-kinds": "/admin/sms/provider/new/",
    "sms-provider-new": "/admin/sms/provider/new/?kind=generic",
    "sms-provider": "/admin/sms/provider/edit/?name=phone",
    "sms-templates": "/admin/sms/template/",
    "sms-template-new": "/admin/sms/template/new/?section=invoice",
    "sms-triggers": "/admin/sms/trigger/",
    "sms-trigger": "/admin/sms/trigger/edit/?key=invoice_overdue_notice",
}


def take(page: Page, *, demo: RunningDemo, width: int) -> None:
    """Save a picture of each page at one width."""

    def shoot(name: str, url: str) -> None:
        page.goto(url)
        page.screenshot(path=FOLDER / f"{name}-{width}.png", full_page=True)

    shoot("login", f"{demo.url}/login")
    page.fill("#login", ADMIN_LOGIN)
    page.fill("#password", ADMIN_PASSWORD)
    page.click("text=Sign in")
    for name, path in PAGES.items():
        shoot(name, demo.url + path)
    page.goto(demo.url + PAGES["invoice"])
    shoot("invoice-public", demo.url + str(page.get_attribute("text=Client's page", "href")))
    shoot("phones", demo.phone_url)


def main() -> int:
    browser_path = chromium()
    if browser_path is None:
        sys.stderr.write("Pictures need Chromium. On Debian: apt-get install chromium\n")
        return 1
    FOLDER.mkdir(exist_ok=True)
    with running_demo() as demo, sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=browser_path, args=CHROMIUM_FLAGS)
        for width, height in WIDTHS.items():
            page = browser.new_page(viewport={"width": width, "height": height})
            take(page, demo=demo, width=width)
            page.close()
        browser.close()
    sys.stdout.write(f"{len(list(FOLDER.glob('*.png')))} pictures in {FOLDER}/\n")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
