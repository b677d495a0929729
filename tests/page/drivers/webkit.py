"""WebKitGTK, which draws as iPads do, driven by its WebDriver under a virtual screen."""

import asyncio
import base64
import json
import os
import socket
import tempfile
from collections.abc import AsyncGenerator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, Final

import httpx

from tests.support.browser import HOST

_ELEMENT: Final = "element-6066-11e4-a52e-4f735466cecf"  # the key of a reference, as the standard has it
_BROWSERS: Final = "/usr/lib/*-linux-gnu/webkit2gtk-4.*/MiniBrowser"
# A name server's answer cannot be given to WebKit; a line in /etc/hosts that nobody else sees can.
_UNDER_OUR_NAME: Final = ("unshare", "--mount", "sh", "-c", 'mount --bind "$0" /etc/hosts && exec "$@"')


class WebKitPage:
    """One page."""

    name = "WebKitGTK"

    def __init__(self, driver: httpx.AsyncClient, session: str) -> None:
        self._driver = driver
        self._session = session

    async def open(self, url: str) -> None:
        """Go there."""
        await self._ask("url", url=url)

    async def evaluate(self, expression: str) -> Any:
        """The value of a JavaScript expression; a promise is awaited."""
        script = (
            "const done = arguments[arguments.length - 1]; "
            f"Promise.resolve({expression}).then(value => done(JSON.stringify(value ?? null)))"
        )
        return json.loads(await self._ask("execute/async", script=script, args=[]))

    async def click(self, selector: str) -> None:
        """As a person clicks."""
        found = await self._ask("element", using="css selector", value=selector)
        await self._ask(f"element/{found[_ELEMENT]}/click")

    async def resize(self, width: int, height: int) -> None:
        """CSS pixels."""
        await self._ask("window/rect", width=width, height=height)
        inner = await self.evaluate("[innerWidth, innerHeight]")
        await self._ask("window/rect", width=2 * width - inner[0], height=2 * height - inner[1])

    async def picture(self) -> bytes:
        """A PNG of what is seen."""
        answer = await self._driver.get(f"/session/{self._session}/screenshot")
        return base64.b64decode(answer.json()["value"])

    async def _ask(self, what: str, **fields: Any) -> Any:
        answer = await self._driver.post(f"/session/{self._session}/{what}", json=fields)
        value = answer.json()["value"]
        assert answer.status_code == 200, value
        return value


@asynccontextmanager
async def webkit_page(environment: Mapping[str, str]) -> AsyncGenerator[WebKitPage]:
    """A browser of its own with one page."""
    with tempfile.TemporaryDirectory() as folder:
        program, hosts = await asyncio.to_thread(_prepare, Path(folder))
        async with _screen() as display, _driver({**environment, "DISPLAY": display, "HOME": folder}, hosts) as driver:
            options = {"binary": program, "args": ["--automation"]}
            wanted = {"capabilities": {"alwaysMatch": {"webkitgtk:browserOptions": options}}}
            answer = (await driver.post("/session", json=wanted)).json()["value"]
            assert "sessionId" in answer, answer
            page = WebKitPage(driver, answer["sessionId"])
            await page._ask("timeouts", script=120_000, pageLoad=60_000)
            try:
                yield page
            finally:
                await driver.delete(f"/session/{answer['sessionId']}")


def _prepare(folder: Path) -> tuple[str, Path]:
    hosts = folder / "hosts"
    hosts.write_text(f"127.0.0.1 localhost {HOST}\n")
    return str(next(Path("/").glob(_BROWSERS[1:]))), hosts


@asynccontextmanager
async def _screen() -> AsyncGenerator[str]:
    reader, writer = os.pipe()
    screen = await asyncio.create_subprocess_exec(
        *("Xvfb", "-displayfd", str(writer), "-screen", "0", "2200x1600x24", "-nolisten", "tcp"),
        pass_fds=(writer,),
        stderr=asyncio.subprocess.DEVNULL,
    )
    os.close(writer)
    try:
        with os.fdopen(reader) as told:
            number = await asyncio.to_thread(told.readline)
        yield f":{number.strip()}"
    finally:
        screen.terminate()
        await screen.wait()


@asynccontextmanager
async def _driver(environment: Mapping[str, str], hosts: Path) -> AsyncGenerator[httpx.AsyncClient]:
    port = _free_port()
    driver = await asyncio.create_subprocess_exec(
        *_UNDER_OUR_NAME,
        str(hosts),
        *("WebKitWebDriver", "--host=127.0.0.1", f"--port={port}"),
        env={**os.environ, **environment, "WEBKIT_DISABLE_COMPOSITING_MODE": "1", "LIBGL_ALWAYS_SOFTWARE": "1"},
        stdout=asyncio.subprocess.DEVNULL,
        stderr=asyncio.subprocess.DEVNULL,
    )
    try:
        async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}", timeout=130, trust_env=False) as client:
            await _until_up(client)
            yield client
    finally:
        driver.terminate()
        await driver.wait()


async def _until_up(client: httpx.AsyncClient) -> None:
    for _ in range(100):
        try:
            await client.get("/status")
        except httpx.ConnectError:
            await asyncio.sleep(0.1)  # nothing tells when it listens
        else:
            return
    raise AssertionError("WebKitWebDriver did not start")


def _free_port() -> int:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        return int(taken.getsockname()[1])
