"""What people expect of a player: pause, seek, again, save, and nothing lost by a reload."""

import io
from pathlib import Path

import av
import pytest
from playwright.async_api import Browser, Page, expect

from tests.page.steps import HEARD, save, speak, visit
from tests.support.browser import HOST, browser_page
from tests.support.daemon import Daemon

pytestmark = [pytest.mark.asyncio(loop_scope="package"), pytest.mark.timeout(60)]  # browsers start slowly on a busy box

SENTENCE = "太好了，你回来了！今天外面很冷，我已经把客厅的暖气打开了。"


async def heard(page: Page) -> int:
    return int(await page.locator("#wave").get_attribute("data-heard") or 0)


async def test_a_pause_holds_the_place_and_speech_goes_on_from_it(daemon: Daemon, browser: Browser) -> None:
    async with browser_page(browser) as (page, problems):
        await visit(page, daemon.http_port)
        await speak(page, SENTENCE)
        await page.evaluate(HEARD, 12_000)
        await page.get_by_role("button", name="Pause").click()
        at = await heard(page)
        await expect(page.locator("#history li")).to_have_count(1)  # the rest has come meanwhile
        assert await heard(page) == at
        await page.get_by_role("button", name="Go on").click()
        await page.evaluate(HEARD, at + 6_000)
        assert problems == []


async def test_a_touch_on_the_waveform_goes_there_and_keys_do_too(daemon: Daemon, browser: Browser) -> None:
    async with browser_page(browser) as (page, problems):
        await visit(page, daemon.http_port)
        await speak(page, SENTENCE)
        await expect(page.locator("#history li")).to_have_count(1)
        box = await page.locator("#wave").bounding_box()
        assert box is not None
        await page.locator("#wave").click(position={"x": box["width"] * 0.98, "y": box["height"] / 2})
        await expect(page.locator("#said")).to_have_text("Finished")
        end = await heard(page)
        await page.locator("#wave").press("Home")
        await page.evaluate(HEARD, 1)
        await page.get_by_role("button", name="Pause").click()
        assert await heard(page) < end / 2
        assert problems == []


async def test_speech_that_was_stopped_can_be_heard_again_and_saved_whole(
    daemon: Daemon, browser: Browser, tmp_path: Path
) -> None:
    async with browser_page(browser, accept_downloads=True) as (page, problems):
        await visit(page, daemon.http_port)
        await speak(page, SENTENCE * 4)
        await page.evaluate(HEARD, 12_000)
        await page.get_by_role("button", name="Stop").click()
        await expect(page.locator("#history li")).to_contain_text("stopped")
        await page.get_by_role("button", name="Again", exact=True).click()
        await page.evaluate(HEARD, 6_000)
        await page.get_by_role("button", name="Stop").click()
        whole = await save(page, "WAV", tmp_path)
        assert whole.stat().st_size > 20 * 48_000
        assert problems == []


@pytest.mark.parametrize(("button", "codec"), [("WAV", "pcm_s16le"), ("MP3", "mp3float"), ("Opus", "opus")])
async def test_a_text_is_saved_without_listening_to_it(
    daemon: Daemon, browser: Browser, tmp_path: Path, button: str, codec: str
) -> None:
    async with browser_page(browser, accept_downloads=True) as (page, problems):
        await visit(page, daemon.http_port)
        await page.get_by_label("Text to speak").fill(SENTENCE)
        path = await save(page, button, tmp_path)
        with av.open(io.BytesIO(path.read_bytes())) as file:
            assert file.streams.audio[0].codec_context.name == codec
            seconds = sum(frame.samples / frame.sample_rate for frame in file.decode(audio=0))
        assert 4 < seconds < 9
        await expect(page.locator("#kept")).to_have_text("Saved")
        assert await heard(page) == 0
        assert problems == []


async def test_a_text_of_many_parts_is_one_file(daemon: Daemon, browser: Browser) -> None:
    async with browser_page(browser) as (page, _):
        await visit(page, daemon.http_port)
        parts = await page.evaluate(
            """async () => {
                const { cut } = await import("/web/speech/parts.js");
                const text = "今天天气很好，我们去公园。".repeat(800) + "😀".repeat(3000);
                const parts = cut(text, "plain");
                return {same: parts.map(({text}) => text).join("") === text, at: parts.map(({at}) => at),
                    long: Math.max(...parts.map(({text}) => Array.from(text).length)),
                    ends: parts.slice(0, 4).every(({text}) => text.endsWith("。")),
                    ssml: cut("<speak>" + text + "</speak>").length};
            }"""
        )
        assert parts["same"]
        assert parts["ends"]
        assert parts["long"] <= 2000
        assert parts["ssml"] == 1


@pytest.mark.parametrize("button", ["WAV", "MP3", "Opus"])
async def test_a_text_of_many_parts_is_saved_as_one_file(
    daemon: Daemon, browser: Browser, tmp_path: Path, button: str
) -> None:
    async with browser_page(browser, accept_downloads=True) as (page, problems):
        await visit(page, daemon.http_port)
        nothing = "😀" * 1996  # nobody says an emoji
        await page.get_by_label("Text to speak").fill(f"第一段。{nothing}第二段。{nothing}第三段。")
        path = await save(page, button, tmp_path)
        with av.open(io.BytesIO(path.read_bytes())) as file:
            seconds = sum(frame.samples / frame.sample_rate for frame in file.decode(audio=0))
        assert seconds > 2.5  # all three
        await expect(page.locator("#kept")).to_have_text("Saved")
        assert problems == []


