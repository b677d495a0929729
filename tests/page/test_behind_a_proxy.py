"""The page below a path, behind nginx as behind Home Assistant's Ingress: every address of it is relative."""

from collections.abc import AsyncGenerator

import pytest
import pytest_asyncio
from playwright.async_api import Browser, Frame, Page, expect

from tests.page.nginx import PATH, nginx_before
from tests.page.steps import HEARD
from tests.support.browser import HOST, browser_page
from tests.support.daemon import Daemon

pytestmark = [pytest.mark.asyncio(loop_scope="package"), pytest.mark.timeout(60)]  # browsers start slowly on a busy box


@pytest_asyncio.fixture(loop_scope="package", scope="module")
async def proxy(daemon: Daemon) -> AsyncGenerator[int]:
    async with nginx_before(daemon.http_port) as port:
        yield port


async def spoken(view: Page | Frame) -> None:
    """Speak a text: over the WebSocket, since there is no other way to the loudspeaker."""
    await expect(view.get_by_role("radio", name="Happy")).to_be_attached()
    await view.get_by_label("Text to speak").fill("你好，世界。")
    await view.get_by_role("button", name="Speak", exact=True).click()
    await view.evaluate(HEARD, 12_000)


async def test_all_of_the_page_stays_below_its_path(proxy: int, browser: Browser) -> None:
    async with browser_page(browser, accept_downloads=True) as (page, problems):
        asked: list[str] = []
        page.on("request", lambda request: asked.append(request.url))
        page.on("websocket", lambda socket: asked.append(socket.url))
        await page.goto(f"http://{HOST}:{proxy}{PATH}/")
        await spoken(page)
        async with page.expect_download() as saved:
            await page.get_by_role("button", name="MP3").click()
        assert (await (await saved.value).path()).stat().st_size > 2_000
        async with page.expect_response(lambda answer: answer.url.endswith("/api/links")):
            await page.get_by_role("button", name="Copy link").click()
        await expect(page.locator("#kept")).to_have_text("Copied")
        await page.get_by_label("Text to speak").fill("")
        await page.get_by_label("Text to speak").press("Control+v")
        link = await page.get_by_label("Text to speak").input_value()
        assert link.startswith(f"http://{HOST}:{proxy}{PATH}/api/tts?text=")
        answer = await page.request.get(link.replace(HOST, "127.0.0.1"))
        assert (answer.status, answer.headers["content-type"]) == (200, "audio/mpeg")
        assert any(url.startswith("ws:") for url in asked)
        outside = [url for url in asked if "blob:" not in url and f":{proxy}{PATH}/" not in url]
        assert outside == []
        await page.get_by_role("link", name="API").click()
        await expect(page.locator(".opblock").first).to_be_visible()
        assert problems == []


async def test_it_may_stand_in_a_frame_of_the_proxys_own_page(proxy: int, browser: Browser) -> None:
    async with browser_page(browser) as (page, problems):
        await page.goto(f"http://{HOST}:{proxy}/frame")
        await spoken(page.frames[1])
        assert [each for each in problems if "favicon" not in each and "404" not in each] == []


async def test_without_a_proxy_that_says_so_nobody_may_frame_it(daemon: Daemon, proxy: int, browser: Browser) -> None:
    async with browser_page(browser) as (page, _):
        await page.goto(f"http://{HOST}:{proxy}/frame")
        await page.evaluate(
            "url => { document.querySelector('iframe').src = url; }", f"http://{HOST}:{daemon.http_port}/"
        )
        refused = await page.wait_for_event("console", lambda said: "frame-ancestors" in said.text)
        assert "frame-ancestors 'none'" in refused.text
