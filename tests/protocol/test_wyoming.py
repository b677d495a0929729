import asyncio
import contextlib
import io
import itertools
import json
import time
import tracemalloc

import pytest
from hypothesis import given
from hypothesis import strategies as st
from wyoming.event import Event, async_read_event, async_write_event, read_event, write_event
from wyoming.tts import Synthesize, SynthesizeVoice

from protocol.errors import ErrorCode
from protocol.wyoming import (
    MAX_DATA_BYTES,
    MAX_HEADER_BYTES,
    MAX_PAYLOAD_BYTES,
    EventDecoder,
    ProtocolError,
    SynthesizeRequest,
    encode_event,
    parse_synthesize,
)

texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=20)
json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | texts,
    lambda children: st.lists(children, max_size=3) | st.dictionaries(texts, children, max_size=3),
    max_leaves=8,
)
events = st.builds(
    Event,
    type=texts.filter(bool),
    data=st.dictionaries(texts, json_values, max_size=4),
    payload=st.none() | st.binary(min_size=1, max_size=50),
)


def decode(sent: bytes, *cuts: int) -> list[Event]:
    decoder = EventDecoder()
    edges = [0, *sorted(min(cut, len(sent)) for cut in cuts), len(sent)]
    pieces = [sent[start:end] for start, end in itertools.pairwise(edges)]
    return [event for piece in pieces for event in decoder.feed(piece)]


def decode_one(header: object, body: bytes = b"") -> Event:
    [event] = decode(json.dumps(header).encode() + b"\n" + body)
    return event


def refusal(sent: bytes, decoder: EventDecoder | None = None) -> ErrorCode:
    with pytest.raises(ProtocolError) as caught:
        list((decoder or EventDecoder()).feed(sent))
    assert str(caught.value)
    return caught.value.code


@given(st.lists(events, max_size=4), st.lists(st.integers(0, 2000), max_size=8))
def test_any_split_of_the_bytes_gives_the_same_events(sent: list[Event], cuts: list[int]) -> None:
    assert decode(b"".join(map(encode_event, sent)), *cuts) == sent


@given(st.lists(st.binary(max_size=300) | events.map(encode_event), max_size=5), st.integers(0, 300))
def test_arbitrary_bytes_raise_nothing_but_protocol_errors(pieces: list[bytes], cut: int) -> None:
    sent = b"".join(pieces)
    outcomes: list[tuple[list[Event], str]] = []
    for split in ([sent], [sent[:cut], sent[cut:]], [sent[i : i + 1] for i in range(len(sent))]):
        decoder, found, failure = EventDecoder(), [], ""
        try:
            for piece in split:
                for event in decoder.feed(piece):
                    found.append(event)  # not +=, which would lose those before an error
        except ProtocolError as error:
            failure = str(error)
        outcomes.append((found, failure))
    assert outcomes[0] == outcomes[1] == outcomes[2]


@given(st.dictionaries(st.sampled_from(["type", "data", "data_length", "payload_length", "version"]), json_values))
def test_any_header_gives_an_event_or_a_protocol_error(header: dict[str, object]) -> None:
    with contextlib.suppress(ProtocolError):
        for event in EventDecoder().feed(json.dumps(header).encode() + b"\n" + b"{}" * 100):
            assert isinstance(event.data, dict)
            assert isinstance(parse_synthesize(event), SynthesizeRequest)


@given(events)
def test_the_package_reads_what_we_write(event: Event) -> None:
    assert read_event(io.BytesIO(encode_event(event))) == event  # type: ignore[arg-type]


@given(events)
def test_we_write_the_bytes_the_package_writes_and_read_them(event: Event) -> None:
    written = io.BytesIO()
    write_event(event, written)  # type: ignore[arg-type]
    assert encode_event(event) == written.getvalue()
    assert decode(written.getvalue()) == [event]


