"""The plugin's pages by the Tab key alone: what has the focus is named, in sight, and shows that it has it (X14)."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page

from tests.demo.steps import sign_in
from tests.demo_process import RunningDemo

pytestmark = pytest.mark.browser

PATHS = (
    "/admin/sms/overview/",
    "/admin/sms/queue/",
    "/admin/sms/individual/",
    "/admin/sms/bulk/new/",
    "/admin/sms/trigger/edit/?key=invoice_overdue_notice",
    "/admin/sms/provider/edit/?name=phone",
)
_MOST = 150
#: Its name, whether it is in sight, and whether anything about it tells the focus.
FOCUSED = """() => {
    const at = document.activeElement;
    if (!at || at === document.body) return null;
    const box = at.getBoundingClientRect(), style = getComputedStyle(at);
    const label = at.labels && at.labels.length ? at.labels[0].textContent : "";
    const by = (at.getAttribute("aria-labelledby") || "").split(" ").map(id => document.getElementById(id));
    const name = [at.getAttribute("aria-label"), label, at.textContent, at.title, at.value,
        ...by.map(each => each && each.textContent)].find(each => each && each.trim());
    return {what: at.outerHTML.slice(0, 160), named: Boolean(name), seen: box.width > 0 && box.height > 0,
        shown: (style.outlineStyle !== "none" && style.outlineWidth !== "0px") || style.boxShadow !== "none"};
}"""


@pytest.fixture
def page(chrome: Browser, demo: RunningDemo) -> Iterator[Page]:
    # a frame that comes by little would be looked at before it is there
    page = chrome.new_page(viewport={"width": 1280, "height": 800}, reduced_motion="reduce")
    sign_in(page, demo)
    yield page
    page.close()


def test_whatever_tab_reaches_is_named_in_sight_and_shows_the_focus(page: Page, demo: RunningDemo) -> None:
    wrong: list[str] = []
    for path in PATHS:
        page.goto(demo.url + path)
        reached = 0
        for _ in range(_MOST):
            page.keyboard.press("Tab")
            at = page.evaluate(FOCUSED)
            if at is None:
                break
            reached += 1
            if not (at["named"] and at["seen"] and at["shown"]):
                wrong.append(f"{path}: {at}")
        assert reached > 10, path
    assert not wrong, "\n".join(wrong)
