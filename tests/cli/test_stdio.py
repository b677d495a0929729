"""`tts-server stdio` as a program that starts it sees it."""

import subprocess
import sys
from pathlib import Path

from wyoming.info import Info
from wyoming.tts import SynthesizeChunk, SynthesizeStart, SynthesizeStop

from protocol.wyoming import EventDecoder, encode_event

COMMAND = [sys.executable, "-m", "tts_server", "stdio"]
DESCRIBE = b'{"type":"describe"}\n'
SPEAK = b"".join(
    encode_event(event.event()) for event in (SynthesizeStart(), SynthesizeChunk("今天天气很好。"), SynthesizeStop())
)


def test_what_was_asked_is_said_after_the_input_has_ended() -> None:
    ended = subprocess.run(COMMAND, input=DESCRIBE + SPEAK, capture_output=True, check=True)
    events = list(EventDecoder().feed(ended.stdout))
    assert events[0].type == "info"
    assert Info.from_event(events[0]).tts[0].name == "tts-server"
    assert [event.type for event in events if event.type != "audio-chunk"][1:] == [
        *("audio-start", "audio-stop", "synthesize-stopped")
    ]
    assert sum(len(event.payload or b"") for event in events) > 24000
    assert b"Traceback" not in ended.stderr


def test_files_will_do_too(tmp_path: Path) -> None:
    (tmp_path / "in").write_bytes(DESCRIBE)
    with (tmp_path / "in").open("rb") as stdin, (tmp_path / "out").open("wb") as stdout:
        subprocess.run(COMMAND, stdin=stdin, stdout=stdout, check=True)
    [event] = EventDecoder().feed((tmp_path / "out").read_bytes())
    assert event.type == "info"


def test_a_client_that_stops_listening_ends_it() -> None:
    process = subprocess.Popen(COMMAND, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    assert process.stdin is not None
    assert process.stdout is not None
    process.stdin.write(SPEAK * 50)
    process.stdin.flush()
    assert process.stdout.read(1)
    process.stdout.close()
    _, err = process.communicate()
    assert process.returncode == 0, err
    assert b"Traceback" not in err
