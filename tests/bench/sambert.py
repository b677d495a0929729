"""Sambert at full size, random weights, one thread: our run time against the plain torch form.

    python -m tests.bench.sambert [--rounds N] [--json FILE]

The torch form is eager and speaks whole utterances; its decoder makes the whole utterance's band masks at each step, as
the published code does. Each phone lasts 9 frames. CPU time of one thread, medians, all ways in turn in one run: in
fp32 and in 8 bits, whatever the gate says of random weights. Which bars hold for 8 bits depends on the processor.
Prints a table of the figures and, where there is one, the bar that each must reach. Exit code 1 when one is missed.
"""

import argparse
import ctypes
import json
import math
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import torch

from tests.bench.sambert_shapes import ACOUSTIC, VOCODER
from tts_server.engines.sambert.export.export import build_pack
from tts_server.engines.sambert.export.precisions import add_precisions
from tts_server.engines.sambert.export.vocoder import OVERLAP_FRAMES, fuse_upsampling
from tts_server.engines.sambert.nets.acoustic import AcousticModel
from tts_server.engines.sambert.nets.checkpoint import PublishedVoice
from tts_server.engines.sambert.nets.vocoder import Vocoder
from tts_server.engines.sambert.packs.layouts import VoiceFiles
from tts_server.engines.sambert.packs.pack import read_pack
from tts_server.engines.sambert.runtime.backends import MAX_DISTANCE_DB, log_mel_distance_db
from tts_server.engines.sambert.runtime.graphs import VOCODER_FRAMES, DecoderInputs, Nets, UnitInputs
from tts_server.engines.sambert.runtime.kernel import native
from tts_server.engines.sambert.runtime.stream import Stream
from tts_server.measure.processor_peak import PEAK_SOURCE
from tts_server.processors import dot_products

# characters: phones; bars of total and first audio in fp32; of the total in 8 bits with dot products, and without
SENTENCES = {10: (25, 1.6, 18, 3.3, 2.2), 30: (70, 1.7, 40, 3.8, 2.5), 100: (225, 2.3, 100, 4.8, 3.3)}
FIRST_AUDIO = {10: 35, 30: 90, 100: 220}  # times sooner, in 8 bits
FRAMES_PER_PHONE = 9
FIRST_CHUNK_FRAMES = 10
LATER_CHUNK_FRAMES = 40


@dataclass(frozen=True, slots=True)
class Figure:
    """Something measured. A bar is the least, or with `is_most` the most, that it may be."""

    what: str
    value: float
    unit: str
    bar: float | None = None
    is_most: bool = False

    @property
    def is_missed(self) -> bool:
        return self.bar is not None and (self.value > self.bar if self.is_most else self.value < self.bar)


