import json
from collections.abc import Callable, Generator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soxr

from tests.support.audio import together
from tests.support.engines import ToneEngine
from tts_server.audio.loudness import integrated_lufs
from tts_server.engine import AudioChunk, Utterance
from tts_server.engine_host import loudness_file
from tts_server.engine_host.loudness import MAX_GAIN_DB, SENTENCES, Loudness
from tts_server.engine_host.speech import speak
from tts_server.engines.baker.engine import BakerEngine
from tts_server.engines.heart.engine import HeartEngine
from tts_server.text.linguistic.segment import Segment, Style
from tts_server.text.linguistic.utterance import Prosody

TARGET = -19.0
TEXTS = {
    "baker": (
        "今天天气很好，我们一起去公园散步吧。",
        "客厅的灯已经打开了，门没有关好。",
        "洗衣机洗完了，可以晾衣服了。",
    ),
    "heart": (
        "The meeting starts at three in the afternoon.",
        "Your parcel is waiting.",
        "Dinner is ready, come down.",
    ),
}


class CountingEngine(ToneEngine):
    """Counts how often it is listened to."""

    def __init__(self, settings: Mapping[str, Any]) -> None:
        super().__init__(settings)
        self.spoken = 0

    def synthesize(self, utterance: Utterance, wanted: Callable[[], float]) -> Generator[AudioChunk]:
        self.spoken += 1
        yield from super().synthesize(utterance, wanted)

    @property
    def heard(self) -> int:
        assert self.spoken % len(SENTENCES["zh"]) == 0
        return self.spoken // len(SENTENCES["zh"])


def segment(text: str, prosody: Prosody) -> Segment:
    return Segment(text, tuple(range(len(text) + 1)), (Style(0, len(text), prosody),))


def test_a_voice_that_states_its_loudness_is_not_measured() -> None:
    engine = CountingEngine({})
    (voice,) = engine.voices
    assert Loudness(TARGET).gain_db(engine, replace(voice, loudness_lufs=-23.5)) == 4.5
    assert Loudness(TARGET).gain_db(engine, replace(voice, loudness_lufs=-60.0)) == MAX_GAIN_DB
    assert Loudness(None).gain_db(engine, voice) == 0.0
    assert engine.heard == 0


def test_a_slow_voice_is_listened_to_for_one_sentence(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tts_server.engine_host.loudness.MOST_WORK_S", 0.0)
    engine, loudness = CountingEngine({}), Loudness(TARGET)
    (voice,) = engine.voices
    gains = {loudness.gain_db(engine, voice) for _ in range(2)}
    assert engine.spoken == 1
    assert len(gains) == 1
    assert gains != {0.0}


def test_another_voice_is_measured_once_for_each_revision() -> None:
    engine, loudness = CountingEngine({}), Loudness(TARGET)
    (voice,) = engine.voices
    gains = [loudness.gain_db(engine, voice) for _ in range(3)]
    assert engine.heard == 1
    assert gains[0] == gains[1] == gains[2] != 0.0
    loudness.gain_db(engine, replace(voice, revision="2"))
    assert engine.heard == 2
    assert loudness.gain_db(engine, replace(voice, name="other", speaks=("xx",))) == 0.0


def test_what_was_measured_outlives_a_restart(tmp_path: Path) -> None:
    file = tmp_path / "not" / "yet" / "loudness.json"
    engine = CountingEngine({})
    (voice,) = engine.voices
    gain = Loudness(TARGET, file).gain_db(engine, voice)
    other = replace(voice, revision="2")
    Loudness(TARGET, file).gain_db(engine, other)
    again = Loudness(TARGET, file)
    assert engine.heard == 2
    assert again.gain_db(engine, voice) == again.gain_db(engine, other) == gain != 0.0
    assert engine.heard == 2
    assert [path.name for path in file.parent.iterdir()] == ["loudness.json"]


def test_a_voice_whose_engine_is_set_otherwise_is_measured_again(tmp_path: Path) -> None:
    file = tmp_path / "loudness.json"
    engine = CountingEngine({})
    (voice,) = engine.voices
    said = []
    for table in ({}, {"precision": "fp32"}, {"precision": "bf16"}, {"precision": "bf16", "voices_dir": "/elsewhere"}):
        assert Loudness(TARGET, file, {voice.engine: table}).gain_db(engine, voice) != 0.0
        said.append(engine.heard)
    assert said == [1, 2, 3, 3]


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"\xff",
        b"[]",
        b"[" * 100_000,
        b'{"format": "0", "lufs": []}',
        json.dumps({"format": loudness_file.FORMAT, "lufs": [["tone", "1", "", "", None]]}).encode(),
        json.dumps({"format": loudness_file.FORMAT, "lufs": [["tone", "1", "", "", float("nan")]]}).encode(),
    ],
)
def test_a_file_that_is_not_sound_is_measured_anew_and_mended(tmp_path: Path, content: bytes) -> None:
    file = tmp_path / "loudness.json"
    file.write_bytes(content)
    engine = CountingEngine({})
    (voice,) = engine.voices
    assert Loudness(TARGET, file).gain_db(engine, voice) == Loudness(TARGET, file).gain_db(engine, voice) != 0.0
    assert engine.heard == 1


def test_few_measurements_are_kept_and_a_folder_that_cannot_be_written_does_no_harm(tmp_path: Path) -> None:
    file = tmp_path / "loudness.json"
    loudness_file.write(file, {(str(number), "", "", ""): -20.0 for number in range(500)})
    kept = loudness_file.read(file)
    assert len(kept) == loudness_file.MAX_KEPT
    assert ("499", "", "", "") in kept
    engine = CountingEngine({})
    (voice,) = engine.voices
    assert Loudness(TARGET, file / "below" / "a file").gain_db(engine, voice) != 0.0


@pytest.mark.parametrize("engine", [BakerEngine({}), HeartEngine({})], ids=["baker", "heart"])
def test_the_embedded_voices_are_equally_loud_and_never_too_loud(engine: BakerEngine | HeartEngine) -> None:
    (voice,) = engine.voices
    voices, loudness = {voice.name: (engine, voice)}, Loudness(TARGET)

    def said(text: str, prosody: Prosody) -> np.ndarray:
        return together(list(speak(segment(text, prosody), voice.name, voices, lambda: 5.0, loudness)))

    heard = [integrated_lufs(said(text, Prosody()), voice.sample_rate) for text in TEXTS[voice.name]]
    assert np.median(heard) == pytest.approx(TARGET, abs=1.0)
    for prosody in (Prosody("angry"), Prosody("surprise", 2.0, volume=12.0)):
        loud = said(TEXTS[voice.name][0], prosody)
        for rate in (16_000, 48_000):  # what a door may make of it
            changed = soxr.resample(loud, voice.sample_rate, rate)
            assert 20 * np.log10(np.abs(soxr.resample(changed, rate, 4 * rate)).max()) < -1.0
