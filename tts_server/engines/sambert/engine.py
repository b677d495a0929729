"""Sambert: Mandarin voices of ModelScope, each installed as a voice pack.

Settings: `voices_dir`, where the packs are; `device`, "cpu" (default) or "cuda".
"""

import logging
import threading
from collections.abc import Callable, Generator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from tts_server.engine import AudioChunk, Break, Run, Syllable, Utterance, Voice
from tts_server.engines.sambert.pack import Pack, find_packs, read_pack
from tts_server.engines.sambert.runtime import Nets
from tts_server.engines.sambert.speaker import speak
from tts_server.errors import TTSError, VoiceDataMissing, VoiceUnknown

log = logging.getLogger(__name__)

WARM_UP: Final = Run("zh", "你好", 0, 1, syllables=(Syllable("你", "ni3", "ni3", 0, 1, Break.SENTENCE),))


@dataclass(frozen=True, slots=True)
class Speaker:
    """One of the speakers in a pack, as a voice."""

    pack: Pack
    name: str
    voice: Voice


class SambertEngine:
    """Speaks with the voice packs it finds."""

    def __init__(self, settings: Mapping[str, Any]) -> None:
        """Reads manifests only. A pack that cannot be used is logged and passed over."""
        folder = settings.get("voices_dir")
        self._device = str(settings.get("device", "cpu"))
        self._speakers = {found.voice.name: found for found in (find_speakers(Path(folder)) if folder else ())}
        self._nets: dict[Path, Nets] = {}
        self._loading = threading.Lock()

    @property
    def voices(self) -> Sequence[Voice]:
        """A voice for each speaker of each pack."""
        return tuple(speaker.voice for speaker in self._speakers.values())

    def load(self, voice: str) -> None:
        """Make the sessions, speak a syllable. Raises VoiceUnknown, VoiceDataMissing, ConfigInvalid."""
        self._loaded(self._speaker(voice))

    def synthesize(self, utterance: Utterance, wanted: Callable[[], float]) -> Generator[AudioChunk]:
        """Yield the audio; each sentence's timings come with its first chunk."""
        speaker = self._speaker(utterance.voice)
        yield from speak(self._loaded(speaker), speaker.name, utterance.runs, wanted)

    def _speaker(self, voice: str) -> Speaker:
        if voice not in self._speakers:
            known = ", ".join(self._speakers) or "none"
            raise VoiceUnknown(f"engine sambert has no voice {voice!r}; it has {known}")
        return self._speakers[voice]

    def _loaded(self, speaker: Speaker) -> Nets:
        with self._loading:
            if (nets := self._nets.get(speaker.pack.folder)) is None:
                nets = Nets(speaker.pack, self._device)
                for _ in speak(nets, speaker.name, (WARM_UP,), lambda: 0.1):
                    pass  # the first run of a session plans its memory
                self._nets[speaker.pack.folder] = nets
            return nets


def find_speakers(folder: Path) -> list[Speaker]:
    """The speakers of the packs in a folder; the first of a pack has the pack's own name."""
    found = []
    for path in find_packs(folder):
        try:
            pack = read_pack(path)
            if pack.language != "PinYin" or pack.acoustic.using_byte:
                raise VoiceDataMissing(f"{path} speaks {pack.language} units, for which there is no front end")
        except TTSError as error:
            log.error("voice pack %s cannot be used: %s", path.name, error)
            continue
        # a pack with a speaker's vector has that speaker only, whatever its list says
        for index, name in enumerate(pack.speakers if pack.acoustic.speakers else pack.speakers[:1]):
            found.append(Speaker(pack, name, _voice(pack, pack.name if index == 0 else f"{pack.name}-{name}")))
    return found


def _voice(pack: Pack, name: str) -> Voice:
    return Voice(
        name=name,
        engine="sambert",
        language="zh-CN",
        speaks=("zh", "en"),
        sample_rate=pack.sample_rate,
        emotions=tuple(pack.emotions),
        description=f"Mandarin with English words, Sambert-HiFiGAN, {pack.sample_rate // 1000} kHz",
        attribution="Alibaba DAMO Academy, Speech Lab (ModelScope)",
        attribution_url="https://github.com/alibaba-damo-academy/KAN-TTS",
        licence=pack.licence,
        version=pack.version,
    )
