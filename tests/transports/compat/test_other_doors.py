"""Doors for which no real client is at hand, against stand-ins that do what xiaozhi's providers do."""

import asyncio
import base64
import json
import uuid

import pytest
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, InvalidStatus

from tests.support import fixtures
from tests.support.core import Core
from tests.support.http_door import Door
from tests.support.websocket_peer import peer_of
from tests.transports.compat import doors
from tests.transports.compat.doors import open_compat, said_by_core
from tts_server.access.access import Access, AccessSettings, Token
from tts_server.transports.compat.door import CompatDoors
from tts_server.transports.compat.settings import CompatSettings

pytestmark = pytest.mark.asyncio(loop_scope="module")
core, door = fixtures.core, doors.door

REPLY = "你好，世界。再见"
LONG = "很长的一段话，" * 60


def aliyun(name: str, task: str, **payload: object) -> str:
    header = {"message_id": uuid.uuid4().hex, "task_id": task, "namespace": "FlowingSpeechSynthesizer", "name": name}
    return json.dumps({"header": {**header, "appkey": "x"}, "payload": payload})


async def hear_aliyun(client: ClientConnection, task: str, until: str = "SynthesisCompleted") -> tuple[bytes, list]:
    pcm, events = b"", []
    while not events or events[-1]["header"]["name"] != until:
        message = await client.recv()
        if isinstance(message, bytes):
            pcm += message
            if until == "sound":
                break
        elif (event := json.loads(message))["header"]["task_id"] == task:
            events.append(event)
    return pcm, events


def said_through(door: Door) -> connect:
    """A connection of Aliyun's clients."""
    return connect(f"ws://127.0.0.1:{door.port}/ws/v1", additional_headers={"X-NLS-Token": "any"}, proxy=None)


@pytest.mark.parametrize(
    ("path", "headers"),
    [("/ws/v1", {"X-NLS-Token": "any"}), ("/ws/v1", {}), ("/nls-internal./ws/v1", {})],
    ids=["by its header", "by its first message", "by its path"],
)
async def test_aliyun_speaks_as_it_is_written_to(path: str, headers: dict[str, str], core: Core, door: Door) -> None:
    setup = {"voice": "longxiaochun", "format": "pcm", "sample_rate": 24000, "volume": 50, "enable_subtitle": True}
    async with connect(f"ws://127.0.0.1:{door.port}{path}", additional_headers=headers, proxy=None) as client:
        for task in ("a" * 32, "b" * 32):
            await client.send(aliyun("StartSynthesis", task, **setup))
            for piece in ("你好，", "世界。再", " ", "见"):
                await client.send(aliyun("RunSynthesis", task, text=piece))
            await client.send(aliyun("StopSynthesis", task))
            pcm, events = await hear_aliyun(client, task)
            names = [event["header"]["name"] for event in events]
            assert (names[0], names[-1]) == ("SynthesisStarted", "SynthesisCompleted")
            assert pcm == await said_by_core(core, "你好，世界。再 见", 24000)
            ends = [event for event in events if event["header"]["name"] == "SentenceEnd"]
            assert "".join(end["payload"]["subtitles"][0]["text"] for end in ends).startswith("你好，世界。")


async def test_aliyun_is_interrupted_by_a_new_start_and_fails_with_an_end(core: Core, door: Door) -> None:
    async with connect(
        f"ws://127.0.0.1:{door.port}/ws/v1", additional_headers={"X-NLS-Token": "any"}, proxy=None
    ) as client:
        await client.send(aliyun("StartSynthesis", "1"))
        await client.send(aliyun("RunSynthesis", "1", text=LONG))
        await hear_aliyun(client, "1", until="sound")
        await client.send(aliyun("StartSynthesis", "2", format="mp3"))
        _, events = await hear_aliyun(client, "2")
        assert [event["header"]["name"] for event in events] == ["TaskFailed", "SynthesisCompleted"]
    async with asyncio.timeout(10):
        await core.synthesizer.wait_idle()


async def test_our_own_clients_at_the_same_path_are_served_as_before(door: Door) -> None:
    async with peer_of(door) as peer:
        await peer.send("text", text="好。", end=True)
        assert (await peer.wait_for("done"))["reason"] == "end"


