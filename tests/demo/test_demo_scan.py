"""Every page of the plugin in Chromium, at desk and at phone width: axe-core, the policy, the console, the network.

The demo has lived through a few days by then, with names and texts that try to be markup (issue Pages, done when).
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Browser, Page, sync_playwright

from tests.demo.steps import sign_in
from tests.demo_days import HOSTILE, Days, live_through
from tests.demo_month import count_days, live_through_a_month
from tests.demo_process import RunningDemo, running_demo
from tests.needs import AXE, CHROMIUM_FLAGS, chromium
from tests.screenshots import EMPTY, PAGES, WIDTHS, lived_in

pytestmark = [
    pytest.mark.browser,
    pytest.mark.timeout(400),
    pytest.mark.one_database("sqlite", "what a browser does with the pages is the same on each"),
]

GRAVE = {"serious", "critical"}
#: Pages of Flask-Admin's own making, the last one with a message of its: what is found there is not the plugin's.
STOCK = (
    *(PAGES[name] for name in ("client-new", "invoice-new", "payments", "staff-new")),
    "/admin/staff/edit/?id=9999",
)
#: Pages of the host's with something of the plugin's on them.
SHARED = (
    *("client", "client-empty", "client-edit", "clients", "invoice", "invoices"),
    *("lines", "line", "booking", "booking-public", "repair", "task"),
)
#: What tells one row of a list from another.
ROW = re.compile(r'\[value="[^"]*"\]')

Finding = tuple[str, str]


@dataclass(frozen=True, kw_only=True)
class Stage:
    """A demo with a past, and a browser."""

    demo: RunningDemo
    chrome: Browser
    days: Days


@dataclass(frozen=True, kw_only=True)
class Visit:
    """Somebody signed in, and all that a browser complained of."""

    page: Page
    complaints: list[str] = field(default_factory=list)


@pytest.fixture(scope="module")
def stage(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stage]:
    database = f"sqlite:///{tmp_path_factory.mktemp('scan') / 'demo.db'}"
    with running_demo(database=database) as demo, sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium(), args=CHROMIUM_FLAGS)
        days = live_through(database, hostile=True)
        live_through_a_month(database)
        count_days(database)
        yield Stage(demo=demo, chrome=browser, days=days)
        browser.close()


@pytest.fixture(params=WIDTHS)
def visit(request: pytest.FixtureRequest, stage: Stage) -> Iterator[Visit]:
    page = stage.chrome.new_page(viewport={"width": request.param, "height": WIDTHS[request.param]})
    made = Visit(page=page)
    at = made.complaints
    page.on("console", lambda told: at.append(f"{page.url}: {told.text}") if told.type == "error" else None)
    page.on("pageerror", lambda error: at.append(f"{page.url}: {error}"))
    page.on("dialog", lambda dialog: at.append(f"{page.url}: {dialog.message}"))
    page.on("request", lambda each: None if each.url.startswith((stage.demo.url, "data:")) else at.append(each.url))
    sign_in(page, stage.demo)
    yield made
    page.close()


def ours(days: Days) -> dict[str, str]:
    """Every page of the plugin, and the host's with something of it on them."""
    asked = {**EMPTY, **PAGES, **lived_in(days)}
    return {name: path for name, path in asked.items() if "sms" in name or name in SHARED}


def found(page: Page, source: str) -> set[Finding]:
    """What axe-core finds serious or critical: the rule, and where."""
    page.evaluate(source)
    told: list[dict[str, Any]] = page.evaluate("axe.run(document).then(results => results.violations)")
    return {
        (each["id"], ROW.sub("", str(node["target"][0])))
        for each in told
        if each["impact"] in GRAVE
        for node in each["nodes"]
    }


def test_axe_finds_nothing_grave_that_flask_admins_own_pages_have_not(visit: Visit, stage: Stage) -> None:
    if not AXE.exists():
        pytest.skip("axe-core is not here: make node_modules")
    source, page = AXE.read_text(encoding="utf-8"), visit.page
    usual: set[Finding] = set()
    for path in STOCK:
        page.goto(stage.demo.url + path)
        usual |= found(page, source)
    grave: dict[str, set[Finding]] = {}
    for name, path in ours(stage.days).items():
        page.goto(stage.demo.url + path)
        if left := found(page, source) - usual:
            grave[name] = left
    assert not grave, "\n".join(f"{name}: {sorted(left)}" for name, left in grave.items())


def test_no_page_breaks_the_policy_complains_or_asks_another_machine(visit: Visit, stage: Stage) -> None:
    """No inline code runs, not even what a name or a text tries to be."""
    page = visit.page
    for name, path in ours(stage.days).items():
        answer = page.goto(stage.demo.url + path)
        assert answer is not None
        assert answer.status == 200, name
        policy = answer.headers["content-security-policy"]
        assert "unsafe" not in policy
        assert "'nonce-" in policy
    assert visit.complaints == []


def test_every_page_fits_its_window(visit: Visit, stage: Stage) -> None:
    width = visit.page.viewport_size
    assert width is not None
    for name, path in ours(stage.days).items():
        visit.page.goto(stage.demo.url + path)
        assert visit.page.evaluate("document.documentElement.scrollWidth") <= width["width"], name


def test_hostile_names_stand_on_the_pages_as_they_are(visit: Visit, stage: Stage) -> None:
    """As text, where they are shown at all; never as markup."""
    seen: set[str] = set()
    for path in ours(stage.days).values():
        visit.page.goto(stage.demo.url + path)
        text = visit.page.inner_text("body")
        seen |= {urlsplit(path).path for each in HOSTILE if each in text}
        assert visit.page.locator("body script:not([src])", has_text="alert(1)").count() == 0
    assert {"/admin/client/sms/", "/admin/sms/template/", "/admin/sms/message/"} <= seen
    assert visit.complaints == []
