"""Sambert at full size, random weights, one thread: our run time against the plain torch form. Nothing passes or fails.

    python -m tests.bench.sambert [--rounds N]

The torch form is eager and speaks whole utterances; its decoder makes the whole utterance's band masks at each step, as
the published code does. Each phone lasts 9 frames. CPU time of one thread, medians, both ways in turn in one run.
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
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch

from tts_server.engines.sambert.acoustic import AcousticModel
from tts_server.engines.sambert.checkpoint import PublishedVoice
from tts_server.engines.sambert.export import build_pack
from tts_server.engines.sambert.export_vocoder import fuse_upsampling
from tts_server.engines.sambert.layouts import VoiceFiles
from tts_server.engines.sambert.runtime import Lines, Nets, Score
from tts_server.engines.sambert.shape import AcousticShape, VocoderShape
from tts_server.engines.sambert.stream import Stream
from tts_server.engines.sambert.vocoder import Vocoder

# sambert_16k.yaml and hifigan_v1_16k.yaml
ACOUSTIC = AcousticShape(
    tables=(147, 10, 8, 8), emotions=36, speakers=4, embedding_dim=512,
    encoder_num_layers=8, encoder_num_heads=8, encoder_num_units=128, encoder_ffn_inner_dim=1024,
    encoder_projection_units=32, speaker_units=32, emotion_units=32,
    predictor_filter_size=41, predictor_fsmn_num_layers=3, predictor_num_memory_units=128,
    predictor_ffn_inner_dim=256, predictor_shift=0, predictor_lstm_units=128,
    dur_pred_prenet_units=(128, 128), dur_pred_lstm_units=128, decoder_prenet_units=(256, 256),
    decoder_num_layers=12, decoder_num_heads=8, decoder_num_units=128, decoder_ffn_inner_dim=1024,
    outputs_per_step=3, num_mels=80, postnet_filter_size=41, postnet_fsmn_num_layers=4,
    postnet_num_memory_units=256, postnet_ffn_inner_dim=512, postnet_shift=17, postnet_lstm_units=128,
)  # fmt: skip
VOCODER = VocoderShape(
    in_channels=80, channels=256, kernel_size=7, upsample_scales=(10, 5, 2, 2), upsample_kernal_sizes=(20, 10, 4, 4),
    resblock_kernel_sizes=(3, 7, 11), resblock_dilations=((1, 3, 5, 7),) * 3, causal=True, leak=0.1,
)  # fmt: skip
SENTENCES = {10: 25, 30: 70, 100: 225}  # characters: phones
FRAMES_PER_PHONE = 9
FIRST_CHUNK_FRAMES = 10
LATER_CHUNK_FRAMES = 40

PEAK = """
#include <immintrin.h>
typedef float v __attribute__((vector_size(WIDTH)));
float run(long rounds) {
    v a[12], x, y;
    for (int i = 0; i < WIDTH / 4; i++) { x[i] = 1.0000001f; y[i] = 1e-7f; }
    for (int k = 0; k < 12; k++) a[k] = x;
    for (long r = 0; r < rounds; r++) {
        for (int k = 0; k < 12; k++) a[k] = a[k] * x + y;
    }
    float sum = 0;
    for (int k = 0; k < 12; k++) sum += a[k][0];
    return sum;
}
"""


def main() -> None:
    """Print one JSON line for each figure."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--rounds", type=int, default=5)
    rounds = parser.parse_args().rounds
    torch.set_num_threads(1)
    voice = random_voice()
    with tempfile.TemporaryDirectory() as folder:
        nets = Nets(build_pack(voice, Path(folder, "random")))
        step_figures(voice, nets, rounds)
        vocoder_figures(voice, nets, rounds)
        for characters, phones in SENTENCES.items():
            sentence_figures(voice, nets, characters, phones, rounds if characters < 100 else min(rounds, 3))


def random_voice() -> PublishedVoice:
    """A voice of the published size, whose phones last about 9 frames."""
    torch.manual_seed(1)
    acoustic, vocoder = AcousticModel(ACOUSTIC), Vocoder(VOCODER)
    with torch.no_grad():
        acoustic.variance_adaptor.duration_predictor.fc.bias.fill_(math.log(1 + FRAMES_PER_PHONE))
    files = VoiceFiles("random", {}, Path(), {}, Path(), "PinYin", ("F7",), 16_000)
    ready = (net.eval().requires_grad_(False) for net in (acoustic, vocoder))
    return PublishedVoice(files, *ready, None, None)  # type: ignore[arg-type]


