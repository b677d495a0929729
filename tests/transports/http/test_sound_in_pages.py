"""`<audio src>` in a real browser, over plain HTTP under a name that is no secure context: ours plays, others' do not.

A foreign page's request carries nothing there that tells of it, so it is the browser that has to refuse.
"""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager

import pytest

from tests.support.browser import HOST, browser_page, chromium
from tests.support.core import Core
from tests.support.http_door import open_door
from tts_server.transports.http.settings import HttpSettings

ASK = """url => new Promise(resolve => {
    const sound = new Audio();
    sound.addEventListener("loadedmetadata", () => resolve(sound.duration));
    sound.addEventListener("error", () => resolve("refused"));
    sound.preload = "auto";
    sound.src = url;
})"""


@asynccontextmanager
async def foreign_page() -> AsyncGenerator[str]:
    """The address of a page that is none of ours."""

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        body = b"<!doctype html><link rel=icon href=data:,><title>elsewhere</title>"
        writer.write(
            b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nConnection: close\r\nContent-Length: %d\r\n\r\n" % len(body)
        )
        writer.write(body)
        await writer.drain()
        writer.close()

    server = await asyncio.start_server(answer, "127.0.0.1", 0)
    try:
        yield f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/"
    finally:
        server.close()


@pytest.mark.timeout(60)
async def test_a_link_sounds_on_pages_of_ours_and_of_origins_that_are_listed_only(core: Core) -> None:
    async with foreign_page() as elsewhere, chromium() as browser:
        origin = elsewhere.rstrip("/")
        for settings, expected in ((HttpSettings(), "refused"), (HttpSettings(origins=(origin,)), "played")):
            async with open_door(core, settings) as door:
                link = f"http://{HOST}:{door.port}/api/tts?text=%E4%BB%8A%E5%A4%A9%E5%A4%A9%E6%B0%94%E4%B8%8D%E9%94%99&format=wav"
                await door.client.get(link.replace(HOST, "127.0.0.1"))  # whole by now, so it has a duration
                async with browser_page(browser) as (page, _):
                    await page.goto(elsewhere)
                    heard = await page.evaluate(ASK, link)
                    assert heard == "refused" if expected == "refused" else 0.5 < float(heard) < 1.0
                async with browser_page(browser) as (page, _):
                    await page.goto(f"http://{HOST}:{door.port}/healthz")
                    assert await page.evaluate("isSecureContext") is False
                    assert 0.5 < float(await page.evaluate(ASK, link)) < 1.0
