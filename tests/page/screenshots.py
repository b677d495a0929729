"""Pictures of the page for the documentation:  python -m tests.page.screenshots

Each shows a sentence being spoken, on every screen of a house, in light and dark, in both languages.
"""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

import httpx
from playwright.async_api import Browser, expect

from tests.page.sizes import SIZES
from tests.page.steps import HEARD
from tests.support.browser import HOST, browser_page, chromium
from tests.support.daemon import Daemon, running_daemon

FOLDER = Path("docs/images")
PHRASES = {"晚饭好了": "happy", "晚安": "affectionate", "有人按门铃": "surprise", "该出门了": "serious"}
TEXT = {
    "zh-CN": "太好了，你回来了！今天外面很冷，我已经把客厅的暖气打开了。晚饭七点半开始，要不要先喝一杯热茶？",
    "en": "Welcome home! It is cold outside, so the heating is on already. Dinner is at half past seven.",
}


async def main() -> None:
    """Take all of them."""
    async with kept_phrases() as daemon, chromium() as browser:
        for name, width, height in SIZES:
            for scheme, language in (("light", "zh-CN"), ("dark", "en")):
                path = FOLDER / f"page-{name.replace(' ', '-').lower()}-{scheme}.png"
                await picture(daemon, browser, path, language, viewport=(width, height), scheme=scheme)
                print(path)


@asynccontextmanager
async def kept_phrases() -> AsyncGenerator[Daemon]:
    """The daemon of a house that has phrases."""
    with TemporaryDirectory() as state:
        environment = {"TTS_SERVER__HTTP__EDIT": "true", "STATE_DIRECTORY": state}
        async with running_daemon(environment=environment) as daemon, httpx.AsyncClient() as client:
            for name, emotion in PHRASES.items():
                address = f"http://127.0.0.1:{daemon.http_port}/api/phrases/{name}"
                kept = await client.put(address, json={"text": f"{name}！", "emotion": emotion})
                kept.raise_for_status()
            yield daemon


async def picture(
    daemon: Daemon, browser: Browser, path: Path, language: str, viewport: tuple[int, int], scheme: str
) -> None:
    """One picture, in the middle of a sentence."""
    width, height = viewport
    size = {"width": width, "height": height}
    async with browser_page(browser, viewport=size, color_scheme=scheme, locale=language) as (page, problems):
        await page.goto(f"http://{HOST}:{daemon.http_port}/")
        await expect(page.locator(".chip").nth(1)).to_be_attached()
        await page.locator(".chip input").nth(1).check(force=True)
        await page.locator("#text").fill(TEXT[language])
        await page.locator("#speak").click()
        await page.evaluate(HEARD, 0)
        await page.evaluate(HEARD, 60_000)
        await page.screenshot(path=path)
        assert problems == []


if __name__ == "__main__":
    asyncio.run(main())
