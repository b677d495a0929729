"""Words of OpenAI's `instructions` become an emotion, in English and Chinese."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from protocol.emotions import EMOTIONS
from tts_server.transports.http.openai.instructions import emotion_of


@pytest.mark.parametrize(
    ("instructions", "emotion"),
    [
        ("Speak in a cheerful and positive tone.", "happy"),
        ("Voice Affect: Calm, composed, and reassuring. Pacing: slow, steady.", "calm"),
        ("Sound furious and hostile.", "angry"),
        ("Whisper softly, with compassion", "gentle"),
        ("Like a news anchor: serious, professional", "serious"),
        ("Not angry, just calm", "calm"),
        ("without sounding sad; be enthusiastic!", "excited"),
        ("Don't be happy", None),
        ("EXCITED!!!", "excited"),
        ("用开心的语气说", "happy"),
        ("语气温柔一点，像在安慰孩子", "gentle"),
        ("不要太激动，严肃一点", "serious"),
        ("别生气", None),
        ("悲伤，慢慢地，低落", "sad"),
        ("请用 cheerful 的语气", "happy"),
        ("Speak with a British accent.", None),
        ("", None),
    ],
)
def test_the_mood_that_is_asked_for_is_found(instructions: str, emotion: str | None) -> None:
    assert emotion_of(instructions) == emotion


@given(st.text(max_size=300))
def test_any_text_gives_a_known_emotion_or_none(instructions: str) -> None:
    assert emotion_of(instructions) in (*EMOTIONS, None)
