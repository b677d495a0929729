"""Headless Chromium, as people at a browser would use the daemon's page."""

import os
import shutil
from collections.abc import AsyncGenerator, Mapping
from contextlib import asynccontextmanager
from typing import Any

from playwright.async_api import Browser, Page, async_playwright, expect

# The box as other devices of the house call it. No secure context: plain HTTP, and not localhost.
HOST = "kitchen.local"
# Speech, encoders and a browser share a busy box's cores: what a page shows is waited for, not timed.
expect.set_options(timeout=30_000)
# Debian's Chromium as root in a sandbox of ours, without its own talk to the internet.
_OPTIONS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    f"--host-resolver-rules=MAP {HOST} 127.0.0.1",
)


@asynccontextmanager
async def chromium(environment: Mapping[str, str] | None = None, is_loud: bool = False) -> AsyncGenerator[Browser]:
    """A browser. Without one installed the test fails: `apt install chromium`. is_loud: what it plays is heard."""
    program = shutil.which("chromium")
    assert program is not None, "these tests need Chromium: apt install chromium"
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(
            executable_path=program,
            args=_OPTIONS,
            env={**os.environ, **(environment or {})},
            ignore_default_args=["--mute-audio"] if is_loud else None,
        )
        try:
            yield browser
        finally:
            await browser.close()


@asynccontextmanager
async def browser_page(browser: Browser, **context: Any) -> AsyncGenerator[tuple[Page, list[str]]]:
    """A page of its own, and the list of what went wrong on it: script errors, refusals, requests to elsewhere."""
    room = await browser.new_context(**{"locale": "en", **context})
    page = await room.new_page()
    problems: list[str] = []
    page.on("pageerror", lambda error: problems.append(str(error)))
    page.on("console", lambda said: problems.append(said.text) if said.type in ("error", "warning") else None)
    page.on("request", lambda asked: problems.append(asked.url) if _is_elsewhere(asked.url) else None)
    try:
        yield page, problems
    finally:
        await room.close()


def _is_elsewhere(url: str) -> bool:
    return not url.startswith(("http://127.0.0.1:", f"http://{HOST}:", "ws://", "blob:", "data:"))
