"""Peers that we did not write hear the same bytes over the WebSocket as `tts-server say` gives."""

import asyncio
import base64
import json
import shutil
import sys
import wave
from collections.abc import AsyncGenerator
from pathlib import Path

import numpy as np
import pytest
import pytest_asyncio
from playwright.async_api import async_playwright
from websockets.asyncio.client import connect

from tests.support.daemon import Daemon, running_daemon

pytestmark = pytest.mark.asyncio(loop_scope="module")

HERE = Path(__file__).parent
ROOT = HERE.parent.parent
BIN = Path(sys.executable).parent
TEXT = "今天天气很好，我们去公园走走。"
CHROMIUM_FLAGS = [
    *("--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run"),
    *("--disable-background-networking", "--disable-component-update", "--disable-sync"),
]
IN_A_PAGE = """
([url, text]) => new Promise((resolve, reject) => {
    const socket = new WebSocket(url, "tts-stream.v1");
    socket.binaryType = "arraybuffer";
    const heard = [];
    socket.onerror = () => reject(new Error("the connection failed"));
    socket.onopen = () => {
        socket.send(JSON.stringify({type: "open", flow: "none"}));
        socket.send(JSON.stringify({type: "text", text, end: true}));
    };
    socket.onmessage = ({data}) => {
        if (typeof data !== "string") {
            heard.push(...new Uint8Array(data, 16));
        } else if (JSON.parse(data).type === "done") {
            socket.close(1000);
            resolve(btoa(heard.map((byte) => String.fromCharCode(byte)).join("")));
        }
    };
})
"""


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def daemon() -> AsyncGenerator[Daemon]:
    async with running_daemon() as running:
        yield running


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def said(daemon: Daemon, tmp_path_factory: pytest.TempPathFactory) -> bytes:
    """What `tts-server say` makes of TEXT."""
    path = tmp_path_factory.mktemp("say") / "said.wav"
    server = f"ws://127.0.0.1:{daemon.http_port}"
    await output_of(str(BIN / "tts-server"), "say", TEXT, "-o", str(path), "--server", server)
    with wave.open(str(path)) as wav:
        return wav.readframes(wav.getnframes())


async def output_of(*command: str, cwd: Path = ROOT) -> bytes:
    """Standard output of a command that must not fail."""
    process = await asyncio.create_subprocess_exec(
        *command, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE, cwd=cwd
    )
    async with asyncio.timeout(18):
        out, err = await process.communicate()
    assert process.returncode == 0, err.decode()
    return out


def url_of(daemon: Daemon) -> str:
    return f"ws://127.0.0.1:{daemon.http_port}/ws/v1"


async def test_say_in_its_own_process_makes_the_same_samples(said: bytes, tmp_path: Path) -> None:
    await output_of(str(BIN / "tts-server"), "say", TEXT, "-o", str(tmp_path / "own.wav"))
    with wave.open(str(tmp_path / "own.wav")) as wav:
        own = np.frombuffer(wav.readframes(wav.getnframes()), "<i2").astype(int)
    # Chunks are as long as there is time for; between lengths, the last bit of a sample may differ.
    assert np.abs(own - np.frombuffer(said, "<i2")).max() <= 1


async def test_pythons_websockets(daemon: Daemon, said: bytes) -> None:
    heard = b""
    async with connect(url_of(daemon), proxy=None) as websocket:
        await websocket.send(json.dumps({"type": "text", "text": TEXT, "end": True}))
        async for message in websocket:
            if isinstance(message, bytes):
                heard += message[16:]
            elif json.loads(message)["type"] == "done":
                break
    assert heard == said


async def test_nodes_ws(daemon: Daemon, said: bytes, tmp_path: Path) -> None:
    for name in ("package.json", "package-lock.json", "say.mjs"):
        shutil.copy(HERE / "node" / name, tmp_path)
    await output_of("npm", "ci", "--ignore-scripts", "--no-audit", "--no-fund", cwd=tmp_path)
    assert await output_of("node", "say.mjs", url_of(daemon), TEXT, cwd=tmp_path) == said


async def test_chromium(daemon: Daemon, said: bytes) -> None:
    async with async_playwright() as playwright:
        chromium = shutil.which("chromium")
        browser = await playwright.chromium.launch(executable_path=chromium, args=CHROMIUM_FLAGS)
        try:
            page = await browser.new_page(bypass_csp=True)  # the answers of the API allow a page nothing
            await page.goto(f"http://127.0.0.1:{daemon.http_port}/healthz")
            heard = base64.b64decode(await page.evaluate(IN_A_PAGE, [url_of(daemon), TEXT]))
        finally:
            await browser.close()
    assert heard == said


async def test_websocat_with_one_message_and_no_handshake(daemon: Daemon, said: bytes) -> None:
    process = await asyncio.create_subprocess_exec(
        *(str(BIN / "websocat"), "--no-close", url_of(daemon)),
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
    )
    assert process.stdin is not None
    assert process.stdout is not None
    try:
        process.stdin.write(json.dumps({"type": "text", "text": TEXT, "end": True}).encode() + b"\n")
        async with asyncio.timeout(15):
            heard = b""
            while b'"type":"done"' not in heard:
                heard += await process.stdout.read(65536)
    finally:
        process.kill()
        await process.communicate()
    # Text and frames come mixed, and line ends as spaces; the payload of the sixth frame (40 ms at 24 kHz) is there.
    sixth = said[5 * 1920 : 6 * 1920]
    assert sixth.translate(None, b"\r\n ") in heard.translate(None, b"\r\n ")


async def test_websocat_with_text_only(daemon: Daemon, said: bytes) -> None:
    process = await asyncio.create_subprocess_exec(
        *(str(BIN / "websocat"), "--no-close", url_of(daemon)),
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        limit=2**20,
    )
    assert process.stdin is not None
    assert process.stdout is not None
    heard = b""
    try:
        for message in (
            {"type": "hello", "accept": {"framing": ["base64"]}},
            {"type": "text", "text": TEXT, "end": True},
        ):
            process.stdin.write(json.dumps(message).encode() + b"\n")
        async with asyncio.timeout(15):
            while (message := json.loads(await process.stdout.readline()))["type"] != "done":
                if message["type"] == "audio":
                    heard += base64.b64decode(message["data"])
    finally:
        process.kill()
        await process.communicate()
    assert heard == said


async def test_bare_sockets(daemon: Daemon, said: bytes) -> None:
    script = str(ROOT / "examples" / "raw_client.py")
    assert await output_of(sys.executable, script, "127.0.0.1", str(daemon.http_port), TEXT) == said