def sentence_figures(voice: PublishedVoice, nets: Nets, characters: int, phones: int, rounds: int) -> None:
    """Whole pipelines on one sentence: total and first audio."""
    units = np.random.default_rng(phones).integers(0, 5, (phones, 4))
    given = torch.tensor(units)
    ids, repeats = torch.zeros(phones, dtype=torch.long), torch.full((phones,), FRAMES_PER_PHONE)

    def plain() -> Any:
        with torch.inference_mode():
            return voice.vocoder(voice.acoustic(given, ids, ids, repeats).mel)

    def first() -> Any:
        return Stream(nets, compose(nets, units)).next(FIRST_CHUNK_FRAMES)

    def streaming() -> Any:
        stream = Stream(nets, compose(nets, units))
        parts = [stream.next(FIRST_CHUNK_FRAMES)]
        while not stream.is_done:
            parts.append(stream.next(LATER_CHUNK_FRAMES))
        return np.concatenate(parts)

    difference = float(np.abs(plain().numpy() - streaming()).max())
    report(f"{characters} characters: largest difference of the samples", difference)
    whole_s, first_s, total_s = measured((plain, first, streaming), rounds)
    audio_s = phones * FRAMES_PER_PHONE * VOCODER.hop_length / 16_000
    report(f"{characters} characters: plain torch, total (CPU ms)", 1000 * whole_s)
    report(f"{characters} characters: streaming, total (CPU ms)", 1000 * total_s)
    report(f"{characters} characters: streaming, real-time factor", total_s / audio_s)
    report(f"{characters} characters: total, times faster", whole_s / total_s)
    report(f"{characters} characters: first audio (CPU ms)", 1000 * first_s)
    report(f"{characters} characters: first audio, times sooner", whole_s / first_s)


def compose(nets: Nets, units: np.ndarray) -> Score:
    """Everything before the decoder, durations predicted and then replaced."""
    rows = np.zeros(len(units), np.int64)
    lines = Lines(units, nets.speakers[rows], nets.emotions[rows])
    inflected, _ = nets.predict_durations(lines, nets.encode(lines))
    return nets.compose(lines, inflected, np.full(len(units), FRAMES_PER_PHONE, np.float32))


def step_figures(voice: PublishedVoice, nets: Nets, rounds: int) -> None:
    """75 decoder steps, band 3."""
    score = compose(nets, np.zeros((25, 4), np.int64))
    memory, decoder = torch.tensor(score.memory), voice.acoustic.mel_decoder.mel_dec

    def plain() -> Any:
        with torch.inference_mode():
            return decoder(memory, score.band)

    def ours() -> Any:
        return Stream(nets, score)._decode(score.frames)

    plain_s, ours_s = measured((plain, ours), rounds)
    report("decoder step, plain torch (CPU us)", 1e6 * plain_s / len(memory))
    report("decoder step, ours (CPU us)", 1e6 * ours_s / len(memory))
    report("decoder step, times faster", plain_s / ours_s)


def vocoder_figures(voice: PublishedVoice, nets: Nets, rounds: int) -> None:
    """2 s of mel at once and in chunks; executed multiply-adds against the processor's peak."""
    mel = np.random.default_rng(0).standard_normal((160, VOCODER.in_channels)).astype(np.float32)

    def chunked(frames: int) -> Callable[[], Any]:
        def run() -> None:
            state = nets.vocoder.initial_state
            for start in range(0, len(mel), frames):
                _, state = nets.vocode(mel[start : start + frames], None, state, start + frames >= len(mel))

        return run

    sizes = (160, 10, 20, 40)
    peak = fma_peak()
    seconds = dict(zip(sizes, measured([chunked(size) for size in sizes], rounds), strict=True))
    peak = max(peak, fma_peak())
    macs = executed_macs(voice.vocoder) * len(mel)
    report("FMA peak (GFLOP/s)", peak / 1e9)
    report("vocoder, executed GMAC per second of audio", macs / 2 / 1e9)
    for size, spent in seconds.items():
        report(f"vocoder, {size} frames a chunk: share of the FMA peak", 2 * macs / spent / peak)
        report(f"vocoder, {size} frames a chunk: cost against the whole run", spent / seconds[160])


def executed_macs(vocoder: Vocoder) -> float:
    """Multiply-adds a frame after the upsampling branches are fused, taps that are zero left out."""
    weights = {name: tensor.numpy() for name, tensor in vocoder.state_dict().items()}
    kinds = len(VOCODER.resblock_kernel_sizes)
    total, rate = float(weights["conv_pre.conv1d.weight"].size), 1
    for stage, scale in enumerate(VOCODER.upsample_scales):
        total += np.count_nonzero(fuse_upsampling(weights, stage, VOCODER)[0]) * rate
        rate *= scale
        blocks = tuple(f"conv_blocks.{stage * kinds + index}." for index in range(kinds))
        total += rate * sum(w.size for name, w in weights.items() if name.startswith(blocks) and w.ndim == 3)
    return total + rate * weights["conv_post.conv1d.weight"].size


def fma_peak() -> float:
    """FLOP/s of a loop that does nothing but fused multiply-adds."""
    with tempfile.TemporaryDirectory() as folder:
        source, library = Path(folder, "peak.c"), Path(folder, "peak.so")
        source.write_text(PEAK, encoding="ascii")
        flags = Path("/proc/cpuinfo").read_text(encoding="ascii")
        width = 64 if "avx512f" in flags else 32
        options = ["-O3", "-march=native", f"-DWIDTH={width}", "-shared", "-fPIC"]
        subprocess.run(["gcc", *options, str(source), "-o", str(library)], check=True)
        run = ctypes.CDLL(str(library)).run
        run.argtypes, run.restype = [ctypes.c_long], ctypes.c_float
        best, rounds = 0.0, 4_000_000
        for _ in range(5):
            started = time.process_time()
            run(rounds)
            best = max(best, rounds * 12 * (width // 4) * 2 / (time.process_time() - started))
    return best


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


def report(what: str, value: float) -> None:
    """One figure."""
    sys.stdout.write(json.dumps({"what": what, "value": float(f"{value:.4g}")}) + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    main()
