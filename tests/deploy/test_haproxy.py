"""Two real daemons behind Debian's HAProxy with the configuration of `deploy`; one of them is killed."""

import signal
import time
from pathlib import Path

import pytest

from protocol.client import TtsClient
from tests.deploy.house import DOORS, house, over_http
from tests.support.figures import figures_of


@pytest.mark.timeout(120)
async def test_every_door_speaks_and_a_box_that_is_killed_is_missed_by_nobody_new(tmp_path: Path) -> None:
    async with house(tmp_path) as boxes:
        heard = [await door(boxes) for door in DOORS]
        assert len(heard[0]) > 10_000
        assert heard == heard[:1] * 3
        known = await boxes.balancer.servers()
        assert {known["http", name]["agent_status"] for name in boxes.daemons} == {"L7OK"}

        boxes.daemons["box1"].process.send_signal(signal.SIGKILL)
        began = time.monotonic()
        for _ in range(4):
            assert [await door(boxes) for door in DOORS] == heard
        assert time.monotonic() - began < 30
        await boxes.balancer.wait_for("DOWN", "box1")


@pytest.mark.timeout(120)
async def test_a_refused_text_is_said_by_another_box(tmp_path: Path) -> None:
    """One box has its only text open, and refuses every other: no client of the balancer notices."""
    async with house(tmp_path, TTS_SERVER__LIMITS__MAX_CONTEXTS="1") as boxes:
        full, other = boxes.daemons.values()
        async with TtsClient(f"ws://127.0.0.1:{full.http_port}") as tts, tts.open(flow="none") as speech:
            await speech.text("还没完")
            for _ in range(6):
                assert len(await over_http(boxes)) > 10_000
        refused = (await figures_of(full.http_port)).get(("tts_http_requests_total", "/api/tts", "503"), 0)
        spoken = (await figures_of(other.http_port))["tts_http_requests_total", "/api/tts", "200"]
        assert (refused >= 1, spoken) == (True, 6)
