"""What is fuzzed: each takes any bytes, and may raise only errors that its door turns into a clear answer."""

import json
from contextlib import suppress
from dataclasses import fields
from io import BytesIO
from typing import Any, Final
from urllib.parse import parse_qsl

from pydantic import BaseModel, ValidationError

from protocol import emotions, http_query, messages, proxy_protocol, wyoming
from protocol.http_api import SpeechRequest
from protocol.messages import MessageInvalid, parse_client_message
from protocol.openai_api import OpenAiSpeechRequest
from protocol.user_data_api import LinkRequest, PhraseRequest, SpeakPhrase, WordRequest
from tests.fuzz import archives, checkpoints, conversations, requests
from tests.fuzz.target import Target, file_of, keys_in
from tts_server.config import settings
from tts_server.config.settings import Config
from tts_server.engine_host import framing, wire
from tts_server.engines.english import g2p
from tts_server.engines.english.timings import count_groups
from tts_server.engines.onnx_voices.install.graph_check import read_graph
from tts_server.engines.onnx_voices.packs import pack as onnx_pack
from tts_server.engines.onnx_voices.piper import config as piper_config
from tts_server.engines.sambert.packs import pack as sambert_pack
from tts_server.engines.sambert.packs import shape
from tts_server.errors import TTSError
from tts_server.markup import ssml_elements, ssml_xml
from tts_server.markup.markup import Markup
from tts_server.markup.readers import reader_for
from tts_server.markup.segments import TextCutter
from tts_server.text import frontend
from tts_server.text.linguistic.segment import Segment
from tts_server.transports.compat import volcengine
from tts_server.transports.compat.conversation import Garbled
from tts_server.transports.compat.doubao import DoubaoRequest
from tts_server.transports.compat.gpt_sovits import GptSovitsRequest
from tts_server.transports.compat.index_tts import IndexTtsRequest
from tts_server.user_data import dictionary, phrases

BODIES: Final[tuple[type[BaseModel], ...]] = (
    *(SpeechRequest, OpenAiSpeechRequest, LinkRequest, PhraseRequest, SpeakPhrase, WordRequest),
    *(DoubaoRequest, GptSovitsRequest, IndexTtsRequest),
)


def wyoming_events(data: bytes) -> None:
    """In two pieces, as they may come."""
    decoder = wyoming.EventDecoder()
    half = data[0] % (len(data) + 1) if data else 0
    with suppress(wyoming.ProtocolError):
        for piece in (data[:half], data[half:]):
            for event in decoder.feed(piece):
                wyoming.parse_synthesize(event)
                wyoming.text_of(event)


def websocket_messages(data: bytes) -> None:
    with suppress(MessageInvalid):
        parse_client_message(data.decode("utf-8", "replace"))


def http_bodies(data: bytes) -> None:
    body = BODIES[data[0] % len(BODIES)] if data else SpeechRequest
    with suppress(ValidationError):
        body.model_validate_json(data[1:])


def http_queries(data: bytes) -> None:
    with suppress(ValidationError, ValueError):
        pairs = parse_qsl(data.decode("utf-8", "replace"), keep_blank_values=True, max_num_fields=100)
        SpeechRequest.model_validate(http_query.speech_fields(pairs))


def proxy_headers(data: bytes) -> None:
    with suppress(proxy_protocol.ProxyHeaderInvalid):
        proxy_protocol.parse_header(data)


def _cut(data: bytes, text_format: str) -> None:
    """Fed in pieces: what was received must be what was read, whatever the pieces."""
    size = 1 + data[0] % 7 if data else 1
    text = data[1:].decode("utf-8", "replace")
    cutter = TextCutter(reader=reader_for(text_format, Markup()))
    segments = []
    try:
        for start in range(0, len(text), size):
            segments += cutter.feed(text[start : start + size])
        segments += cutter.end()
    except TTSError:
        return  # SSML that is none
    assert cutter.received == len(text)
    for segment in segments:
        assert len(segment.offsets) == len(segment.text) + 1
        assert 0 <= segment.offsets[0] <= segment.offsets[-1] <= len(text)


def ssml(data: bytes) -> None:
    _cut(data, "ssml")


def markup(data: bytes) -> None:
    _cut(data, ("plain", "markdown", "auto")[data[-1] % 3] if data else "auto")


def reading(data: bytes) -> None:
    """Normaliser, words, readings, sandhi, breaks."""
    text = data[1:].decode("utf-8", "replace")
    segment = Segment(text, tuple(range(len(text) + 1)))
    for run in frontend.analyse(segment, ("zh", "en")[data[0] % 2] if data else "zh").runs:
        for unit in run.syllables or run.words:
            assert 0 <= unit.start <= unit.end <= len(text)


def english_sounds(data: bytes) -> None:
    """What heart says: words to phonemes, those of no lexicon too."""
    for sentence in g2p.phonemes(data.decode("utf-8", "replace")):
        count_groups([sentence])


def emotion_names(data: bytes) -> None:
    name = data.decode("utf-8", "replace")
    emotions.canonical(name)
    assert emotions.nearest(name, ("neutral", "happy", "sad")) in ("neutral", "happy", "sad")


def dictionary_files(data: bytes) -> None:
    with file_of(data, "dictionary.toml") as path:
        dictionary.read_words(path)


def phrase_files(data: bytes) -> None:
    with file_of(data, "phrases.json") as path:
        phrases.Phrases(path)


def settings_files(data: bytes) -> None:
    with file_of(data, "config.toml") as path, suppress(TTSError):
        settings.load(settings.read_file(path))


