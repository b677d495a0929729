"""A click on Speak, and what the loudspeaker was given by it."""

import json
from dataclasses import dataclass

import httpx
import numpy as np

from tests.page.drivers.driver import BrowserPage
from tests.page.listening import Heard, Samples, compare
from tests.support.sound_sink import SoundSink

SENTENCE = "太好了，你回来了！今天外面很冷，我已经把客厅的暖气打开了。"
READY = """new Promise(resolve => {
    const look = () => document.querySelectorAll(".chip").length > 1 && (watcher.disconnect(), resolve(true));
    const watcher = new MutationObserver(look);
    watcher.observe(document.body, {childList: true, subtree: true});
    look();
})"""
SPOKEN = """new Promise(resolve => {
    const stop = document.getElementById("stop");
    const look = () => stop.disabled && (watcher.disconnect(), resolve(document.getElementById("problem").textContent));
    const watcher = new MutationObserver(look);
    watcher.observe(stop, {attributes: true});
    look();
})"""
PREPARE = """(() => {
    document.getElementById("text").value = %s;
    const note = event => { window.clickedAt = performance.timeOrigin + event.timeStamp; };
    window.clickedAt ?? document.getElementById("speak").addEventListener("click", note, true);
    window.clickedAt = 0;
    return isSecureContext;
})()"""
RING_OUT_S = 0.6  # what a loudspeaker still holds when the page is done


@dataclass(frozen=True, slots=True)
class Click:
    """What came of it."""

    heard: Heard
    click_to_sound_ms: float  # to the first audible sample, in the recording
    said: str  # what the page says of it


async def speech_of(port: int, text: str) -> Samples:
    """The daemon's samples."""
    async with httpx.AsyncClient(timeout=60) as client:
        answer = await client.post(f"http://127.0.0.1:{port}/api/tts", json={"text": text, "format": "pcm"})
    return np.frombuffer(answer.raise_for_status().content, "<i2").astype(np.float32) / 32768


async def click_and_listen(page: BrowserPage, sink: SoundSink, text: str, speech: Samples) -> Click:
    """Speak the text, which the daemon says with these samples. The page is open and ready."""
    is_secure = await page.evaluate(PREPARE % json.dumps(text))
    assert is_secure is False, "this would show nothing: sound is easy in a secure context"
    async with sink.recorded() as sound:
        await page.click("#speak")
        problem = await page.evaluate(SPOKEN)
        assert problem == "", problem
        await sound.grow_to(sound.seconds + RING_OUT_S)
    heard = compare(sound.samples, speech)
    clicked_at = await page.evaluate("window.clickedAt")
    said = await page.evaluate('document.getElementById("first").textContent')
    return Click(heard, 1000 * (sound.started_at + heard.first_at) - clicked_at, said)
