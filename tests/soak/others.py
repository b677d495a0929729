"""Those who do not listen to the end, and what is done to the box: polls, pages, people who vanish, settings, packs."""

import asyncio
import json
import os
import random
import shutil
import signal
import socket
import struct
import time
from collections.abc import Awaitable, Callable
from contextlib import suppress
from typing import Final

from websockets.asyncio.client import connect
from wyoming.client import AsyncTcpClient
from wyoming.info import Describe, Info
from zeroconf.asyncio import AsyncServiceBrowser, AsyncZeroconf

from tests.soak import texts
from tests.soak.clock import HomeClock
from tests.soak.home import Failed, Home

POLL_S: Final = 30.0  # of the home's time
TYPES: Final = ["_wyoming._tcp.local.", "_http._tcp.local."]
GONE_AT_ONCE: Final = struct.pack("ii", 1, 0)
HEAD: Final = b"POST /api/tts HTTP/1.1\r\nHost: box\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n"
PACK: Final = "tiny_16k"


async def poll(home: Home) -> None:
    """Home Assistant: is it there, and what has it?"""
    async with AsyncTcpClient("127.0.0.1", home.daemon.wyoming_port) as client, asyncio.timeout(10):
        await client.write_event(Describe().event())
        event = await client.read_event()
        if event is None or not Info.is_type(event.type):
            raise Failed(f"describe: {event}")
    async with home.client() as client:
        for path in ("/api/engine", "/api/voices", "/api/emotions", "/api/phrases"):
            (await client.get(path)).raise_for_status()


async def page(home: Home) -> None:
    """A page is opened, and opened again before it is whole."""
    async with home.client() as client:
        for _ in range(2):
            (await client.get("/")).raise_for_status()
            (await client.get("/api/voices")).raise_for_status()
            websocket = await connect(home.url.replace("http", "ws") + "/ws/v1", proxy=None, compression=None)
            await websocket.send(json.dumps({"type": "hello", "protocol": "tts-stream.v1"}))
            await websocket.recv()
            websocket.transport.abort()


async def vanish(home: Home) -> None:
    """A device whose plug is pulled while it is spoken to, at one door or the other."""
    text = texts.reply(home.chance)
    if home.chance.random() < 0.5:
        reader, writer = await asyncio.open_connection("127.0.0.1", home.daemon.wyoming_port)
        event = {"type": "synthesize", "data": {"text": text}}
        writer.write(json.dumps(event).encode() + b"\n")
    else:
        reader, writer = await asyncio.open_connection("127.0.0.1", home.daemon.http_port)
        body = json.dumps({"text": text}).encode()
        writer.write(HEAD % len(body) + body)
    with suppress(TimeoutError):
        async with asyncio.timeout(home.chance.uniform(0, 3)):
            await reader.readexactly(100_000)
    writer.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, GONE_AT_ONCE)
    writer.transport.abort()


async def crawl(home: Home) -> None:
    """A reader that takes little, and then nothing, until the daemon gives it up."""
    reader, writer = await asyncio.open_connection("127.0.0.1", home.daemon.wyoming_port, limit=2048)
    writer.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    event = {"type": "synthesize", "data": {"text": texts.reply(home.chance) * 20}}
    writer.write(json.dumps(event).encode() + b"\n")
    for _ in range(20):
        await reader.read(1024)
        await asyncio.sleep(0.05)
    await asyncio.sleep(15)
    writer.transport.abort()


async def nonsense(home: Home) -> None:
    """Something on the network tries what is there."""
    for port in (home.daemon.wyoming_port, home.daemon.http_port):
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(home.chance.randbytes(home.chance.randint(1, 5000)) + b"\n")
        with suppress(TimeoutError, ConnectionError):
            async with asyncio.timeout(3):
                await reader.read()
        writer.transport.abort()


async def browse(_home: Home) -> None:
    """A DNS-SD browser comes and goes."""
    mdns = AsyncZeroconf(interfaces=["127.0.0.1"])
    browser = AsyncServiceBrowser(mdns.zeroconf, TYPES, handlers=[lambda **_: None])
    await asyncio.sleep(2)
    await browser.async_cancel()
    await mdns.async_close()


async def pack(home: Home) -> None:
    """A voice pack is installed, is spoken with, and is removed."""
    voices = home.folder / "voices"
    await asyncio.to_thread(shutil.rmtree, voices, ignore_errors=True)
    voices.mkdir()
    await asyncio.to_thread(shutil.copytree, home.folder / "pack" / PACK, voices / ".new")
    (voices / ".new").rename(voices / PACK)
    await _until(home, is_there=True)
    async with home.client() as client:
        answer = await client.post("/api/tts", json={"text": texts.announcement(home.chance), "voice": PACK})
    (voices / PACK).rename(voices / ".old")
    await asyncio.to_thread(shutil.rmtree, voices / ".old")
    await _until(home, is_there=False)
    if answer.status_code != 200 or len(answer.content) < 1000:
        raise Failed(f"the new voice: {answer.status_code} {answer.content[:300]!r}")


async def _until(home: Home, *, is_there: bool) -> None:
    async with home.client() as client:
        while (PACK in (await client.get("/api/voices")).text) != is_there:  # noqa: ASYNC110  # the door tells nobody
            await asyncio.sleep(1)


def settings(clock: HomeClock, chance: random.Random) -> str:
    """The configuration as of now: in the home's night it is night for the daemon too."""
    now = time.time()
    begin, end = (time.strftime("%H:%M:00", time.localtime(now + 3600 * hours)) for hours in (-4, 4))
    return (
        f"[night]\nenabled = {str(clock.is_night).lower()}\nbegin = {begin}\nend = {end}\n"
        f'[voices]\ndefault = "baker"\nemotion = "{chance.choice(texts.EMOTIONS)}"\n'
        f'[text]\nunknown_tags = "{chance.choice(("drop", "speak"))}"\n'
        f"[limits]\nmax_delay_s = {chance.choice((0.6, 0.8, 1.0))}\n"
    )


async def reload(home: Home) -> None:
    """Somebody changes the settings."""
    file = home.folder / "config.toml"
    await asyncio.to_thread(file.with_suffix(".new").write_text, settings(home.clock, home.chance), "utf-8")
    os.replace(file.with_suffix(".new"), file)
    home.daemon.process.send_signal(signal.SIGHUP)


OTHERS: Final[dict[str, tuple[float, Callable[[Home], Awaitable[None]]]]] = {  # how often a day
    "page": (40, page),
    "vanish": (30, vanish),
    "crawl": (6, crawl),
    "nonsense": (24, nonsense),
    "browse": (40, browse),
    "pack": (6, pack),
    "reload": (16, reload),
}
