"""A segment's name changes with all that its sound depends on, and with nothing else."""

from dataclasses import replace

import pytest

from tests.support.engines import voice
from tts_server.cache.key import KeyMaker
from tts_server.engine import Voice
from tts_server.text.linguistic.segment import Pause, Segment, Style
from tts_server.text.linguistic.utterance import Prosody
from tts_server.voices import Catalogue

MANDARIN = voice("li", "li", speaks=("zh",))
ENGLISH = voice("amy", "amy", speaks=("en",))
HOUSE = Catalogue((MANDARIN, ENGLISH))
KEYS = KeyMaker({}, {})


def segment(text: str = "你好。", start: int = 0, *spans: Pause, **prosody: object) -> Segment:
    style = Style(0, len(text), Prosody(**prosody))  # type: ignore[arg-type]
    return Segment(text, tuple(range(start, start + len(text) + 1)), (style, *spans))


def key(said: Segment, by: Voice = MANDARIN, house: Catalogue = HOUSE, keys: KeyMaker = KEYS) -> str:
    return keys.key(said, by, house)


@pytest.mark.parametrize(
    "other",
    [
        segment("你好！"),
        segment("你好。", 0, Pause(1, 300)),
        segment(emotion="happy"),
        segment(emotion="happy", intensity=0.5),
        segment(speed=1.1),
        segment(pitch=1.0),
        segment(volume=-3.0),
    ],
)
def test_another_text_or_style_is_another_recording(other: Segment) -> None:
    assert key(other) != key(segment())


def test_where_the_text_stands_does_not_count() -> None:
    assert key(segment("你好。", 7)) == key(segment("你好。", 0))


@pytest.mark.parametrize("change", [{"name": "wang"}, {"version": "2"}, {"revision": "abc"}, {"engine": "other"}])
def test_another_voice_or_revision_is_another_recording(change: dict[str, str]) -> None:
    assert key(segment(), replace(MANDARIN, **change)) != key(segment())  # type: ignore[arg-type]


def test_the_voice_that_says_the_foreign_words_counts() -> None:
    changed = Catalogue((MANDARIN, replace(ENGLISH, revision="2")))
    assert key(segment(), house=changed) != key(segment())


def test_a_voice_that_would_never_be_asked_does_not_count() -> None:
    more = Catalogue((MANDARIN, ENGLISH, voice("wang", "wang", speaks=("zh",))))
    assert key(segment(), house=more) == key(segment())


def test_the_owners_dictionary_and_the_engines_settings_count() -> None:
    assert key(segment(), keys=KeyMaker({"重庆": "chong2 qing4"}, {})) != key(segment())
    assert key(segment(), keys=KeyMaker({}, {"li": {"quality": 2}})) != key(segment())
    assert key(segment(), keys=KeyMaker({}, {"wang": {"quality": 2}})) == key(segment())
