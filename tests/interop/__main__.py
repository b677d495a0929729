"""Real clients that we did not write, each in an environment of its own, against the daemon: `make interop`.

For each: is the whole reply heard, and in order, does a hang-up stop it, what becomes of a 404, of a 429 and of a
broken connection. Prints a table; with --write it goes into docs/CLIENTS.md and its Chinese twin. Downloads some
hundred MB at first.
"""

import argparse
import asyncio
import json
import os
import sys
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from tests.support.daemon import Daemon, log_read, running_daemon

ROOT: Final = Path(__file__).parents[2]
SCRIPTS: Final = Path(__file__).parent / "clients"
HOME_ASSISTANT: Final = ROOT / "tests" / "conformance" / "homeassistant"  # its environment, and a core of it
COLUMNS: Final = ("length", "order", "hang-up", "404", "429", "broken connection")
PAGES: Final = {
    ROOT / "docs" / "CLIENTS.md": ("client", *COLUMNS),
    ROOT / "docs" / "CLIENTS.zh-CN.md": ("客户端", "长度", "顺序", "挂断", "404", "429", "连接中断"),
}
BEGIN, END = "<!-- interop -->", "<!-- /interop -->"
CUT_BYTES: Final = 20_000  # after so many the connection breaks
CLIENT_S: Final = 180.0


@dataclass(frozen=True)
class Client:
    """A program, where it comes from, and the script that uses it."""

    name: str
    packages: tuple[str, ...]  # pinned
    script: str
    home_assistant: bool = False  # needs its own Python, and its own constraints

    @property
    def is_npm(self) -> bool:
        """Whether it is one of npm's."""
        return self.script.endswith(".mjs")


CLIENTS: Final = (
    Client("openai", ("openai==3.54.0",), "openai_python.py"),
    Client("openai-npm", ("openai@6.49.0",), "openai_npm.mjs"),
    Client("livekit", ("livekit-plugins-openai==1.8.9",), "livekit_openai.py"),
    Client("pipecat", ("pipecat-ai[openai]==1.14.0",), "pipecat_openai.py"),
    Client("wyoming-openai", ("wyoming-openai==0.8.0",), "wyoming_openai_bridge.py"),
    Client("ovos", ("ovos-tts-plugin-server==0.0.5",), "ovos_server.py"),
    Client("lobehub", ("@lobehub/tts@5.1.2",), "lobehub_tts.mjs"),
    Client("sillytavern", ("sillytavern@1.19.0",), "sillytavern.mjs"),
    Client("satellite", ("wyoming-satellite==1.0.0",), "satellite.py"),
    Client("homeassistant", ("homeassistant==2026.2.3",), "homeassistant_wyoming.py", home_assistant=True),
)


