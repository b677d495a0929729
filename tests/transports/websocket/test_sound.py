"""How sound comes over the WebSocket door: framing, rates, codecs, pace."""

import asyncio
import base64
import json
from dataclasses import replace

import av
import numpy as np
import pytest
from websockets.asyncio.client import connect

from protocol.answers import SERVER_MESSAGE
from protocol.frames import Frame, FrameFlags
from tests.support import fixtures
from tests.support.core import Core, CoreLimits
from tests.support.engines import RATE, SAMPLES_PER_CHARACTER
from tests.support.http_door import Door, open_door
from tests.support.websocket_peer import Peer, peer_of
from tests.transports.websocket.heard import audio_of, check_order
from tts_server.cache.key import KeyMaker
from tts_server.cache.segment_cache import SegmentCache
from tts_server.scheduling.scheduler import Scheduler
from tts_server.scheduling.turns import Turns
from tts_server.synthesis.synthesizer import Synthesizer

pytestmark = pytest.mark.asyncio(loop_scope="module")

core = fixtures.core


async def test_the_smallest_session_is_one_message(peer: Peer) -> None:
    await peer.send("text", text="你好，世界。", end=True)
    done = await peer.wait_for("done")
    assert [message["type"] for message in peer.messages()] == ["ready", "opened", "segment", "segment_end", "done"]
    assert (done["ctx"], done["reason"], done["segments"], done["chars"]) == ("main", "end", 1, 6)
    assert len(audio_of(peer)) == 4 * SAMPLES_PER_CHARACTER == done["samples"]
    assert done["first_ms"] >= 0
    check_order(peer, "main")


async def test_every_message_of_the_server_is_one_of_the_published_ones(peer: Peer) -> None:
    await peer.send("open", ref="1", emotion="serious", marks="char", audio={"rate": 24000})
    await peer.send("text", text="你好。再")
    await peer.send("emotion", ref="2", emotion="开心")
    await peer.send("set", ref="3", speed=1.2)
    await peer.send("describe", ref="4")
    await peer.send("ping", ref="5", t=1.5)
    await peer.send("flush", ref="6")
    await peer.send("nonsense", ref="7")
    await peer.send("text", text="见。")
    await peer.send("cancel", ref="8")
    await peer.wait_for("done")
    await peer.send("bye", ref="9")
    assert await peer.wait_closed() == (1000, "bye")
    for message in peer.messages():
        assert json.loads(SERVER_MESSAGE.validate_python(message).to_json()) == message
    refs = [message["ref"] for message in peer.messages() if "ref" in message]
    assert sorted(refs) == [str(number) for number in range(1, 10)]


async def test_hello_agrees_on_defaults_and_framing(peer: Peer) -> None:
    audio = {"rate": 8000, "frame_ms": 20}
    await peer.send(
        "hello", ref="h", defaults={"emotion": "happy", "audio": audio}, accept={"framing": ["x", "base64"]}
    )
    ready = await peer.wait_for("ready")
    assert (ready["ref"], ready["framing"], ready["protocol"]) == ("h", "base64", "1.0")
    assert ready["defaults"]["emotion"] == "happy"
    assert (ready["defaults"]["audio"]["rate"], ready["defaults"]["audio"]["frame_ms"]) == (8000, 20)
    assert ready["voices"][0]["id"] == "tone"
    assert ready["limits"]["max_contexts"] == 3
    await peer.send("text", text="你好。", end=True)
    await peer.wait_for("done")
    assert peer.messages("segment")[0]["emotion"] == "happy"
    pcm = b"".join(base64.b64decode(message["data"]) for message in peer.messages("audio"))
    assert len(pcm) == 2 * 8000 * 2 // 10
    await peer.send("hello", ref="again")
    assert (await peer.wait_for("error"))["code"] == "bad_state"


async def test_raw_frames_are_nothing_but_sound_and_one_context_speaks_at_a_time(door: Door) -> None:
    async with connect(f"ws://127.0.0.1:{door.port}/ws/v1", proxy=None) as websocket:
        await websocket.send('{"type":"hello","accept":{"framing":["raw"]}}')
        for ctx, text in (("a", "你好。再见。"), ("b", "谢谢。")):
            await websocket.send(json.dumps({"type": "text", "ctx": ctx, "text": text, "end": True}))
        order, size = [], 0
        while order.count("done") < 2:
            message = await websocket.recv()
            if isinstance(message, bytes):
                size += len(message)
            elif (parsed := json.loads(message))["type"] in ("segment", "done"):
                order.append(parsed["ctx"] if parsed["type"] == "segment" else "done")
    assert order in (["a", "a", "done", "b", "done"], ["b", "done", "a", "a", "done"])
    assert size == 2 * 6 * SAMPLES_PER_CHARACTER


