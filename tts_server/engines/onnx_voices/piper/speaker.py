"""Speaks one utterance with a Piper voice: line by line, each as a stream of chunks."""

from collections.abc import Callable, Generator, Sequence
from typing import Final

import numpy as np

from tts_server.audio.level import soft_limit
from tts_server.engine import AudioChunk, Break, Prosody, Run, Timing
from tts_server.engines.onnx_voices.piper.runtime import Encoded, Nets
from tts_server.engines.onnx_voices.piper.symbols import Line, lines_of

PAUSES_S: Final = {Break.CLAUSE: 0.22, Break.SENTENCE: 0.37}  # at speed 1
TAIL_S: Final = 0.09  # of the net's own silence, which holds the last sound's end, this much is kept at most
MAX_CHUNK_S: Final = 2.0  # more at once would only need more memory


def speak(nets: Nets, speaker: int, runs: Sequence[Run], wanted: Callable[[], float]) -> Generator[AudioChunk]:
    """The audio of the runs, with the timings of their words or syllables."""
    rate, start = nets.pack.sample_rate, 0
    for run in runs:
        lines = lines_of(run, nets.settings)
        for line in lines:
            pause_s = _pause_s(run, line, is_last=line is lines[-1])
            encoded = _encoded(nets, speaker, line, run.prosody)
            tail = int(encoded.durations[len(line.ids) - line.tail :].sum())
            kept = min(tail, round(min(TAIL_S, pause_s) * rate / nets.settings.hop_length) if line.tail else tail)
            for chunk in _line(nets, line, encoded.shortened(tail - kept), run.prosody, start, wanted):
                yield chunk
                start += len(chunk.samples)
            if silence := max(0, round(pause_s * rate) - kept * nets.settings.hop_length):
                yield AudioChunk(np.zeros(silence, np.float32), rate)
                start += silence
        if not lines and run.pause_ms:
            yield AudioChunk(np.zeros(run.pause_ms * rate // 1000, np.float32), rate)
            start += run.pause_ms * rate // 1000


def _encoded(nets: Nets, speaker: int, line: Line, prosody: Prosody) -> Encoded:
    usual = nets.settings
    return nets.encode(line.ids, speaker, (usual.noise_scale, usual.length_scale / prosody.speed, usual.noise_w))


def _pause_s(run: Run, line: Line, *, is_last: bool) -> float:
    """Silence after a line, the net's own included."""
    if is_last and run.pause_ms is not None:
        return run.pause_ms / 1000
    how = run.prosody
    asked_ms = {Break.CLAUSE: how.clause_pause_ms, Break.SENTENCE: how.sentence_pause_ms}.get(line.break_after)
    return PAUSES_S.get(line.break_after, 0.0) / how.speed if asked_ms is None else asked_ms / 1000


def _line(
    nets: Nets, line: Line, encoded: Encoded, prosody: Prosody, start: int, wanted: Callable[[], float]
) -> Generator[AudioChunk]:
    rate, hop_length = nets.pack.sample_rate, nets.settings.hop_length
    gain = np.float32(nets.pack.gain * 10 ** (prosody.volume / 20))
    ends = start + np.concatenate([[0], np.cumsum(encoded.durations)]) * hop_length
    untold = [Timing(first, last, int(ends[begin]), int(ends[end])) for first, last, begin, end in line.units]
    stream, made = nets.stream(encoded), start
    while not stream.is_done:
        samples = stream.next(round(min(wanted(), MAX_CHUNK_S) * rate / hop_length))
        made += len(samples)
        told = tuple(timing for timing in untold if timing.first_sample < made)
        untold = untold[len(told) :]
        yield AudioChunk(soft_limit(samples * gain), rate, told)