async def test_a_first_message_that_only_looks_like_aliyuns_is_our_own_clients(door: Door) -> None:
    async with connect(f"ws://127.0.0.1:{door.port}/ws/v1", proxy=None) as client:
        await client.send(json.dumps({"type": "text", "text": "FlowingSpeechSynthesizer", "end": True}))
        assert json.loads(await client.recv())["type"] == "ready"
        await client.send(aliyun("StartSynthesis", "1"))  # too late: the first message has told who this is
        while isinstance(message := await client.recv(), bytes) or json.loads(message)["type"] != "error":
            pass
        assert json.loads(message)["code"] == "bad_message"


async def test_aliyun_by_its_first_message_needs_its_token_too(core: Core) -> None:
    access = Access(AccessSettings(mode="token", tokens=(Token("kitchen", "0123456789abcdef0123"),)))
    async with open_compat(core, access=access) as door:
        url = f"ws://127.0.0.1:{door.port}/ws/v1"
        async with connect(url, proxy=None) as client:
            await client.send(aliyun("StartSynthesis", "1"))
            with pytest.raises(ConnectionClosed):
                await client.recv()
            assert client.close_code == 4401
        bearer = {"Authorization": "Bearer 0123456789abcdef0123"}
        async with connect(url, additional_headers=bearer, proxy=None) as client:
            await client.send(aliyun("StartSynthesis", "1"))
            await client.send(aliyun("StopSynthesis", "1"))
            _, events = await hear_aliyun(client, "1")
            assert events[-1]["header"]["name"] == "SynthesisCompleted"


async def test_messages_are_read_no_faster_than_the_limit_and_none_is_lost(core: Core) -> None:
    async with open_compat(core, CompatSettings(messages_per_s=20)) as door, said_through(door) as client:
        loop = asyncio.get_running_loop()
        began = loop.time()
        await client.send(aliyun("StartSynthesis", "1", sample_rate=24000))
        for piece in "你好世界" * 15:
            await client.send(aliyun("RunSynthesis", "1", text=piece))
        await client.send(aliyun("StopSynthesis", "1"))
        pcm, _ = await hear_aliyun(client, "1")
        assert loop.time() - began >= (62 - 2 * 20) / 20
        assert pcm == await said_by_core(core, "你好世界" * 15, 24000)


async def test_a_reload_changes_doors_and_limits_of_who_comes_from_then_on(core: Core) -> None:
    guest = CompatDoors(core.synthesizer, Access(), CompatSettings())
    async with open_compat(core, guest=guest) as door:
        guest.reconfigure(CompatSettings(max_conversations=0))
        with pytest.raises(InvalidStatus, match="503"):
            async with said_through(door):
                pass
        guest.reconfigure(CompatSettings(xunfei=False))
        with pytest.raises(InvalidStatus, match="404"):
            async with connect(f"ws://127.0.0.1:{door.port}/compat/xunfei", proxy=None):
                pass
        guest.reconfigure(CompatSettings(idle_s=0.2))
        async with said_through(door) as client:
            with pytest.raises(ConnectionClosed):
                await client.recv()
            assert client.close_code == 4409


async def test_xunfei_says_a_turn_on_a_connection(core: Core, door: Door) -> None:
    url = f"ws://127.0.0.1:{door.port}/compat/xunfei?authorization=eA==&date=x&host=x"
    async with connect(url, proxy=None) as client:
        for status, piece in ((0, "你好，"), (1, "世界。"), (1, "再见"), (2, "")):
            audio = {"encoding": "raw", "sample_rate": 24000, "channels": 1, "bit_depth": 16}
            tts = {"vcn": "x5_lingxiaoxuan_flow", "speed": 50, "volume": 50, "pitch": 50, "audio": audio}
            text = {"status": status, "seq": status, "text": base64.b64encode(piece.encode()).decode()}
            message = {
                "header": {"app_id": "x", "status": status},
                "parameter": {"tts": tts},
                "payload": {"text": text},
            }
            await client.send(json.dumps(message))
        pcm, statuses = b"", []
        while 2 not in statuses:
            told = json.loads(await client.recv())
            assert told["header"]["code"] == 0
            statuses.append(told["payload"]["audio"]["status"])
            pcm += base64.b64decode(told["payload"]["audio"]["audio"])
    assert statuses[0] == 0
    assert pcm == await said_by_core(core, REPLY, 24000)


