"""Names of emotions: frozen, shown in two languages, found under every name that others use."""

import pytest

from protocol.emoji import EMOJI, SEQUENCES, emotion_of
from protocol.emotions import (
    ALIASES,
    CHINESE_NAMES,
    DISTANCES,
    EMOTIONS,
    ENGLISH_NAMES,
    canonical,
    is_known,
    nearest,
    with_own,
)

NAMES = {
    "sambert": "none neutral angry disgust fear happy sad surprise calm gentle relax lyrical serious disgruntled "
    "satisfied disappointed excited anxiety jealousy hate pity pleasure arousal dominance placeholder1 placeholder9",
    "devices": "neutral happy laughing funny sad angry crying loving embarrassed surprised shocked thinking winking "
    "cool relaxed delicious kissy confident sleepy silly confused",
    "styles": "affectionate angry calm chat cheerful customerservice depressed disgruntled embarrassed empathetic "
    "excited fearful friendly gentle hopeful lyrical newscast sad serious shouting terrified unfriendly whispering",
}


def test_the_canonical_names_are_frozen() -> None:
    assert (
        *("neutral", "happy", "sad", "angry", "fear", "surprise", "disgust", "calm", "gentle", "affectionate"),
        *("serious", "excited", "anxious"),
    ) == EMOTIONS
    assert set(ENGLISH_NAMES) == set(CHINESE_NAMES) == set(EMOTIONS)


def test_every_name_and_alias_leads_to_a_canonical_one() -> None:
    assert {canonical(name) for name in EMOTIONS} == set(EMOTIONS)
    assert set(ALIASES.values()) <= set(EMOTIONS)
    assert all(canonical(shown) == name for name, shown in {**CHINESE_NAMES}.items())
    assert all(canonical(shown) == name for name, shown in ENGLISH_NAMES.items())
    assert all(ALIASES.get(name, name) == name for name in EMOTIONS)


@pytest.mark.parametrize("whose", NAMES)
def test_the_names_that_others_use_are_known(whose: str) -> None:
    assert [name for name in NAMES[whose].split() if canonical(name) is None] == []


def test_the_names_of_the_first_request_are_known() -> None:
    wanted = {"happy": "happy", "sad": "sad", "calm": "calm", "angry": "angry"}
    assert {name: canonical(name) for name in wanted} == wanted
    assert (canonical("affectionate"), canonical("formal")) == ("affectionate", "serious")


def test_case_spaces_and_the_models_prefix_do_not_matter() -> None:
    assert canonical(" Happy ") == canonical("emotion_happy") == "happy"
    assert canonical("narration professional") == "serious"
    assert canonical("laser") is None
    assert is_known("auto")
    assert not is_known("laser")


def test_the_nearest_emotion_is_the_one_at_the_least_distance() -> None:
    assert nearest("excited", ("neutral", "surprise", "happy")) == "happy"
    assert nearest("excited", ("neutral", "surprise")) == "surprise"
    assert nearest("sad", ("neutral", "happy")) == "neutral"
    assert nearest("sad", ("neutral", "sad")) == "sad"


def test_an_owners_distances_win() -> None:
    own = with_own({"excited": {"surprise": 0.1}, "sad": {"happy": 0.9}})
    assert nearest("excited", ("neutral", "happy", "surprise"), own) == "surprise"
    assert nearest("sad", ("neutral", "happy"), own) == "happy"
    assert nearest("anxious", ("neutral", "fear"), own) == "fear"
    assert DISTANCES["excited"]["surprise"] == 0.3


def test_emoji_tell_a_mood_whatever_their_skin() -> None:
    assert {name for name, _ in [*EMOJI.values(), *SEQUENCES.values()]} <= set(EMOTIONS)
    assert emotion_of("👍") == emotion_of("👍🏿") == ("happy", 1.0)
    assert emotion_of("❤️") == emotion_of("❤") == ("affectionate", 1.0)
    assert emotion_of("❤️‍🔥") == ("affectionate", 1.4)
    assert emotion_of("😮‍💨") == ("sad", 0.5)
    assert emotion_of("🚗") is None
