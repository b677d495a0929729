"""Which modules a command may not import: it would wait for them, and they would take memory."""

import json
import subprocess
import sys
from importlib.metadata import version

import pytest

import tts_server

LIST_MODULES = """
import json, sys
from tts_server.cli.app import main
sys.argv[0] = "tts-server"
try:
    main()
except SystemExit:
    pass
print("\\n" + json.dumps(sorted(sys.modules)))
"""
SOUND = {"numpy", "onnxruntime", "scipy", "soxr", "av", "rjieba", "kaldifst", "hibari"}
SERVER = {"fastapi", "starlette", "uvicorn", "websockets", "wyoming", "zeroconf", "prometheus_client", "jwt", "limits"}
CONFIGURATION = {"tts_server.config.settings"}
CHECKED = {"onnxruntime", "scipy", "rjieba", "kaldifst", "hibari", "soxr", "av"}
OWN_CORE = {"tts_server.daemon.startup", "tts_server.synthesis.synthesizer", "tts_server.cache.key"}


@pytest.mark.parametrize(
    ("arguments", "forbidden"),
    [
        (["--help"], SOUND | SERVER | CONFIGURATION | OWN_CORE | {"rich", "asyncio"}),
        (["--version"], SOUND | SERVER | CONFIGURATION | OWN_CORE | {"rich", "asyncio"}),
        (["say", "--help"], SOUND | SERVER | CONFIGURATION | OWN_CORE | {"asyncio"}),
        (["say", "--server", "http://127.0.0.1:1", "-o", "-", "hi"], SOUND | SERVER | CONFIGURATION | OWN_CORE),
        (["config", "check"], SOUND | SERVER | OWN_CORE | {"rich", "asyncio", "tts_server.engines.baker.runtime"}),
        (["emotions", "list", "--json"], SOUND | SERVER | CONFIGURATION | OWN_CORE),
        (["voices", "list", "--json"], CHECKED | SERVER | OWN_CORE),
    ],
    ids=lambda given: " ".join(given) if isinstance(given, list) else "imports",
)
def test_a_command_imports_only_what_it_needs(arguments: list[str], forbidden: set[str]) -> None:
    command = [sys.executable, "-c", LIST_MODULES, *arguments]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    imported = set(json.loads(done.stdout.splitlines()[-1]))
    assert imported & forbidden == set()


def test_the_version_is_that_of_the_package() -> None:
    assert tts_server.__version__ == version("tts-server")