async def main() -> None:
    """Run those that are asked for."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("names", nargs="*", help=", ".join(client.name for client in CLIENTS))
    parser.add_argument("--folder", type=Path, default=ROOT / ".venv-interop", help="where environments are")
    parser.add_argument("--python", default=sys.executable, help="3.12 or newer, for the environments")
    parser.add_argument("--python313", default="python3.13", help="3.13, for Home Assistant")
    parser.add_argument("--write", action="store_true", help="put the table into docs/CLIENTS*.md")
    options = parser.parse_args()
    limited = {"TTS_SERVER__HTTP__STRICT_VOICES": "true", "TTS_SERVER__ACCESS__REQUESTS_PER_MIN": "3"}
    rows = []
    async with (
        running_daemon() as free,
        log_read(free),
        running_daemon() as behind,  # of its own: what breaks there must not look like a hang-up here
        log_read(behind),
        cut(behind.http_port) as port,
        cut(behind.wyoming_port) as wyoming_port,
    ):
        for client in CLIENTS:
            if options.names and client.name not in options.names:
                continue
            async with running_daemon(environment=limited) as strict, log_read(strict):  # its minute begins anew
                addresses = [f"http://127.0.0.1:{each}" for each in (free.http_port, strict.http_port, port)]
                wyoming = (free.wyoming_port, strict.wyoming_port, wyoming_port)
                rows.append((client, await try_out(client, options, addresses, wyoming, free)))
    print(as_table(rows, ("client", *COLUMNS)))
    if options.write:
        for path, names in PAGES.items():
            page = path.read_text(encoding="utf-8")
            before, after = page.split(BEGIN)[0], page.split(END)[1]
            path.write_text(f"{before}{BEGIN}\n{as_table(rows, names)}\n{END}{after}", encoding="utf-8")
    if any("fault" in told for _, told in rows):
        sys.exit(1)


async def try_out(
    client: Client, options: argparse.Namespace, addresses: list[str], wyoming: tuple[int, ...], daemon: Daemon
) -> dict[str, str]:
    """What its script tells."""
    folder: Path = options.folder / client.name
    print(f"==> {client.name} ({', '.join(client.packages)})", file=sys.stderr, flush=True)
    if client.home_assistant:
        await checked("bash", str(HOME_ASSISTANT / "install.sh"), options.python313, str(folder), folder=ROOT)
    else:
        await install(client, folder, options.python)
    program = "node" if client.is_npm else str(folder / "bin" / "python")
    script = folder / client.script  # npm's packages are looked for beside the script
    script.write_bytes((SCRIPTS / client.script).read_bytes())
    if client.home_assistant:
        (folder / "house.py").write_bytes((HOME_ASSISTANT / "house.py").read_bytes())
    seen = len(daemon.log)
    status, out, err = await run(program, str(script), *addresses, folder=folder, wyoming=wyoming)
    if status:
        return {"fault": err.strip().splitlines()[-1] if err.strip() else f"exit {status}"}
    told: dict[str, str] = json.loads(out.strip().splitlines()[-1])
    stopped = [line for line in daemon.log[seen:] if "spoke" in line and "end=cancelled" in line]
    if "hang-up" not in told:
        told["hang-up"] = "stops the speech" if stopped else "not noticed"
    return told


async def install(client: Client, folder: Path, python: str) -> None:
    """Make its environment, unless that was done."""
    done = folder / "done"
    if done.exists() and done.read_text() == str(client.packages):
        return
    os.makedirs(folder, exist_ok=True)
    if client.is_npm:
        (folder / "package.json").write_text('{"private": true, "type": "module"}')
        command = ("npm", "install", "--no-audit", "--no-fund", "--legacy-peer-deps", "--save-exact", *client.packages)
        await checked(*command, folder=folder)
    else:
        await checked(python, "-m", "venv", str(folder), folder=folder)
        pip = (str(folder / "bin" / "python"), "-m", "pip", "--disable-pip-version-check", "--no-input", "install")
        await checked(*pip, "--quiet", *client.packages, folder=folder)
    done.write_text(str(client.packages))


async def checked(*command: str, folder: Path) -> None:
    """Run a command that must succeed."""
    status, _, err = await run(*command, folder=folder)
    if status:
        sys.exit(f"{' '.join(command)}: {err}")


async def run(*command: str, folder: Path, wyoming: tuple[int, ...] = ()) -> tuple[int, str, str]:
    """Exit status and what was said. wyoming: ports, for who speaks it."""
    inherited = {name: value for name, value in os.environ.items() if not name.lower().endswith("_proxy")}
    process = await asyncio.create_subprocess_exec(
        *command,
        cwd=folder,
        env={**inherited, "WYOMING_PORTS": ",".join(map(str, wyoming))},
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    try:
        async with asyncio.timeout(CLIENT_S * 5 if "install" in " ".join(command) else CLIENT_S):
            out, err = await process.communicate()
    except TimeoutError:
        process.kill()
        await process.wait()
        return 1, "", f"not done within {CLIENT_S:g} s"
    return process.returncode or 0, out.decode(), err.decode()


@asynccontextmanager
async def cut(port: int) -> AsyncGenerator[int]:
    """A port behind which every answer breaks off in its middle."""

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        behind, ahead = await asyncio.open_connection("127.0.0.1", port)
        try:
            async with asyncio.TaskGroup() as tasks:
                asking = tasks.create_task(_pass(reader, ahead, None))
                await _pass(behind, writer, CUT_BYTES)
                asking.cancel()
        except* OSError:
            pass
        finally:
            writer.transport.abort()
            ahead.transport.abort()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    try:
        yield server.sockets[0].getsockname()[1]
    finally:
        server.close()


async def _pass(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, limit: int | None) -> None:
    passed = 0
    while received := await reader.read(4096):
        writer.write(received)
        await writer.drain()
        passed += len(received)
        if limit is not None and passed >= limit:
            return


def as_table(rows: list[tuple[Client, dict[str, str]]], names: tuple[str, ...]) -> str:
    """In Markdown. names: of the columns."""
    lines = [f"| {' | '.join(names)} |", "| --- " * len(names) + "|"]
    for client, told in rows:
        cells = [told.get("fault", "")] * len(COLUMNS) if "fault" in told else [told.get(name, "") for name in COLUMNS]
        lines.append(f"| `{client.packages[0]}` | {' | '.join(cells)} |")
    return "\n".join(lines)


if __name__ == "__main__":
    asyncio.run(main())
