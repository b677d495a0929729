"""A voice measured through the core: what it costs, how soon it is heard, how many it can speak to at once."""

import asyncio
import os
import statistics
import time
from collections.abc import AsyncGenerator, Mapping
from contextlib import aclosing
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from tts_server.engine import Voice
from tts_server.errors import EngineFailed
from tts_server.events import Audio, Done, SpeechOptions
from tts_server.measure.figures import Figure
from tts_server.measure.processor_peak import ProcessorPeak
from tts_server.processors import usable_processors
from tts_server.synthesis.synthesizer import Context, Synthesizer

TEXTS: Final = {
    "zh": {
        10: "今天天气真的很好啊。",
        30: "老师说学习一门新的语言需要耐心和长期的练习才能有所进步。",
        100: "春天来了，公园里的花都开了，孩子们在草地上跑来跑去，老人们坐在长椅上晒太阳，远处的湖面上有几只白色的天鹅"
        "慢慢地游过，一阵风吹来，带着淡淡的花香，让人觉得生活是这样安静而美好，大家都不想回家，只想坐到太阳下山。",
    },
    "en": {
        10: "Good day.",
        30: "The kitchen light is now off.",
        100: "The weather will be fine today with a light wind from the west and a little rain late in the night",
    },
}
PLAYER_S: Final = 0.02  # a player holds one frame before it begins
SOON_S: Final = 0.5  # who hears nothing for longer has not been spoken to at once
MAX_STREAMS: Final = 64
ATTEMPTS: Final = 3
JIFFY_S: Final = 1 / os.sysconf("SC_CLK_TCK")


@dataclass(slots=True)
class Heard:
    """What one listener heard."""

    first_s: float = 0.0
    gap_s: float = 0.0
    audio_s: float = 0.0


async def measure_voice(synthesizer: Synthesizer, voice: Voice, rounds: int, peak: ProcessorPeak) -> list[Figure]:
    """All figures of a voice. Raises TTSError."""
    texts = TEXTS["zh" if "zh" in voice.speaks else "en"]
    await heard_by_one(synthesizer, voice, texts[10])  # loads it
    figures = [await _real_time_factor(synthesizer, voice, texts, rounds, peak)]
    for length, text in texts.items():
        first_s = [(await heard_by_one(synthesizer, voice, text)).first_s for _ in range(rounds)]
        value = statistics.median(first_s)
        giga = peak.product_flops / 1e9
        figures.append(Figure(voice.name, f"first audio, {length} characters", 1000 * value, "ms", value * giga))
    streams = await most_streams(synthesizer, voice, texts[30])
    share = streams * figures[0].value / usable_processors()  # of the processor that this many take
    figures.append(Figure(voice.name, "streams without a stutter", streams, "", share, more_is_better=True))
    return figures


async def heard_by_one(synthesizer: Synthesizer, voice: Voice, text: str) -> Heard:
    """Say a text to one listener whose player begins with the first chunk. Raises TTSError."""
    heard, plays_until = Heard(), 0.0
    started = time.perf_counter()
    async for audio_s in _audio(_opened(synthesizer, voice, text)):
        now = time.perf_counter()
        if not heard.first_s:
            heard.first_s, plays_until = now - started, now + PLAYER_S
        heard.gap_s += max(0.0, now - plays_until)
        plays_until = max(plays_until, now) + audio_s
        heard.audio_s += audio_s
    return heard


async def most_streams(synthesizer: Synthesizer, voice: Voice, text: str) -> int:
    """How many listeners at once all hear it soon and without a gap; found by halving."""
    good, bad = 0, MAX_STREAMS + 1
    count = 1
    while good + 1 < bad:
        if await _all_hear_it_well(synthesizer, voice, text, count):
            good = count
        else:
            bad = count
        count = min(2 * good, MAX_STREAMS) if bad > MAX_STREAMS else (good + bad) // 2
    return good


async def _all_hear_it_well(synthesizer: Synthesizer, voice: Voice, text: str, count: int) -> bool:
    """At one of some attempts: another program's hiccup is no fault of ours."""
    for _ in range(ATTEMPTS):
        async with asyncio.TaskGroup() as tasks:
            listening = [tasks.create_task(heard_by_one(synthesizer, voice, text)) for _ in range(count)]
        if all(task.result().gap_s == 0 and task.result().first_s <= SOON_S for task in listening):
            return True
    return False


async def _real_time_factor(
    synthesizer: Synthesizer, voice: Voice, texts: Mapping[int, str], rounds: int, peak: ProcessorPeak
) -> Figure:
    """CPU seconds of the engine host for a second of speech: front end, link and all."""
    host_pid = synthesizer.figures.host_pid
    if host_pid is None:
        raise EngineFailed("the engine host ended while it was measured")
    busy_s, audio_s = cpu_seconds(host_pid), 0.0
    for _ in range(rounds):
        audio_s += (await heard_by_one(synthesizer, voice, texts[30])).audio_s
    rtf = (cpu_seconds(host_pid) - busy_s) / audio_s
    return Figure(voice.name, "real-time factor", rtf, "CPU s / s", rtf * peak.product_flops / 1e9)


def _opened(synthesizer: Synthesizer, voice: Voice, text: str) -> Context:
    context = synthesizer.open(SpeechOptions(voice=voice.name))
    context.text(text)
    context.end()
    return context


async def _audio(context: Context) -> AsyncGenerator[float]:
    """Seconds of audio, as they come."""
    async with aclosing(context.events()) as events:
        async for event in events:
            if isinstance(event, Audio):
                yield len(event.samples) / context.sample_rate
            elif isinstance(event, Done) and (event.error is not None or not event.samples):
                raise event.error or EngineFailed("the voice said nothing")


def cpu_seconds(pid: int) -> float:
    """Used so far by a process, all threads; in steps of 10 ms."""
    fields = Path(f"/proc/{pid}/stat").read_text(encoding="ascii").rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) * JIFFY_S
