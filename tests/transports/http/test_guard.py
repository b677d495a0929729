import asyncio
import json
import logging
import random
from pathlib import Path

import httpx
import pytest

from tests.support.core import Core
from tests.support.http_door import Door, core_without_engines, open_door, send_raw, speech_request
from tts_server.daemon.host_names import own_host_names
from tts_server.transports.http.exchange import LINGER_BYTES
from tts_server.transports.http.guard import Guard
from tts_server.transports.http.settings import HttpSettings

HEAD = b"GET /healthz HTTP/1.1\r\nHost: localhost\r\n"


def error_code(answer: bytes) -> tuple[int, str]:
    """Status and error code of a raw answer with a JSON body."""
    head, _, body = answer.partition(b"\r\n\r\n")
    return int(head.split()[1]), json.loads(body)["error"]["code"]


async def is_well(door: Door) -> bool:
    return (await door.client.get("/healthz")).status_code == 200


def own_lines(caplog: pytest.LogCaptureFixture) -> list[str]:
    """What the project itself logged."""
    return [record.getMessage() for record in caplog.records if record.name.startswith("tts_server")]


def resident_kib() -> int:
    with open("/proc/self/statm") as statm:
        return int(statm.read().split()[1]) * 4


async def test_a_megabyte_of_random_bytes_does_nothing(caplog: pytest.LogCaptureFixture) -> None:
    nonsense = [random.Random(seed).randbytes(2**20) for seed in range(5)]
    async with open_door(core_without_engines()) as door:
        for number in range(45):
            answer = await send_raw(door.port, nonsense[number % 5])
            assert not answer or error_code(answer) in ((400, "bad_message"), (431, "bad_message"))
            assert await is_well(door)
            if number == 4:  # by now everything that stays has been allocated
                before_kib = resident_kib()
        assert resident_kib() - before_kib < 16 * 1024  # 40 MB have come since
    assert own_lines(caplog) == []  # nobody can fill the journal with nonsense


