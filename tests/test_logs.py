"""Log lines as journald, a log collector and a person get them."""

import json
import os
import subprocess
import sys
import tempfile

SCRIPT = """
import logging, sys
from tts_server import logs
logs.configure("debug", sys.argv[1])
log = logging.getLogger("tts_server.test")
log.debug("a")
log.info("b\\nc")
log.warning("说 %s", "好")
try:
    raise ValueError("d")
except ValueError:
    log.exception("e")
"""


def lines(log_format: str, **environment: str) -> list[str]:
    ended = subprocess.run(
        [sys.executable, "-c", SCRIPT, log_format],
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
        check=True,
    )
    return ended.stderr.splitlines()


def test_journald_gets_a_priority_before_each_line_and_no_time() -> None:
    told = lines("journal")
    assert told[:4] == [
        "<7>tts_server.test [-] a",
        "<6>tts_server.test [-] b",
        "<6>c",
        "<4>tts_server.test [-] 说 好",
    ]
    assert all(line.startswith("<3>") for line in told[4:])
    assert told[-1] == "<3>ValueError: d"


def test_json_is_one_object_a_line_with_the_exception_inside() -> None:
    told = [json.loads(line) for line in lines("json")]
    assert [line["level"] for line in told] == ["debug", "info", "warning", "error"]
    assert told[1]["message"] == "b\nc"
    assert "ValueError: d" in told[3]["exception"]
    assert told[0]["request"] == "-"


def test_journald_is_recognised_by_its_stream_and_nothing_else() -> None:
    with tempfile.TemporaryFile("w+") as stream:
        stat = os.fstat(stream.fileno())
        for journal, first in ((f"{stat.st_dev}:{stat.st_ino}", "<7>"), ("1:1", "")):
            stream.seek(0)
            stream.truncate()
            environment = {**os.environ, "JOURNAL_STREAM": journal}
            subprocess.run([sys.executable, "-c", SCRIPT, "auto"], env=environment, stderr=stream, check=True)
            stream.seek(0)
            assert stream.readline().startswith("<7>") == bool(first)
