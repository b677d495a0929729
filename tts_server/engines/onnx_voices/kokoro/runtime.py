"""Runs a Kokoro voice: tokens, a style and a speed to a clause's samples. Safe to use from several threads."""

from collections.abc import Sequence
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from tts_server.engine import Prosody
from tts_server.engines.onnx_voices.clauses.clauses import Alphabet
from tts_server.engines.onnx_voices.clauses.speaker import Spoken
from tts_server.engines.onnx_voices.kokoro.mandarin import ipa
from tts_server.engines.onnx_voices.kokoro.zhuyin import MARK, zhuyin
from tts_server.engines.onnx_voices.packs.pack import Pack, unusable

STYLE_ROWS: Final = 510
LEAST_ROW: Final = 99  # the rows for less are of short cries, and are understood worse: 7 % of syllables in place of 5
# Styles of other languages hurry Mandarin: of its syllables 3.9 % are mistaken at this speed, and 4.9 % at their own.
PACE: Final = 0.92


class Nets:
    """A Kokoro voice, loaded."""

    def __init__(self, pack: Pack) -> None:
        """Raises VoiceDataMissing."""
        import onnxruntime  # 0.2 s and 20 MB, only when a voice is loaded

        self.pack = pack
        ids: dict[str, int] = dict(pack.settings["ids"])
        # tone sandhi is done in both
        self.alphabet = (
            Alphabet(ids, lambda syllable: zhuyin(syllable.spoken), "/")
            if MARK in ids
            else Alphabet(ids, lambda syllable: ipa(syllable.spoken), pace=PACE)
        )
        self.gains: list[float] = list(pack.settings["gains"])
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = options.inter_op_num_threads = 1
        options.enable_cpu_mem_arena = False  # a long clause would fill it for good
        options.log_severity_level = 3
        options.add_session_config_entry("session.intra_op.allow_spinning", "0")
        try:
            graph = pack.folder / "model.onnx"
            self._session: Any = onnxruntime.InferenceSession(graph, options, providers=["CPUExecutionProvider"])
            self._styles: NDArray[np.float32] = np.load(pack.folder / "styles.npy", allow_pickle=False)
        except Exception as error:  # onnxruntime has a class of its own for each way a file can be bad
            raise unusable(pack, error) from error
        given = {value.name: value.type for value in self._session.get_inputs()}
        self._tokens = "tokens" if "tokens" in given else "input_ids"
        self._asked = [value.name for value in self._session.get_outputs()]
        self._speed_type = np.int32 if "int32" in given["speed"] else np.float32

    def render(self, ids: Sequence[int], speaker: int, how: Prosody) -> Spoken:
        """Say a clause of at most 510 tokens."""
        given = {
            self._tokens: np.asarray([[0, *ids, 0]], np.int64),
            "style": self._styles[speaker, max(LEAST_ROW, min(len(ids), STYLE_ROWS) - 1)][None],
            "speed": np.asarray([how.speed], self._speed_type),
        }
        samples, *frames = self._session.run(self._asked, given)
        # a graph that does not tell how long each token lasts: all alike
        ends = np.cumsum(frames[0].ravel()[: len(ids) + 2] if frames else np.ones(len(ids) + 2, np.float32))
        scale = len(samples.ravel()) / max(1.0, float(ends[-1]))
        return Spoken(samples.ravel(), np.rint(ends * scale).astype(np.int64)[:-1])
