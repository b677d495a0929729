"""hibari's net, phonemes and signal processing, with the durations that its public call keeps to itself.

hibari (PyPI hibari-tts): text -> phonemes (misaki's rules) -> one small ONNX graph -> spectra and F0 -> inverse STFT.
A sentence is computed whole: 5 ms of CPU a second of speech, so nothing is gained by cutting it.
"""

import json
from pathlib import Path
from typing import Any, Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from tts_server.engine import Samples
from tts_server.engines.english import g2p
from tts_server.engines.english.sessions import session

SPECTRA: Final = 6  # outputs of the published graph: lh, theta, ln, lr, phi, f0
DURATIONS: Final = b"/Clip_output_0"  # the tensor of the published graph that holds frames per phoneme
ONSET_LEAD_S: Final = (
    0.040  # sound begins this much before the net's duration says (median of 8 plosive and vowel onsets)
)


class Spoken(NamedTuple):
    """One rendered sentence."""

    samples: Samples  # (N,)
    starts: NDArray[np.int64]  # (phonemes + 1,) sample at which each phoneme begins, and the end


class Runtime:
    """One loaded voice. Stateless once made: may be used by several threads at once."""

    def __init__(self) -> None:
        """Loads everything."""
        from hibari import Hibari, dsp
        from hibari.tts import ASSETS
        from hibari.voices import DEFAULT, voice_path

        # By path inside the package: a voice that is missing is an error, never a download.
        graph = Path(voice_path(DEFAULT, download_missing=False)).read_bytes()
        if DURATIONS in graph:
            graph = with_output(graph, DURATIONS)
        self._session: Any = session(graph)
        # Not made by its own __init__, which would load the net a second time, without our options.
        self._hibari: Any = Hibari.__new__(Hibari)
        self._hibari.vocab = json.loads((Path(ASSETS) / "vocab.json").read_text("utf-8"))
        self._hibari._g2p = g2p.load()
        self._dsp: Any = dsp
        self.sample_rate: int = dsp.SR

    def phonemes(self, text: str) -> list[str]:
        """A phoneme string for each sentence of the text, words separated by spaces."""
        return list(self._hibari.phonemize(g2p.with_plain_words(text)))

    def render(self, phonemes: str, speed: float, noise: np.random.Generator) -> Spoken:
        """Speak one sentence. noise: the source of its breathy part; the same state gives the same samples."""
        known = [phoneme in self._hibari.vocab for phoneme in phonemes]
        ids = np.asarray([self._hibari.ids(phonemes)], np.int64)
        outputs = self._session.run(None, {"ids": ids, "speed": np.asarray([speed], np.float32)})
        samples = self._dsp.synth(*(output[0] for output in outputs[:SPECTRA]), noise)
        # A later hibari may name its tensors otherwise: then each phoneme is taken to last as long as the next.
        share = outputs[SPECTRA] if len(outputs) > SPECTRA else np.ones(ids.shape[1])
        ends = np.cumsum(share)
        starts = np.rint(ends * (len(samples) / ends[-1])).astype(np.int64) - round(ONSET_LEAD_S * self.sample_rate)
        # ends[0] is that of a pad, so the first phoneme's start; a sign the net does not know has no id and no time.
        return Spoken(samples, np.maximum(0, starts)[np.concatenate([[0], np.cumsum(known)])])


def with_output(graph: bytes, tensor: bytes) -> bytes:
    """An ONNX file that also returns one of its inner tensors.

    Serialised protobufs put one after the other merge: ModelProto.graph, GraphProto.output, ValueInfoProto.name.
    """
    return graph + _field(7, _field(12, _field(1, tensor)))


def _field(number: int, payload: bytes) -> bytes:
    """A length-delimited protobuf field; number < 16 and fewer than 128 bytes, so both fit one byte."""
    return bytes([number << 3 | 2, len(payload)]) + payload
