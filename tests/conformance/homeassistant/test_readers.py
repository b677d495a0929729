import asyncio
from collections.abc import AsyncGenerator

import pytest
import pytest_asyncio
from wyoming.tts import SynthesizeVoice

from tests.conformance.homeassistant.readers import HomeAssistant, SpeechFailed
from tests.support.core import Core
from tests.transports.wyoming.peers import serving

BROKEN = SynthesizeVoice("broken")
LONG_TEXT = "今天天气很好，我们出去走走吧，记得带上外套。"


@pytest_asyncio.fixture(params=[False, True], ids=["new", "old"])
async def home(core: Core, request: pytest.FixtureRequest) -> AsyncGenerator[HomeAssistant]:
    """Home Assistant in front of an open door; nothing may take longer than 10 s."""
    async with serving(core) as served, asyncio.timeout(10):
        yield HomeAssistant("127.0.0.1", served.port, is_old=request.param)


async def test_the_config_flow_finds_the_program_its_voices_and_languages(home: HomeAssistant) -> None:
    program = next(program for program in (await home.describe()).tts if program.installed)
    assert program.name == "tts-server"
    assert program.supports_synthesize_streaming
    assert "zh-CN" in {language for voice in program.voices for language in voice.languages}


async def test_both_ways_of_reading_hear_the_same(home: HomeAssistant) -> None:
    spoken = await home.speak("今天天气很好。")
    streamed = await home.stream(["今天", "天气很", "", "好。"])
    assert (spoken.rate, spoken.width, spoken.channels) == (16000, 2, 1)
    assert spoken.seconds == pytest.approx(0.6)
    assert streamed == spoken


async def test_a_voice_variant_is_heard(home: HomeAssistant) -> None:
    neutral = await home.stream(["今天天气很好。"], SynthesizeVoice("tone"))
    assert await home.stream(["今天天气很好。"], SynthesizeVoice("tone||happy")) != neutral
    assert await home.speak("今天天气很好。", SynthesizeVoice("tone", speaker="happy")) != neutral


@pytest.mark.parametrize("text", ["", " ", "😀", "..."])
async def test_a_text_with_nothing_to_say_does_not_hang_it(home: HomeAssistant, text: str) -> None:
    assert (await home.speak(text)).seconds == pytest.approx(0.1)
    assert (await home.stream([text])).seconds == pytest.approx(0.1)


async def test_a_failure_is_an_error_for_the_new_and_an_end_for_the_old(home: HomeAssistant) -> None:
    if home.is_old:  # the audio is cut, but nothing hangs
        assert (await home.stream([LONG_TEXT], BROKEN)).seconds > 0
        assert (await home.speak(LONG_TEXT, BROKEN)).seconds > 0
    else:
        with pytest.raises(ExceptionGroup) as caught:
            await home.stream([LONG_TEXT], BROKEN)
        assert caught.group_contains(SpeechFailed, match="engine_failed: the test engine broke")
        with pytest.raises(SpeechFailed, match="engine_failed: the test engine broke"):
            await home.speak(LONG_TEXT, BROKEN)
    assert (await home.speak("今天天气很好。")).seconds == pytest.approx(0.6)


async def test_a_failure_before_any_audio_ends_too(home: HomeAssistant) -> None:
    failing = home.speak("好" * 5001), home.stream(["好" * 5001])
    if home.is_old:
        with pytest.raises(ConnectionError):
            await failing[0]
        assert (await failing[1]).audio == b""
    else:
        with pytest.raises(SpeechFailed, match="text_too_long"):
            await failing[0]
        with pytest.raises(ExceptionGroup) as caught:
            await failing[1]
        assert caught.group_contains(SpeechFailed, match="text_too_long")


async def test_it_polls_describe_while_four_others_are_spoken_to(home: HomeAssistant) -> None:
    async with asyncio.TaskGroup() as tasks:
        for _ in range(4):
            tasks.create_task(home.stream([LONG_TEXT * 10]))
        for _ in range(10):
            await home.describe()
