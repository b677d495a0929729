"""Which voice and which emotion a request gets."""

from dataclasses import replace

import pytest

from protocol.emotions import ALIASES, DISTANCES, EMOTIONS, canonical
from tests.support.engines import voice
from tts_server.errors import ConfigInvalid, EmotionUnknown, EngineLoading, VoiceUnknown
from tts_server.voices import Catalogue, emotion_for, split_name, voice_like

BAKER = voice("baker", "baker", emotions=("neutral", "happy", "calm"))
HEART = voice("heart", "heart", language="en-US", emotions=("neutral",))
CATALOGUE = Catalogue.of([HEART, BAKER], default="baker")


def test_the_default_voice_leads_and_is_chosen_when_nothing_is_asked_for() -> None:
    assert [voice.name for voice in CATALOGUE.voices] == ["baker", "heart"]
    assert CATALOGUE.choose() is BAKER


@pytest.mark.parametrize(
    ("language", "name"), [("en", "heart"), ("en_GB", "heart"), ("zh-TW", "baker"), ("fr", "baker")]
)
def test_a_language_chooses_a_voice_that_speaks_it(language: str, name: str) -> None:
    assert CATALOGUE.choose(None, language).name == name


def test_without_a_configured_default_the_first_sambert_voice_leads_then_baker() -> None:
    first, second = (voice(name, "sambert") for name in ("zhitian_emo", "zhiyan_emo"))
    assert [voice.name for voice in Catalogue.of([BAKER, HEART], "").voices] == ["baker", "heart"]
    assert [voice.name for voice in Catalogue.of([HEART, BAKER], "").voices] == ["baker", "heart"]
    names = [voice.name for voice in Catalogue.of([HEART, BAKER, first, second], "").voices]
    assert names == ["zhitian_emo", "heart", "baker", "zhiyan_emo"]
    assert Catalogue.of([HEART, BAKER, first, second], "", ["zhitian_emo"]).choose().name == "zhiyan_emo"
    assert Catalogue.of([HEART, BAKER, first], "baker").choose().name == "baker"


def test_an_unknown_voice_is_an_error_that_names_those_that_are_here() -> None:
    with pytest.raises(VoiceUnknown, match=r"'nobody'.*baker, heart"):
        CATALOGUE.choose("nobody")


def test_a_disabled_voice_is_not_offered() -> None:
    assert [voice.name for voice in Catalogue.of([HEART, BAKER], "baker", ["heart"]).voices] == ["baker"]


def test_without_any_voice_the_engines_count_as_loading() -> None:
    with pytest.raises(EngineLoading):
        Catalogue().choose()
    with pytest.raises(ConfigInvalid, match=r"voices\.disabled takes away every voice of this box: baker, heart"):
        Catalogue.of([BAKER, HEART], "", ["baker", "heart"]).choose()


def test_an_emotion_the_voice_lacks_becomes_the_nearest_it_has() -> None:
    assert emotion_for(BAKER, "excited") == ("excited", "happy")
    assert emotion_for(BAKER, "开心") == ("happy", "happy")
    assert emotion_for(HEART, "angry") == ("angry", "neutral")
    assert emotion_for(BAKER, "no such mood") == ("neutral", "neutral")


@pytest.mark.parametrize("name", ["excited", "no such mood"])
def test_strict_turns_every_fallback_into_an_error(name: str) -> None:
    with pytest.raises(EmotionUnknown):
        emotion_for(BAKER, name, strict=True)


def test_every_alias_and_every_neighbour_is_a_canonical_name() -> None:
    assert {canonical(name) for name in EMOTIONS} == set(EMOTIONS)
    assert set(ALIASES.values()) <= set(EMOTIONS)
    assert set(DISTANCES) == set(EMOTIONS) - {"neutral"}
    assert {near for nears in DISTANCES.values() for near in nears} <= set(EMOTIONS) - {"neutral"}


def test_a_mood_behind_a_name_and_capitals_do_not_hide_the_voice() -> None:
    assert CATALOGUE.choose("baker||happy") is BAKER
    assert CATALOGUE.choose("Heart") is HEART
    assert split_name("baker||happy") == ("baker", "happy")
    assert split_name("baker") == split_name("baker||") == ("baker", None)


@pytest.mark.parametrize(
    ("text", "asked", "says"),
    [
        ("你好。", "heart", "baker"),
        ("你好 world", "heart", "heart"),
        ("Hello.", "heart", "heart"),
        ("Hello.", "baker", "heart"),
        ("123!", "heart", "heart"),
        ("안녕", "heart", "heart"),
    ],
)
def test_who_says_a_text_that_a_voice_cannot(text: str, asked: str, says: str) -> None:
    chinese, english = replace(BAKER, speaks=("zh",)), replace(HEART, speaks=("en",))
    catalogue = Catalogue((chinese, english))
    assert catalogue.speaker_of(text, catalogue.choose(asked)).name == says


@pytest.mark.parametrize(
    ("name", "like"),
    [
        ("zf_xiaoxiao", "yan"),
        ("zm_yunxi", "bo"),
        ("af_bella", "heart"),
        ("bm_george", "heart"),
        ("jf_alpha", "yan"),
        ("zh_female_wanwanxiaohe_moon_bigtts", "yan"),
        ("zh-male-1", "bo"),
        ("en_US-amy-medium", "heart"),
        ("en-GB-SoniaNeural", "heart"),
        ("jay_klee", "bo"),
        ("", "bo"),
        ("晓晓", "bo"),
    ],
)
def test_a_voice_of_another_engine_has_one_like_it(name: str, like: str) -> None:
    bo, yan = voice("bo", "a", gender="male"), voice("yan", "a", gender="female")
    heart = voice("heart", "b", language="en-US", gender="female")
    found = voice_like(name, Catalogue((bo, yan, heart)))
    assert found is not None
    assert found.name == like


def test_without_voices_none_is_alike() -> None:
    assert voice_like("zf_xiaoxiao", Catalogue()) is None


def test_letters_that_no_voice_here_speaks_are_counted() -> None:
    mandarin = voice("a", "x", speaks=("zh",))
    english = voice("b", "x", language="en-US", speaks=("en",))
    german = voice("c", "x", language="de-DE", speaks=("de",))
    text = "灯 on"
    for voices, expected in (((mandarin,), 2), ((english,), 1), ((mandarin, english), 0), ((mandarin, german), 0)):
        assert Catalogue.of(voices, "").unspoken(text) == expected
