"""Whatever an engine does to its process: its own text ends, and other voices speak again soon."""

import asyncio

import numpy as np
import pytest

from tests.engine_host.hostile_engine import CHUNKS, HOWS, name_of
from tests.support.core import running_core
from tests.support.engines import SAMPLES_PER_CHARACTER
from tts_server.engine_host.link import EngineLink
from tts_server.errors import TTSError
from tts_server.text.linguistic.segment import Segment

pytestmark = pytest.mark.timeout(60)  # an engine host is started twice
ENGINES = {"tone": "tests.support.engines:ToneEngine", "hostile": "tests.engine_host.hostile_engine:HostileEngine"}
TEXT = "今天天气很好。"
BACK_S = 15.0


async def spoken(link: EngineLink, voice: str, limit: int = 300) -> np.ndarray:
    """All samples, or those of so many chunks."""
    heard = [np.zeros(0, np.float32)]
    with link.open(Segment(TEXT, tuple(range(len(TEXT) + 1))), voice) as utterance:
        while (chunk := await utterance.next_chunk(0.2)) is not None and len(heard) < limit:
            heard.append(chunk.samples)
    return np.concatenate(heard)


async def heard_or_told(link: EngineLink, how: str) -> None:
    """Sound as it may be, or an error."""
    try:
        async with asyncio.timeout(BACK_S):
            heard = await spoken(link, name_of(how))
    except TTSError:
        return
    assert heard.dtype == np.float32
    assert np.isfinite(heard).all()
    assert np.abs(heard).max(initial=0) <= 1


async def speaks_again(link: EngineLink) -> None:
    """Another voice, when the engine host was started again."""
    async with asyncio.timeout(BACK_S):
        while True:
            try:
                assert len(await spoken(link, "tone")) == 6 * SAMPLES_PER_CHARACTER
                return
            except TTSError:
                await asyncio.sleep(0.1)


async def test_an_engine_that_gives_nonsense_costs_its_own_text_alone() -> None:
    async with running_core(engines=ENGINES) as core:
        for how in CHUNKS:
            await heard_or_told(core.link, how)
            await speaks_again(core.link)
        assert core.link.restarts == 0


@pytest.mark.parametrize("how", [how for how in HOWS if how not in CHUNKS])
async def test_an_engine_that_breaks_its_process_costs_a_restart_and_no_more(how: str) -> None:
    async with running_core(engines=ENGINES, chunk_timeout_s=2.0, restart_min_s=0.05) as core:
        await heard_or_told(core.link, how)
        await speaks_again(core.link)


async def test_an_engine_whose_voices_cannot_be_told_is_skipped() -> None:
    engines = {"untellable": "tests.engine_host.hostile_engine:UntellableEngine", **ENGINES}
    async with running_core(engines=engines) as core:
        assert "untellable" not in core.link.catalogue.names
        await speaks_again(core.link)
