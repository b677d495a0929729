import json
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest
from wyoming.info import Info

from protocol.errors import ErrorCode
from protocol.wyoming import EventDecoder, ProtocolError, SynthesizeRequest
from tests.support.engines import voice
from tts_server.events import SpeechOptions
from tts_server.transports.wyoming.info import MAX_ENTRIES, InfoCache, info, options_for
from tts_server.voices import Catalogue

BAKER = voice("baker", "baker", emotions=("neutral", "happy", "sad"))
HEART = voice("heart", "heart", language="en-US", emotions=("neutral",))
CATALOGUE = Catalogue((BAKER, HEART))

ENCODE = """
import sys
from tests.transports.wyoming.test_info import CATALOGUE, InfoCache
sys.stdout.buffer.write(InfoCache().encoded(CATALOGUE))
"""


def test_info_has_every_voice_and_one_variant_per_emotion() -> None:
    [program] = info(CATALOGUE).tts
    labels = {entry.name: entry.description for entry in program.voices}
    assert labels == {
        "baker": "baker",
        "baker||happy": "baker (happy 开心)",
        "baker||sad": "baker (sad 难过)",
        "heart": "heart",
    }
    assert [entry.languages for entry in program.voices] == [["zh-CN"], ["zh-CN"], ["zh-CN"], ["en-US"]]


def test_an_emotion_that_is_hardly_heard_says_so() -> None:
    weak = replace(HEART, emotions=("neutral", "happy", "sad"), emotion_strengths=(1.0, 0.43, 1.0))
    [program] = info(Catalogue((weak,))).tts
    labels = [entry.description for entry in program.voices]
    assert labels == ["heart", "heart (happy 开心, hardly heard)", "heart (sad 难过)"]


def test_the_neutral_default_voice_sorts_first_in_home_assistant() -> None:
    [program] = info(CATALOGUE).tts
    assert sorted(entry.description or entry.name for entry in program.voices)[0] == "baker"


def test_the_speakers_of_a_voice_are_its_emotions() -> None:
    [program] = info(CATALOGUE).tts
    speakers = {entry.name: [speaker.name for speaker in entry.speakers or ()] for entry in program.voices}
    assert speakers == {
        "baker": ["neutral", "happy", "sad"],
        "baker||happy": [],
        "baker||sad": [],
        "heart": ["neutral"],
    }


def test_other_speakers_of_a_model_are_speakers_of_its_voice_and_can_be_asked_for() -> None:
    other = replace(HEART, name="heart-amy", speaker_of="heart")
    catalogue = Catalogue((BAKER, HEART, other))
    [program] = info(catalogue).tts
    entries = {entry.name: entry for entry in program.voices}
    assert "heart-amy" not in entries
    assert [speaker.name for speaker in entries["heart"].speakers or ()] == ["neutral", "amy"]
    assert options_for(SynthesizeRequest("a", voice="heart", speaker="amy"), catalogue).voice == "heart-amy"
    assert options_for(SynthesizeRequest("a", voice="heart-amy"), catalogue).voice == "heart-amy"


def test_a_list_of_many_voices_stays_readable() -> None:
    many = Catalogue(tuple(voice(f"voice{n:03}", "x", emotions=("neutral", "happy", "sad")) for n in range(150)))
    [program] = info(many).tts
    names = [entry.name for entry in program.voices]
    assert len(names) == MAX_ENTRIES
    assert set(names) >= {found.name for found in many.voices}
    assert [name for name in names if "||" in name][-1] == "voice024||sad"


def test_every_required_key_is_on_the_wire() -> None:
    [event] = EventDecoder().feed(InfoCache().encoded(CATALOGUE))
    assert {"asr", "tts", "handle", "intent", "wake", "mic", "snd"} == event.data.keys()
    [program] = event.data["tts"]
    artifact = {"name", "attribution", "installed", "description", "version"}
    assert artifact | {"voices", "supports_synthesize_streaming"} <= program.keys()
    for entry in program["voices"]:
        assert artifact | {"languages"} <= entry.keys()
        assert entry["attribution"].keys() == {"name", "url"}
    assert Info.from_event(event).tts == info(CATALOGUE).tts


def test_the_header_line_stays_small_however_many_voices_there_are() -> None:
    many = Catalogue(tuple(voice(f"voice{number}", "x") for number in range(1000)))
    line, _, block = InfoCache().encoded(many).partition(b"\n")
    assert len(line) < 200
    assert len(block) == json.loads(line)["data_length"] > 32 * 1024


def test_the_bytes_are_made_again_only_for_another_catalogue() -> None:
    cache = InfoCache()
    first = cache.encoded(CATALOGUE)
    assert cache.encoded(CATALOGUE) is first
    fewer = cache.encoded(Catalogue((HEART,)))
    assert b"baker" in first
    assert b"baker" not in fewer
    assert cache.encoded(CATALOGUE) == first


def test_another_process_writes_the_same_bytes() -> None:
    root = Path(__file__).parents[3]
    command = [sys.executable, "-W", "ignore::DeprecationWarning", "-c", ENCODE]
    assert subprocess.run(command, cwd=root, capture_output=True, check=True).stdout == InfoCache().encoded(CATALOGUE)


def test_no_voice_at_all_is_an_info_too() -> None:
    [event] = EventDecoder().feed(InfoCache().encoded(Catalogue()))
    assert Info.from_event(event).tts[0].voices == []


def test_an_unknown_voice_keeps_its_emotion_and_its_language() -> None:
    options = options_for(SynthesizeRequest(voice="gone||sad", language="en-US"), CATALOGUE)
    assert options == SpeechOptions(voice=None, language="en-US", emotion="sad", lenient=True)


@pytest.mark.parametrize(
    ("wire", "core"),
    [("text", "auto"), ("ssml", "ssml"), ("SSML", "ssml"), ("markdown", "markdown"), ("plain", "plain"), ("x", "auto")],
)
def test_the_text_format_is_passed_on_and_an_unknown_one_is_looked_into(wire: str, core: str) -> None:
    assert options_for(SynthesizeRequest(text_format=wire), CATALOGUE).text_format == core


def test_controls_reach_the_core_and_are_checked() -> None:
    options = options_for(SynthesizeRequest(controls={"speed": 1.5, "volume": -6}), CATALOGUE)
    assert options == SpeechOptions(speed=1.5, volume=-6, lenient=True)
    for controls in ({"speed": 0.0}, {"pitch": float("nan")}, {"intensity": float("inf")}):
        with pytest.raises(ProtocolError) as caught:
            options_for(SynthesizeRequest(controls=controls), CATALOGUE)
        assert caught.value.code is ErrorCode.BAD_FIELD
