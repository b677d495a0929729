"""Every screen of a house: what must be seen without scrolling, what fingers must hit, and what axe says."""

import pytest
from axe_playwright_python.async_playwright import Axe
from playwright.async_api import Browser, expect

from tests.page.sizes import SIZES
from tests.page.steps import speak, visit
from tests.support.browser import browser_page
from tests.support.daemon import Daemon

pytestmark = [pytest.mark.asyncio(loop_scope="package"), pytest.mark.timeout(60)]  # browsers start slowly on a busy box

# Which of the things that fingers touch are smaller than 44 pixels. Links within the footer's line are 44 high.
SMALL = """() => ["button", "select", "input:not(.chip input, .tabs input)", ".chip", ".tabs label", ".foot a"]
    .flatMap(kind => [...document.querySelectorAll(kind)])
    .filter(each => each.offsetParent && !each.closest("dialog"))
    .map(each => [each.id || each.textContent || each.className, each.getBoundingClientRect()])
    .filter(([, box]) => box.height < 43.9 || box.width < 43.9)
    .map(([name, box]) => `${name}: ${box.width} x ${box.height}`)"""
BELOW = """() => ["#speak", "#toggle", "#stop", ".chip:last-child"]
    .filter(each => document.querySelector(each).getBoundingClientRect().bottom > innerHeight)"""
FIELDS = """() => [...document.querySelectorAll("textarea, select, #token")]
    .filter(each => parseFloat(getComputedStyle(each).fontSize) < 16).map(each => each.id)"""


@pytest.mark.parametrize(("name", "width", "height"), SIZES, ids=[name for name, _, _ in SIZES])
async def test_everything_is_in_reach_on_every_screen(
    daemon: Daemon, browser: Browser, name: str, width: int, height: int
) -> None:
    # axe is put into the page as text, which the page's own policy forbids to everybody else
    scheme = "dark" if name in ("panel", "phone") else "light"
    look = {"viewport": {"width": width, "height": height}, "color_scheme": scheme, "bypass_csp": True}
    async with browser_page(browser, **look) as (page, _):
        await visit(page, daemon.http_port)
        assert await page.evaluate(BELOW) == []
        await speak(page, "你好。")
        await expect(page.locator("#history li")).to_have_count(1)
        assert await page.evaluate(BELOW) == []
        assert await page.evaluate(SMALL) == []
        assert await page.evaluate(FIELDS) == []
        assert await page.evaluate("document.documentElement.scrollWidth <= innerWidth")  # nothing sticks out
        found = await Axe().run(page)
        assert found.violations_count == 0, found.generate_report()


async def test_nothing_sticks_out_at_twice_the_size(daemon: Daemon, browser: Browser) -> None:
    async with browser_page(browser, viewport={"width": 512, "height": 300}) as (page, _):  # 1024x600 at 200 %
        await visit(page, daemon.http_port)
        assert await page.evaluate("document.documentElement.scrollWidth <= innerWidth")
        assert await page.evaluate(SMALL) == []


async def test_the_empty_sheet_is_small(daemon: Daemon, browser: Browser) -> None:
    async with browser_page(browser, viewport={"width": 390, "height": 844}) as (page, _):
        await visit(page, daemon.http_port)
        empty = await page.locator("#paper").bounding_box()
        await page.get_by_label("Text to speak").fill("你好，世界。")
        full = await page.locator("#paper").bounding_box()
        assert empty is not None
        assert full is not None
        assert empty["height"] < full["height"]
