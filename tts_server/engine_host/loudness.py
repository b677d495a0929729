"""How loud voices are, and the gain that brings each to the loudness this box speaks at (ITU-R BS.1770)."""

import hashlib
import json
import logging
import threading
from collections.abc import Mapping, Sequence
from contextlib import closing
from pathlib import Path
from typing import Any, Final

import numpy as np

from tts_server.audio.loudness import integrated_lufs
from tts_server.engine import Engine, Run, Samples, Utterance, Voice
from tts_server.engine_host import loudness_file
from tts_server.text.linguistic.segment import Segment

log = logging.getLogger(__name__)

MAX_GAIN_DB: Final = 12.0  # a voice much quieter than that is rather broken than quiet
MAX_S: Final = 15.0  # of speech that is listened to; more than a sentence takes
# Said once to hear how loud a voice is; the first language that it speaks counts.
SENTENCES: Final = {
    "zh": "今天天气很好，客厅的灯已经打开了。请把音量调小一点，孩子已经睡着了。",
    "en": "The kettle is on, and dinner is ready in five minutes. The front door is still open.",
}


class Loudness:
    """The loudness that all voices are brought to. What a voice does not state is measured once, and remembered."""

    def __init__(
        self,
        target_lufs: float | None,
        file: Path | None = None,
        settings: Mapping[str, Mapping[str, Any]] | None = None,
    ) -> None:
        """target_lufs: None leaves every voice as loud as it is. file: where measurements outlive a restart.

        settings: of the engines, by name: a voice that they make sound otherwise is measured again.
        """
        self._settings = settings or {}
        self._target = target_lufs
        self._file = file
        self._measured: dict[loudness_file.Key, float] | None = None  # read when first needed
        self._silent: set[loudness_file.Key] = set()  # nothing can be heard of these
        self._measuring = threading.Lock()

    def gain_db(self, engine: Engine, voice: Voice) -> float:
        """What to add to the voice; 0 where that cannot be told. May speak a sentence: for synthesis threads."""
        if self._target is None:
            return 0.0
        lufs = voice.loudness_lufs if voice.loudness_lufs is not None else self._heard(engine, voice)
        return 0.0 if lufs is None else float(np.clip(self._target - lufs, -MAX_GAIN_DB, MAX_GAIN_DB))

    def _heard(self, engine: Engine, voice: Voice) -> float | None:
        key = voice.name, voice.version, voice.revision, _told(self._settings.get(voice.engine, {}))
        with self._measuring:
            if self._measured is None:
                self._measured = loudness_file.read(self._file) if self._file else {}
            if key not in self._measured and key not in self._silent:
                self._measure(engine, voice, key, self._measured)
            return self._measured.get(key)

    def _measure(
        self, engine: Engine, voice: Voice, key: loudness_file.Key, measured: dict[loudness_file.Key, float]
    ) -> None:
        lufs = _loudness_of(engine, voice)
        log.info("voice %s speaks at %s LUFS", voice.name, lufs)
        if lufs is None:
            self._silent.add(key)
            return
        measured[key] = lufs
        if self._file:
            loudness_file.write(self._file, measured)


def _told(settings: Mapping[str, Any]) -> str:
    """Settings in short. Where packs are does not change how they sound."""
    counted = {name: value for name, value in settings.items() if name != "voices_dir"}
    return hashlib.sha256(json.dumps(counted, sort_keys=True, default=str).encode()).hexdigest()[:16] if counted else ""


def _loudness_of(engine: Engine, voice: Voice) -> float | None:
    """What the voice's neutral speech measures; None where it says none of our languages, or nothing that is heard."""
    text = next((SENTENCES[language] for language in voice.speaks if language in SENTENCES), None)
    if text is None:
        return None
    from tts_server.text.frontend import analyse  # the host loads it beside its voices

    runs = tuple(
        run for run in analyse(Segment(text, tuple(range(len(text) + 1)))).runs if run.language in voice.speaks
    )
    engine.load(voice.name)
    lufs = integrated_lufs(_said(engine, voice, runs), voice.sample_rate)
    return lufs if np.isfinite(lufs) else None


def _said(engine: Engine, voice: Voice, runs: Sequence[Run]) -> Samples:
    parts, seconds = [np.zeros(0, np.float32)], 0.0
    with closing(engine.synthesize(Utterance(voice.name, tuple(runs)), lambda: 1.0)) as chunks:
        for chunk in chunks:
            parts.append(chunk.samples)
            seconds += len(chunk.samples) / chunk.sample_rate
            if seconds > MAX_S:
                break
    return np.concatenate(parts)
