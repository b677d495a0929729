"""What a house keeps, on its page: phrases as buttons, and readings that were wrong."""

from collections.abc import AsyncGenerator
from pathlib import Path

import pytest
import pytest_asyncio
from axe_playwright_python.async_playwright import Axe
from playwright.async_api import Browser, expect

from tests.page.steps import HEARD, visit
from tests.support.browser import browser_page
from tests.support.daemon import Daemon, running_daemon

pytestmark = [pytest.mark.asyncio(loop_scope="package"), pytest.mark.timeout(60)]  # browsers start slowly on a busy box


@pytest_asyncio.fixture(loop_scope="package", scope="module")
async def house(tmp_path_factory: pytest.TempPathFactory) -> AsyncGenerator[Daemon]:
    """A daemon whose page may be used to change things."""
    state: Path = tmp_path_factory.mktemp("state")
    environment = {"TTS_SERVER__HTTP__EDIT": "true", "STATE_DIRECTORY": str(state)}
    async with running_daemon(environment=environment) as running:
        yield running


async def test_a_phrase_is_kept_heard_by_everybody_called_otherwise_and_removed(
    house: Daemon, browser: Browser
) -> None:
    async with browser_page(browser) as (page, problems):
        await visit(page, house.http_port)
        await page.get_by_label("Text to speak").fill("晚饭好了，快来吃吧！")
        await page.get_by_role("radio", name="Happy").check(force=True)
        await page.get_by_role("button", name="Keep as phrase").click()
        await page.get_by_label("Called").fill("晚饭 100%/?")
        await page.get_by_role("button", name="Keep", exact=True).click()
        await expect(page.locator("#phrases button")).to_have_text("晚饭 100%／?")
        assert problems == []
    async with browser_page(browser) as (page, problems):
        await visit(page, house.http_port)
        await page.get_by_role("button", name="晚饭 100%／?").click()
        await page.evaluate(HEARD, 6_000)
        await expect(page.locator("#history small")).to_contain_text("Happy")
        await page.get_by_role("button", name="Edit").click()
        await page.get_by_role("button", name="晚饭 100%／?").click()
        await page.get_by_label("Called").fill("晚饭")
        await page.get_by_role("button", name="Keep", exact=True).click()
        await expect(page.locator("#phrases button")).to_have_text("晚饭")
        await page.locator("#phrases button").click()
        await page.get_by_role("button", name="Remove").click()
        await expect(page.locator("#phrases-block")).to_be_hidden()
        assert problems == []


async def test_a_wrong_reading_is_seen_heard_otherwise_and_kept(house: Daemon, browser: Browser) -> None:
    async with browser_page(browser, bypass_csp=True) as (page, problems):
        await visit(page, house.http_port)
        await page.get_by_label("Text to speak").fill("我们去重庆看长城，用WiFi。")
        await page.get_by_role("button", name="That was wrong").click()
        word = page.locator(".word", has_text="重")
        await expect(word).to_contain_text("chóng")
        await word.click()
        await expect(page.get_by_label("重庆 is read as")).to_have_value("chong2 qing4")
        await page.get_by_role("button", name="重 zhòng").click()
        await page.get_by_role("button", name="Hear it").click()
        await page.evaluate(HEARD, 6_000)
        assert (await Axe().run(page)).violations_count == 0
        await page.get_by_label("重庆 is read as").fill("zhong4 qing9")
        await page.get_by_role("button", name="Keep", exact=True).click()
        await expect(page.locator("#readings-problem")).to_contain_text("qing9")
        await page.get_by_label("重庆 is read as").fill("Zhòngqìng")
        await page.get_by_role("button", name="Keep", exact=True).click()
        await expect(page.locator("#readings-kept")).to_contain_text("重庆 is read zhòng qìng")
        await expect(word).to_contain_text("zhòng")
        await page.get_by_role("button", name="Remove: 重庆").click()
        await expect(word).to_contain_text("chóng")
        assert [each for each in problems if "422" not in each and "400" not in each] == []


async def test_an_english_word_is_heard_and_kept_by_its_sound(house: Daemon, browser: Browser) -> None:
    async with browser_page(browser) as (page, problems):
        await visit(page, house.http_port)
        await page.get_by_label("Text to speak").fill("Siobhan is here.")
        await page.get_by_role("button", name="That was wrong").click()
        await page.locator(".word", has_text="Siobhan").click()
        await page.get_by_label("Siobhan is read as").fill("/ʃɪˈvɔːn/")
        await page.get_by_role("button", name="Hear it").click()
        await page.evaluate(HEARD, 6_000)
        await page.get_by_label("Siobhan is read as").fill("/ʃɪˈv5n/")
        await page.get_by_role("button", name="Keep", exact=True).click()
        await expect(page.locator("#readings-problem")).to_contain_text("'5'")
        await page.get_by_label("Siobhan is read as").fill("/ʃɪˈvɔːn/")
        await page.get_by_role("button", name="Keep", exact=True).click()
        await expect(page.locator("#readings-kept")).to_contain_text("Siobhan is read /ʃɪˈvɔːn/")
        await page.get_by_role("button", name="Remove: Siobhan").click()
        await expect(page.locator("#house-words li")).to_have_count(0)
        assert [each for each in problems if "422" not in each and "400" not in each] == []


async def test_a_house_that_takes_no_changes_offers_none(daemon: Daemon, browser: Browser) -> None:
    async with browser_page(browser) as (page, problems):
        await visit(page, daemon.http_port)
        await expect(page.get_by_role("button", name="Keep as phrase")).to_be_hidden()
        await page.get_by_label("Text to speak").fill("重庆")
        await page.get_by_role("button", name="That was wrong").click()
        await page.locator(".word").click()
        await expect(page.get_by_role("button", name="Hear it")).to_be_visible()
        await expect(page.locator("#reading-keep")).to_be_hidden()
        assert problems == []