def main() -> int:
    """Measure, print the table, return the exit code."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--json", type=Path, help="write the figures there too")
    chosen = parser.parse_args()
    torch.set_num_threads(1)
    voice, rounds, figures = random_voice(), chosen.rounds, list[Figure]()
    with tempfile.TemporaryDirectory() as folder:
        pack = build_pack(voice, Path(folder, "random"))
        for line in add_precisions(pack):
            sys.stdout.write(f"{line}\n")
        nets, rough = Nets(pack), Nets(read_pack(pack.folder), precision="int8")
        figures += step_figures(voice, nets, rough, 2 * rounds)
        figures += vocoder_figures(voice, nets, rounds)
        for characters in SENTENCES:
            figures += sentence_figures(voice, nets, rough, characters, rounds if characters < 100 else min(rounds, 3))
    for figure in figures:
        bar = "" if figure.bar is None else f"{'<=' if figure.is_most else '>='} {figure.bar:g}"
        verdict = "" if figure.bar is None else "MISSED" if figure.is_missed else "holds"
        sys.stdout.write(f"{figure.what:58} {figure.value:10.4g} {figure.unit:10} {bar:10} {verdict}".rstrip() + "\n")
    if chosen.json:
        chosen.json.write_text(json.dumps([asdict(figure) for figure in figures], indent=1) + "\n", encoding="utf-8")
    return int(any(figure.is_missed for figure in figures))


def random_voice() -> PublishedVoice:
    """A voice of the published size, whose phones last about 9 frames."""
    torch.manual_seed(1)
    acoustic, vocoder = AcousticModel(ACOUSTIC), Vocoder(VOCODER)
    with torch.no_grad():
        acoustic.variance_adaptor.duration_predictor.fc.bias.fill_(math.log(1 + FRAMES_PER_PHONE))
    files = VoiceFiles("random", {}, Path(), {}, Path(), "PinYin", ("F7",), 16_000)
    ready = (net.eval().requires_grad_(False) for net in (acoustic, vocoder))
    return PublishedVoice(files, *ready, None, None)  # type: ignore[arg-type]


def sentence_figures(voice: PublishedVoice, nets: Nets, rough: Nets, characters: int, rounds: int) -> Iterator[Figure]:
    """Whole pipelines on one sentence: total and first audio."""
    phones, total_bar, first_bar, with_dots, without = SENTENCES[characters]
    units = np.random.default_rng(phones).integers(0, 5, (phones, 4))
    given = torch.tensor(units)
    ids, repeats = torch.zeros(phones, dtype=torch.long), torch.full((phones,), FRAMES_PER_PHONE)

    def plain() -> Any:
        with torch.inference_mode():
            return voice.vocoder(voice.acoustic(given, ids, ids, repeats).mel)

    def first(nets: Nets) -> Any:
        return Stream(nets, compose(nets, units)).next(FIRST_CHUNK_FRAMES)

    def streaming(nets: Nets) -> Any:
        stream = Stream(nets, compose(nets, units))
        parts = [stream.next(FIRST_CHUNK_FRAMES)]
        while not stream.is_done:
            parts.append(stream.next(LATER_CHUNK_FRAMES))
        return np.concatenate(parts)

    exact = streaming(nets)
    difference = float(np.abs(plain().numpy() - exact).max())
    ways = [partial(way, which) for which in (nets, rough) for way in (first, streaming)]
    whole_s, *spent = measured((plain, *ways), rounds)
    audio_s = phones * FRAMES_PER_PHONE * VOCODER.hop_length / 16_000
    yield Figure(f"{characters} characters: largest difference of the samples", difference, "", 1e-4, is_most=True)
    distance = log_mel_distance_db(exact, streaming(rough), 16_000)
    yield Figure(f"{characters} characters: distance of 8 bits", distance, "dB", MAX_DISTANCE_DB, is_most=True)
    yield Figure(f"{characters} characters: plain torch, total", 1000 * whole_s, "ms CPU")
    bars = ((total_bar, first_bar), (with_dots if dot_products() else without, FIRST_AUDIO[characters]))
    for name, (total, first_audio), (first_s, total_s) in zip(("fp32", "int8"), bars, batched(spent), strict=True):
        what = f"{characters} characters, {name}: "
        yield Figure(what + "total", 1000 * total_s, "ms CPU")
        yield Figure(what + "real-time factor", total_s / audio_s, "")
        yield Figure(what + "first audio", 1000 * first_s, "ms CPU")
        yield Figure(what + "total", whole_s / total_s, "x faster", total)
        yield Figure(what + "first audio", whole_s / first_s, "x sooner", first_audio)


def batched(values: Sequence[float]) -> list[tuple[float, float]]:
    """Two by two."""
    return list(zip(values[::2], values[1::2], strict=True))


def compose(nets: Nets, units: np.ndarray) -> DecoderInputs:
    """Everything before the decoder, durations predicted and then replaced."""
    rows = np.zeros(len(units), np.int64)
    lines = UnitInputs(units, nets.speakers[rows], nets.emotions[rows])
    inflected, _ = nets.predict_durations(lines, nets.encode(lines))
    return nets.compose(lines, inflected, np.full(len(units), FRAMES_PER_PHONE, np.float32))


def step_figures(voice: PublishedVoice, nets: Nets, rough: Nets, rounds: int) -> Iterator[Figure]:
    """75 decoder steps, band 3."""
    score = compose(nets, np.zeros((25, 4), np.int64))
    memory, decoder = torch.tensor(score.memory), voice.acoustic.mel_decoder.mel_dec

    def plain() -> Any:
        with torch.inference_mode():
            return decoder(memory, score.band)

    def ours(nets: Nets) -> Any:
        return nets.decoder(score).next(len(score.memory))

    plain_s, fp32_s, bf16_s = measured((plain, partial(ours, nets), partial(ours, rough)), rounds)
    bar = 15 if native.name() else 5
    yield Figure("decoder step, plain torch", 1e6 * plain_s / len(memory), "us CPU")
    for name, ours_s in (("fp32", fp32_s), ("bf16", bf16_s)):
        yield Figure(f"decoder step, {name}", 1e6 * ours_s / len(memory), "us CPU")
        yield Figure(f"decoder step, {name}", plain_s / ours_s, "x faster", bar)


def vocoder_figures(voice: PublishedVoice, nets: Nets, rounds: int) -> Iterator[Figure]:
    """2 s of mel at once and in chunks; executed multiply-adds against the processor's peak."""
    mel = np.random.default_rng(0).standard_normal((160, VOCODER.in_channels)).astype(np.float32)

    def chunked(frames: int) -> Callable[[], Any]:
        def run() -> None:
            state = nets.vocoder.initial_state
            for start in range(0, len(mel), frames):
                _, state = nets.vocode(mel[start : start + frames], None, state, start + frames >= len(mel))

        return run

    sizes = (160, 10, 20, 40)
    multiply, flop = fma_loop()
    # the peak in the same rounds: a neighbour on the other half of the core slows both
    peak_s, *spent = measured([multiply, *map(chunked, sizes)], rounds)
    peak, seconds = flop / peak_s, dict(zip(sizes, spent, strict=True))
    macs = useful_macs(voice.vocoder) * len(mel)
    yield Figure("FMA peak of this processor", peak / 1e9, "GFLOP/s")
    yield Figure("vocoder: multiply-adds of a second of audio", macs / 2 / 1e9, "G")
    for size in sizes:
        what, bar = f"vocoder, {size} frames a chunk: ", 0.7 if size >= LATER_CHUNK_FRAMES else None
        chunks = len(mel) // min(size, VOCODER_FRAMES)
        executed = macs + repeated_macs(voice.vocoder) * (chunks - 1)
        yield Figure(what + "share of the FMA peak, executed", 2 * executed / seconds[size] / peak, "", bar)
        yield Figure(what + "the same, repeats left out", 2 * macs / seconds[size] / peak, "")
    for size in (10, 20, 40):
        cost = seconds[size] / seconds[160]
        bar = 1.15 if size >= 20 else None
        yield Figure(f"vocoder, {size} frames a chunk: cost of the whole run", cost, "x", bar, is_most=True)


