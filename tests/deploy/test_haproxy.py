"""Two real daemons behind Debian's HAProxy with the configuration of `deploy`; one of them is killed."""

import signal
import time
from pathlib import Path

import httpx
import pytest

from protocol.client import Chunk, TtsClient
from tests.deploy.house import DOORS, TEXT, house, over_http
from tests.support.figures import figures_of


@pytest.mark.timeout(120)
async def test_every_door_speaks_and_a_box_that_is_killed_is_missed_by_nobody_new(tmp_path: Path) -> None:
    async with house(tmp_path) as boxes:
        heard = [await door(boxes) for door in DOORS]
        assert len(heard[0]) > 10_000
        assert heard == heard[:1] * 3
        await boxes.balancer.wait_for("L7OK", *boxes.daemons, column="agent_status")

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


@pytest.mark.timeout(120)
async def test_what_belongs_to_a_box_comes_back_to_it(tmp_path: Path) -> None:
    """Kept audio, and a session whose connection was lost, are asked for at the balancer and found."""
    async with house(tmp_path) as boxes:
        base = f"http://127.0.0.1:{boxes.balancer.http_port}"
        async with httpx.AsyncClient(base_url=base, timeout=30) as client:
            told = [await client.post("/api/tts", json={"text": TEXT, "format": "json"}) for _ in range(4)]
            addresses = [answer.json()["audio_url"] for answer in told]
            assert all("~" in address for address in addresses)
            got = [await client.get(address) for address in addresses for _ in range(3)]
            assert [answer.status_code for answer in got] == [200] * 12
            wrong = f"http://127.0.0.1:{boxes.daemons['box1'].http_port}/audio/box2~abc.wav"
            refused = await client.get(wrong)
            boxes_at = [f"http://127.0.0.1:{daemon.http_port}/api/engine" for daemon in boxes.daemons.values()]
            assert len({(await client.get(address)).json()["settings_digest"] for address in boxes_at}) == 1
            assert (refused.status_code, "it belongs to the box box2" in refused.text) == (404, True)
        async with TtsClient(base.replace("http", "ws")) as tts:
            for _ in range(4):
                session = tts.ready.session
                assert tts._websocket is not None
                tts._websocket.transport.abort()
                async with tts.open(flow="none") as speech:
                    await speech.say_all(TEXT)
                    assert len(b"".join([event.pcm async for event in speech if isinstance(event, Chunk)])) > 10_000
                assert (tts.ready.session, tts.ready.resumed) == (session, True)


@pytest.mark.timeout(120)
async def test_boxes_that_all_missed_a_check_are_asked_all_the_same(tmp_path: Path) -> None:
    """One of them is gone, the other is only too busy for its checks, which go to a port where nobody answers here."""
    async with house(tmp_path) as boxes:
        for backend in ("http", "wyoming"):
            for box in boxes.daemons:
                assert not (await boxes.balancer.ask(f"set server {backend}/{box} check-port 1")).strip("\n ").strip()
        boxes.daemons["box2"].process.send_signal(signal.SIGKILL)
        await boxes.balancer.wait_for("DOWN", "box1", "box2")
        for _ in range(4):
            heard = [await door(boxes) for door in DOORS]
            assert len(heard[0]) > 10_000
            assert heard == heard[:1] * 3
