"""The page as a person uses it, in a real browser, against the real daemon and its voices."""

import wave
from pathlib import Path
from typing import Any

import pytest
from playwright.async_api import Browser, expect

from protocol.errors import ErrorCode
from tests.page.drivers.chromium import ChromiumPage
from tests.page.heard import click_and_listen, speech_of
from tests.page.steps import HEARD, save, speak, visit
from tests.support.bad_line import bad_line
from tests.support.browser import browser_page
from tests.support.daemon import Daemon
from tests.support.sound_sink import SoundSink

pytestmark = [pytest.mark.asyncio(loop_scope="package"), pytest.mark.timeout(60)]  # browsers start slowly on a busy box

SENTENCE = "太好了，你回来了！今天外面很冷，我已经把客厅的暖气打开了。"
# How long after a click on Stop the last sample is reported as played (ms), and how many come in the half second after.
STOP = """() => new Promise(resolve => {
    const wave = document.getElementById("wave");
    const before = Number(wave.dataset.heard);
    const clicked = performance.now();
    let last = clicked;
    new MutationObserver(() => { last = performance.now(); }).observe(wave, {attributes: true});
    document.getElementById("stop").click();
    setTimeout(() => resolve({ms: last - clicked, samples: Number(wave.dataset.heard) - before}), 500);
})"""


async def test_a_text_is_typed_and_heard_in_the_mood_that_was_chosen(daemon: Daemon, browser: Browser) -> None:
    async with browser_page(browser) as (page, problems):
        await visit(page, daemon.http_port)
        await page.get_by_role("radio", name="Happy").check(force=True)
        await speak(page, SENTENCE)
        await page.evaluate(HEARD, 24_000)
        await expect(page.locator("#reading .now").first).to_be_visible()
        await expect(page.locator("#first")).to_contain_text("heard after")
        await expect(page.locator("#snippet")).to_contain_text('"emotion":"happy"')
        await expect(page.locator("#history li")).to_contain_text("Happy")
        assert problems == []


async def test_all_of_a_text_is_heard_in_order_over_plain_http(
    daemon: Daemon, browser: Browser, sink: SoundSink
) -> None:
    text = "太好了，你回来了！今天外面很冷。"
    speech = await speech_of(daemon.http_port, text)
    async with browser_page(browser) as (page, problems):
        await visit(page, daemon.http_port)
        click = await click_and_listen(ChromiumPage(page), sink, text, speech)
        assert click.heard.found > 0.8  # a busy box lets a loudspeaker stutter; `make browsers` counts holes
        assert abs(click.heard.lost_ms) < 500
        assert click.click_to_sound_ms > 0
        assert problems == []


async def test_speech_is_played_to_its_end_where_the_browser_has_no_audio_worklet(
    daemon: Daemon, browser: Browser
) -> None:
    async with browser_page(browser) as (page, problems):
        await visit(page, daemon.http_port)
        assert await page.evaluate("isSecureContext || 'audioWorklet' in AudioContext.prototype") is False
        await speak(page, "你好，世界。")
        await expect(page.locator("#said")).to_have_text("Finished")
        heard = int(await page.locator("#wave").get_attribute("data-heard") or 0)
        seconds = float((await page.locator("#history small").inner_text()).split(" · ")[-1].removesuffix(" s"))
        assert heard == pytest.approx(24_000 * seconds, abs=0.06 * 24_000)
        assert problems == []


async def test_a_browser_without_a_loudspeaker_says_so_instead_of_staying_mute(
    daemon: Daemon, browser: Browser
) -> None:
    async with browser_page(browser) as (page, problems):
        await page.add_init_script(
            "AudioContext.prototype.resume = () => new Promise(() => {}); "
            "Object.defineProperty(AudioContext.prototype, 'state', {get: () => 'suspended'})"
        )
        await visit(page, daemon.http_port)
        await speak(page, "你好。")
        await expect(page.locator("#problem")).to_contain_text("holds the sound back")
        await expect(page.get_by_role("button", name="Stop")).to_be_disabled()
        assert problems == []


@pytest.mark.parametrize("accident", ["cut", "fall_silent"])
async def test_speech_goes_on_where_it_was_after_a_lost_connection(
    daemon: Daemon, browser: Browser, accident: str
) -> None:
    async with browser_page(browser) as (page, problems), bad_line(daemon.http_port) as line:
        await visit(page, line.port)
        await speak(page, SENTENCE)
        await page.evaluate(HEARD, 24_000)
        getattr(line, accident)()
        await expect(page.locator("#history li")).to_have_count(1)
        await expect(page.locator("#problem")).to_be_empty()
        saved = float((await page.locator("#history small").inner_text()).split(" · ")[-1].removesuffix(" s"))
        request = {"text": SENTENCE, "format": "pcm"}
        made = await page.request.post(f"http://127.0.0.1:{daemon.http_port}/api/tts", data=request)
        assert saved == pytest.approx(len(await made.body()) / 48_000, abs=0.06)
        assert [each for each in problems if "ERR_CONNECTION" not in each and "WebSocket" not in each] == []


