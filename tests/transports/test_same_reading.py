"""The same text is read alike through every door, whole or in pieces that are cut anywhere."""

import json
import random
from collections.abc import AsyncGenerator, Awaitable, Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
import pytest_asyncio
from wyoming.audio import AudioStop
from wyoming.event import Event
from wyoming.tts import Synthesize, SynthesizeChunk, SynthesizeStart, SynthesizeStop, SynthesizeStopped, SynthesizeVoice

from tests.support.core import CoreLimits, running_core
from tests.support.http_door import Door, open_door
from tests.support.websocket_peer import peer_of
from tests.text.cases import GOLDEN
from tests.transports.wyoming import peers
from tts_server.cli.frontend import analyse

pytestmark = pytest.mark.asyncio(loop_scope="module")
ENGINES = {"noting": "tests.support.engines:NotingEngine"}
SETS = {  # whose texts people wrote: the voice that says them
    "relatives.tsv": "noting",
    "relatives_second.tsv": "noting",
    "relatives_third.tsv": "noting",
    "english_reported.tsv": "noting-en",
}
MAX_PIECE = 7
A_SET = 8  # texts of each set that are tried here
Say = Callable[[str, str], Awaitable[None]]


@dataclass(frozen=True)
class Doors:
    """All doors of one core, and what its engine was told to say."""

    http: Door
    wyoming: peers.Served
    notes: Path

    async def read(self, say: Say, text: str, voice: str) -> list[str]:
        """How a text is read when it is said this way."""
        self.notes.write_text("", encoding="utf-8")
        await say(text, voice)
        return list(_plain(json.loads(line) for line in self.notes.read_text("utf-8").splitlines()))

    async def over_openai(self, text: str, voice: str) -> None:
        wanted = {"input": text, "voice": voice, "model": "tts-1", "response_format": "pcm"}
        (await self.http.client.post("/v1/audio/speech", json=wanted)).raise_for_status()

    async def over_http(self, text: str, voice: str) -> None:
        wanted = {"text": text, "voice": voice, "format": "pcm"}
        (await self.http.client.post("/api/tts", json=wanted)).raise_for_status()

    async def over_websocket(self, text: str, voice: str) -> None:
        async with peer_of(self.http) as peer:
            pieces = list(_pieces(text))
            await peer.send("open", ctx="a", voice=voice)
            for piece in pieces:
                await peer.send("text", ctx="a", text=piece, end=piece is pieces[-1])
            await peer.wait_for("done")

    async def over_wyoming(self, text: str, voice: str) -> None:
        await self._wyoming([Synthesize(text, SynthesizeVoice(name=voice)).event()], AudioStop.is_type)

    async def over_wyoming_in_pieces(self, text: str, voice: str) -> None:
        chunks = [SynthesizeChunk(piece).event() for piece in _pieces(text)]
        start = SynthesizeStart(SynthesizeVoice(name=voice)).event()
        await self._wyoming([start, *chunks, SynthesizeStop().event()], SynthesizeStopped.is_type)

    async def _wyoming(self, events: list[Event], is_last: Callable[[str], bool]) -> None:
        async with self.wyoming.client() as client:
            for event in events:
                await client.write_event(event)
            while (event := await client.read_event()) is not None and not is_last(event.type):
                pass


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def doors(tmp_path_factory: pytest.TempPathFactory) -> AsyncGenerator[Doors]:
    notes = tmp_path_factory.mktemp("noting") / "notes"
    changes = {"engines": ENGINES, "default_voice": "noting", "preload": ["noting"]}
    settings = {"noting": {"notes": str(notes)}}
    async with (
        running_core(CoreLimits(max_delay_s=30.0), engine_settings=settings, **changes) as core,
        open_door(core) as http,
        peers.serving(core) as wyoming,
    ):
        yield Doors(http, wyoming, notes)


@pytest.mark.parametrize("name", SETS)
async def test_every_door_reads_alike(doors: Doors, name: str) -> None:
    rows = [line.split("\t")[0] for line in (GOLDEN / name).read_text("utf-8").splitlines() if line[:1] != "#"]
    voice = SETS[name]
    for row in random.Random(name).sample(rows, A_SET):
        text = row.replace("\\n", "\n")
        sentences = analyse(text, "en" if voice.endswith("en") else "zh")
        runs = [run for sentence in sentences for run in sentence.runs]
        told = list(_plain([run.language, *([s.pinyin for s in run.syllables] or [run.text])] for run in runs))
        for say in (
            doors.over_openai, doors.over_http, doors.over_wyoming, doors.over_wyoming_in_pieces, doors.over_websocket,
        ):  # fmt: skip
            assert await doors.read(say, text, voice) == told, (text, say.__name__)


def _pieces(text: str) -> Iterator[str]:
    """A text as a model might stream it, cut anywhere."""
    cuts, at = random.Random(text), 0
    while at < len(text):
        size = cuts.randint(1, MAX_PIECE)
        yield text[at : at + size]
        at += size


def _plain(runs: Iterator[list[str]]) -> Iterator[str]:
    """Pinyin and English words, wherever segments and runs were cut."""
    for language, *read in runs:
        yield from read if language == "zh" else "".join(c if c.isalnum() else " " for c in read[0].lower()).split()