async def test_paddlespeech_says_a_sentence_and_answers_the_goodbye(core: Core, door: Door) -> None:
    url = f"ws://127.0.0.1:{door.port}/paddlespeech/tts/streaming"
    for speaker in (0, 7):
        async with connect(url, proxy=None) as client:
            await client.send(json.dumps({"task": "tts", "signal": "start"}))
            ready = json.loads(await client.recv())
            assert ready["status"] == 0
            await client.send(json.dumps({"text": REPLY, "spk_id": speaker}))
            pcm, status = b"", 1
            while status != 2:
                told = json.loads(await client.recv())
                status = told["status"]
                pcm += base64.b64decode(told["audio"])
            await client.send(json.dumps({"task": "tts", "signal": "end", "session": ready["session"]}))
            assert json.loads(await client.recv())["status"] == 0
        assert pcm == await said_by_core(core, REPLY, 24000)


@pytest.mark.parametrize("message", ["[]", "{", "\u0000", b"\x11\x14"])
async def test_what_is_no_message_closes_the_connection(message: str | bytes, door: Door) -> None:
    for path in ("/compat/xunfei", "/paddlespeech/tts/streaming", "/x/ws/v1"):
        async with connect(f"ws://127.0.0.1:{door.port}{path}", proxy=None) as client:
            await client.send(message)
            await client.wait_closed()
            assert client.close_code == 1008


async def test_gpt_sovits_in_both_shapes(core: Core, door: Door) -> None:
    body = {"text": REPLY, "text_lang": "zh", "ref_audio_path": "/x/tone.wav", "speed_factor": 1.0, "top_k": 5}
    posted = await door.client.post("/compat/gpt_sovits", json=body)
    fetched = await door.client.get("/compat/gpt_sovits", params={"text": REPLY, "text_language": "zh", "speed": 1.0})
    for answer in (posted, fetched):
        assert (answer.status_code, answer.content[:4]) == (200, b"RIFF")
        assert answer.content[44:] == await said_by_core(core, REPLY, 16000)


async def test_doubao_brings_its_sound_in_json(core: Core, door: Door) -> None:
    body = {
        "app": {"appid": "x", "token": "access_token", "cluster": "volcano_tts"},
        "user": {"uid": "1"},
        "audio": {"voice_type": "BV001_streaming", "encoding": "wav", "speed_ratio": 1.0, "rate": 24000},
        "request": {"reqid": "1", "text": REPLY, "text_type": "plain", "operation": "query"},
    }
    headers = {"Authorization": "Bearer;access_token"}
    told = (await door.client.post("/compat/doubao", json=body, headers=headers)).json()
    assert told["code"] == 3000
    assert base64.b64decode(told["data"])[44:] == await said_by_core(core, REPLY, 24000)
    body["request"]["text"] = "字" * 1025
    assert (await door.client.post("/compat/doubao", json=body)).status_code == 413


@pytest.mark.parametrize("number", ["NaN", "Infinity", "1e999", "1e300", "-1e300"])
async def test_numbers_beyond_all_bounds_are_no_failure_of_ours(number: str, core: Core, door: Door) -> None:
    async with said_through(door) as client:
        start = json.loads(aliyun("StartSynthesis", "1", speech_rate="?", sample_rate=24000))
        await client.send(json.dumps(start).replace('"?"', number))
        await client.send(
            aliyun("StartSynthesis", "2").replace('"payload": {}', f'"payload": {{"sample_rate": {number}}}')
        )
        await client.send(aliyun("StopSynthesis", "2"))
        _, events = await hear_aliyun(client, "2")
        assert events[-1]["header"]["name"] == "SynthesisCompleted"
    for path in ("speed", "pitch"):
        async with connect(f"ws://127.0.0.1:{door.port}/compat/xunfei", proxy=None) as client:
            await client.send(f'{{"header":{{"status":2}},"parameter":{{"tts":{{"{path}":{number}}}}}}}')
            while (told := json.loads(await client.recv())["header"])["status"] != 2:
                continue
            assert (told["code"], told["message"]) == (0, "success")
