"""`say --server`: a running daemon speaks, over HTTP or WebSocket."""

import asyncio
import io
import os
from pathlib import Path

import av
import pytest
import typer

from tests.support.core import Core, running_core
from tests.support.decoding import decoded, similarity
from tests.support.engines import RATE, SAMPLES_PER_CHARACTER
from tests.support.http_door import core_without_engines, open_door
from tts_server.access.access import Access, AccessSettings, Token
from tts_server.cli import local_daemon
from tts_server.cli.app import app
from tts_server.cli.say import Request, read_token, say, tell_fallback
from tts_server.config.settings import Config, load
from tts_server.errors import BadRequest, TTSError
from tts_server.events import SpeechOptions


async def test_http_and_websocket_bring_the_same_bytes(core: Core, tmp_path: Path) -> None:
    request = Request.of("太好了，你回来了！一起吃饭吧。", None, "happy:0.5", 1.0, 0.0, 0.0)
    async with open_door(core) as door:
        for scheme in ("http", "ws"):
            output = tmp_path / f"{scheme}.wav"
            await asyncio.to_thread(say, request, output, f"{scheme}://127.0.0.1:{door.port}", Config())
    heard = (tmp_path / "ws.wav").read_bytes()
    assert heard == (tmp_path / "http.wav").read_bytes()
    assert len(heard) == 44 + 2 * 12 * SAMPLES_PER_CHARACTER


@pytest.mark.parametrize("suffix", ["mp3", "opus", "ogg", "flac", "aac"])
async def test_the_end_of_the_file_name_chooses_the_format(core: Core, tmp_path: Path, suffix: str) -> None:
    request = Request.of("太好了，你回来了！一起吃饭吧。", None, None, 1.0, 0.0, 0.0)
    async with open_door(core) as door:
        for name in ("said.wav", f"said.{suffix}"):
            await asyncio.to_thread(say, request, tmp_path / name, f"http://127.0.0.1:{door.port}", Config())
    wav, coded = ((tmp_path / name).read_bytes() for name in ("said.wav", f"said.{suffix}"))
    assert similarity(decoded(coded, RATE), decoded(wav, RATE)) > 0.98
    with av.open(io.BytesIO(coded)) as container:
        assert container.duration is not None
        assert container.duration / av.time_base == pytest.approx(1.2, abs=0.15)


async def test_a_locked_daemon_speaks_for_who_has_the_token(core: Core, tmp_path: Path) -> None:
    (tmp_path / "token").write_text("a-secret-of-the-house\n", encoding="utf-8")
    access = Access(AccessSettings("token", tokens=[Token("shell", "a-secret-of-the-house")]))
    request = Request.of("好。", None, None, 1.0, 0.0, 0.0)
    async with open_door(core, access=access) as door:
        for scheme in ("http", "ws"):
            server, output = f"{scheme}://127.0.0.1:{door.port}", tmp_path / f"{scheme}.wav"
            with pytest.raises(TTSError, match="token"):
                await asyncio.to_thread(say, request, output, server, Config())
            await asyncio.to_thread(say, request, output, server, Config(), read_token(tmp_path / "token"))
            assert output.stat().st_size > 1000
    with pytest.raises(BadRequest, match="cannot read the token"):
        read_token(tmp_path / "nothing")


async def test_a_daemon_that_refuses_is_told_and_no_file_is_left(core: Core, tmp_path: Path) -> None:
    request = Request.of("好。", "nobody", None, 1.0, 0.0, 0.0)
    async with open_door(core) as door:
        with pytest.raises(TTSError, match="there is no voice"):
            await asyncio.to_thread(say, request, tmp_path / "x.wav", f"ws://127.0.0.1:{door.port}", Config())
    assert os.listdir(tmp_path) == []


async def test_a_daemon_on_this_box_is_found_where_it_is_ready_and_lets_us_speak(core: Core) -> None:
    def found(port: int, token: str | None = None) -> str | None:
        return local_daemon.find(load({"server": {"http_port": port, "host": "127.0.0.1"}}), token)

    async with open_door(core) as door:
        assert await asyncio.to_thread(found, door.port) == f"ws://127.0.0.1:{door.port}"
        gone = door.port
    access = Access(AccessSettings("token", tokens=[Token("panel", "a long enough secret")]))
    async with open_door(core, access=access) as door:
        assert await asyncio.to_thread(found, door.port) is None
        assert await asyncio.to_thread(found, door.port, "a long enough secret") == f"ws://127.0.0.1:{door.port}"
    async with open_door(core_without_engines()) as door:
        assert await asyncio.to_thread(found, door.port) is None
    assert found(gone) is None
    assert found(0) is None


@pytest.mark.parametrize(
    ("written", "read"),
    [
        (["-5度", "-o", "a.wav"], ("-5度", 0.0)),
        (["--pitch", "-5", "-5度。"], ("-5度。", -5.0)),
        (["--", "-5度"], ("-5度", 0.0)),
        (["—好", "--pitch=-1"], ("—好", -1.0)),
        (["-"], ("-", 0.0)),
    ],
)
def test_a_text_may_begin_with_a_minus(written: list[str], read: tuple[str, float]) -> None:
    command = typer.main.get_command(app).commands["say"]  # type: ignore[attr-defined]
    context = command.make_context("say", list(written))
    assert (context.params["text"], context.params["pitch"]) == read


def test_say_tells_of_a_mood_that_is_none_and_of_one_the_voice_lacks(capfd: pytest.CaptureFixture[str]) -> None:
    async def opened() -> None:
        async with running_core() as core:
            context = core.synthesizer.open(SpeechOptions(emotion="excited"))
            tell_fallback(context)
            context.close()

    asyncio.run(opened())
    assert capfd.readouterr().err == "tts-server: voice tone has no excited; happy is used\n"
