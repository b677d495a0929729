"""A client of Volcengine's bidirectional protocol that behaves as xiaozhi's `huoshan_double_stream` does.

Written from a description of what that program sends, expects and times out on; it waits for no SessionStarted, passes
over messages of other sessions, closes on a text frame and on half a sample, and takes a turn for over with event 152.
"""

import asyncio
import json
import struct
import uuid
from collections.abc import AsyncGenerator, Iterable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

from websockets.asyncio.client import ClientConnection, connect

SPEAKER = "zh_female_wanwanxiaohe_moon_bigtts"


def client_frame(event: int, session: str | None, payload: dict[str, Any]) -> bytes:
    """A frame as the client packs it."""
    told = json.dumps(payload).encode()
    about = b"" if session is None else struct.pack("!i", len(session)) + session.encode()
    return bytes([0x11, 0x14, 0x10, 0x00]) + struct.pack("!i", event) + about + struct.pack("!i", len(told)) + told


def request(event: int, text: str = "", **audio: Any) -> dict[str, Any]:
    """The payload of StartSession and TaskRequest. audio: of audio_params; `pitch` goes where that belongs."""
    pitch = audio.pop("pitch", 0)
    additions = {"aigc_metadata": {}, "cache_config": {}, "post_process": {"pitch": pitch}}
    params = {"speech_rate": 0, "loudness_rate": 0, "sample_rate": 24000, "format": "pcm", **audio}
    return {
        "user": {"uid": "1234"},
        "event": event,
        "namespace": "BidirectionalTTS",
        "req_params": {"text": text, "speaker": SPEAKER, "audio_params": params, "additions": json.dumps(additions)},
    }


@dataclass
class Heard:
    """What the device got of one turn."""

    pcm: bytearray = field(default_factory=bytearray)
    subtitles: list[str] = field(default_factory=list)
    events: list[int] = field(default_factory=list)
    failures: list[dict[str, Any]] = field(default_factory=list)
    first_audio_at: float | None = None
    frames_at: list[tuple[float, int]] = field(default_factory=list)


class Xiaozhi:
    """One connection, one turn after the other."""

    def __init__(self, websocket: ClientConnection) -> None:
        self.websocket = websocket
        self.session = ""
        self.strays = 0  # sounds of turns that were over for the client

    async def start(self, **audio: Any) -> str:
        """Begin a turn."""
        self.session = uuid.uuid4().hex
        await self.websocket.send(client_frame(100, self.session, request(100, **audio)))
        return self.session

    async def text(self, piece: str, **audio: Any) -> None:
        """Hand on a piece of the model's text."""
        await self.websocket.send(client_frame(200, self.session, request(200, piece, **audio)))

    async def finish(self) -> None:
        """No more text."""
        await self.websocket.send(client_frame(102, self.session, {}))

    async def cancel(self) -> None:
        """The user has interrupted."""
        await self.websocket.send(client_frame(101, self.session, {}))

    async def hear(self, until: Iterable[int] = (152,)) -> Heard:
        """Listen until the turn is over for the client."""
        heard = Heard()
        wanted = set(until)
        while not wanted.intersection(heard.events):
            event, session, payload = await self.receive()
            if session is not None and session != self.session:
                self.strays += event == 352
                continue
            heard.events.append(event)
            if event == 352:
                now = asyncio.get_running_loop().time()
                heard.first_audio_at = heard.first_audio_at or now
                heard.frames_at.append((now, len(payload) // 2))
                heard.pcm += payload
            elif event == 350:
                heard.subtitles.append(json.loads(payload)["text"])
            elif event == 153:
                heard.failures.append(json.loads(payload))
        return heard

    async def receive(self) -> tuple[int, str | None, bytes]:
        """One frame: its event, session and payload."""
        frame = await self.websocket.recv()
        assert isinstance(frame, bytes), "a text frame makes the client close"
        assert frame[0] == 0x11
        assert frame[3] == 0
        (event,) = struct.unpack_from("!i", frame, 4)
        at, session = 8, None
        if event >= 100:
            (length,) = struct.unpack_from("!i", frame, at)
            session = frame[at + 4 : at + 4 + length].decode("ascii")
            at += 4 + length
        (length,) = struct.unpack_from("!i", frame, at)
        payload = frame[at + 4 :]
        assert len(payload) == length
        assert (frame[1], frame[2]) == ((0xB4, 0x00) if event == 352 else (0x94, 0x10))
        assert event != 352 or length % 2 == 0, "half a sample makes the client lose the reply"
        return event, session, payload


@asynccontextmanager
async def xiaozhi(port: int, token: str = "anything") -> AsyncGenerator[Xiaozhi]:
    """A connected client."""
    headers = {
        "X-Api-App-Key": "1234567890",
        "X-Api-Access-Key": token,
        "X-Api-Resource-Id": "volc.service_type.10029",
        "X-Api-Connect-Id": str(uuid.uuid4()),
    }
    url = f"ws://127.0.0.1:{port}/api/v3/tts/bidirection"
    async with connect(url, additional_headers=headers, max_size=10**9, proxy=None) as websocket:
        yield Xiaozhi(websocket)
