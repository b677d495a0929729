"""Checks of the voices: are they whole, and are they fast enough here?"""

import asyncio
from collections.abc import Sequence
from contextlib import aclosing
from typing import Final

from tts_server.cli.checks.finding import Check, Finding
from tts_server.cli.checks.packs import compiled_decoder, unusable_packs
from tts_server.config.settings import Config
from tts_server.daemon.startup import running_core
from tts_server.engine import Voice
from tts_server.errors import TTSError
from tts_server.events import Done, SpeechOptions
from tts_server.synthesis.synthesizer import Synthesizer

SENTENCES: Final = {"zh": "今天天气真的很好啊。", "en": "It is a fine day today."}
SLOW: Final = 0.5  # real-time factor at which two listeners at once begin to wait
TOO_SLOW: Final = 1.0


def voices(config: Config) -> Sequence[Finding]:
    """Does every voice load and speak, in an engine host of its own, and how fast?"""
    findings = [
        Finding("voices", "bad", f"pack {name}: {reason}", f"`tts-server voices remove {name}`, and install it again")
        for name, reason in unusable_packs(config).items()
    ]
    uncached = config.model_copy(update={"cache": config.cache.model_copy(update={"mode": "off", "warm": ()})})
    try:
        return [*findings, *asyncio.run(_speak_with_all(uncached))]
    except* TTSError as group:
        reasons = ", ".join(str(error) for error in group.exceptions)
    return [*findings, Finding("voices", "bad", f"the engines do not start: {reasons}", "`tts-server voices list`")]


async def _speak_with_all(config: Config) -> list[Finding]:
    async with running_core(config) as synthesizer:
        await synthesizer.wait_ready()
        found = [await _speak_with(synthesizer, voice) for voice in synthesizer.catalogue.voices]
    return found or [Finding("voices", "bad", "there is no voice", "`tts-server voices install` tells how to get one")]


async def _speak_with(synthesizer: Synthesizer, voice: Voice) -> Finding:
    text = SENTENCES["zh" if "zh" in voice.speaks else "en"]
    done = None
    for _ in range(2):  # the first loads it
        context = synthesizer.open(SpeechOptions(voice=voice.name))
        context.text(text)
        context.end()
        async with aclosing(context.events()) as events:
            async for event in events:
                if isinstance(event, Done):
                    done = event
    if done is None or done.error is not None or not done.samples:
        reason = done.error if done is not None else "no answer"
        return Finding("voices", "bad", f"{voice.name} does not speak: {reason}", "install it again")
    factor = done.synth_ms / 1000 * context.sample_rate / done.samples
    found = f"{voice.name} speaks: {factor:.2f} s of work for a second of speech, first sound after {done.first_ms} ms"
    if factor >= TOO_SLOW:
        return Finding("voices", "bad", found, "this box is too slow for it: choose another voice, or another box")
    if factor >= SLOW:
        return Finding("voices", "note", found, "one listener at a time; `tts-server bench` tells more")
    return Finding("voices", "good", found)


def decoder(_: Config) -> Sequence[Finding]:
    """Is Sambert's decoder there as compiled code?"""
    if name := compiled_decoder():
        return [Finding("decoder", "good", f"Sambert's decoder is compiled, for {name}")]
    lost = "Sambert's decoder runs in numpy: three times as slow, a fifth of all work with such a voice"
    return [Finding("decoder", "note", lost, "install again where there is a C compiler (`apt install gcc`)")]


CHECKS: Final[dict[str, Check]] = {"voices": voices, "decoder": decoder}
