"""Figures for Prometheus: what happened is counted, labels stay few, the example dashboard asks for what there is."""

import asyncio
import json
import re
from collections.abc import AsyncGenerator
from pathlib import Path

import pytest
import pytest_asyncio

from tests.support.core import Core, running_core
from tests.support.figures import figures_in
from tests.support.http_door import Door, open_door
from tts_server.synthesis.metrics import Metrics

pytestmark = pytest.mark.asyncio(loop_scope="module")
DASHBOARD = Path(__file__).parents[2] / "docs" / "grafana-dashboard.json"


@pytest_asyncio.fixture(loop_scope="module", scope="module")
async def core() -> AsyncGenerator[Core]:
    """One core for the whole file."""
    async with running_core() as running:
        yield running


async def figures(door: Door) -> dict[tuple[str, ...], float]:
    """Name and label values of each sample, and its value."""
    answer = await door.client.get("/metrics")
    assert answer.headers["content-type"].startswith("text/plain; version=0.0.4")
    return figures_in(answer)


async def test_requests_speech_and_the_state_of_both_processes_are_told(core: Core) -> None:
    async with open_door(core) as door:
        before = await figures(door)
        for text in ("今天天气不错。", "今天天气不错。"):
            assert (await door.client.post("/api/tts", json={"text": text})).status_code == 200
        await door.client.post("/api/tts", json={"text": "好。", "voice": "nobody"})
        await door.client.get("/nowhere/at/all")
        after = await figures(door)
    assert after["tts_http_requests_total", "/api/tts", "200"] == 2
    assert after["tts_http_requests_total", "/api/tts", "404"] == 1
    assert after["tts_http_requests_total", "none", "404"] == 1
    assert after["tts_texts_total", "end"] == 2
    assert after["tts_characters_total",] == 14
    assert after["tts_audio_seconds_total", "tone"] == pytest.approx(1.2, abs=0.01)
    assert after["tts_first_audio_seconds_count",] == after["tts_real_time_factor_count",] == 2
    assert after["tts_segments_total", "engine"] - before["tts_segments_total", "engine"] >= 1
    assert (after["tts_active_streams",], after["tts_queued_streams",], after["tts_ready",]) == (0, 0, 1)
    assert after["tts_engine_host_restarts_total",] == 0
    assert after["tts_room_streams", "tone"] >= 2
    assert "tts_underruns_total" in {name for name, *_ in after}
    for process in ("daemon", "engine_host"):
        assert 5e6 < after["tts_resident_bytes", process] < 2e9


async def test_no_label_grows_with_what_peers_send(core: Core) -> None:
    async with open_door(core) as door:
        for number in range(30):
            await door.client.get(f"/nowhere/{number}")
            await door.client.get(f"/audio/{number}.mp3")
            await door.client.post("/api/tts", json={"text": f"第{number}", "voice": f"v{number}"})
        routes = {labels[0] for name, *labels in await figures(door) if name == "tts_http_requests_total"}
        text = (await door.client.get("/metrics")).text
    assert routes <= {"none", "/audio/{name}", "/api/tts", "/metrics"}
    assert "127.0.0.1" not in text


async def test_the_lag_of_the_loop_is_measured(core: Core) -> None:
    metrics = Metrics(core.synthesizer)
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(2):  # four looks
            await metrics.watch_loop()
    assert b"tts_loop_lag_seconds_count 0.0" not in metrics.text()


async def test_the_example_dashboard_shows_figures_that_there_are(core: Core) -> None:
    asked = {
        name
        for panel in json.loads(DASHBOARD.read_text(encoding="utf-8"))["panels"]
        for target in panel.get("targets", ())
        for name in re.findall(r"tts_\w+", target["expr"])
    }
    async with open_door(core) as door:
        await door.client.post("/api/tts", json={"text": "今天天气不错。"})  # chunks enough to tell what they cost
        there = {name for name, *_ in await figures(door)}
    assert len(asked) >= 12
    assert asked <= there


async def test_stalls_that_players_do_not_bridge_are_counted() -> None:
    async with running_core(engine_settings={"tone": {"slow_s": 0.6}}) as core, open_door(core) as door:
        await door.client.post("/api/tts", json={"text": "今天天气不错，我们出去走走。"}, timeout=20)
        assert (await figures(door))["tts_gaps_total",] >= 1
