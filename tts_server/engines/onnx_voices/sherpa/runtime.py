"""Runs a model in sherpa's shape: tokens to samples at once, by one net (VITS) or by two (Matcha and its vocoder)."""

from collections.abc import Mapping, Sequence
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from tts_server.engine import Prosody, Samples
from tts_server.engines.onnx_voices.clauses.clauses import Alphabet
from tts_server.engines.onnx_voices.clauses.speaker import Spoken
from tts_server.engines.onnx_voices.packs.pack import Pack, unusable
from tts_server.engines.onnx_voices.sherpa.istft import Istft
from tts_server.engines.onnx_voices.sherpa.spelling import Spelling

NOISE: Final = {"matcha": 1.0, "vits": 0.667}  # usual values where such models run
NOISE_W: Final = 0.8

Floats = NDArray[np.float32]


class Nets:
    """A model, loaded. Safe to use from several threads."""

    def __init__(self, pack: Pack) -> None:
        """Raises VoiceDataMissing."""
        self.pack, settings = pack, pack.settings
        spelling = Spelling({str(name): tuple(tokens) for name, tokens in settings["syllables"].items()})
        ids = {str(token): int(number) for token, number in settings["ids"].items()}
        self.alphabet = Alphabet(ids, lambda syllable: spelling.tokens(syllable.spoken), between="")
        self.gains: list[float] = list(settings["gains"])
        self._emotions: Mapping[str, int] = settings["emotions"]
        self._frame = [[ids[token] for token in settings[end]] for end in ("begin", "end")]
        self._blank: int | None = settings["blank"]
        self._kind: str = settings["kind"]
        try:
            self._model = _session(pack, "model.onnx")
            self._vocoder = _session(pack, "vocoder.onnx") if (pack.folder / "vocoder.onnx").is_file() else None
        except Exception as error:  # onnxruntime has a class of its own for each way a file can be bad
            raise unusable(pack, error) from error
        self._inputs = [value.name for value in self._model.get_inputs()]
        self._istft = Istft.of(self._vocoder.get_modelmeta().custom_metadata_map) if self._vocoder else None

    def render(self, ids: Sequence[int], speaker: int, how: Prosody) -> Spoken:
        """Say a clause. The net does not tell how long each token lasts: all alike."""
        told = [*self._frame[0], *ids, *self._frame[1]]
        if self._blank is not None:
            told = [token for pair in told for token in (self._blank, pair)] + [self._blank]
        samples = self._samples(told, speaker, how)
        return Spoken(samples, np.linspace(0, len(samples), len(ids) + 2, dtype=np.int64)[:-1])

    def _samples(self, ids: Sequence[int], speaker: int, how: Prosody) -> Samples:
        length = 1.0 / how.speed
        scalar = {
            "noise_scale": NOISE[self._kind],
            "length_scale": length,
            "noise_scale_w": NOISE_W,
            "noise_scale_dur": NOISE_W,
        }
        given: dict[str, Any] = {name: np.asarray([value], np.float32) for name, value in scalar.items()}
        given |= {name: np.asarray([ids], np.int64) for name in ("x", "input", "tokens")}
        given |= {name: np.asarray([len(ids)], np.int64) for name in ("x_length", "x_lengths", "input_lengths")}
        given |= {name: np.asarray([speaker], np.int64) for name in ("sid", "speaker", "spks")}
        given["tokens_lens"] = given["x_length"]
        given["emotion_id"] = np.asarray([self._emotions.get(how.emotion, 0)], np.int64)
        three = [NOISE[self._kind], length, NOISE_W]
        given["scales"] = np.asarray(three if self._kind == "vits" else three[:2], np.float32)
        (made,) = self._model.run(None, {name: given[name] for name in self._inputs})[:1]
        if self._vocoder is None or self._istft is None:
            return np.asarray(made, np.float32).ravel()
        heard = self._vocoder.run(None, {self._vocoder.get_inputs()[0].name: made})
        return self._istft.samples(*heard[:3]) if len(heard) >= 3 else np.asarray(heard[0], np.float32).ravel()


KNOWN_INPUTS: Final = frozenset(
    {"x", "input", "tokens", "x_length", "x_lengths", "input_lengths", "tokens_lens", "sid", "speaker", "spks"}
    | {"emotion_id", "noise_scale", "length_scale", "noise_scale_w", "noise_scale_dur", "scales"}
)


def _session(pack: Pack, name: str) -> Any:
    import onnxruntime  # 0.2 s and 20 MB, only when a voice is loaded

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    options.enable_cpu_mem_arena = False  # a long clause would fill it for good
    options.log_severity_level = 3
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    return onnxruntime.InferenceSession(pack.folder / name, options, providers=["CPUExecutionProvider"])
