"""Finds out in how few bits a voice is still the same voice, and writes that into its pack, with the figures.

The voice speaks; its vocoder is put into 8 bits, layer by layer, as far as the log-mel spectra stay near those in fp32.
Other sentences then judge: how far the spectra and the level are from fp32, whether chunks join as they should.
"""

import json
import logging
import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any, Final

import numpy as np
import onnx

from tts_server.engine import Samples
from tts_server.engines.onnx_export.eight_bits import Observed, Shape, convolutions, in_8_bits, observe
from tts_server.engines.sambert.export.sentences import TO_BE_JUDGED_BY, TO_LEARN_FROM, runs
from tts_server.engines.sambert.packs.pack import MANIFEST, VOCODER_IN_8_BITS, Pack, read_pack, sha256
from tts_server.engines.sambert.runtime import backends
from tts_server.engines.sambert.runtime.backends import MAX_DISTANCE_DB, Session, log_mel_distance_db
from tts_server.engines.sambert.runtime.graphs import Nets, open_session
from tts_server.engines.sambert.runtime.kernel import native
from tts_server.engines.sambert.runtime.speaker import speak

log = logging.getLogger(__name__)

MAX_LEVEL_DB: Final = 0.3
MAX_JOIN: Final = 2e-3  # between speech in chunks and at once, of full scale: 54 dB below, nobody hears it
LEAST_SHARE: Final = 0.25  # of the vocoder's products, or 8 bits are not worth the file
LEAST_WORK: Final = 0.01  # of a layer: what is less stays in floats, if not all may be in 8 bits
MARGIN: Final = 0.8  # of the distance that the search uses up: other sentences are a little further off
SEARCHED: Final = 10  # chunks of what was said that the search listens to, some seconds
CHUNK_S, WHOLE_S = 0.13, 60.0


@dataclass(frozen=True, slots=True)
class Verdict:
    """How a precision compares with fp32, the worst of all sentences; as it stands in the manifest."""

    passed: bool
    log_mel_db: float
    level_db: float
    join: float
    share: float  # of the vocoder's products, in fewer bits
    run_time: str = "onnxruntime"  # of the vocoder


class Recording:
    """A session that writes down what it is given."""

    def __init__(self, session: Session) -> None:
        self._session = session
        self.given: list[Mapping[str, Any]] = []

    def run(self, outputs: Sequence[str], given: Mapping[str, Any]) -> Sequence[Any]:
        """As the session itself."""
        self.given.append(dict(given))
        return self._session.run(outputs, given)


def add_precisions(pack: Pack) -> Iterator[str]:
    """Add to a pack on its way to the others: the 8-bit vocoder, and verdicts. Yields a line for each of them."""
    exact, model = Nets(pack), onnx.load(pack.folder / "vocoder.onnx")
    given = _given(exact)
    observed = observe(model, given)
    shapes = _search(model, observed, given[:SEARCHED], pack.sample_rate)
    path = pack.folder / VOCODER_IN_8_BITS
    path.write_bytes(in_8_bits(model, observed, shapes).SerializeToString(deterministic=True))
    _note(pack, files={VOCODER_IN_8_BITS: {"bytes": path.stat().st_size, "sha256": sha256(path)}})
    pack = read_pack(pack.folder)
    work = _work(model, observed)
    share = sum(work[shape] for shape in shapes) / sum(work.values())
    verdicts = {"int8": judge(exact, Nets(pack, precision="int8"), share)}
    if native.library() is not None:
        verdicts["bf16"] = _judge_bf16(exact, pack)
    _note(pack, precisions={name: asdict(verdict) for name, verdict in verdicts.items()})
    for name, verdict in verdicts.items():
        kept = "the same voice" if verdict.passed else "not the same voice, fp32 is kept"
        yield f"{name}: {kept} ({verdict.log_mel_db:.2f} dB away, level {verdict.level_db:+.2f} dB)"