async def test_the_stop_button_stops_at_once(daemon: Daemon, browser: Browser) -> None:
    async with browser_page(browser) as (page, problems):
        await visit(page, daemon.http_port)
        await speak(page, SENTENCE * 5)
        await page.evaluate(HEARD, 12_000)
        stopped: dict[str, Any] = await page.evaluate(STOP)
        assert stopped["samples"] < 0.2 * 24_000
        await expect(page.get_by_label("Text to speak")).to_be_editable()
        assert problems == []


async def test_escape_stops_too_and_the_text_can_be_spoken_again(daemon: Daemon, browser: Browser) -> None:
    async with browser_page(browser) as (page, problems):
        await visit(page, daemon.http_port)
        await page.get_by_label("Text to speak").fill("请打开客厅的灯。" * 5)
        await page.keyboard.press("Control+Enter")
        await page.evaluate(HEARD, 6_000)
        await page.keyboard.press("Escape")
        await expect(page.get_by_role("button", name="Stop")).to_be_disabled()
        await speak(page, "好的。")
        await expect(page.locator("#history li").first).to_contain_text("好的。")
        assert problems == []


async def test_what_was_said_is_saved_as_wav_and_mp3(daemon: Daemon, browser: Browser, tmp_path: Path) -> None:
    async with browser_page(browser, accept_downloads=True) as (page, problems):
        await visit(page, daemon.http_port)
        await speak(page, "你好，世界。")
        await expect(page.locator("#history li")).to_have_count(1)
        with wave.open(str(await save(page, "WAV", tmp_path))) as saved:
            assert saved.getframerate() == 24_000
            assert saved.getnframes() > 12_000
        mp3 = (await save(page, "MP3", tmp_path)).read_bytes()
        assert mp3[:3] == b"ID3" or mp3[0] == 0xFF
        assert problems == []


async def test_an_utterance_of_this_visit_is_heard_again_without_asking_the_server(
    daemon: Daemon, browser: Browser
) -> None:
    async with browser_page(browser) as (page, problems):
        await visit(page, daemon.http_port)
        await speak(page, "你好。")
        again = page.get_by_role("button", name="Play again: 你好。")
        await expect(again).to_be_attached()
        await expect(page.get_by_role("button", name="Stop")).to_be_disabled()
        await page.context.set_offline(True)
        await again.click()
        await page.evaluate(HEARD, 6_000)
        await expect(page.locator("#history li")).to_have_count(1)
        assert [each for each in problems if "ERR_INTERNET_DISCONNECTED" not in each] == []


async def test_the_language_of_the_page_can_be_switched_and_is_remembered(daemon: Daemon, browser: Browser) -> None:
    async with browser_page(browser) as (page, problems):
        await visit(page, daemon.http_port)
        await page.get_by_role("button", name="切换到中文").click()
        await expect(page.get_by_role("button", name="朗读", exact=True)).to_be_visible()
        await expect(page.get_by_role("radio", name="开心")).to_be_attached()
        assert await page.locator("html").get_attribute("lang") == "zh-CN"
        await page.reload()
        await expect(page.get_by_role("button", name="朗读", exact=True)).to_be_visible()
        assert problems == []


async def test_both_languages_have_words_for_the_same_things(daemon: Daemon, browser: Browser) -> None:
    async with browser_page(browser) as (page, _):
        await visit(page, daemon.http_port)
        keys = await page.evaluate(
            """async () => {
                const { WORDS } = await import("/web/words/words.js");
                const asked = [...document.querySelectorAll("*")].flatMap(each => Object.entries(each.dataset)
                    .filter(([name]) => name.startsWith("i18n")).map(([, key]) => key));
                const codes = words => Object.keys(words.errors).map(code => `errors.${code}`);
                const all = words => [...Object.keys(words), ...codes(words)].sort();
                return {en: all(WORDS.en), zh: all(WORDS.zh), asked};
            }"""
        )
        assert keys["en"] == keys["zh"]
        assert set(keys["asked"]) <= set(keys["en"])
        assert {f"errors.{code}" for code in ErrorCode} <= set(keys["en"])


async def test_a_text_without_anything_to_say_is_told_so(daemon: Daemon, browser: Browser) -> None:
    async with browser_page(browser) as (page, problems):
        await visit(page, daemon.http_port)
        await speak(page, "……")
        await expect(page.locator("#problem")).to_contain_text("nothing in it that can be said")
        await expect(page.get_by_role("button", name="Stop")).to_be_disabled()
        assert problems == []
