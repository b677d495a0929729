"""How loud speech is heard: FFmpeg's meter (EBU R 128, ITU-R BS.1770)."""

from fractions import Fraction

import numpy as np

from tts_server.engine import Samples

LEAST_S = 0.4  # one block of the meter
_SILENCE_LUFS = -70.0  # what it gives where no block was loud enough to count


def integrated_lufs(samples: Samples, sample_rate: int) -> float:
    """Integrated loudness of mono speech (N,), one channel; -inf where there is less than 0.4 s, or nothing to hear."""
    import av  # 30 ms, and only where a voice does not state how loud it is
    from av.filter import Graph

    if len(samples) <= round(LEAST_S * sample_rate):
        return -np.inf
    graph = Graph()
    source = graph.add_abuffer(sample_rate=sample_rate, format="flt", layout="mono", time_base=Fraction(1, sample_rate))
    meter, sink = graph.add("ebur128", "metadata=1:framelog=quiet"), graph.add("abuffersink")
    source.link_to(meter)
    meter.link_to(sink)
    graph.configure()
    frame = av.AudioFrame.from_ndarray(samples[None, :].astype(np.float32), format="flt", layout="mono")
    frame.sample_rate, frame.pts, frame.time_base = sample_rate, 0, Fraction(1, sample_rate)
    graph.push(frame)
    graph.push(None)
    lufs = _SILENCE_LUFS
    while True:
        try:
            lufs = float(graph.pull().metadata.get("lavfi.r128.I", lufs))  # the last frame, a short one, has none
        except (BlockingIOError, EOFError):
            return lufs if lufs > _SILENCE_LUFS else -np.inf
