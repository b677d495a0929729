"""What the core does of its own accord: measures how fast its voices are, and speaks what will be asked for again."""

import asyncio
import contextlib
import logging
from collections.abc import Callable, Sequence
from contextlib import aclosing
from dataclasses import replace
from typing import Final

from tts_server.engine import Voice
from tts_server.engine_host.link import EngineLink
from tts_server.errors import EngineLoading, ShuttingDown, TTSError
from tts_server.events import Done, SpeechOptions
from tts_server.scheduling.turns import Turns
from tts_server.synthesis.synthesizer import Synthesizer
from tts_server.text.linguistic.segment import Segment

log = logging.getLogger(__name__)

Said = tuple[str, SpeechOptions]

LOW: Final = -1
DEFAULT: Final = "default"  # among names of voices: the default one, whichever that is
CALIBRATION: Final = {"zh": "今天天气真的很好，我们一起去公园散步吧。", "en": "It is a fine day, let us go for a walk."}
ROUNDS: Final = 2  # of which the first warms up
AGAIN_S: Final = 3600.0  # the warm list is looked through, as old recordings go


async def calibrate(link: EngineLink, turns: Turns, voice: Voice) -> float:
    """Let a voice speak, on turns of low priority, so that the scheduler knows what it costs.

    Returns its real-time factor. Raises TTSError.
    """
    text = CALIBRATION["zh" if "zh" in voice.speaks else "en"]
    segment = Segment(text, tuple(range(len(text) + 1)))
    for _ in range(ROUNDS):
        with turns.stream(LOW) as stream, link.open(segment, voice.name) as utterance:
            fetch = utterance.next_chunk
            while await turns.take(stream, voice.name, fetch, begins=not utterance.has_begun) is not None:
                pass
    return turns.scheduler.costs.of(voice.name).rtf


async def prepare(
    synthesizer: Synthesizer, link: EngineLink, turns: Turns, voices: Sequence[str], texts: Callable[[], Sequence[Said]]
) -> None:
    """Calibrate the voices as soon as they can speak, then keep the texts spoken. Runs until cancelled.

    texts: asked for anew each time they are looked through.
    """
    while not link.is_ready:
        try:
            await link.wait_ready()
        except EngineLoading:
            log.debug("still waiting for the engine host")
            continue
        if not link.is_ready:  # it is ready, and has no voice: until one is installed
            await link.wait_changed()
    while True:
        for name in voices:
            await _calibrate_once(link, turns, name)
        for text, options in texts():
            await synthesizer.wait_idle()
            await _speak_quietly(synthesizer, text, options)
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(AGAIN_S):
                await link.wait_changed()  # a voice pack that was just installed may be the new default


async def _calibrate_once(link: EngineLink, turns: Turns, name: str) -> None:
    """Measure a voice, if that has not been done; in vain for one that is not here or fails."""
    try:
        voice = link.catalogue.choose(None if name == DEFAULT else name)
        if voice.name not in turns.scheduler.costs.measured:
            rtf = await calibrate(link, turns, voice)
            room = turns.scheduler.capacity(voice.name)
            log.info("voice %s needs %.3f s for a second of speech; %d at once have room", voice.name, rtf, room)
    except TTSError as error:
        log.warning("voice %s could not be measured: %s", name, error)


async def _speak_quietly(synthesizer: Synthesizer, text: str, options: SpeechOptions) -> None:
    try:
        context = synthesizer.open(replace(options, priority=LOW))
        context.text(text)
        context.end()
        async with aclosing(context.events()) as events:
            async for event in events:
                if isinstance(event, Done) and event.error is not None:
                    raise event.error
    except ShuttingDown:
        return
    except TTSError as error:  # the text itself is nobody's business who reads the journal
        told = "a text of cache.warm, or a phrase, of %d characters could not be spoken in advance: %s"
        log.warning(told, len(text), error)
