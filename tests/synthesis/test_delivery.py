"""How a text is delivered: cues, moods, likeness of emotions, the night."""

from dataclasses import replace
from datetime import time
from typing import Any

import pytest

from protocol.emotions import with_own
from tests.support.engines import voice
from tts_server.events import SpeechOptions
from tts_server.markup.readers import reader_for
from tts_server.markup.segments import TextCutter
from tts_server.markup.tokens import Cue, EmotionCue, VoiceCue
from tts_server.synthesis.delivery import Delivery
from tts_server.synthesis.speaking_style import Night, SpeakingStyle
from tts_server.text.linguistic.segment import Before, Language, Segment
from tts_server.text.linguistic.utterance import Prosody
from tts_server.voices import Catalogue

MOODY = voice("moody", "tone", emotions=("neutral", "happy", "sad", "calm", "surprise"))
PLAIN = voice("plain", "tone", emotions=("neutral",))
CATALOGUE = Catalogue((MOODY, PLAIN))
NIGHT = Night(time(22), time(7))


def delivery(style: SpeakingStyle | None = None, **options: Any) -> Delivery:
    return Delivery(CATALOGUE, SpeechOptions(**options), "neutral", style or SpeakingStyle())


def said(text: str, wanted: Delivery) -> list[tuple[str, str, float]]:
    """(text, emotion, intensity) of each segment."""
    return [(s.text, s.prosody.emotion, s.prosody.intensity) for s in segments(text, wanted)]


def segments(text: str, wanted: Delivery) -> list[Segment]:
    finished: list[Segment] = []

    def follow(cue: Cue, before: list[Segment]) -> Prosody:
        finished.extend(wanted.finished(segment) for segment in before)
        before.clear()
        return wanted.follow(cue)

    cutter = TextCutter(
        wanted.prosody, split="sentence", reader=reader_for("auto", SpeakingStyle().markup), on_cue=follow
    )
    rest = cutter.feed(text)
    finished.extend(wanted.finished(segment) for segment in rest)
    return [*finished, *(wanted.finished(segment) for segment in cutter.end())]


def test_tags_change_the_emotion_and_lead_back_to_the_one_asked_for() -> None:
    found = said("一。[happy:1.5]二。[excited]三。[/]四。", delivery(emotion="sad", intensity=0.5))
    assert found == [("一。", "sad", 0.5), ("二。", "happy", 1.5), ("三。", "happy", 1.0), ("四。", "sad", 0.5)]


def test_an_emotion_that_a_voice_lacks_is_replaced_by_the_nearest() -> None:
    assert said("[excited]好。", delivery())[0][1] == "happy"
    own = SpeakingStyle(distances=with_own({"excited": {"surprise": 0.1}}))
    assert said("[excited]好。", delivery(own))[0][1] == "surprise"
    wanted = delivery(emotion="excited")
    assert (wanted.emotion_asked, wanted.emotion_used) == ("excited", "happy")


def test_a_voice_named_in_the_text_speaks_until_its_element_ends() -> None:
    wanted = delivery(emotion="sad")
    wanted.follow(VoiceCue("plain"))
    assert (wanted.voice, wanted.emotion_asked, wanted.emotion_used) == (PLAIN, "sad", "neutral")
    wanted.follow(VoiceCue("nobody"))
    assert wanted.voice == PLAIN
    wanted.follow(VoiceCue(None))
    assert (wanted.voice, wanted.emotion_used) == (MOODY, "sad")


def test_moods_are_found_where_that_is_asked_for() -> None:
    text = "太好了，我们赢了！门开着。[sad]真开心！[/]哈哈，太好了！"
    found = said(text, delivery(emotion="auto"))
    assert [emotion for _, emotion, _ in found] == ["happy", "neutral", "sad", "happy"]
    assert {emotion for _, emotion, _ in said("太好了，我们赢了！", delivery())} == {"neutral"}


def test_a_change_of_mood_is_told_to_the_voice() -> None:
    first, second, third = segments("[happy]一。[sad]二。三。", delivery())
    assert first.prosody not in [span.prosody for span in first.spans if isinstance(span, Before)]
    assert [span.prosody.emotion for span in second.spans if isinstance(span, Before)] == ["happy"]
    assert not [span for span in third.spans if isinstance(span, Before)]


@pytest.mark.parametrize(
    ("hour", "is_night"), [(21, False), (22, True), (23, True), (0, True), (6, True), (7, False), (12, False)]
)
def test_the_night_reaches_over_midnight(hour: int, is_night: bool) -> None:
    assert NIGHT.is_at(time(hour)) is is_night
    assert not Night(time(8), time(8)).is_at(time(8))


def test_at_night_everything_is_quieter_calmer_and_slower() -> None:
    by_day = SpeakingStyle(night=NIGHT, now=lambda: time(12))
    by_night = replace(by_day, now=lambda: time(23))
    assert said("好。[happy]好。", delivery(by_day)) == [("好。", "neutral", 1.0), ("好。", "happy", 1.0)]
    assert said("好。[happy]好。", delivery(by_night)) == [("好。", "calm", 0.5), ("好。", "happy", 0.5)]
    prosody = segments("好。", delivery(by_night, speed=1.0, volume=-2.0))[0].prosody
    assert (prosody.speed, prosody.volume) == (0.93, -10.0)
    unknown = replace(by_night, is_clock_set=lambda: False)
    assert said("好。", delivery(unknown)) == [("好。", "neutral", 1.0)]
    plain = said("好。", delivery(by_night, voice="plain"))
    assert plain[0][1] == "neutral"


def test_the_emotion_cue_without_a_name_follows_a_change_beside_the_text() -> None:
    wanted = delivery(emotion="sad")
    wanted.change(None, "happy", intensity=0.7)
    wanted.follow(EmotionCue("calm"))
    assert wanted.follow(EmotionCue(None)) == Prosody("happy", 0.7)


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        ({}, ["", "", "en", "", ""]),  # as what was said before
        ({"voice": "plain"}, ["", "", "", "", ""]),  # the voice's own
        ({"voice": "both"}, ["", "", "en", "", ""]),
        ({"voice": "both", "language": "en-US"}, ["en", "", "en", "", "en"]),
    ],
)
def test_a_text_that_does_not_tell_gets_the_language_of_voice_request_or_context(
    options: dict[str, Any], expected: list[str]
) -> None:
    both = replace(voice("both", "tone", emotions=("neutral",)), speaks=("zh", "en"))
    catalogue = Catalogue((replace(PLAIN, speaks=("zh",)), both))
    wanted = Delivery(catalogue, SpeechOptions(**options), "neutral", SpeakingStyle())
    found = segments("21.5. Here is the list. 300. 现在是。 45%.", wanted)
    codes = [[span.code for span in segment.spans if isinstance(span, Language)] for segment in found]
    assert [code[0] if code else "" for code in codes] == expected
