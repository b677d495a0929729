"""How loud voices are, and the gain that brings each to the loudness this box speaks at (ITU-R BS.1770)."""

import hashlib
import json
import logging
import threading
import time
from collections.abc import Mapping, Sequence
from contextlib import closing
from pathlib import Path
from typing import Any, Final

import numpy as np

from tts_server.audio.limiter import limited
from tts_server.audio.loudness import integrated_lufs
from tts_server.engine import AudioChunk, Engine, Run, Samples, Utterance, Voice
from tts_server.engine_host import loudness_file
from tts_server.text.linguistic.segment import Segment

log = logging.getLogger(__name__)

MAX_GAIN_DB: Final = 12.0  # a voice much quieter than that is rather broken than quiet
MAX_S: Final = 20.0  # of speech that is listened to; more than the sentences take
# Of computing, after which no other sentence is begun: whoever asked first waits for it, and a chunk that takes longer
# than `engine_host.chunk_timeout_s` ends the engine host, and so what has been heard.
MOST_WORK_S: Final = 10.0
# Said once to hear how loud a voice is; the first language that it speaks counts. They are as short as what a home
# says, and each is said by itself: a voice may be 1.5 LU louder in sentences that follow each other.
SENTENCES: Final = {
    "zh": (
        "今天天气很好，适合出去走走。",
        "音量已经调小了。",
        "楼下有人按门铃。",
        "我把牛奶和面包加进购物清单了。",
        "要我把窗帘拉上吗？",
        "洗碗机还要十分钟。",
    ),
    "en": (
        "The kettle is on, and the cups are on the table.",
        "It is a quarter past eight.",
        "Someone is at the gate.",
        "I have added milk and bread to your shopping list.",
        "I turned the heating down to nineteen degrees.",
        "There is a delay on the northern line this morning.",
    ),
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
        lufs = voice.loudness_lufs if voice.loudness_lufs is not None else self._heard(engine, voice, self._target)
        return 0.0 if lufs is None else float(np.clip(self._target - lufs, -MAX_GAIN_DB, MAX_GAIN_DB))

    def _heard(self, engine: Engine, voice: Voice, target_lufs: float) -> float | None:
        settings = {**self._settings.get(voice.engine, {}), "loudness_lufs": target_lufs}
        key = voice.name, voice.version, voice.revision, _told(settings)
        with self._measuring:
            if self._measured is None:
                self._measured = loudness_file.read(self._file) if self._file else {}
            if key not in self._measured and key not in self._silent:
                self._measure(engine, voice, target_lufs, key, self._measured)
            return self._measured.get(key)

    def _measure(
        self,
        engine: Engine,
        voice: Voice,
        target_lufs: float,
        key: loudness_file.Key,
        measured: dict[loudness_file.Key, float],
    ) -> None:
        lufs = _loudness_of(engine, voice, target_lufs)
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


def _loudness_of(engine: Engine, voice: Voice, target_lufs: float) -> float | None:
    """What the voice's neutral speech measures, less what the limiter takes of it once it is as loud as it shall be.

    None where it says none of our languages, or nothing that is heard.
    """
    texts = next((SENTENCES[language] for language in voice.speaks if language in SENTENCES), None)
    if texts is None:
        return None
    from tts_server.text.frontend import analyse  # the host loads it beside its voices

    engine.load(voice.name)
    parts, seconds = [np.zeros(0, np.float32)], MAX_S
    began = time.monotonic()
    for text in texts:
        runs = analyse(Segment(text, tuple(range(len(text) + 1)))).runs
        said = _said(engine, voice, [run for run in runs if run.language in voice.speaks], seconds)
        parts.append(said)
        seconds -= len(said) / voice.sample_rate
        if seconds <= 0 or time.monotonic() - began > MOST_WORK_S:
            break
    said = np.concatenate(parts)
    lufs = integrated_lufs(said, voice.sample_rate)
    if not np.isfinite(lufs):
        return None
    heard = integrated_lufs(_limited(said, voice.sample_rate, target_lufs - lufs), voice.sample_rate)
    return lufs - (target_lufs - heard)


def _said(engine: Engine, voice: Voice, runs: Sequence[Run], most_s: float) -> Samples:
    parts, seconds = [np.zeros(0, np.float32)], 0.0
    with closing(engine.synthesize(Utterance(voice.name, tuple(runs)), lambda: 1.0)) as chunks:
        for chunk in chunks:
            parts.append(chunk.samples)
            seconds += len(chunk.samples) / chunk.sample_rate
            if seconds > most_s:
                break
    return np.concatenate(parts)


def _limited(samples: Samples, sample_rate: int, gain_db: float) -> Samples:
    return np.concatenate([chunk.samples for chunk in limited([AudioChunk(samples, sample_rate)], gain_db)])
