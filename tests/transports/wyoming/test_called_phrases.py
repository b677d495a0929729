"""phrase:NAME over Wyoming, by the wyoming package's own client."""

from wyoming.audio import AudioChunk, AudioStop
from wyoming.client import AsyncTcpClient
from wyoming.event import Event
from wyoming.tts import Synthesize, SynthesizeChunk, SynthesizeStart, SynthesizeStop

from tests.support.core import Core
from tests.support.engines import SAMPLES_PER_CHARACTER
from tts_server.transports.listening import listen
from tts_server.transports.wyoming.door import WyomingDoor, WyomingLimits
from tts_server.user_data.phrases import Phrase, Phrases


async def heard(core: Core, phrases: Phrases | None, *events: Event) -> int:
    """Characters that were said, by the length of their audio."""
    door = WyomingDoor(core.synthesizer, WyomingLimits(), phrases)
    listening = listen("127.0.0.1", 0)
    port = listening[0].getsockname()[1]
    await door.start(listening)
    size = 0
    try:
        async with AsyncTcpClient("127.0.0.1", port) as client:
            for event in events:
                await client.write_event(event)
            while (event := await client.read_event()) is not None and not AudioStop.is_type(event.type):
                if AudioChunk.is_type(event.type):
                    size += len(AudioChunk.from_event(event).audio)
    finally:
        await door.close()
    return size // (2 * SAMPLES_PER_CHARACTER)


def streamed(*parts: str) -> list[Event]:
    chunks = [SynthesizeChunk(part).event() for part in parts]
    return [SynthesizeStart().event(), *chunks, SynthesizeStop().event()]


async def test_a_phrase_is_called_in_one_piece_or_in_many(core: Core) -> None:
    phrases = Phrases()
    await phrases.put("晚饭", Phrase("一二三四五六七", emotion="happy"))
    assert await heard(core, phrases, Synthesize("phrase:晚饭").event()) == 7
    assert await heard(core, phrases, *streamed("phrase:晚饭")) == 7
    assert await heard(core, phrases, *streamed(" phr", "ase", ":晚", "饭\n")) == 7


async def test_other_texts_are_said_as_ever(core: Core) -> None:
    phrases = Phrases()
    assert await heard(core, phrases, *streamed("好", "的。")) == 2
    assert await heard(core, phrases, *streamed("phr")) >= 1
    assert await heard(core, phrases, Synthesize("phrase:没有").event()) == 2  # no such phrase: its name
    assert await heard(core, None, Synthesize("phrase:晚饭").event()) > 2  # switched off


async def test_a_phrase_whose_voice_is_gone_is_said_by_the_default_one(core: Core) -> None:
    phrases = Phrases()
    await phrases.put("a", Phrase("一二三", voice="nobody"))
    assert await heard(core, phrases, Synthesize("phrase:a").event()) == 3
