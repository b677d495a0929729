"""Voices come and go while the engine host runs."""

import asyncio
from collections.abc import AsyncGenerator
from dataclasses import asdict, dataclass
from pathlib import Path

import pytest_asyncio

from tests.engine_host.test_link import listen, segment
from tests.support.core import ENGINES, SETTINGS, Core, running_core
from tests.support.engines import voice
from tts_server.engine_host.link import EngineLink


@dataclass
class Changing:
    """A running core and the file that says which voices there are."""

    core: Core
    file: Path
    loaded: Path

    async def become(self, *lines: str, names: list[str]) -> None:
        """Let there be these voices; wait until the daemon knows it has those."""
        self.file.write_text("\n".join(lines), encoding="utf-8")
        self.core.link.reload()
        async with asyncio.timeout(15):
            while [known.name for known in self.core.synthesizer.catalogue.voices] != names:  # noqa: ASYNC110
                await asyncio.sleep(0.01)  # as doors do: they look when they need it, nobody is told


@pytest_asyncio.fixture
async def changing(tmp_path: Path) -> AsyncGenerator[Changing]:
    file, loaded = tmp_path / "voices", tmp_path / "loaded"
    file.write_text("", encoding="utf-8")
    engines = {"tone": ENGINES["tone"], "changing": "tests.engine_host.changing_engine:ChangingEngine"}
    settings = {"changing": {"list": str(file), "loaded": str(loaded)}}
    async with running_core(engines=engines, engine_settings=settings, default_voice="", preload=["default"]) as core:
        yield Changing(core, file, loaded)


async def test_a_new_voice_of_the_leading_engine_is_made_ready_and_is_the_default(changing: Changing) -> None:
    assert [voice.name for voice in changing.core.synthesizer.catalogue.voices] == ["tone"]
    before = changing.core.link.pid
    await changing.become("zhida", "zhiyan", names=["zhida", "tone", "zhiyan"])
    assert changing.loaded.read_text(encoding="utf-8").split() == ["zhida"]
    with changing.core.link.open(segment(), "zhida") as utterance:
        assert len(await listen(utterance))
    await changing.become("zhiyan", names=["zhiyan", "tone"])
    assert changing.core.link.pid == before


async def test_speech_under_way_is_finished_by_a_voice_that_is_gone(changing: Changing) -> None:
    await changing.become("zhida", names=["zhida", "tone"])
    with changing.core.link.open(segment(), "zhida") as utterance:
        first = await utterance.next_chunk(0.1)
        assert first is not None
        await changing.become(names=["tone"])
        assert len(await listen(utterance)) > len(first.samples)


async def test_a_voice_that_cannot_be_loaded_is_not_offered_until_it_is_another(changing: Changing) -> None:
    await changing.become("zhida bad", "zhiyan", names=["zhiyan", "tone"])
    await changing.become("zhida bad", "zhiyan", "zhibei", names=["zhiyan", "tone", "zhibei"])
    await changing.become("zhida good", names=["zhida", "tone"])


async def test_a_catalogue_that_did_not_change_stays_the_same_object() -> None:
    link = EngineLink(SETTINGS)
    for name, is_same in (("tone", False), ("tone", True), ("other", False)):
        before = link.catalogue
        link._learn_voices({"voices": [asdict(voice(name, "tone"))]})
        assert (link.catalogue is before) == is_same
