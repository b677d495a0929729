"""What people do on the page."""

from pathlib import Path

from playwright.async_api import Page, expect

from tests.support.browser import HOST

# Resolves when so many samples have been heard. Polling from outside would be text run as code, which the page forbids.
HEARD = """wanted => new Promise(resolve => {
    const wave = document.getElementById("wave");
    const look = () => Number(wave.dataset.heard) >= wanted && (watcher.disconnect(), resolve());
    const watcher = new MutationObserver(look);
    watcher.observe(wave, {attributes: true});
    look();
})"""


async def visit(page: Page, port: int) -> None:
    """Open the page and wait for its controls."""
    await page.goto(f"http://{HOST}:{port}/")
    await expect(page.get_by_role("radio", name="Happy")).to_be_attached()


async def speak(page: Page, text: str) -> None:
    await page.get_by_label("Text to speak").fill(text)
    await page.get_by_role("button", name="Speak", exact=True).click()


async def save(page: Page, button: str, folder: Path) -> Path:
    async with page.expect_download() as download:
        await page.get_by_role("button", name=button, exact=True).click()
    saved = await download.value
    path = folder / saved.suggested_filename
    await saved.save_as(path)
    return path