@pytest.mark.parametrize("rate", [8000, 16000, 22050, 24000, 44100, 48000])
async def test_audio_comes_at_the_rate_asked_for_in_frames_of_one_length(peer: Peer, rate: int) -> None:
    await peer.send("open", audio={"rate": rate, "frame_ms": 20})
    await peer.send("text", text="你好。再见。", end=True)
    done = await peer.wait_for("done")
    opened = peer.messages("opened")[0]
    assert (opened["sample_rate_native"], opened["resampled"]) == (RATE, rate != RATE)
    assert done["samples"] == len(audio_of(peer)) == 4 * rate // 10
    check_order(peer, "main")
    for frame in peer.frames():
        if not frame.flags & FrameFlags.LAST:
            assert len(frame.payload) // 2 == round(0.02 * rate)
    for segment in (0, 1):
        flags = [frame.flags for frame in peer.frames() if frame.segment == segment]
        assert flags[0] & FrameFlags.FIRST
        assert flags[-1] & FrameFlags.LAST
        assert not any(flag for flag in flags[1:-1])


@pytest.mark.parametrize(("rate", "frame_ms"), [(None, 20), (24000, 60), (48000, 40)])
async def test_opus_comes_as_one_packet_a_frame(peer: Peer, rate: int | None, frame_ms: int) -> None:
    audio = {"codec": "opus", "frame_ms": frame_ms, **({"rate": rate} if rate else {})}
    await peer.send("open", audio=audio, marks="char")
    await peer.send("text", text="你好。再见。", end=True)
    done = await peer.wait_for("done")
    used = peer.messages("opened")[0]["audio"]
    assert (used["codec"], used["rate"], used["bitrate"]) == ("opus", rate or RATE, 32000)
    check_order(peer, "main", frame_samples=used["rate"] * frame_ms // 1000)
    decoder = av.codec.CodecContext.create("libopus", "r")
    decoder.sample_rate, decoder.layout = 48000, "mono"
    heard = [frame.to_ndarray()[0] for packet in peer.frames() for frame in decoder.decode(av.Packet(packet.payload))]
    sound = np.concatenate(heard) / 32768
    assert len(sound) == done["samples"] * 48000 // used["rate"] >= 0.4 * 48000
    # The second segment begins where it and its marks say, and not before.
    second = peer.messages("segment")[1]
    begins = second["pts"] * 48000 // used["rate"]
    items = [item for message in peer.messages("marks") if message["segment"] == 1 for item in message["items"]]
    assert items[0][2] == pytest.approx(1000 * begins / 48000, abs=1)
    assert np.abs(sound[begins + 1000 : begins + 5000]).max() > 0.05
    assert done["samples"] == second["pts"] + peer.messages("segment_end")[1]["samples"]


async def test_audio_leaves_no_further_ahead_than_was_agreed(peer: Peer) -> None:
    await peer.send("open", max_lead_ms=300)
    await peer.send("text", text="一二三四五六七八九十，" * 2, end=True)
    await peer.wait_for_frame()
    loop = asyncio.get_running_loop()
    started_at = loop.time()
    while not peer.messages("done"):
        received = await peer.receive()
        if isinstance(received, Frame):
            lead_s = received.pts / RATE - (loop.time() - started_at)
            assert lead_s < 0.35
    assert loop.time() - started_at > 1.6
    check_order(peer, "main")


async def test_a_client_that_does_not_acknowledge_pauses_the_speech(peer: Peer) -> None:
    await peer.send("open", flow="ack", max_lead_ms=200)
    await peer.send("text", text="一二三四五六七八九十。", end=True)
    await peer.wait_for("segment")
    while (frame := await peer.wait_for_frame()).pts < 3200:
        pass
    await peer.send("ping")
    await peer.wait_for("pong")
    assert peer.frames()[-1] == frame
    await peer.send("ack", seq=frame.seq)
    while (frame := await peer.wait_for_frame()).pts < 3200 + 3840:
        pass
    await peer.send("ping")
    await peer.wait_for("pong")
    assert peer.frames()[-1] == frame
    await peer.send("ack", played_samples=10**9)
    while not peer.messages("done"):
        if isinstance(received := await peer.receive(), Frame):
            await peer.send("ack", played_samples=received.pts)
    check_order(peer, "main")


async def test_without_flow_control_speech_comes_as_fast_as_it_is_made(peer: Peer) -> None:
    started_at = asyncio.get_running_loop().time()
    await peer.send("open", flow="none")
    await peer.send("text", text="一二三四五六七八九十。" * 20, end=True)
    done = await peer.wait_for("done")
    assert done["samples"] == 200 * SAMPLES_PER_CHARACTER  # 20 s
    assert asyncio.get_running_loop().time() - started_at < 5


async def test_what_was_spoken_before_is_told_as_such(core: Core) -> None:
    turns = Turns(Scheduler(1))
    cache = SegmentCache(core.link, turns, KeyMaker({}, {}), memory_bytes=2**20)
    remembering = replace(core, synthesizer=Synthesizer(core.link, turns, CoreLimits(), cache=cache))
    async with open_door(remembering) as door, peer_of(door) as peer:
        for _ in range(2):
            await peer.send("text", text="你好。", end=True)
            await peer.wait_for("done")
    assert [segment["cached"] for segment in peer.messages("segment")] == [False, True]
    flags = [bool(frame.flags & FrameFlags.CACHED) for frame in peer.frames()]
    assert flags == [False] * (len(flags) // 2) + [True] * (len(flags) // 2)
