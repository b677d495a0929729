"""Firefox, driven by WebDriver BiDi over its remote debugging port: no geckodriver is needed."""

import asyncio
import base64
import itertools
import json
import os
import re
from collections.abc import AsyncGenerator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from websockets.asyncio.client import ClientConnection, connect

from tests.support.browser import HOST

# Our name for the box, sound after a click alone as at home, and no talk to the internet.
_PREFERENCES = {
    "network.dns.localDomains": HOST,
    "browser.shell.checkDefaultBrowser": False,
    "browser.aboutwelcome.enabled": False,
    "datareporting.policy.dataSubmissionEnabled": False,
    "app.update.enabled": False,
    "browser.safebrowsing.update.enabled": False,
    "extensions.update.enabled": False,
    "network.captive-portal-service.enabled": False,
    "network.connectivity-service.enabled": False,
    "services.settings.server": "data:,",
    "intl.accept_languages": "en",
}


class FirefoxPage:
    """One page."""

    name = "Firefox"

    def __init__(self, socket: ClientConnection) -> None:
        self._socket = socket
        self._ids = itertools.count(1)
        self._context = ""

    async def begin(self) -> None:
        """A session with the page that is there."""
        await self._ask("session.new", capabilities={})
        tree = await self._ask("browsingContext.getTree")
        self._context = tree["contexts"][0]["context"]

    async def open(self, url: str) -> None:
        """Go there."""
        await self._ask("browsingContext.navigate", context=self._context, url=url, wait="complete")

    async def evaluate(self, expression: str) -> Any:
        """The value of a JavaScript expression; a promise is awaited."""
        answer = await self._ask(
            "script.evaluate",
            expression=f"Promise.resolve({expression}).then(value => JSON.stringify(value ?? null))",
            target={"context": self._context},
            awaitPromise=True,
            userActivation=False,
        )
        assert answer["type"] == "success", answer
        return json.loads(answer["result"]["value"])

    async def click(self, selector: str) -> None:
        """As a person clicks."""
        box = await self.evaluate(
            f"(() => {{ const clicked = document.querySelector({json.dumps(selector)}); "
            "clicked.scrollIntoView({block: 'nearest'}); const box = clicked.getBoundingClientRect(); "
            "return [box.x + box.width / 2, box.y + box.height / 2]; })()"
        )
        x, y = map(round, box)
        steps = [
            {"type": "pointerMove", "x": x, "y": y},
            {"type": "pointerDown", "button": 0},
            {"type": "pointerUp", "button": 0},
        ]
        mouse = {"type": "pointer", "id": "mouse", "parameters": {"pointerType": "mouse"}, "actions": steps}
        await self._ask("input.performActions", context=self._context, actions=[mouse])

    async def resize(self, width: int, height: int) -> None:
        """CSS pixels."""
        viewport = {"width": width, "height": height}
        await self._ask("browsingContext.setViewport", context=self._context, viewport=viewport)

    async def picture(self) -> bytes:
        """A PNG of what is seen."""
        answer = await self._ask("browsingContext.captureScreenshot", context=self._context)
        return base64.b64decode(answer["data"])

    async def _ask(self, method: str, **params: Any) -> Any:
        number = next(self._ids)
        await self._socket.send(json.dumps({"id": number, "method": method, "params": params}))
        while True:
            answer = json.loads(await self._socket.recv())
            if answer.get("id") == number:
                assert answer["type"] == "success", answer
                return answer["result"]


@asynccontextmanager
async def firefox_page(environment: Mapping[str, str]) -> AsyncGenerator[FirefoxPage]:
    """A browser of its own with one page."""
    with TemporaryDirectory() as folder:
        await asyncio.to_thread(_write_preferences, Path(folder))
        firefox = await asyncio.create_subprocess_exec(
            *("firefox-esr", "--headless", "--no-remote", "--profile", folder, "--remote-debugging-port", "0"),
            env={**os.environ, **environment, "HOME": folder},
            stdout=asyncio.subprocess.DEVNULL,
            stderr=asyncio.subprocess.PIPE,
        )
        try:
            address = await _address(firefox)
            async with asyncio.TaskGroup() as tasks:
                assert firefox.stderr is not None
                emptying = tasks.create_task(_empty(firefox.stderr))
                async with connect(f"{address}/session", max_size=None, proxy=None) as socket:
                    page = FirefoxPage(socket)
                    await page.begin()
                    yield page
                emptying.cancel()
        finally:
            firefox.terminate()
            await firefox.wait()


def _write_preferences(folder: Path) -> None:
    lines = [f"user_pref({json.dumps(name)}, {json.dumps(value)});\n" for name, value in _PREFERENCES.items()]
    (folder / "user.js").write_text("".join(lines))


async def _address(firefox: asyncio.subprocess.Process) -> str:
    assert firefox.stderr is not None
    while line := (await firefox.stderr.readline()).decode():
        if found := re.search(r"WebDriver BiDi listening on (ws://\S+)", line):
            return found[1]
    raise AssertionError("Firefox ended before it could be driven")


async def _empty(stream: asyncio.StreamReader) -> None:
    while await stream.read(4096):
        pass
