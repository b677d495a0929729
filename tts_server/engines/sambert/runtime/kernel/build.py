"""Compiles `decoder_steps.c`. A build hook of the wheel and of a checkout's installation; also a program of its own:

    python tts_server/engines/sambert/runtime/kernel/build.py [FOLDER]

Compilers, the first that is there: $CC, cc, gcc, clang, and zig out of the package `ziglang`, which also compiles for
another machine than this one (TTS_SERVER_MACHINE=aarch64). Without any, nothing is built, and numpy does the work.
"""

import os
import platform
import shlex
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

HERE = Path(__file__).parent
NAME = "decoder_steps.so"
GLIBC = "2.28"  # what zig builds for: Debian 10, Raspberry Pi OS bookworm and newer
VARIANTS = {  # by machine: name, floats a vector, what the compiler is told
    "x86_64": (
        ("avx512", 16, ("-mavx512f", "-mfma", "-mprefer-vector-width=512")),
        ("avx2", 8, ("-mavx2", "-mfma")),
        ("base", 4, ()),
    ),
    "aarch64": (("base", 4, ()),),
}
FLAGS = ("-std=gnu11", "-O3", "-ffp-contract=fast", "-fPIC", "-Wall", "-Wextra", "-Wno-psabi")


def find_compiler(machine: str) -> list[str] | None:
    """A C compiler for that machine as the beginning of a command line."""
    if machine == platform.machine():
        if chosen := os.environ.get("CC"):
            return shlex.split(chosen)
        for name in ("cc", "gcc", "clang"):
            if (found := shutil.which(name)) is not None:
                return [found]
    if find_spec("ziglang") is not None:
        return [sys.executable, "-m", "ziglang", "cc", "-target", f"{machine}-linux-gnu.{GLIBC}"]
    return None


def compile_library(folder: Path, machine: str, compiler: Sequence[str], extra: Sequence[str] = ()) -> Path:
    """Compile all variants into one shared object in `folder`. Raises CalledProcessError."""
    with tempfile.TemporaryDirectory() as scratch:
        objects = []
        for name, lanes, flags in VARIANTS[machine]:
            objects.append(f"{scratch}/{name}.o")
            defined = (f"-DLANES={lanes}", f"-DNAME(x)=x##_{name}")
            source = str(HERE / "decoder_steps.c")
            subprocess.run([*compiler, *FLAGS, *extra, *flags, *defined, "-c", source, "-o", objects[-1]], check=True)
        library = folder / NAME
        dispatch = str(HERE / "dispatch.c")
        command = [*compiler, *FLAGS, *extra, "-shared", dispatch, *objects, "-lm", "-o", str(library)]
        subprocess.run(command, check=True)
    return library


class CustomBuildHook(BuildHookInterface[Any]):
    """Puts the compiled steps into the wheel, which is then for one kind of machine, but for any Python."""

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Called before the wheel is put together. version: "standard", or "editable" for a checkout."""
        machine = os.environ.get("TTS_SERVER_MACHINE", platform.machine())
        compiler = find_compiler(machine) if machine in VARIANTS else None
        (HERE / NAME).unlink(missing_ok=True)
        if compiler is None:
            self.app.display_info("no C compiler here: Sambert's decoder will run in numpy, three times as slow")
            return
        try:
            library = compile_library(HERE, machine, compiler)
        except (OSError, subprocess.CalledProcessError) as error:
            self.app.display_warning(f"Sambert's decoder could not be compiled and will run in numpy: {error}")
            return
        is_portable = "ziglang" in compiler
        system = f"manylinux_{GLIBC.replace('.', '_')}" if is_portable else "linux"
        build_data["artifacts"].append(library.relative_to(self.root).as_posix())
        build_data["pure_python"] = False
        build_data["tag"] = f"py3-none-{system}_{machine}"


if __name__ == "__main__":
    this = platform.machine()
    found = find_compiler(this)
    if found is None:
        sys.exit("there is no C compiler here")
    sys.stdout.write(f"{compile_library(Path(sys.argv[1]) if len(sys.argv) > 1 else HERE, this, found)}\n")
