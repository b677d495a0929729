"""Says the sentences in every emotion and intensity, one WAV each: the first half of `make emotions`.

    python -m tests.emotion.speak FOLDER [--voices "baker heart"]

Same front end and engines as the daemon's engine host, without the processes around them. The files are named
VOICE/EMOTION-INTENSITY/ID.wav; neutral is there once.
"""

import argparse
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from tts_server.audio.pcm import wav_bytes
from tts_server.engine import Prosody
from tts_server.engine_host.installed import installed_engines
from tts_server.engine_host.speech import Voices, speak
from tts_server.engine_host.voices import load_voices
from tts_server.text import frontend
from tts_server.text.linguistic.segment import Segment, Style

HERE = Path(__file__).parent
INTENSITIES = (0.0, 0.5, 1.0)


def main() -> None:
    """Write the WAVs."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--voices", default="baker heart")
    parser.add_argument("--emotions", default="", help="only these, space-separated")
    options = parser.parse_args()
    frontend.load()
    voices = load_voices(installed_engines(options.voices.split()), {})
    for name, (_, voice) in voices.items():
        for emotion, intensity in conditions(options.emotions.split() or voice.emotions):
            folder = options.folder / name / f"{emotion}-{intensity:g}"
            folder.mkdir(parents=True, exist_ok=True)
            for sentence, text in sentences(name):
                (folder / f"{sentence}.wav").write_bytes(spoken(text, name, Prosody(emotion, intensity), voices))


def conditions(emotions: tuple[str, ...] | list[str]) -> Iterator[tuple[str, float]]:
    """Every emotion with every intensity; neutral has none."""
    yield "neutral", 1.0
    for emotion in emotions:
        if emotion != "neutral":
            yield from ((emotion, intensity) for intensity in INTENSITIES)


def sentences(voice: str) -> list[tuple[str, str]]:
    """(id, text) of a voice's sentences."""
    rows = (line.split("\t") for line in (HERE / "sentences.tsv").read_text(encoding="utf-8").splitlines())
    return [(row[0], row[2]) for row in rows if len(row) == 3 and row[1] == voice]


def spoken(text: str, voice: str, prosody: Prosody, voices: Voices) -> bytes:
    """One sentence as a WAV."""
    segment = Segment(text, tuple(range(len(text) + 1)), (Style(0, len(text), prosody),))
    samples = [chunk.samples for chunk in speak(segment, voice, voices, lambda: 1.0)]
    return wav_bytes(np.concatenate(samples), voices[voice][1].sample_rate)


if __name__ == "__main__":
    main()
