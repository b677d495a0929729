"""Chromium, driven by Playwright."""

from collections.abc import AsyncGenerator, Mapping
from contextlib import asynccontextmanager
from typing import Any

from playwright.async_api import Page

from tests.support.browser import browser_page, chromium


class ChromiumPage:
    """One page."""

    name = "Chromium"

    def __init__(self, page: Page) -> None:
        self._page = page

    async def open(self, url: str) -> None:
        """Go there."""
        await self._page.goto(url)

    async def evaluate(self, expression: str) -> Any:
        """The value of a JavaScript expression; a promise is awaited."""
        return await self._page.evaluate(expression)

    async def click(self, selector: str) -> None:
        """As a person clicks."""
        await self._page.click(selector)

    async def resize(self, width: int, height: int) -> None:
        """CSS pixels."""
        await self._page.set_viewport_size({"width": width, "height": height})

    async def picture(self) -> bytes:
        """A PNG of what is seen."""
        return await self._page.screenshot()


@asynccontextmanager
async def chromium_page(environment: Mapping[str, str]) -> AsyncGenerator[ChromiumPage]:
    """A browser of its own with one page, that plays aloud."""
    async with chromium(environment, is_loud=True) as browser, browser_page(browser, bypass_csp=True) as (page, _):
        yield ChromiumPage(page)