async def test_a_text_of_many_parts_is_one_speech_with_a_bar(daemon: Daemon, browser: Browser) -> None:
    async with browser_page(browser) as (page, problems):
        await visit(page, daemon.http_port)
        await speak(page, "第一段。" + "😀" * 1996 + "第二段。" + "😀" * 1996 + "第三段。")  # nobody says an emoji
        await expect(page.locator("#said")).to_have_text("Finished")
        await expect(page.locator("#history li")).to_have_count(1)
        seconds = float((await page.locator("#history small").inner_text()).split(" · ")[-1].removesuffix(" s"))
        assert seconds > 2.5  # all three
        await expect(page.locator("#progress")).to_be_visible()
        assert await page.evaluate("document.getElementById('progress').value") > 0.99
        assert "段" in (await page.locator("#reading .now").text_content() or "")
        assert problems == []


async def test_text_is_changed_while_the_old_one_is_spoken_and_keeps_the_focus(
    daemon: Daemon, browser: Browser
) -> None:
    async with browser_page(browser) as (page, problems):
        await visit(page, daemon.http_port)
        field = page.get_by_label("Text to speak")
        await field.fill(SENTENCE)
        await field.press("Control+Enter")
        await page.evaluate(HEARD, 6_000)
        await expect(field).to_be_focused()
        await page.keyboard.type("好")
        await expect(field).to_have_value(SENTENCE + "好")
        await expect(page.locator("#reading")).to_be_hidden()
        await page.evaluate(HEARD, 12_000)
        await page.locator("#wave").focus()
        await page.get_by_role("button", name="Stop").press("Enter")
        await expect(field).not_to_be_focused()
        assert problems == []


async def test_text_settings_and_what_was_heard_survive_a_reload(daemon: Daemon, browser: Browser) -> None:
    async with browser_page(browser) as (page, problems):
        await visit(page, daemon.http_port)
        await page.get_by_role("radio", name="Sad").check(force=True)
        await page.locator("#speed").fill("1.5")
        await speak(page, "你好。")
        await expect(page.locator("#history li")).to_have_count(1)
        await page.reload()
        await expect(page.get_by_role("radio", name="Sad")).to_be_checked()
        await expect(page.locator("#speed")).to_have_value("1.5")
        await expect(page.get_by_label("Text to speak")).to_have_value("你好。")
        await page.get_by_role("button", name="Play again: 你好。").click()
        await page.evaluate(HEARD, 3_000)
        await page.get_by_role("button", name="Forget all").click()
        await expect(page.locator("#history li")).to_have_count(0)
        assert problems == []


async def test_a_mistake_in_ssml_is_said_in_the_language_of_the_page_and_gives_the_text_back(
    daemon: Daemon, browser: Browser
) -> None:
    async with browser_page(browser, locale="zh-CN") as (page, problems):
        await page.goto(f"http://{HOST}:{daemon.http_port}/")
        await page.get_by_label("要朗读的文本").fill("<speak>你好</speek>")
        await page.get_by_role("button", name="朗读", exact=True).click()
        await expect(page.locator("#problem")).to_contain_text("设置或文本里有不合要求的地方")
        await expect(page.locator("#problem small")).to_contain_text("line 1")
        await expect(page.get_by_role("button", name="停止")).to_be_disabled()
        await page.get_by_role("button", name="English").click()
        await expect(page.locator("#problem")).to_contain_text("line 1")
        assert problems == []


async def test_a_link_is_copied_over_plain_http_and_says_the_text(daemon: Daemon, browser: Browser) -> None:
    async with browser_page(browser) as (page, problems):
        await visit(page, daemon.http_port)
        await page.get_by_label("Text to speak").fill("你好。")
        async with page.expect_response(lambda answer: answer.url.endswith("/api/links")) as told:
            await page.get_by_role("button", name="Copy link").click()
        await expect(page.locator("#kept")).to_have_text("Copied")
        path = (await (await told.value).json())["url"]
        await page.get_by_label("Text to speak").fill("")
        await page.get_by_label("Text to speak").press("Control+v")
        await expect(page.get_by_label("Text to speak")).to_have_value(f"http://{HOST}:{daemon.http_port}{path}")
        sound = await page.request.get(f"http://127.0.0.1:{daemon.http_port}{path}")
        assert sound.headers["content-type"] == "audio/mpeg"
        assert problems == []


async def test_a_device_that_can_share_is_given_the_link(daemon: Daemon, browser: Browser) -> None:
    async with browser_page(browser) as (page, problems):
        # Only phones and tablets have it, over HTTPS.
        await page.add_init_script(
            "window.given = new Promise(give => { navigator.share = async shared => give(shared); });"
        )
        await visit(page, daemon.http_port)
        await page.get_by_label("Text to speak").fill("晚饭好了。")
        await page.get_by_role("button", name="Share").click()
        shared = await page.evaluate("given")
        assert shared["title"] == "晚饭好了。"
        sound = await page.request.get(shared["url"].replace(HOST, "127.0.0.1"))
        assert sound.headers["content-type"] == "audio/mpeg"
        assert problems == []


async def test_where_nothing_can_be_shared_nothing_is_offered(daemon: Daemon, browser: Browser) -> None:
    async with browser_page(browser) as (page, _):
        await visit(page, daemon.http_port)
        await expect(page.locator("#share")).to_be_hidden()
