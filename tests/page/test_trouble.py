"""When something is wrong: tokens, a stalled network, a daemon that is away. It is said, and nobody is asked twice."""

import pytest
from playwright.async_api import Browser, expect

from tests.page.steps import HEARD, speak, visit
from tests.support.bad_line import bad_line
from tests.support.browser import HOST, browser_page
from tests.support.daemon import Daemon
from tests.support.http_door import core_without_engines, open_door
from tts_server.access.access import Access, AccessSettings, Token

pytestmark = [pytest.mark.asyncio(loop_scope="package"), pytest.mark.timeout(60)]  # browsers start slowly on a busy box


async def test_a_wrong_token_is_said_and_cancel_is_final_until_the_next_click(browser: Browser) -> None:
    access = Access(AccessSettings("token", tokens=[Token("kitchen", "a-secret-of-some-length-1234567")]))
    async with open_door(core_without_engines(), access=access) as door, browser_page(browser) as (page, _):
        await page.goto(f"http://{HOST}:{door.port}/")
        key = page.locator("#key")
        await expect(key).to_be_visible()
        await page.get_by_label("Access token").fill("a-guess-that-is-wrong")
        await page.get_by_role("button", name="Unlock").click()
        await expect(page.locator("#key-problem")).to_have_text("That token is not good here.")
        await page.get_by_role("button", name="Cancel").click()
        async with page.expect_response(lambda answer: answer.url.endswith("/api/engine")):
            pass  # the page has looked again, and still keeps quiet
        await expect(key).to_be_hidden()
        await expect(page.locator("#state-text")).to_have_text("Locked: a token is needed")
        await page.get_by_label("Text to speak").fill("你好。")
        await page.get_by_role("button", name="Speak", exact=True).click()
        await expect(key).to_be_visible()
        await page.get_by_label("Access token").fill("a-secret-of-some-length-1234567")
        await page.get_by_role("button", name="Unlock").click()
        await expect(key).to_be_hidden()
        await expect(page.locator("#state-text")).to_have_text("Loading the voice")


async def test_a_network_that_stalls_is_told_from_silence(daemon: Daemon, browser: Browser) -> None:
    async with browser_page(browser) as (page, _), bad_line(daemon.http_port) as line:
        await visit(page, line.port)
        await speak(page, "太好了，你回来了！今天外面很冷，我已经把客厅的暖气打开了。")
        await page.evaluate(HEARD, 3_000)
        line.fall_silent()
        await expect(page.locator("#problem")).to_contain_text("No more speech comes")
        await page.get_by_role("button", name="Stop").click()
        await expect(page.locator("#problem")).to_be_empty()


async def test_a_daemon_that_is_away_is_said_in_the_language_of_the_page(daemon: Daemon, browser: Browser) -> None:
    async with browser_page(browser, locale="zh-CN") as (page, _), bad_line(daemon.http_port) as line:
        await page.goto(f"http://{HOST}:{line.port}/")
        await expect(page.locator("#state-text")).to_have_text("就绪")
        line.refuse()
        line.cut()
        await page.get_by_label("要朗读的文本").fill("你好。")
        await page.get_by_role("button", name="朗读", exact=True).click()
        await expect(page.locator("#problem")).to_have_text("与服务的连接断了，请再试一次。")
        await expect(page.locator("#state-text")).to_have_text("连接不上服务")