def judge(exact: Nets, other: Nets, share: float, run_time: str = "onnxruntime") -> Verdict:
    """Compare two precisions of a voice on sentences that neither has seen."""
    whole = _spoken(other, TO_BE_JUDGED_BY, WHOLE_S)
    expected, heard = (_spoken(nets, TO_BE_JUDGED_BY, CHUNK_S) for nets in (exact, other))
    rate, pairs = exact.pack.sample_rate, list(zip(expected, heard, strict=True))
    distance = max(log_mel_distance_db(one, two, rate) for one, two in pairs)
    level = max((_level_db(two) - _level_db(one) for one, two in pairs), key=abs)
    join = max(float(np.abs(one - two).max(initial=0)) for one, two in zip(heard, whole, strict=True))
    # NaN fails each comparison
    passed = distance <= MAX_DISTANCE_DB and abs(level) <= MAX_LEVEL_DB and join <= MAX_JOIN and share >= LEAST_SHARE
    distance, level, join = (round(figure, 6) if math.isfinite(figure) else 1e9 for figure in (distance, level, join))
    return Verdict(passed, distance, level, join, round(share, 3), run_time)


def _judge_bf16(exact: Nets, pack: Pack) -> Verdict:
    other, run_time = Nets(pack, precision="bf16"), "onnxruntime"
    if backends.can_run(pack.vocoder):
        session, run_time = backends.OpenVinoSession(pack.folder / "vocoder.onnx", 1), "openvino"
        other.vocoder = other.vocoder.with_session(session)
    return judge(exact, other, 1.0, run_time)


def _given(nets: Nets) -> list[Mapping[str, Any]]:
    """What the vocoder is given while the voice says what it is to learn from."""
    recording = Recording(nets.vocoder.session)
    usual, nets.vocoder = nets.vocoder, nets.vocoder.with_session(recording)
    _spoken(nets, TO_LEARN_FROM, WHOLE_S)
    nets.vocoder = usual
    return recording.given


def _search(model: onnx.ModelProto, observed: Observed, given: Sequence[Mapping[str, Any]], rate: int) -> list[Shape]:
    """Which layers may be in 8 bits together: those that harm least for the work they are, as many as possible."""

    def heard(graph: onnx.ModelProto) -> Samples:
        session = open_session(graph.SerializeToString(), has_arena=True)
        return np.concatenate([session.run(["samples"], chunk)[0] for chunk in given])

    def distance(shapes: Sequence[Shape]) -> float:
        return log_mel_distance_db(expected, heard(in_8_bits(model, observed, shapes)), rate)

    expected, work, bound = heard(model), _work(model, observed), MARGIN * MAX_DISTANCE_DB
    if distance(list(work)) <= bound:
        return list(work)
    harm = {shape: distance([shape]) ** 2 for shape in work if work[shape] >= LEAST_WORK * sum(work.values())}
    ordered = sorted(harm, key=lambda shape: harm[shape] / work[shape])
    sums = np.cumsum([harm[shape] for shape in ordered])  # noises that have nothing to do with each other add up so
    chosen = ordered[: int(np.searchsorted(sums, bound**2, side="right"))]
    while chosen and distance(chosen) > bound:
        chosen.pop()
    return chosen


def _work(model: onnx.ModelProto, observed: Observed) -> dict[Shape, int]:
    """Multiply-adds that were seen, by the weights' shape."""
    return {
        shape: math.prod(shape) * sum(observed.columns[node.output[0]] for node in nodes)
        for shape, nodes in convolutions(model).items()
    }


def _spoken(nets: Nets, sentences: tuple[str, ...], chunk_s: float) -> list[Samples]:
    speaker = nets.pack.speakers[0]
    return [
        np.concatenate([chunk.samples for chunk in speak(nets, speaker, (run,), lambda: chunk_s)])
        for run in runs(sentences, nets.pack.emotions)
    ]


def _level_db(samples: Samples) -> float:
    return float(10 * np.log10(np.mean(samples.astype(np.float64) ** 2) + 1e-12))


def _note(pack: Pack, **facts: Mapping[str, Any]) -> None:
    """Add to tables of the manifest."""
    path = pack.folder / MANIFEST
    manifest = json.loads(path.read_text(encoding="utf-8"))
    manifest |= {name: manifest.get(name, {}) | table for name, table in facts.items()}
    path.write_text(json.dumps(manifest, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