def link(data: bytes) -> None:
    """What a hostile engine may write into the link."""
    stream = BytesIO(data)
    with suppress(framing.LinkGarbled):
        while (received := framing.read(stream)) is not None:
            message, payload = received
            with suppress(KeyError, TypeError, ValueError, AttributeError):  # those that the link expects
                wire.chunk_from_json(message, payload)
            with suppress(KeyError, TypeError, ValueError, AttributeError):
                wire.voice_from_json(message)


def volcengine_frames(data: bytes) -> None:
    with suppress(Garbled, TTSError):
        volcengine.parse(data)


def sambert_manifests(data: bytes) -> None:
    with file_of(data, sambert_pack.MANIFEST) as path, suppress(TTSError):
        sambert_pack.read_pack(path.parent)


def onnx_manifests(data: bytes) -> None:
    with file_of(data, onnx_pack.MANIFEST) as path, suppress(TTSError):
        onnx_pack.read_pack(path.parent)


def onnx_graphs(data: bytes) -> None:
    with file_of(data, "model.onnx") as path, suppress(TTSError):
        read_graph(path)


def piper_settings(data: bytes) -> None:
    with suppress(TTSError, ValueError, RecursionError):
        told: Any = json.loads(data)
        if isinstance(told, dict):
            with suppress(TTSError):
                piper_config.parse(told)


_TOML: Final = tuple(
    f"[{section}]\n{name} = "
    for section, found in Config.model_fields.items()
    for name in getattr(found.annotation, "model_fields", ())
)
_NUMBERS: Final = ("NaN", "1e999", "-1", "null", "true", "[]", "{}", "18446744073709551616")
_PACK: Final = (
    b'{"format":1,"name":"a","source":"b","revision":"1","licence":"MIT","language":"zh","sample_rate":16000,'
    b'"speakers":["a"],"emotions":{"neutral":"a"},"files":{},"acoustic":{},"vocoder":{},"f0_scale":null}'
)
_SYNTHESIZE: Final = b'{"type": "synthesize", "data": {"text": "hi", "voice": {"name": "a"}}, "payload_length": 0}\n'
_HELLO: Final = b'{"type":"hello","voices":[]}'
TARGETS: Final[dict[str, Target]] = {
    "Wyoming": Target(
        wyoming_events, (_SYNTHESIZE, b'{"type":"synthesize-chunk","data_length":13}\n{"text":"\xe5\xa5\xbd"}')
    ),
    "WebSocket": Target(
        websocket_messages,
        (b'{"type":"open","ctx":"a","emotion":"happy"}', b'{"type":"text","text":"a","end":true}', b'{"type":"set"}'),
        words=(*keys_in(messages), *_NUMBERS),
    ),
    "HTTP bodies": Target(
        http_bodies,
        (b'0{"text":"a","format":"mp3","pauses":{"clause":1}}', b'1{"model":"tts-1","input":"a","voice":"b"}'),
        words=(*keys_in(*BODIES), *_NUMBERS),
    ),
    "HTTP queries": Target(http_queries, (b"text=a&speed=1.5&pauses.clause=3", b"text=%E5%A5%BD&format=mp3")),
    "PROXY headers": Target(proxy_headers, (b"\r\n\r\n\0\r\nQUIT\n\x21\x11\0\x0c\x7f\0\0\1\x7f\0\0\1\0\1\0\2",)),
    "SSML": Target(
        ssml,
        (b'0<speak>a<break time="1s"/><prosody rate="slow">b</prosody></speak>',),
        160,
        keys_in(ssml_elements, ssml_xml),
    ),
    "markup": Target(markup, ("1**好**[happy] [a](http://b) `c` 😊\n- 1. （笑）".encode(), b"2Mr. A's 3.5%!?"), 80),
    "reading": Target(reading, ("02026年3月5日，-3.5℃，AB12，一个不是。".encode(), b"1It's 3:45 pm, Dr. A. $5.99"), 60),
    "English sounds": Target(english_sounds, (b"It's 3.5 [a](/b/), Dr. Wrold... e-mail", "café ⟨x⟩".encode()), 30),
    "emotion names": Target(emotion_names, ("高兴".encode(), b"Happy")),
    "dictionary": Target(dictionary_files, (b'version = 1\n[words]\n"a" = "b"\n',), 120),
    "phrases": Target(phrase_files, (b'{"version":1,"phrases":{"a":{"text":"b"}}}',), 300, keys_in(phrases)),
    "settings": Target(settings_files, (b'[server]\nhttp_port = 1\n[voices]\ndefault = "a"\n',), 300, _TOML),
    "link": Target(link, (b"\0\0\0\x1c\0\0\0\0" + _HELLO, b'\0\0\0\x17\0\0\0\4{"rate":1,"timings":[]}\0\0\0\0')),
    "Volcengine": Target(
        volcengine_frames, (b"\x11\x14\x10\0\0\0\0\1\0\0\0\2{}", b"\x11\x14\x10\0\0\0\0\xc8\0\0\0\1a\0\0\0\2{}")
    ),
    "Sambert manifests": Target(sambert_manifests, (_PACK,), 600, (*keys_in(sambert_pack, shape), *_NUMBERS)),
    "ONNX manifests": Target(
        onnx_manifests, (_PACK,), 600, (*(f'"{field.name}":' for field in fields(onnx_pack.Pack)), *_NUMBERS)
    ),
    "ONNX graphs": Target(onnx_graphs, (b"\x08\x08:\x0c\n\x04\x12\x01y\x22\x01A\x12\x01g",)),
    "Piper settings": Target(
        piper_settings,
        (b'{"audio":{"sample_rate":22050},"num_symbols":4,"phoneme_id_map":{"a":[1]}}',),
        words=(*keys_in(piper_config), *_NUMBERS),
    ),
    **conversations.TARGETS,
    **archives.TARGETS,
    **checkpoints.TARGETS,
    **requests.TARGETS,
}
