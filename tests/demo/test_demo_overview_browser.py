"""The overview as its operator reads it, at desk and at phone width: figures that lead on, charts with their tables by
the keyboard, and the first steps of an empty portal (issue 7 items 1 and 11).
"""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.demo.steps import open_menu, sign_in
from tests.demo_month import count_days, live_through_a_month
from tests.demo_process import RunningDemo, running_demo

pytestmark = [
    pytest.mark.browser,
    pytest.mark.one_database("sqlite", "what a browser does with the page is the same on each"),
]

WIDTHS = {1280: 800, 360: 740}


@pytest.fixture(scope="module")
def lived_in(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningDemo]:
    """The demo after a month."""
    database = f"sqlite:///{tmp_path_factory.mktemp('month') / 'demo.db'}"
    with running_demo(database=database) as running:
        live_through_a_month(database)
        count_days(database)
        yield running


@pytest.fixture(scope="module")
def bare() -> Iterator[RunningDemo]:
    """The demo as it is after install."""
    with running_demo(bare=True) as running:
        yield running


@pytest.fixture(params=WIDTHS)
def page(request: pytest.FixtureRequest, chrome: Browser) -> Iterator[Page]:
    """A browser's page without complaints."""
    page = chrome.new_page(viewport={"width": request.param, "height": WIDTHS[request.param]})
    complaints: list[str] = []
    page.on("console", lambda told: complaints.append(told.text) if told.type == "error" else None)
    page.on("pageerror", lambda error: complaints.append(str(error)))
    yield page
    page.close()
    assert [each for each in complaints if "favicon" not in each] == []


def _fits(page: Page) -> bool:
    return bool(page.evaluate("document.documentElement.scrollWidth <= document.documentElement.clientWidth"))


def test_a_month_is_read_in_charts_and_by_the_keyboard_in_tables(page: Page, lived_in: RunningDemo) -> None:
    sign_in(page, lived_in)
    open_menu(page, "Overview")
    expect(page.locator("h1")).to_have_text("Overview")
    volume = page.get_by_role("img", name="Messages by day")
    expect(volume).to_be_visible()
    assert volume.locator("rect").count() > 40
    assert _fits(page)
    chart = page.locator(".sms-chart").first
    summary = chart.locator("summary")
    summary.focus()
    page.keyboard.press("Enter")
    table = chart.get_by_role("table")
    expect(table).to_be_visible()
    expect(table.get_by_role("columnheader").first).to_have_text("Day")
    assert table.get_by_role("rowheader").count() >= 25
    page.keyboard.press("Tab")  # a wide table can be scrolled by the keyboard
    assert page.evaluate("document.activeElement.className") == "sms-table"
    assert _fits(page)


def test_a_figure_leads_to_what_it_counts(page: Page, lived_in: RunningDemo) -> None:
    sign_in(page, lived_in)
    page.goto(f"{lived_in.url}/admin/sms/overview/")
    page.locator(".sms-figure", has_text="Messages today").click()
    page.wait_for_url("**/admin/sms/message/?since=*")
    page.go_back()
    page.locator(".sms-figure", has_text="Waiting to go").click()
    page.wait_for_url("**/admin/sms/queue/")


def test_an_empty_portal_shows_the_first_steps_which_lead_to_where_they_are_done(page: Page, bare: RunningDemo) -> None:
    sign_in(page, bare)
    page.goto(f"{bare.url}/admin/sms/overview/")
    steps = page.locator(".sms-checklist")
    expect(steps.locator("li")).to_have_count(8)
    assert _fits(page)
    page.click("button:text-is('Put away')")
    expect(steps).to_have_count(0)
    page.click("button:text-is('Show the first steps')")
    steps.get_by_role("link", name="Add your provider").click()
    expect(page.locator("text=Phones on this machine")).to_be_visible()


def test_the_charts_keep_their_colours_under_a_strict_policy(page: Page, lived_in: RunningDemo) -> None:
    """What is drawn is seen: a fill that the policy stopped would be black, or nothing."""
    sign_in(page, lived_in)
    page.goto(f"{lived_in.url}/admin/sms/overview/")
    fills = page.evaluate(
        "[...new Set([...document.querySelectorAll('.sms-drawing rect')].map(each => getComputedStyle(each).fill))]"
    )
    assert len(fills) >= 4
    assert "rgb(0, 0, 0)" not in fills
