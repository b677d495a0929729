"""What the events of a stream look like on the wire, one by one; whole streams are in test_http_tts and test_openai."""

import json

from protocol.errors import ErrorCode
from tts_server.events import Marks, Queued, SegmentStarted
from tts_server.transports.http.replies.sse import OpenAiEvents, OurEvents


def parsed(event: bytes) -> tuple[str, object]:
    name, data, *rest = event.decode().split("\n")
    assert rest == ["", ""]
    return name.removeprefix("event: "), json.loads(data.removeprefix("data: "))


def test_a_place_in_line_is_told_with_an_estimate() -> None:
    told = OurEvents(True).tell(Queued(position=2, eta_s=1.25))
    assert parsed(told) == ("queued", {"position": 2, "eta_ms": 1250})


def test_a_text_with_line_breaks_stays_one_event() -> None:
    segment = SegmentStarted(0, "好\n\ndata: 坏", 0, 9, "tone", "happy", 1.0)
    name, data = parsed(OurEvents(True).tell(segment))
    assert (name, data["text"], data["from"], data["to"]) == ("segment", "好\n\ndata: 坏", 0, 9)  # type: ignore[index]


def test_marks_are_told_to_who_wants_them() -> None:
    marks = Marks(((0, 1, 0, 100),))
    assert parsed(OurEvents(True).tell(marks)) == ("marks", {"items": [[0, 1, 0, 100]]})
    assert OurEvents(False).tell(marks) == b""


def test_openais_clients_are_told_of_audio_its_end_and_errors_only() -> None:
    events = OpenAiEvents()
    assert events.tell(Queued(1, 1.0)) == b""
    assert json.loads(events.audio(b"abc").decode().removeprefix("data: ")) == {
        "type": "speech.audio.delta",
        "audio": "YWJj",
    }
    failed = json.loads(events.failed(ErrorCode.ENGINE_FAILED, "it broke").decode().removeprefix("data: "))
    assert (failed["error"]["type"], failed["error"]["code"]) == ("server_error", "engine_failed")
