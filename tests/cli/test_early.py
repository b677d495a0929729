"""The engine host of `run` is started before the command line is even read, and outlives nobody."""

import subprocess
import sys

ORDER = """
import sys
from tts_server.engine_host import child
told = []
real = child.HostProcess
class Seen(real):
    def __init__(self):
        told.append("typer" in sys.modules or "asyncio" in sys.modules)
        super().__init__()
child.HostProcess = Seen
sys.argv = ["tts-server", *sys.argv[1:]]
from tts_server.__main__ import main
try:
    main()
except SystemExit:
    pass
print(told)
"""


def started(*arguments: str) -> str:
    """What was told. An engine host holds our pipes: that they are closed says that it has ended."""
    command = [sys.executable, "-c", ORDER, *arguments]
    done = subprocess.run(command, capture_output=True, text=True, check=True, timeout=18)
    return done.stdout.splitlines()[-1]


def test_it_is_started_before_anything_heavy_and_ends_when_the_command_line_is_wrong() -> None:
    assert started("run", "--nonsense") == "[False]"


def test_other_commands_and_help_start_none() -> None:
    assert started("run", "--help") == "[]"
    assert started("--version") == "[]"
