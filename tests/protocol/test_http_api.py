import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from protocol.errors import ErrorCode
from protocol.http_api import ErrorBody, SpeechRequest, error_json
from tts_server.errors import BadRequest
from tts_server.events import RANGES, SpeechOptions


def test_a_text_alone_is_a_request() -> None:
    request = SpeechRequest.model_validate_json('{"text": "你好"}')
    assert (request.text, request.voice, request.emotion) == ("你好", None, None)
    assert (request.intensity, request.speed) == (SpeechOptions().intensity, SpeechOptions().speed)


@pytest.mark.parametrize(
    "fields",
    [
        {},
        {"text": ""},
        {"text": None},
        {"text": 5},
        {"text": ["a"]},
        {"text": "a", "speed": "1"},
        {"text": "a", "speed": True},
        {"text": "a", "speed": float("nan")},
        {"text": "a", "intensity": float("inf")},
        {"text": "a", "voice": 1},
        {"text": "a", "voice": "v" * 65},
        {"text": "a", "emotoin": "happy"},
        {"text": "\ud800"},
    ],
    ids=repr,
)
def test_what_is_not_exactly_right_is_refused(fields: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        SpeechRequest.model_validate(fields)


def test_whole_numbers_are_numbers() -> None:
    assert SpeechRequest.model_validate({"text": "a", "speed": 2, "intensity": 0}).speed == 2.0


@given(st.sampled_from(sorted(RANGES)), st.floats(allow_nan=False, width=32) | st.floats(-50, 50))
def test_the_gate_lets_in_exactly_what_the_core_accepts(name: str, value: float) -> None:
    try:
        SpeechOptions(**{name: value})  # type: ignore[arg-type]
        core_accepts = True
    except BadRequest:
        core_accepts = False
    try:
        SpeechRequest.model_validate({"text": "a", name: value})
        gate_accepts = True
    except ValidationError:
        gate_accepts = False
    assert gate_accepts is core_accepts


@pytest.mark.parametrize("name", sorted(RANGES))
def test_the_limits_themselves_are_allowed(name: str) -> None:
    for limit in RANGES[name][:2]:
        assert getattr(SpeechRequest.model_validate({"text": "a", name: limit}), name) == limit


def test_an_error_body_has_the_shape_of_openai_and_names_the_field_when_there_is_one() -> None:
    told = {"code": "not_found", "message": "没有", "type": "invalid_request_error", "param": None}
    assert json.loads(error_json(ErrorCode.NOT_FOUND, "没有")) == {"error": told}
    body = ErrorBody.model_validate_json(error_json(ErrorCode.BAD_FIELD, "too fast", "speed"))
    assert body.error.param == "speed"
