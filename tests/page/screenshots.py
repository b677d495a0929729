"""Pictures of the page for the documentation:  python -m tests.page.screenshots

Each shows a sentence being spoken, at the width of a desk and of a phone, in light and dark, in both languages.
"""

import asyncio
from pathlib import Path

from playwright.async_api import Browser, expect

from tests.page.test_page import HEARD
from tests.support.browser import browser_page, chromium
from tests.support.daemon import Daemon, running_daemon

FOLDER = Path("docs/images")
TEXT = {
    "zh-CN": "太好了，你回来了！今天外面很冷，我已经把客厅的暖气打开了。晚饭七点半开始，要不要先喝一杯热茶？",
    "en": "Welcome home! It is cold outside, so the heating is on already. Dinner is at half past seven.",
}
LOOKS = [("desktop", 1280, 900), ("phone", 390, 844)]


async def main() -> None:
    """Take all of them."""
    async with running_daemon() as daemon, chromium() as browser:
        for name, width, height in LOOKS:
            for scheme, language in (("light", "zh-CN"), ("dark", "en")):
                path = FOLDER / f"page-{name}-{scheme}.png"
                await picture(daemon, browser, path, language, viewport=(width, height), scheme=scheme)
                print(path)


async def picture(
    daemon: Daemon, browser: Browser, path: Path, language: str, viewport: tuple[int, int], scheme: str
) -> None:
    """One picture, in the middle of a sentence."""
    width, height = viewport
    size = {"width": width, "height": height}
    async with browser_page(browser, viewport=size, color_scheme=scheme, locale=language) as (page, problems):
        await page.goto(f"http://127.0.0.1:{daemon.http_port}/")
        await expect(page.locator(".chip").nth(1)).to_be_attached()
        await page.locator(".chip input").nth(1).check(force=True)
        await page.locator("#text").fill("好的。")
        await page.locator("#speak").click()
        await expect(page.locator("#visit li")).to_have_count(1)
        await page.locator("#text").fill(TEXT[language])
        await page.locator("#speak").click()
        await page.evaluate(HEARD, 0)
        await page.evaluate(HEARD, 60_000)
        await page.screenshot(path=path, full_page=True)
        assert problems == []


if __name__ == "__main__":
    asyncio.run(main())