async def test_the_packages_own_stream_reader_and_writer_understand_us() -> None:
    sent = Event("synthesize", {"text": "你好"}, b"\x00\n\xff")
    received: asyncio.Queue[list[Event]] = asyncio.Queue()

    async def echo(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        found = list(EventDecoder().feed(await reader.read(65536)))
        await received.put(found)
        writer.writelines(map(encode_event, found))
        await writer.drain()
        writer.close()

    server = await asyncio.start_server(echo, "127.0.0.1", 0)
    async with server:
        reader, writer = await asyncio.open_connection(*server.sockets[0].getsockname())
        await async_write_event(sent, writer)
        assert await async_read_event(reader) == sent
        assert await received.get() == [sent]
        writer.close()
        await writer.wait_closed()


def test_an_event_without_data_or_payload_has_no_lengths() -> None:
    header = json.loads(encode_event(Event("pong", {})))
    assert header.keys() == {"type", "version"}


def test_half_of_a_surrogate_pair_does_not_stop_the_writer() -> None:
    [event] = decode(encode_event(Event("pong", {"text": "a\ud83d"})))
    assert event.data["text"] == "a?"


def test_inline_data_and_the_trailing_block_are_merged_and_the_block_wins() -> None:
    block = json.dumps({"text": "block", "c": 3}).encode()
    event = decode_one({"type": "x", "data": {"text": "inline", "a": 1}, "data_length": len(block)}, block)
    assert event.data == {"text": "block", "a": 1, "c": 3}


@pytest.mark.parametrize("header", [{"data": None}, {"data_length": 0}, {"data_length": None, "payload_length": None}])
def test_null_data_and_empty_lengths_mean_nothing(header: dict[str, object]) -> None:
    assert decode_one({"type": "describe", **header}) == Event("describe", {}, None)


def test_a_null_block_means_no_data() -> None:
    assert decode_one({"type": "describe", "data_length": 4}, b"null").data == {}


@pytest.mark.parametrize(
    "line",
    [
        *(b"", b"hello", b"\xff\xfe", b'{"type": "x"', b"[" * 60000, b"1" * 5000),
        *(b"[]", b"3", b"null", b"{}", b'{"type": 1}', b'{"type": ""}', b'{"type": null}'),
        *(b'{"type":"x","data":[]}', b'{"type":"x","data":"a"}', b'{"type":"x","data_length":-1}'),
        *(b'{"type":"x","data_length":"5"}', b'{"type":"x","data_length":1.0}', b'{"type":"x","payload_length":true}'),
        *(b'{"type":"x","payload_length":NaN}', b'{"type":"x","payload_length":1e999}'),
        b'{"type":"x","payload_length":' + b"9" * 4000 + b"}",
    ],
)
def test_a_header_that_is_none_is_refused(line: bytes) -> None:
    assert refusal(line + b"\n") in (ErrorCode.BAD_JSON, ErrorCode.BAD_MESSAGE)


@pytest.mark.parametrize("block", [b"[]", b"{", b"\xff", b'"a"', b"[" * 100000])
def test_a_data_block_that_is_no_object_is_refused(block: bytes) -> None:
    header = json.dumps({"type": "x", "data_length": len(block)}).encode()
    assert refusal(header + b"\n" + block) in (ErrorCode.BAD_JSON, ErrorCode.BAD_MESSAGE)


@pytest.mark.parametrize(("length", "limit"), [("data_length", MAX_DATA_BYTES), ("payload_length", MAX_PAYLOAD_BYTES)])
def test_a_length_above_its_limit_is_refused_at_the_header(length: str, limit: int) -> None:
    decoder = EventDecoder()
    assert list(decoder.feed(json.dumps({"type": "x", length: limit}).encode() + b"\n")) == []
    assert refusal(json.dumps({"type": "x", length: limit + 1}).encode() + b"\n") is ErrorCode.BAD_MESSAGE
    assert refusal(b'{"type":"audio-chunk","%s":1000000000}\n' % length.encode()) is ErrorCode.BAD_MESSAGE


def test_a_header_line_may_be_as_long_as_the_limit_and_no_longer() -> None:
    longest = b'{"type":"%s"}' % (b"x" * (MAX_HEADER_BYTES - 11))
    assert len(longest) == MAX_HEADER_BYTES
    assert len(list(EventDecoder().feed(longest + b"\n"))) == 1
    assert refusal(longest + b" \n") is ErrorCode.BAD_MESSAGE
    assert refusal(longest + b" ") is ErrorCode.BAD_MESSAGE  # no line end needed to see it


def test_events_before_a_malformed_one_are_given_and_nothing_after_it() -> None:
    decoder = EventDecoder()
    feeding = decoder.feed(encode_event(Event("ping", {})) + b"nonsense\n" + encode_event(Event("ping", {})))
    assert next(feeding).type == "ping"
    with pytest.raises(ProtocolError):
        next(feeding)
    assert refusal(encode_event(Event("ping", {})), decoder) is ErrorCode.BAD_JSON


def test_it_knows_whether_the_input_ended_inside_an_event() -> None:
    decoder = EventDecoder()
    sent = encode_event(Event("synthesize", {"text": "a"}, b"12"))
    assert not decoder.is_inside_event
    for position in range(len(sent) - 1):
        assert list(decoder.feed(sent[position : position + 1])) == []
        assert decoder.is_inside_event
    assert len(list(decoder.feed(sent[-1:]))) == 1
    assert not decoder.is_inside_event


def cpu_s_of_single_bytes(sent: bytes) -> float:
    """CPU seconds to decode one event that arrives byte by byte."""
    decoder, started = EventDecoder(max_header_bytes=1_000_000), time.process_time()
    found = [event for position in range(len(sent)) for event in decoder.feed(sent[position : position + 1])]
    assert len(found) == 1
    return time.process_time() - started


def test_single_bytes_take_time_that_grows_with_their_number_only() -> None:
    few, many = (encode_event(Event("x", {"text": "a" * length})) for length in (20_000, 320_000))
    # 16 times the bytes: 16 times the work when linear, 256 times when each byte has all before it copied.
    assert cpu_s_of_single_bytes(many) < 64 * min(cpu_s_of_single_bytes(few) for _ in range(3))


def test_a_line_in_single_bytes_is_searched_once() -> None:
    line, block = b'{"type":"' + b"x" * 400_000 + b'"}\n', encode_event(Event("x", {"text": "a" * 400_000}))
    # Searching each time from the start looks at 80 GB.
    assert cpu_s_of_single_bytes(line) < 4 * cpu_s_of_single_bytes(block)


def test_memory_does_not_follow_declared_lengths_or_endless_events() -> None:
    event = encode_event(Event("audio-chunk", {"rate": 16000}, b"\0" * 60_000))
    decoder = EventDecoder()
    tracemalloc.start()
    try:
        for _ in range(200):
            assert len(list(decoder.feed(event))) == 1
        refusal(b'{"type":"x","payload_length":1000000000}\n', decoder)
        assert tracemalloc.get_traced_memory()[1] < 1_000_000
    finally:
        tracemalloc.stop()


def test_a_request_keeps_name_language_and_speaker() -> None:
    voice = {"name": "baker", "language": "zh-CN", "speaker": "happy"}
    request = parse_synthesize(Event("synthesize", {"text": "你好", "voice": voice, "text_format": "ssml"}))
    assert request == SynthesizeRequest("你好", "baker", "zh-CN", "happy", "ssml")


def test_a_request_written_by_the_package_is_read() -> None:
    event = Synthesize("hi", SynthesizeVoice("baker||sad"), context={"speed": 1.2, "conversation": 3}).event()
    assert parse_synthesize(event) == SynthesizeRequest("hi", voice="baker||sad", controls={"speed": 1.2})


@pytest.mark.parametrize(
    "data",
    [
        {},
        {"text": None, "voice": None, "context": None, "text_format": None},
        {"voice": "baker", "context": [], "text_format": 5},
        {"voice": {}, "context": {}},
        {"voice": {"name": None, "language": "", "speaker": 7}, "context": {"emotion": None, "speed": None}},
    ],
)
def test_what_is_absent_null_or_of_no_use_counts_as_not_given(data: dict[str, object]) -> None:
    assert parse_synthesize(Event("synthesize", data)) == SynthesizeRequest()


def test_a_context_carries_emotion_and_controls() -> None:
    context = {"emotion": " 开心 ", "intensity": 0.5, "speed": "1.5", "pitch": -2, "volume": 3}
    request = parse_synthesize(Event("synthesize-start", {"context": context}))
    assert request.emotion == "开心"
    assert request.controls == {"intensity": 0.5, "speed": 1.5, "pitch": -2.0, "volume": 3.0}


@pytest.mark.parametrize(
    "data",
    [
        {"text": 5},
        {"text": ["a"]},
        {"context": {"emotion": 1}},
        {"context": {"speed": "fast"}},
        {"context": {"speed": True}},
        {"context": {"volume": []}},
        {"context": {"pitch": 10**400}},
    ],
)
def test_a_field_that_cannot_be_meant_so_is_named(data: dict[str, object]) -> None:
    with pytest.raises(ProtocolError) as caught:
        parse_synthesize(Event("synthesize", data))
    assert caught.value.code is ErrorCode.BAD_FIELD


def test_halves_of_surrogate_pairs_are_left_out_of_the_text() -> None:
    assert parse_synthesize(decode_one({"type": "synthesize", "data": {"text": "a\ud83db\ude00c😀"}})).text == "abc😀"
