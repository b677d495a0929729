"""Sambert: Mandarin voices of ModelScope, each installed as a voice pack.

Settings: `voices_dir`, where the packs are; `device`, "cpu" (default) or "cuda"; `vocoder`, "onnxruntime", or "auto"
(default): OpenVINO where that is installed, clearly faster, and sounds the same; `precision`, "fp32", "bf16", "int8",
or "auto" (default): the fastest that was found to be the same voice when it was installed; `emotion_on_breaks`, whether
pauses have the emotion of the text before them, as in training, or none (default), as in the published front end.
"""

import logging
from collections.abc import Callable, Generator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from tts_server import heap
from tts_server.engine import AudioChunk, Break, Run, Syllable, Utterance, VocoderTask, Voice
from tts_server.engines.installing.loaded import Key, LoadedPacks
from tts_server.engines.sambert.packs.installed import Installed, Speaker, read_packs
from tts_server.engines.sambert.packs.pack import Pack
from tts_server.engines.sambert.runtime.precision import Choice, check, choose
from tts_server.errors import VoiceUnknown

if TYPE_CHECKING:
    from tts_server.engines.sambert.runtime.graphs import Nets

log = logging.getLogger(__name__)

WARM_UP: Final = Run("zh", "你好", 0, 1, syllables=(Syllable("你", "ni3", "ni3", 0, 1, Break.SENTENCE),))


class SambertEngine:
    """Speaks with the voice packs it finds. Packs may come and go; voices of one pack share its nets."""

    def __init__(self, settings: Mapping[str, Any]) -> None:
        """Reads manifests only. A pack that cannot be used is logged and passed over."""
        folder = settings.get("voices_dir")
        self._folder = Path(folder) if folder else None
        self._device = str(settings.get("device", "cpu"))
        self._may_choose = settings.get("vocoder", "auto") == "auto"
        self._wanted = str(settings.get("precision", "auto"))
        self._emotion_on_breaks = bool(settings.get("emotion_on_breaks", False))
        self._installed = Installed({}, {})
        self._nets = LoadedPacks["Nets"](heap.give_back)
        self.refresh()

    @property
    def voices(self) -> Sequence[Voice]:
        """A voice for each speaker of each pack."""
        return tuple(self._as_computed(speaker) for speaker in self._installed.speakers.values())

    def precision(self, voice: str) -> Choice:
        """In how many bits a voice is computed, and why. Raises VoiceUnknown."""
        return choose(self._wanted, self._speaker(voice).pack, self._device)

    def refresh(self) -> None:
        """Read the folder again. Nets of packs that are gone or were replaced are let go."""
        found = read_packs(self._folder) if self._folder else Installed({}, {})
        for name, reason in found.faults.items():
            if self._installed.faults.get(name) != reason:
                log.error("voice pack %s cannot be used and is passed over: %s", name, reason)
        self._installed = found
        self._nets.keep({_key(speaker.pack) for speaker in found.speakers.values()})

    def load(self, voice: str) -> None:
        """Make the sessions, speak a syllable. Raises VoiceUnknown, VoiceDataMissing, ConfigInvalid."""
        self._loaded(voice)

    def unload(self, voice: str) -> None:
        """Let go of the nets, once no other voice of the same pack is loaded."""
        self._nets.unload(voice)

    def synthesize(self, utterance: Utterance, wanted: Callable[[], float]) -> Generator[AudioChunk]:
        """Yield the audio; each sentence's timings come with its first chunk."""
        from tts_server.engines.sambert.runtime.speaker import speak

        speaker, nets = self._loaded(utterance.voice)
        on_breaks, before = self._emotion_on_breaks, utterance.before
        yield from speak(nets, speaker.name, utterance.runs, wanted, emotion_on_breaks=on_breaks, before=before)

    def vocoder_task(self, voice: str) -> VocoderTask:
        """The vocoder alone, in chunks of 40 frames. An NSF voice's source is silent."""
        import numpy as np

        _, nets = self._loaded(voice)
        shape, sample_rate = nets.pack.vocoder, nets.pack.sample_rate
        mel = np.random.default_rng(0).standard_normal((160, shape.in_channels), np.float32)
        sines = np.zeros((shape.harmonics, 40 * shape.hop_length), np.float32) if shape.harmonics else None

        def run() -> None:
            state = nets.vocoder.initial_state
            for start in range(0, 160, 40):
                _, state = nets.vocode(mel[start : start + 40], sines, state, start == 120)

        frames_per_s = sample_rate / shape.hop_length
        return VocoderTask(shape.macs_per_frame * frames_per_s, 160 / frames_per_s, run)

    def _as_computed(self, speaker: Speaker) -> Voice:
        """Another precision sounds a little different: recordings of one are not taken for the other's."""
        precision = choose(self._wanted, speaker.pack, self._device).precision
        if precision == "fp32":
            return speaker.voice
        return replace(speaker.voice, revision=f"{speaker.voice.revision}-{precision}")

    def _speaker(self, voice: str) -> Speaker:
        if (speaker := self._installed.speakers.get(voice)) is None:
            known = ", ".join(self._installed.speakers) or "none"
            raise VoiceUnknown(f"engine sambert has no voice {voice!r}; it has {known}")
        return speaker

    def _loaded(self, voice: str) -> tuple[Speaker, "Nets"]:
        speaker = self._speaker(voice)
        return speaker, self._nets.get(_key(speaker.pack), voice, lambda: self._warm(speaker))

    def _warm(self, speaker: Speaker) -> "Nets":
        from tts_server.engines.sambert.runtime.graphs import Nets
        from tts_server.engines.sambert.runtime.speaker import speak

        check(self._wanted, self._device)
        precision = choose(self._wanted, speaker.pack, self._device).precision
        nets = Nets(speaker.pack, self._device, may_choose=self._may_choose, precision=precision)
        for _ in speak(nets, speaker.name, (WARM_UP,), lambda: 0.1):
            pass  # the first run of a session plans its memory
        return nets


def _key(pack: Pack) -> Key:
    return pack.folder, pack.version
