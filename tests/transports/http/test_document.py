"""docs/HTTP.md: its commands run, and it tells of every field, code and scope."""

import asyncio
import json
import re
from pathlib import Path

import pytest

from protocol.errors import ErrorCode
from protocol.http_api import AudioReply, SpeechRequest
from tests.support.daemon import running_daemon
from tts_server.access.access import ALL_SCOPES
from tts_server.transports.error_codes import CODES

DOCUMENT = (Path(__file__).parents[3] / "docs" / "HTTP.md").read_text(encoding="utf-8")
COMMANDS = [line for block in re.findall(r"^```sh\n(.*?)^```", DOCUMENT, re.M | re.S) for line in block.splitlines()]


@pytest.mark.timeout(120)  # a whole daemon, and speech in several formats
async def test_every_command_works(tmp_path: Path) -> None:
    assert len(COMMANDS) >= 15
    async with running_daemon() as daemon:
        for command in COMMANDS:
            line = command.replace("localhost:8080", f"localhost:{daemon.http_port}")
            process = await asyncio.create_subprocess_shell(
                line, cwd=tmp_path, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE
            )
            out, err = await process.communicate()
            assert process.returncode == 0, (command, err.decode())
            if (written := re.search(r"-o (\S+)", command)) is not None:
                audio = (tmp_path / written[1]).read_bytes()
                assert audio[:4] in (b"RIFF", b"OggS") or audio[:1] == b"\xff", (command, audio[:200])
                assert len(audio) > 2000, command
            else:
                assert ('"error"' in out.decode()) is ('"speed": 9' in command), (command, out)


def test_every_field_code_and_scope_is_told_of() -> None:
    for name in (*SpeechRequest.model_fields, *ALL_SCOPES, *{code for code, _ in CODES.values()}):
        if name not in (ErrorCode.BAD_STATE,):  # a conversation has states, a request has none
            assert f"`{name}`" in DOCUMENT, name


def test_the_examples_have_the_shape_of_what_is_sent() -> None:
    reply, error = (json.loads(block) for block in re.findall(r"^```json\n(.*?)^```", DOCUMENT, re.M | re.S))
    assert set(reply) == set(AudioReply.model_fields)
    assert set(error["error"]) == {"code", "message", "type", "param"}
