"""Runs a Piper voice: symbols to a latent at once, that to frames and samples in chunks.

Safe to use from several threads: what a stream remembers is its own, and the sessions are shared.
"""

import json
from collections.abc import Sequence
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from tts_server.engine import Samples
from tts_server.engines.onnx_voices.packs.pack import FLOW, Pack, unusable
from tts_server.engines.onnx_voices.piper.config import Settings
from tts_server.engines.onnx_voices.piper.frames import LATENT, OUTER, Frames

NOISE_SEED: Final = 22_050
NOISE_LENGTH: Final = 196_613  # prime, so that rows of frames do not begin anew together

Floats = NDArray[np.float32]


class Nets:
    """A Piper voice, loaded."""

    def __init__(self, pack: Pack) -> None:
        """Raises VoiceDataMissing."""
        self.pack = pack
        self.settings = Settings.of(pack.settings)
        try:
            self._front, self._decoder = _session(pack, "front.onnx", False), _session(pack, "decoder.onnx", True)
            self._flow = _session(pack, FLOW, False) if FLOW in pack.file_names else None
        except Exception as error:  # onnxruntime has a class of its own for each way a file can be bad
            raise unusable(pack, error) from error
        self._states = json.loads(self._decoder.get_modelmeta().custom_metadata_map["states"])
        self._asked = ["samples", *(name.replace("state", "next", 1) for name, _ in self._states)]
        self._given = {value.name for value in self._front.get_inputs()}
        given = {value.name for value in self._front.get_outputs()}
        self._has_condition = "condition" in given
        self._outer = sorted(name for name in given if name.startswith(OUTER))
        random = np.random.RandomState(NOISE_SEED)  # its stream is frozen by numpy, unlike default_rng's
        self.noise: Floats = random.standard_normal(NOISE_LENGTH).astype(np.float32)

    def encode(self, ids: Sequence[int], speaker: int, scales: Sequence[float]) -> "Encoded":
        """scales: of the prior's noise, of length, of the durations' noise."""
        given: dict[str, Any] = {
            "input": np.asarray([ids], np.int64),
            "input_lengths": np.asarray([len(ids)], np.int64),
            "scales": np.asarray(scales, np.float32),
            "sid": np.asarray([speaker], np.int64),
            "noise": self.noise,
        }
        outputs = ["frames" if self._flow is None else LATENT, "durations", *self._outer]
        outputs += ["condition"] if self._has_condition else []
        latent, durations, *values = self._front.run(outputs, {k: v for k, v in given.items() if k in self._given})
        condition = values.pop()[:, :, :, None] if self._has_condition else None
        frames = Frames(self._flow, latent, self._outer, values, self.settings.flow_reach)
        return Encoded(frames, durations.ravel().astype(np.int64), condition)

    def stream(self, encoded: "Encoded") -> "Stream":
        return Stream(self._decoder, self._states, self._asked, self.settings, encoded)


class Encoded:
    """What the net says of one line of U symbols."""

    def __init__(
        self, frames: Frames, durations: NDArray[np.int64], condition: Floats | None, left_out: int = 0
    ) -> None:
        """durations: (U,), frames of each symbol. condition: of the speaker. left_out: frames at the end."""
        self._frames, self.durations, self.condition = frames, durations, condition
        self.length = frames.length - left_out

    def shortened(self, frames: int) -> "Encoded":
        """Without its last `frames`."""
        return Encoded(self._frames, self.durations, self.condition, frames)

    def frames(self, start: int, end: int) -> Floats:
        """(1, C, 1, end - start)."""
        return np.ascontiguousarray(self._frames.read(start, end))[:, :, None]


class Stream:
    """One line on its way to samples. Any chunks give the samples of the whole."""

    def __init__(
        self, session: Any, states: Sequence[Any], asked: Sequence[str], settings: Settings, encoded: Encoded
    ) -> None:
        self._session, self._asked, self._encoded = session, asked, encoded
        self._names = [name for name, _ in states]
        self._state = [np.zeros(shape, np.float32) for _, shape in states]
        self._lookahead = settings.lag // settings.hop_length + 1
        self._fed = 0

    @property
    def is_done(self) -> bool:
        return self._fed == self._encoded.length

    def next(self, frames: int) -> Samples:
        """The samples of about so many frames more; with the last ones, the rest."""
        total = self._encoded.length
        until = min(total, self._fed + max(1, frames) + (0 if self._fed else self._lookahead))
        given = {
            "frames": self._encoded.frames(self._fed, until),
            "is_last": np.array([until == total], np.int64),
            **dict(zip(self._names, self._state, strict=True)),
        }
        if self._encoded.condition is not None:
            given["condition"] = self._encoded.condition
        samples, *self._state = self._session.run(self._asked, given)
        self._fed = until
        made: Samples = samples
        return made


def _session(pack: Pack, name: str, has_arena: bool) -> Any:
    """One thread, no spinning: parallel work is several streams. Chunks of one size gain by an arena, whole texts of
    any length would only fill it.
    """
    import onnxruntime  # 0.2 s and 20 MB, only when a voice is loaded

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    options.enable_cpu_mem_arena = has_arena
    options.log_severity_level = 3
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    return onnxruntime.InferenceSession(pack.folder / name, options, providers=["CPUExecutionProvider"])