async def test_random_bytes_after_the_words_of_http_do_nothing() -> None:
    chance = random.Random(2)
    starts = (b"GET / HTTP/1.1\r\n", b"POST /api/tts HTTP/1.1\r\nHost: a", HEAD, b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n")
    async with open_door(core_without_engines()) as door:
        for start in starts:
            answer = await send_raw(door.port, start + chance.randbytes(2**18) + b"\n\r\n")
            assert not answer or answer.startswith((b"HTTP/1.1 400", b"HTTP/1.1 404"))
            assert await is_well(door)


async def test_an_endless_head_is_refused() -> None:
    async with open_door(core_without_engines()) as door:
        answer = await send_raw(door.port, HEAD + b"X-Long: " + b"a" * 2**17)
        assert error_code(answer) == (431, "bad_message")


@pytest.mark.parametrize("sent", [b"", HEAD, HEAD + b"X: "])
async def test_a_client_that_does_not_finish_its_head_is_sent_away(sent: bytes) -> None:
    async with open_door(core_without_engines(), HttpSettings(head_timeout_s=0.1)) as door:
        assert error_code(await send_raw(door.port, sent)) == (408, "bad_message")
        assert await is_well(door)


async def test_a_head_that_comes_drop_by_drop_is_late_all_the_same() -> None:
    async with open_door(core_without_engines(), HttpSettings(head_timeout_s=0.2)) as door:
        reader, writer = await asyncio.open_connection("127.0.0.1", door.port)
        answer = asyncio.ensure_future(reader.read())
        while not answer.done():
            writer.write(b"G")  # each byte is a sign of life, none of them is a request
            await asyncio.wait([answer], timeout=0.02)
        assert error_code(answer.result()) == (408, "bad_message")
        writer.close()


async def test_the_second_request_of_a_connection_has_a_deadline_too() -> None:
    async with open_door(core_without_engines(), HttpSettings(head_timeout_s=0.2)) as door:
        reader, writer = await asyncio.open_connection("127.0.0.1", door.port)
        writer.write(HEAD + b"\r\n")
        await reader.readuntil(b"}")
        writer.write(b"GET /hea")
        assert error_code(await reader.read()) == (408, "bad_message")
        writer.close()


async def test_half_a_request_sent_ahead_with_a_whole_one_is_not_waited_for_either() -> None:
    async with open_door(core_without_engines(), HttpSettings(keep_alive_s=0.1)) as door:
        assert (await send_raw(door.port, HEAD + b"\r\n" + b"GET /hea")).count(b"HTTP/1.1") == 1


async def test_a_connection_without_requests_is_closed() -> None:
    async with open_door(core_without_engines(), HttpSettings(keep_alive_s=0.1)) as door:
        assert (await send_raw(door.port, HEAD + b"\r\n")).count(b"HTTP/1.1 200") == 1


async def test_a_body_that_does_not_come_is_not_waited_for() -> None:
    async with open_door(core_without_engines(), HttpSettings(body_timeout_s=0.1)) as door:
        answer = await send_raw(door.port, speech_request("你好，世界。")[:-3])
        assert error_code(answer) == (408, "bad_message")
        assert await is_well(door)


async def test_a_client_that_leaves_within_its_body_is_forgotten(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    async with open_door(core_without_engines()) as door:
        _, writer = await asyncio.open_connection("127.0.0.1", door.port)
        writer.write(speech_request("你好，世界。")[:-3])
        await writer.drain()
        writer.close()
        await writer.wait_closed()
        assert await is_well(door)
    assert "POST /api/tts 499" in caplog.text
    assert "failed" not in caplog.text


@pytest.mark.parametrize("size", [200_000, LINGER_BYTES // 2])
async def test_a_body_over_the_limit_is_answered_even_to_a_client_that_sends_all_of_it_first(
    size: int,
) -> None:
    async def pieces(total: int) -> object:
        for _ in range(0, total, 50_000):
            yield b"x" * 50_000

    async with open_door(core_without_engines()) as door:
        for content in (b"x" * size, pieces(size)):
            headers = {"Content-Type": "application/json"}
            answer = await door.client.post("/api/tts", content=content, headers=headers)  # type: ignore[arg-type]
            assert (answer.status_code, answer.json()["error"]["code"]) == (413, "text_too_long")
            assert answer.headers["connection"] == "close"


async def test_an_endless_body_is_cut_off() -> None:
    async with open_door(core_without_engines()) as door:
        length = b"Content-Length: 1000000000000\r\n"
        head = b"POST /api/tts HTTP/1.1\r\nHost: localhost\r\n" + length + b"\r\n"
        answer = await send_raw(door.port, head + bytes(4 * LINGER_BYTES))
        assert not answer or error_code(answer) == (413, "text_too_long")
        assert await is_well(door)


@pytest.mark.parametrize("headers", [{"Host": "evil.example"}, {"Origin": "https://evil.example"}, {"Origin": "null"}])
@pytest.mark.parametrize("path", ["/healthz", "/api/tts", "/nowhere"])
async def test_web_pages_of_others_cannot_make_the_house_speak(headers: dict[str, str], path: str) -> None:
    async with open_door(core_without_engines()) as door:
        answer = await door.client.post(path, json={"text": "好。"}, headers=headers)
        assert (answer.status_code, answer.json()["error"]["code"]) == (403, "forbidden")
        assert "access-control-allow-origin" not in answer.headers


async def test_a_page_of_our_own_may_speak(core: Core) -> None:
    async with open_door(core) as door:
        headers = {"Origin": f"http://127.0.0.1:{door.port}"}
        assert (await door.client.post("/api/tts", json={"text": "好。"}, headers=headers)).status_code == 200


async def test_an_address_outside_the_networks_is_refused() -> None:
    async with open_door(core_without_engines(), HttpSettings(networks=())) as door:
        answer = await door.client.get("/healthz")
        assert (answer.status_code, answer.json()["error"]["code"]) == (403, "forbidden")


@pytest.mark.parametrize(
    ("settings", "status"),
    [(HttpSettings(max_connections=3), 503), (HttpSettings(max_connections_per_address=3), 429)],
)
async def test_connections_beyond_the_limit_are_told_so_and_closed(settings: HttpSettings, status: int) -> None:
    async with open_door(core_without_engines(), settings) as door:
        held = [await asyncio.open_connection("127.0.0.1", door.port) for _ in range(3)]
        for reader, writer in held:
            writer.write(HEAD + b"\r\n")
            await reader.readuntil(b"}")
        asked = b"GET /api/voices HTTP/1.1\r\nHost: localhost\r\n\r\n"
        answer = await send_raw(door.port, asked)
        assert error_code(answer) == (status, "too_many_connections")
        assert b"retry-after: 1" in answer
        for _, writer in held:
            writer.close()
            await writer.wait_closed()
        assert await is_well(door)


async def test_http_1_0_without_a_host_is_served() -> None:
    async with open_door(core_without_engines()) as door:
        answer = await send_raw(door.port, b"GET /healthz HTTP/1.0\r\n\r\n")
        assert answer.startswith(b"HTTP/1.1 200")
        assert answer.endswith(b"}")


async def test_requests_in_a_row_on_one_connection_are_all_answered() -> None:
    async with open_door(core_without_engines()) as door:
        sent = (HEAD + b"\r\n") * 3 + HEAD + b"Connection: close\r\n\r\n"
        assert (await send_raw(door.port, sent)).count(b"HTTP/1.1 200") == 4


async def test_nonsense_behind_a_speech_request_does_not_end_up_inside_its_audio(core: Core) -> None:
    async with open_door(core) as door:
        answer = await send_raw(door.port, speech_request("你好。") + b"\0\1\2\3 nonsense\r\n\r\n" * 3)
        assert answer.count(b"HTTP/1.1 200") == 1
        assert b"RIFF" in answer
        wav, _, rest = answer.partition(b"\r\n0\r\n\r\n")
        assert b"HTTP/1.1" not in wav.partition(b"RIFF")[2]
        assert error_code(rest) == (400, "bad_message")


async def test_every_answer_has_an_id_that_the_log_has_too(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    async with open_door(core_without_engines()) as door:
        ids = {(await door.client.get(path)).headers["x-request-id"] for path in ("/healthz", "/nowhere", "/nowhere")}
        assert len(ids) == 3
    lines = own_lines(caplog)
    assert len(lines) == 2  # probes come every few seconds; their line is for debugging only
    assert all(line.startswith("GET /nowhere 404 in ") for line in lines)


async def test_a_path_cannot_forge_a_line_in_the_log(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    async with open_door(core_without_engines()) as door:
        await door.client.get("/%0a%0dERROR%20forged?token=secret")
    (line,) = own_lines(caplog)
    assert line.isprintable()
    assert "secret" not in line


async def test_an_unexpected_error_is_logged_and_told_without_its_insides(caplog: pytest.LogCaptureFixture) -> None:
    async def broken(scope: object, receive: object, send: object) -> None:
        raise RuntimeError("the insides")

    async def guarded(scope: dict[str, object], receive: object, send: object) -> None:
        await guard({**scope, "state": {"is_gone": lambda: False}}, receive, send)  # type: ignore[arg-type]

    guard = Guard(broken, broken, HttpSettings())  # type: ignore[arg-type]
    transport = httpx.ASGITransport(guarded)  # type: ignore[arg-type]
    async with httpx.AsyncClient(transport=transport, base_url="http://localhost") as client:
        answer = await client.get("/")
    assert (answer.status_code, answer.json()["error"]["code"]) == (500, "internal")
    assert "insides" not in answer.text
    assert "insides" in caplog.text


BOX = own_host_names("kitchen", Path("/nonexistent"))


@pytest.mark.parametrize(
    "host",
    [
        *(
            "127.0.0.1:8080",
            "[::1]",
            "localhost",
            "LOCALHOST:8080",
            "kitchen",
            "anything",
            "kitchen.local",
            "tts.local.",
        ),
        *("kitchen.lan", "Kitchen.Fritz.Box:8080", "kitchen.home.arpa", "host.docker.internal:8080"),
        "voice.example.org",
    ],
)
async def test_names_that_only_this_house_can_have_are_let_in(host: str) -> None:
    settings = HttpSettings(host_names=("Voice.example.org", *BOX))
    async with open_door(core_without_engines(), settings) as door:
        assert (await door.client.get("/healthz", headers={"Host": host})).status_code == 200


@pytest.mark.parametrize(
    "host",
    [
        *("kitchen.example", "kitchen.com", "kitchen.lan.evil.example", "evil.lan", "kitchen.box", "evil.fritz.box"),
        *("127.0.0.1.nip.io", "voice.example.org.evil.example", "local.evil.example"),
    ],
)
async def test_the_boxs_name_under_a_suffix_that_somebody_can_buy_is_a_strangers(host: str) -> None:
    """DNS rebinding: a page of kitchen.example that was made to point here has just this Host."""
    settings = HttpSettings(host_names=BOX)
    async with open_door(core_without_engines(), settings) as door:
        answer = await door.client.get("/healthz", headers={"Host": host})
    assert answer.status_code == 403


async def test_a_person_who_came_by_another_name_is_told_what_to_write_where() -> None:
    headers = {"Host": 'a"<b>.example', "Accept": "text/html,*/*"}
    async with open_door(core_without_engines()) as door:
        page = await door.client.get("/", headers=headers)
        for_programs = await door.client.get("/", headers={"Host": "a.example"})
    assert (page.status_code, page.headers["content-type"]) == (403, "text/html; charset=utf-8")
    assert "host_names = [&quot;" not in page.text
    assert 'host_names = ["a&quot;&lt;b&gt;.example"]' in page.text
    assert "config.toml" in page.text
    assert "frame-ancestors 'none'" in page.headers["content-security-policy"]
    assert for_programs.json()["error"]["code"] == "forbidden"
