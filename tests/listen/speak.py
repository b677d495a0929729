"""Says the sentences with every voice and emotion, into a folder of WAVs:  python -m tests.listen.speak FOLDER

Runs on another commit's tree too: what it uses of the program has stood still since the rooms were made.
"""

import argparse
import wave
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from tts_server.audio.pcm import to_s16le
from tts_server.engine import Engine, Prosody
from tts_server.engine_host.speech import speak
from tts_server.engines.baker.engine import BakerEngine
from tts_server.engines.heart.engine import HeartEngine
from tts_server.text.linguistic.segment import Segment, Style

SENTENCES = Path(__file__).with_name("sentences.tsv")


def sentences() -> Iterator[tuple[str, str, str]]:
    """Name, voice and text of each."""
    for line in SENTENCES.read_text(encoding="utf-8").splitlines():
        if line and not line.startswith("#"):
            name, voice, text = line.split("\t")
            yield name, voice, text


def say(engine: Engine, text: str, emotion: str = "neutral") -> np.ndarray:
    """One sentence by an engine's only voice, as it comes out of the engine host, at the voice's own loudness."""
    (voice,) = engine.voices
    segment = Segment(text, tuple(range(len(text) + 1)), (Style(0, len(text), Prosody(emotion)),))
    chunks = speak(segment, voice.name, {voice.name: (engine, voice)}, lambda: 10.0)
    return np.concatenate([chunk.samples for chunk in chunks])


def main() -> None:
    """Write FOLDER/NAME-EMOTION.wav."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--emotions", default="", help="space-separated; left out: all of the voice")
    parser.add_argument("--only", default="", help="names of sentences, space-separated; left out: all")
    wanted = parser.parse_args()
    wanted.folder.mkdir(parents=True, exist_ok=True)
    engines: dict[str, Engine] = {"baker": BakerEngine({}), "heart": HeartEngine({})}
    for name, voice, text in sentences():
        if wanted.only and name not in wanted.only.split():
            continue
        for emotion in wanted.emotions.split() or engines[voice].voices[0].emotions:
            with wave.open(str(wanted.folder / f"{name}-{emotion}.wav"), "wb") as file:
                file.setparams((1, 2, engines[voice].voices[0].sample_rate, 0, "NONE", ""))
                file.writeframes(to_s16le(say(engines[voice], text, emotion)))


if __name__ == "__main__":
    main()