def useful_macs(vocoder: Vocoder) -> float:
    """Multiply-adds a frame after the upsampling branches are fused, taps that are zero left out."""
    weights = {name: tensor.numpy() for name, tensor in vocoder.state_dict().items()}
    total, rate = float(weights["conv_pre.conv1d.weight"].size), 1
    for stage, scale in enumerate(VOCODER.upsample_scales):
        total += np.count_nonzero(fuse_upsampling(weights, stage, VOCODER)[0]) * rate
        rate *= scale
        total += rate * block_macs(vocoder, stage)
    return total + rate * weights["conv_post.conv1d.weight"].size


def repeated_macs(vocoder: Vocoder) -> float:
    """Multiply-adds that a chunk does again, over what the fast stages' blocks have seen."""
    total, rate = 0.0, 1
    span = max(
        (kernel - 1) * sum(dilation + 1 for dilation in dilations)
        for kernel, dilations in zip(VOCODER.resblock_kernel_sizes, VOCODER.resblock_dilations, strict=True)
    )
    for stage, scale in enumerate(VOCODER.upsample_scales):
        rate *= scale
        if rate * OVERLAP_FRAMES >= span:
            total += span * block_macs(vocoder, stage)
    return total


def block_macs(vocoder: Vocoder, stage: int) -> float:
    """Multiply-adds of a stage's residual blocks for each of its samples."""
    kinds = len(VOCODER.resblock_kernel_sizes)
    blocks = tuple(f"conv_blocks.{stage * kinds + index}." for index in range(kinds))
    return float(sum(w.numel() for name, w in vocoder.state_dict().items() if name.startswith(blocks) and w.dim() == 3))


def fma_loop() -> tuple[Callable[[], object], float]:
    """A loop that does nothing but fused multiply-adds, and how many FLOP it does."""
    with tempfile.TemporaryDirectory() as folder:
        source, library = Path(folder, "peak.c"), Path(folder, "peak.so")
        source.write_text(PEAK_SOURCE, encoding="ascii")
        flags = Path("/proc/cpuinfo").read_text(encoding="ascii")
        width = 64 if "avx512f" in flags else 32
        options = ["-O3", "-march=native", f"-DWIDTH={width}", "-shared", "-fPIC"]
        subprocess.run(["gcc", *options, str(source), "-o", str(library)], check=True)
        run = ctypes.CDLL(str(library)).run
    run.argtypes, run.restype = [ctypes.c_long], ctypes.c_float
    rounds = 16_000_000
    return lambda: run(rounds), rounds * 12 * (width // 4) * 2


def measured(works: Sequence[Callable[[], object]], rounds: int) -> list[float]:
    """Median CPU seconds of each, taken in turn, after a round that does not count."""
    seconds: list[list[float]] = [[] for _ in works]
    for round_number in range(rounds + 1):
        for work, taken in zip(works, seconds, strict=True):
            started = time.process_time()
            work()
            if round_number:
                taken.append(time.process_time() - started)
    return [statistics.median(taken) for taken in seconds]


if __name__ == "__main__":
    sys.exit(main())
