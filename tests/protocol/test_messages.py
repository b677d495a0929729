import contextlib
import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from protocol.errors import ErrorCode
from protocol.messages import Cancel, Emotion, Hello, MessageInvalid, Open, Set, Text, parse_client_message
from tts_server.events import RANGES


def refusal(text: str) -> MessageInvalid:
    with pytest.raises(MessageInvalid) as caught:
        parse_client_message(text)
    return caught.value


def test_the_smallest_session_is_one_message() -> None:
    message = parse_client_message('{"type":"text","text":"你好，世界。","end":true}')
    assert message == Text(text="你好，世界。", end=True)
    assert message.ctx == "main"


def test_fields_nobody_knows_are_passed_over() -> None:
    assert parse_client_message('{"type":"hello","hat":{"size":[1,2]}}') == Hello()


@pytest.mark.parametrize(
    ("text", "code", "param"),
    [
        ("", ErrorCode.BAD_JSON, None),
        ("nonsense", ErrorCode.BAD_JSON, None),
        ("[" * 60_000, ErrorCode.BAD_JSON, None),
        ('{"a":' * 10_000, ErrorCode.BAD_JSON, None),
        (r'{"type":"text","text":"\ud800"}', ErrorCode.BAD_JSON, None),
        ('{"type":"ack","seq":' + "9" * 5000 + "}", ErrorCode.BAD_JSON, None),
        ("[]", ErrorCode.BAD_MESSAGE, None),
        ("null", ErrorCode.BAD_MESSAGE, None),
        ("{}", ErrorCode.BAD_MESSAGE, "type"),
        ('{"type":"sing"}', ErrorCode.UNKNOWN_TYPE, "type"),
        ('{"type":5}', ErrorCode.UNKNOWN_TYPE, "type"),
        ('{"type":"text"}', ErrorCode.BAD_FIELD, "text"),
        ('{"type":"text","text":5}', ErrorCode.BAD_FIELD, "text"),
        ('{"type":"text","text":"a","ctx":"with space"}', ErrorCode.BAD_FIELD, "ctx"),
        ('{"type":"text","text":"a","ctx":""}', ErrorCode.BAD_FIELD, "ctx"),
        ('{"type":"text","text":"a","ctx":"' + "c" * 65 + '"}', ErrorCode.BAD_FIELD, "ctx"),
        ('{"type":"text","text":"a","end":1}', ErrorCode.BAD_FIELD, "end"),
        ('{"type":"text","text":"a","at":-1}', ErrorCode.BAD_FIELD, "at"),
        ('{"type":"open","speed":"1"}', ErrorCode.BAD_FIELD, "speed"),
        ('{"type":"open","speed":NaN}', ErrorCode.BAD_FIELD, "speed"),
        ('{"type":"open","speed":1e999}', ErrorCode.BAD_FIELD, "speed"),
        ('{"type":"open","ctx":"*"}', ErrorCode.BAD_FIELD, "ctx"),
        ('{"type":"open","audio":{"frame_ms":5}}', ErrorCode.BAD_FIELD, "audio.frame_ms"),
    ],
)
def test_what_is_not_right_is_refused_with_its_reason(text: str, code: ErrorCode, param: str | None) -> None:
    error = refusal(text)
    assert (error.code, (error.param or "").split(".")[-1] or None) == (code, param and param.split(".")[-1])
    assert str(error)


def test_a_refusal_knows_which_message_it_answers() -> None:
    error = refusal('{"type":"text","ref":"12","ctx":"turn-7","text":5}')
    assert (error.ref, error.ctx) == ("12", "turn-7")
    assert refusal('{"type":"text","ref":{},"text":5}').ref is None


def test_only_cancel_may_mean_all_contexts() -> None:
    assert parse_client_message('{"type":"cancel","ctx":"*"}') == Cancel(ctx="*")


@pytest.mark.parametrize("name", RANGES)
def test_the_ranges_are_those_of_the_core(name: str) -> None:
    low, high, _ = RANGES[name]
    model: Any = Emotion if name == "intensity" else Set
    fields = {"emotion": "sad"} if model is Emotion else {}
    for value in (low, high):
        assert getattr(model(**fields, **{name: value}), name) == value
        assert getattr(Open(**{name: value}), name) == value
    for value in (low - 0.01, high + 0.01):
        text = json.dumps({"type": model().type if not fields else "emotion", **fields, name: value})
        assert refusal(text).code is ErrorCode.BAD_FIELD


@given(st.text(max_size=200) | st.recursive(st.none() | st.integers() | st.text(), st.lists).map(json.dumps))
def test_no_text_breaks_the_parser(text: str) -> None:
    with contextlib.suppress(MessageInvalid):  # and nothing else
        parse_client_message(text)
