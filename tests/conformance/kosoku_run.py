"""The WebSocket conformance suite (Autobahn's cases, run by kosoku) against our connection class and a plain server.

python -m tests.conformance.kosoku_run      all cases but compression, which we never negotiate
"""

import asyncio
import json
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

COMPRESSION = ("12.*", "13.*")
LARGE = ("9.*",)  # messages of up to 16 MiB
_GOOD = {"OK", "NON-STRICT", "INFORMATIONAL"}


@dataclass(frozen=True)
class Result:
    """What became of a run."""

    cases: int
    failed: frozenset[str]


async def run(server: str, excluded: tuple[str, ...]) -> Result:
    """The suite against `ours` or `plain` (see `websocket_echo`)."""
    echo = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "tests.conformance.websocket_echo", server),
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.DEVNULL,  # it tells of every broken frame
    )
    assert echo.stdout is not None
    try:
        port = int(await echo.stdout.readline())
        with tempfile.TemporaryDirectory() as folder:
            options = [option for case in excluded for option in ("-x", case)]
            suite = await asyncio.create_subprocess_exec(
                *(str(Path(sys.executable).parent / "kosoku"), "-p", "8", *options, "-o", folder),
                f"127.0.0.1:{port}",
                stdout=asyncio.subprocess.DEVNULL,
            )
            await suite.wait()
            return _read(Path(folder))
    finally:
        echo.kill()
        await echo.communicate()


def _read(folder: Path) -> Result:
    reports = [json.loads(path.read_text()) for path in folder.glob("*.json")]
    cases = [report for report in reports if "behavior" in report and "id" in report]
    failed = {case["id"] for case in cases if not {case["behavior"], case["behaviorClose"]} <= _GOOD}
    return Result(len(cases), frozenset(failed))


async def main() -> None:
    """Print what fails."""
    for server in ("plain", "ours"):
        result = await run(server, COMPRESSION)
        passed = result.cases - len(result.failed)
        failed = ", ".join(sorted(result.failed)) or "none"
        print(f"{server}: {passed} of {result.cases} pass; not: {failed}")  # noqa: T201  # what it is for


if __name__ == "__main__":
    asyncio.run(main())
