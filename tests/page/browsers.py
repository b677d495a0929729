"""The page in three real browsers, under a name that is no secure context:  python -m tests.page.browsers [NAME...]

Sound is recorded from a loudspeaker and compared with the daemon's samples; axe looks at every size of screen.
"""

import argparse
import asyncio
import statistics
import sys
from collections.abc import Callable, Mapping
from contextlib import AbstractAsyncContextManager
from importlib.resources import files
from typing import Any, Final

from tests.page.drivers.chromium import chromium_page
from tests.page.drivers.driver import BrowserPage
from tests.page.drivers.firefox import firefox_page
from tests.page.drivers.webkit import webkit_page
from tests.page.heard import READY, SENTENCE, SPOKEN, Click, click_and_listen, speech_of
from tests.page.listening import Samples
from tests.page.sizes import SIZES
from tests.support.browser import HOST
from tests.support.daemon import Daemon, running_daemon
from tests.support.sound_sink import SoundSink, sound_sink

Opener = Callable[[Mapping[str, str]], AbstractAsyncContextManager[BrowserPage]]
BROWSERS: Final[dict[str, Opener]] = {"chromium": chromium_page, "firefox": firefox_page, "webkit": webkit_page}
PLACE: Final = "Number(document.getElementById('wave').dataset.heard)"
HEARD: Final = """new Promise(resolve => {
    const wave = document.getElementById("wave");
    const look = () => Number(wave.dataset.heard) >= %d && (watcher.disconnect(), resolve(true));
    const watcher = new MutationObserver(look);
    watcher.observe(wave, {attributes: true});
    look();
})"""
READ: Final = READY.replace(".chip", ".word")
COLD_MS, WARM_MS = 400, 150
AXE: Final = (files("axe_playwright_python") / "axe.min.js").read_text(encoding="utf-8")


async def main() -> int:
    """Look and listen; 1 when something was found."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("names", nargs="*", metavar="NAME", help=", ".join(BROWSERS))
    parser.add_argument("--clicks", type=int, default=5, help="warm ones, for each browser")
    wanted = parser.parse_args()
    faults: list[str] = []
    async with running_daemon() as daemon, sound_sink() as sink:
        speech = await speech_of(daemon.http_port, SENTENCE)
        for name in wanted.names or BROWSERS:
            async with BROWSERS[name](sink.environment) as page:
                faults += await listen(page, daemon, sink, speech, wanted.clicks)
                faults += await use(page)
                faults += await look(page)
    print("\n".join(faults) or "nothing to complain about")
    return bool(faults)


async def listen(page: BrowserPage, daemon: Daemon, sink: SoundSink, speech: Samples, clicks: int) -> list[str]:
    """The first click, and some more."""
    await page.open(f"http://{HOST}:{daemon.http_port}/")
    await page.evaluate(READY)
    cold, *warm = [await click_and_listen(page, sink, SENTENCE, speech) for _ in range(1 + clicks)]
    warm_ms = statistics.median(own_ms(click) for click in warm)
    holes = [click.heard.holes for click in (cold, *warm)]
    print(
        f"{page.name}: click to sound {own_ms(cold):.0f} ms cold, {warm_ms:.0f} ms warm (median of {clicks}), beside "
        f"{cold.heard.quiet_ms:.0f} ms of quiet at the speech's beginning; holes above 5 ms {holes}, "
        f"all found {[click.heard.found == 1 for click in (cold, *warm)]}; the page says: {cold.said}, {warm[-1].said}",
        flush=True,
    )
    faults = [f"{page.name}: {click.heard}" for click in (cold, *warm) if not click.heard.is_whole]
    if own_ms(cold) > COLD_MS or warm_ms > WARM_MS:
        faults.append(f"{page.name}: the first sound comes after {own_ms(cold):.0f} / {warm_ms:.0f} ms")
    return faults


async def use(page: BrowserPage) -> list[str]:
    """Pause, go on, leap to the end, and see how the text is read. The text is there from listening."""
    await page.evaluate("document.getElementById('wave').dataset.heard = 0")  # of what was heard before
    await page.click("#speak")
    await page.evaluate(HEARD % 12_000)
    await page.click("#toggle")
    at = await page.evaluate(PLACE)
    await asyncio.sleep(0.5)
    still = await page.evaluate(PLACE)
    await page.click("#toggle")
    await page.evaluate(HEARD % (at + 12_000))
    await page.evaluate("document.getElementById('wave').dispatchEvent(new KeyboardEvent('keydown', {key: 'End'}))")
    problem = await page.evaluate(SPOKEN)
    await page.click("#wrong")
    await page.evaluate(READ)
    read = await page.evaluate("document.getElementById('readings-text').textContent")
    await page.click("#readings-close")
    print(f"{page.name}: paused at {at}, went on, leapt; reads {read[:24]}", flush=True)
    faults = [f"{page.name}: heard on through a pause: {still - at} samples"] if still != at else []
    return faults + ([f"{page.name}: {problem}"] if problem else [])


def own_ms(click: Click) -> float:
    """Without the quiet that the speech begins with."""
    return click.click_to_sound_ms - click.heard.quiet_ms


async def look(page: BrowserPage) -> list[str]:
    """axe, and whether anything sticks out, on every screen."""
    await page.evaluate(f"(() => {{ {AXE}; return true }})()")
    faults = []
    for name, width, height in SIZES:
        await page.resize(width, height)
        found: list[dict[str, Any]] = await page.evaluate(
            "axe.run().then(({violations}) => violations.map(({id, nodes}) => ({id, where: nodes[0].html})))"
        )
        faults += [f"{page.name} on {name}: {each['id']} at {each['where']}" for each in found]
        if not await page.evaluate("document.documentElement.scrollWidth <= innerWidth"):
            faults.append(f"{page.name} on {name}: something sticks out to the right")
    print(f"{page.name}: axe on {', '.join(name for name, _, _ in SIZES)}", flush=True)
    return faults


if __name__ == "__main__":
    sys.exit(asyncio.run(main()))
