"""`tts-server say`: speech into an audio file, or aloud."""

import asyncio
import http.client
import json
import sys
from collections.abc import Callable, Iterator
from contextlib import aclosing, contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from protocol.emotions import AUTO, is_known
from tts_server.cli.sinks import Sink, opened
from tts_server.errors import BadRequest, FormatUnsupported, TTSError
from tts_server.events import TEXT_FORMATS, Audio, Done, SegmentStarted, SpeechOptions, TextFormat
from tts_server.voices import split_name, unknown_emotion

if TYPE_CHECKING:
    from tts_server.config.settings import Config
    from tts_server.synthesis.synthesizer import Context

_READ_BYTES = 8192


@dataclass(frozen=True, slots=True)
class Request:
    """What to say and how."""

    text: str
    voice: str | None
    emotion: str | None
    intensity: float
    speed: float
    pitch: float
    volume: float | None
    text_format: TextFormat = "auto"

    @classmethod
    def of(
        cls,
        text: str,
        voice: str | None,
        emotion: str | None,
        speed: float,
        pitch: float,
        volume: float | None,
        text_format: str = "auto",
        intensity: float | None = None,
    ) -> "Request":
        """From the command line's values; emotion is NAME or NAME:INTENSITY. Raises BadRequest, FormatUnsupported."""
        if not text.strip():
            raise BadRequest("there is nothing to say: the text is empty")
        name, _, told = (emotion or "").partition(":")
        if told and intensity is not None:
            raise BadRequest(f"the intensity is given twice: --emotion {emotion} and --intensity {intensity:g}")
        form = next((known for known in TEXT_FORMATS if known == text_format.casefold()), None)
        if form is None:
            raise FormatUnsupported(f"text format is {text_format!r}; it can be {', '.join(TEXT_FORMATS)}")
        try:
            strength = float(told or 1.0) if intensity is None else intensity
            return cls(text, voice, name or None, strength, speed, pitch, volume, form)
        except ValueError:
            raise BadRequest(f"emotion is {emotion!r}; write NAME or NAME:INTENSITY, for example happy:0.7") from None


def read_token(path: Path) -> str:
    """The token in a file. Raises BadRequest."""
    try:
        return path.read_text(encoding="utf-8").strip()
    except (OSError, UnicodeDecodeError) as error:
        raise BadRequest(f"cannot read the token in {path}: {error}") from error


def say(
    request: Request, output: Path | None, server: str | None, config: "Config | None", token: str | None = None
) -> None:
    """Speak the request: by a running daemon, else here; into `output`, a player, or a file in this folder.

    config: for speaking here.
    """
    for word in (request.emotion, split_name(request.voice or "")[1]):
        if word and not is_known(word):
            print(f"tts-server: {unknown_emotion(word)}; it is said as neutral", file=sys.stderr)  # noqa: T201
    with opened(output) as sink, _progress(len(request.text)) as progress:
        if server and server.startswith(("ws://", "wss://")):
            asyncio.run(_say_over_websocket(request, server, token, sink, progress))
        elif server:
            _say_there(request, server, token, sink)
        elif config is not None:
            asyncio.run(_say_here(request, config, sink, progress))


async def _say_here(request: Request, config: "Config", sink: Sink, progress: Callable[[int], None]) -> None:
    """The same core as the daemon's, in this process and an engine host of its own."""
    from tts_server.audio.pcm import to_s16le
    from tts_server.daemon.startup import running_core

    fields = asdict(request)
    text = fields.pop("text")
    limit = config.limits.max_text_chars
    async with running_core(config) as synthesizer:
        context = synthesizer.open(SpeechOptions(**fields))
        tell_fallback(context)
        for start in range(0, len(text), limit):
            context.text(text[start : start + limit])
        context.end()
        sink.begin(context.sample_rate)
        async with aclosing(context.events()) as events:
            async for event in events:
                match event:
                    case SegmentStarted():
                        progress(event.start)
                    case Audio():
                        sink.pcm(to_s16le(event.samples))
                    case Done(error=TTSError() as error):
                        raise error
        progress(len(text))


def tell_fallback(context: "Context") -> None:
    """Say it when the voice has another mood in place of the one asked for."""
    asked, used = context.emotion
    if asked not in (used, AUTO):
        print(f"tts-server: voice {context.voice} has no {asked}; {used} is used", file=sys.stderr)  # noqa: T201


async def _say_over_websocket(
    request: Request, server: str, token: str | None, sink: Sink, progress: Callable[[int], None]
) -> None:
    """By a running daemon, with the client that other programs use."""
    from protocol.answers import Segment
    from protocol.client import Chunk, TtsClient, TtsError

    fields = {key: value for key, value in asdict(request).items() if value is not None}
    text = fields.pop("text")
    try:
        async with TtsClient(server, token) as tts, tts.open(flow="none", **fields) as speech:
            sink.begin(speech.sample_rate)
            await speech.say_all(text)
            async for event in speech:
                if isinstance(event, Chunk):
                    sink.pcm(event.pcm)
                elif isinstance(event, Segment):
                    progress(event.start)
        progress(len(text))
    except TtsError as error:
        raise TTSError(f"cannot let {server} speak: {error}") from error


def _say_there(request: Request, server: str, token: str | None, sink: Sink) -> None:
    """POST /api/tts of a running daemon."""
    parts = urlsplit(server if "//" in server else f"http://{server}")
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise BadRequest(f"server is {server!r}; write http://HOST:PORT or ws://HOST:PORT")
    kind = http.client.HTTPSConnection if parts.scheme == "https" else http.client.HTTPConnection
    connection = kind(parts.hostname, parts.port or 8080, timeout=60)
    headers = {"Content-Type": "application/json"}
    if token is not None:
        headers["Authorization"] = f"Bearer {token}"
    fields = {**asdict(request), "format": "pcm"}
    body = json.dumps({key: value for key, value in fields.items() if value is not None})
    try:
        connection.request("POST", "/api/tts", body.encode(), headers)
        response = connection.getresponse()
        if response.status != 200:
            raise TTSError(f"{parts.netloc} refused: {_message(response.read())}")
        if "X-First-Audio-Ms" not in response.headers:
            return  # the silence that stands for a text in which nothing can be said
        sink.begin(int(response.headers["X-Sample-Rate"]))
        while received := response.read1(_READ_BYTES):
            sink.pcm(received)
    except (OSError, http.client.HTTPException) as error:
        raise TTSError(f"cannot let {parts.netloc} speak: {error or 'it hung up'}") from error
    finally:
        connection.close()


def _message(body: bytes) -> str:
    try:
        return str(json.loads(body)["error"]["message"])
    except (ValueError, KeyError, TypeError):
        return body[:200].decode("utf-8", "replace")


@contextmanager
def _progress(chars: int) -> Iterator[Callable[[int], None]]:
    """A progress bar on a terminal, nothing elsewhere. The callable is told how many characters have been said."""
    if not sys.stderr.isatty():
        yield lambda _said: None
        return
    from rich.console import Console
    from rich.progress import Progress

    with Progress(console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task("speaking", total=chars)
        yield lambda said: bar.update(task, completed=said)
