"""OpenAI's voice names find a voice on every box."""

from protocol.openai_api import VOICES, VoiceId
from tests.support.engines import voice
from tts_server.transports.http.openai.voices import voice_for
from tts_server.voices import Catalogue


def test_the_thirteen_names_go_to_voices_of_the_same_language_and_gender() -> None:
    assert len(VOICES) == 13
    ours = [
        voice("xiaoyu", "a", gender="female"),
        voice("zhitian", "a", gender="female"),
        voice("zhizhe", "a", gender="male"),
        voice("heart", "b", language="en-US", gender="female"),
    ]
    many, one, none = Catalogue(tuple(ours)), Catalogue((ours[0], ours[3])), Catalogue()
    mapped = {name: voice_for(name, many, {}) for name in VOICES}
    assert {mapped[name] for name in ("onyx", "echo", "ash", "verse")} == {"zhizhe"}
    assert {mapped[name] for name in ("alloy", "nova", "coral", "shimmer", "sage", "marin")} == {"xiaoyu", "zhitian"}
    assert {voice_for(name, one, {}) for name in VOICES} == {"xiaoyu"}
    assert voice_for("alloy", none, {}) is None
    assert voice_for("nova", many, {"nova": "heart", "onyx": "gone"}) == "heart"
    assert voice_for("onyx", many, {"onyx": "gone"}) == "zhizhe"
    assert voice_for("heart", many, {}) == voice_for(VoiceId(id="heart"), many, {}) == "heart"
    assert voice_for("nobody", many, {}) == "nobody"
    assert voice_for("Onyx", many, {}) == "zhizhe"
    assert voice_for("NOVA||happy", many, {"nova": "heart"}) == "heart||happy"
    assert voice_for("heart||sad", many, {}) == "heart||sad"
