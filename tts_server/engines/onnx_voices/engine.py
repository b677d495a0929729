"""Voices of other programs' making, run by onnxruntime with symbols of our front end: Piper's, Kokoro's, sherpa's.

Speed and volume are the model's and ours; pitch and emotions are made of the samples by the engine host.
Settings: `voices_dir`, where the packs are; `max_memory_mb`, above which a pack is not used, 0 for any size.
"""

import logging
from collections.abc import Callable, Generator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from tts_server.engine import AudioChunk, Utterance, Voice
from tts_server.engines.installing.loaded import Key, LoadedPacks
from tts_server.engines.onnx_voices.families import Model, load
from tts_server.engines.onnx_voices.packs.pack import UNKNOWN_LICENCE, Pack, find_packs, memory_mb, read_pack
from tts_server.engines.onnx_voices.packs.trial import LEVEL_DBFS, trial
from tts_server.errors import TTSError, VoiceUnknown
from tts_server.presets import BY_SIGNAL_STRENGTHS, PRESETS

log = logging.getLogger(__name__)

MAX_SPEAKERS: Final = 16  # of one model are voices: hundreds would fill every list


@dataclass(frozen=True, slots=True)
class _Speaker:
    pack: Pack
    index: int
    voice: Voice


class OnnxVoicesEngine:
    """Speaks with the packs it finds. Packs may come and go; speakers of one pack share its nets."""

    def __init__(self, settings: Mapping[str, Any]) -> None:
        """Reads manifests only. A pack that cannot be used is logged and passed over."""
        folder = settings.get("voices_dir")
        self._folder = Path(folder) if folder else None
        self._most_mb = int(settings.get("max_memory_mb", 0))
        self._speakers: dict[str, _Speaker] = {}
        self._faults: dict[str, str] = {}
        self._models = LoadedPacks[Model]()
        self.refresh()

    @property
    def voices(self) -> Sequence[Voice]:
        """A voice for each speaker of each pack."""
        return tuple(speaker.voice for speaker in self._speakers.values())

    def refresh(self) -> None:
        """Read the folder again. Nets of packs that are gone or were replaced are let go."""
        found, faults = read_packs(self._folder) if self._folder else ([], {})
        faults |= {pack.name: reason for pack in found if (reason := _too_large(pack, self._most_mb))}
        packs = [pack for pack in found if pack.name not in faults]
        for name, reason in faults.items():
            if self._faults.get(name) != reason:
                log.error("voice pack %s cannot be used and is passed over: %s", name, reason)
        speakers = {speaker.voice.name: speaker for pack in packs for speaker in _speakers_of(pack)}
        self._speakers, self._faults = speakers, faults
        self._models.keep({_key(speaker.pack) for speaker in speakers.values()})

    def load(self, voice: str) -> None:
        """Make the sessions, speak a word. Raises VoiceUnknown, VoiceDataMissing."""
        self._loaded(voice)

    def unload(self, voice: str) -> None:
        """Let go of the nets, once no other voice of the same pack is loaded."""
        self._models.unload(voice)

    def synthesize(self, utterance: Utterance, wanted: Callable[[], float]) -> Generator[AudioChunk]:
        """Yield the audio, with timings of words or syllables."""
        speaker, model = self._loaded(utterance.voice)
        yield from model.speak(speaker.index, utterance.runs, wanted)

    def _loaded(self, voice: str) -> tuple[_Speaker, Model]:
        if (speaker := self._speakers.get(voice)) is None:
            known = ", ".join(self._speakers) or "none"
            raise VoiceUnknown(f"engine onnx_voices has no voice {voice!r}; it has {known}")
        return speaker, self._models.get(_key(speaker.pack), voice, lambda: _warm(speaker.pack))


def read_packs(folder: Path) -> tuple[list[Pack], dict[str, str]]:
    """The packs of a folder, those installed first at the head; and why others cannot be used, by name."""
    packs, faults = [], {}
    for path in find_packs(folder):
        try:
            packs.append(read_pack(path))
        except TTSError as error:
            faults[path.name] = str(error)
    return sorted(packs, key=lambda pack: (pack.installed, pack.name)), faults


def _warm(pack: Pack) -> Model:
    model = load(pack)
    for language in pack.speaks:
        for _ in model.speak(0, trial(language)[:1], lambda: 1.0):
            pass  # the first run of a session plans its memory
    return model


def _speakers_of(pack: Pack) -> list[_Speaker]:
    """The speakers of a pack; the first has the pack's own name."""
    indices = list(pack.speakers.values())[:MAX_SPEAKERS] or [0]
    named = zip(pack.voice_names[:MAX_SPEAKERS], indices, strict=True)
    return [_Speaker(pack, index, _voice(pack, voice)) for voice, index in named]


def _too_large(pack: Pack, most_mb: int) -> str:
    """Why a pack cannot be loaded here; "" where it can."""
    needed_mb = memory_mb(pack)
    if not most_mb or needed_mb <= most_mb:
        return ""
    return f"it needs {needed_mb} MB of memory once loaded; engine_host.max_memory_mb is {most_mb}"


def _voice(pack: Pack, name: str) -> Voice:
    learned = pack.settings.get("emotions", {"neutral": 0})  # those that the model has; others are made of the sound
    return Voice(
        name=name,
        engine="onnx_voices",
        language=pack.language,
        speaks=pack.speaks,
        sample_rate=pack.sample_rate,
        emotions=tuple(PRESETS),
        by_signal=tuple(emotion for emotion in PRESETS if emotion not in learned),
        emotion_strengths=tuple(1.0 if emotion in learned else BY_SIGNAL_STRENGTHS[emotion] for emotion in PRESETS),
        description=f"{pack.description}, from {pack.source}",
        attribution=pack.attribution,
        attribution_url=pack.attribution_url,
        licence=pack.licence,
        version=pack.revision,
        speaker_of="" if name == pack.name else pack.name,
        revision=pack.revision,
        notice="" if pack.licence != UNKNOWN_LICENCE else "Nothing with the files said under which licence they are.",
        level_dbfs=LEVEL_DBFS,
    )


def _key(pack: Pack) -> Key:
    return pack.folder, pack.revision
