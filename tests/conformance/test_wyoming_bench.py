"""wyoming-bench, a client we did not write, against the door."""

import asyncio
import sys

from tests.support.core import Core
from tests.transports.wyoming.peers import serving

TEXTS = ("你好。", "今天天气很好。我们出去走走吧。", "室外只有7°。")


async def bench(*arguments: str) -> tuple[int | None, str]:
    """Run its command line; the exit code and all it printed."""
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-c", "from wyoming_bench.cli import main; raise SystemExit(main())", *arguments),
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    async with asyncio.timeout(15):
        output, _ = await process.communicate()
    return process.returncode, output.decode()


async def test_it_measures_both_modes_without_a_failure(core: Core) -> None:
    async with serving(core) as served:
        code, output = await bench(
            *("tts", f"127.0.0.1:{served.port}", "--mode", "both", "--rounds", "1", "--warmup", "0"),
            *("--timeout", "5", "--verbose", "--programs", "tts-server", "--texts", *TEXTS),
        )
    assert code == 0, output
    for mode in ("non_streaming", "streaming"):
        assert f"[{mode}] ok={len(TEXTS)} fail=0" in output


async def test_it_lists_the_program_and_its_voices(core: Core) -> None:
    async with serving(core) as served:
        code, output = await bench("info", f"127.0.0.1:{served.port}")
    assert code == 0, output
    assert "tts-server" in output
