"""The server behind TLS, and one that is no Valkey at all."""

import asyncio
import ssl
import time
from collections.abc import AsyncGenerator
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from dataclasses import replace
from pathlib import Path

import pytest

from tests.shared.valkey import valkey_server
from tests.support.bad_line import bad_line
from tests.support.certificate import write_certificate
from tts_server.shared.breaker import MAX_FAILURES
from tts_server.shared.server import NoAnswer, SharedServer
from tts_server.shared.settings import SharedSettings

PATIENT_S = 2.0


@asynccontextmanager
async def behind_tls(port: int, cert: Path, key: Path) -> AsyncGenerator[int]:
    """TLS before a port that knows none; the server that tests use was built without it."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(cert, key)

    async def passed(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while part := await reader.read(65536):
            writer.write(part)
        writer.close()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        far_reader, far_writer = await asyncio.open_connection("127.0.0.1", port)
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(passed(reader, far_writer))
            tasks.create_task(passed(far_reader, writer))

    server = await asyncio.start_server(serve, "127.0.0.1", 0, ssl=context)
    async with server:
        yield server.sockets[0].getsockname()[1]


@asynccontextmanager
async def probed(settings: SharedSettings) -> AsyncGenerator[SharedServer]:
    server = SharedServer(settings)
    try:
        await server._probe()
        yield server
    finally:
        await server.close()


async def test_a_certificate_of_ones_own_is_believed_where_it_is_named_and_nowhere_else(tmp_path: Path) -> None:
    cert, key = write_certificate(tmp_path)
    async with valkey_server() as valkey, behind_tls(valkey.port, cert, key) as port:
        url = f"valkeys://127.0.0.1:{port}"
        async with probed(SharedSettings(url, PATIENT_S, ca_file=cert)) as server:
            await server.ask("SET", "tts1:a", b"\0\xff")
            assert await server.ask("GET", "tts1:a") == b"\0\xff"
        async with probed(SharedSettings(url, PATIENT_S)) as stranger:
            assert not stranger.is_up
            with pytest.raises(NoAnswer):
                await stranger.ask("GET", "tts1:a")


@pytest.mark.parametrize(
    "said", [b"", b"HTTP/1.1 400 Bad Request\r\n\r\n", b"$99999999999\r\n", b"*-7\r\n", b"\0" * 4096]
)
async def test_whatever_else_answers_there_is_no_answer(said: bytes) -> None:
    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read(100)
        writer.write(said)
        writer.close()

    async with await asyncio.start_server(serve, "127.0.0.1", 0) as odd:
        port = odd.sockets[0].getsockname()[1]
        async with probed(SharedSettings(f"valkey://127.0.0.1:{port}", 0.2)) as server:
            assert not server.is_up


async def test_a_question_that_is_given_up_does_not_get_its_answer_to_the_next_one() -> None:
    async with valkey_server() as valkey, probed(SharedSettings(valkey.url, PATIENT_S)) as server:
        await server.ask("SET", "one", "1")
        await server.ask("SET", "two", "2")
        for _ in range(20):
            asking = asyncio.create_task(server.ask("GET", "one"))
            await asyncio.sleep(0)
            asking.cancel()
            await asyncio.wait([asking])
            assert await server.ask("GET", "two") == b"2"


async def test_answers_to_those_who_are_patient_do_not_let_others_wait() -> None:
    async with AsyncExitStack() as stack:
        valkey = await stack.enter_async_context(valkey_server())
        line = await stack.enter_async_context(bad_line(valkey.port))
        settings = SharedSettings(f"valkey://127.0.0.1:{line.port}", PATIENT_S)
        server = await stack.enter_async_context(probed(settings))
        await server.ask("SET", "tts1:a", "1", timeout_s=PATIENT_S)  # connected
        server._settings = replace(settings, timeout_s=0.01)
        line.delay_s = 0.1
        for _ in range(MAX_FAILURES - 1):
            with pytest.raises(NoAnswer):
                await server.ask("GET", "tts1:a")
            assert server.is_up
            assert await server.ask("GET", "tts1:a", timeout_s=PATIENT_S) == b"1"
        late = asyncio.create_task(server.ask("GET", "tts1:a", timeout_s=PATIENT_S))
        with pytest.raises(NoAnswer):
            await server.ask("GET", "tts1:a")
        assert not server.is_up
        assert await late == b"1"
        assert not server.is_up


async def test_nobody_waits_for_a_client_that_does_not_give_up() -> None:
    async with valkey_server() as valkey, probed(SharedSettings(valkey.url, PATIENT_S)) as server:
        may_end = asyncio.Event()

        async def asked(*command: str) -> None:
            while not may_end.is_set():
                with suppress(asyncio.CancelledError):
                    await may_end.wait()
            raise OSError(command)

        server._patient.execute_command = asked
        began = time.monotonic()
        with pytest.raises(NoAnswer):
            await server.ask("GET", "tts1:a", timeout_s=0.1)
        assert time.monotonic() < began + 1
        may_end.set()
