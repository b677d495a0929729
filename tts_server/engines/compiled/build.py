"""Compiles what engines have in C. A build hook of the wheel and of a checkout's installation; also a program:

    python tts_server/engines/compiled/build.py [FOLDER [NAME ...]]

Compilers, the first that is there: $CC, cc, gcc, clang, and zig out of the package `ziglang`, which also compiles for
another machine than this one (TTS_SERVER_MACHINE=aarch64). Without any, nothing is built, and numpy and onnxruntime do
the work.
"""

import os
import platform
import shlex
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from importlib.util import find_spec
from pathlib import Path
from typing import Any, NamedTuple

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

ENGINES = Path(__file__).parents[1]
GLIBC = "2.28"  # what zig builds for: Debian 10, Raspberry Pi OS bookworm and newer
FLAGS = ("-std=gnu11", "-O3", "-ffp-contract=fast", "-fPIC", "-Wall", "-Wextra", "-Wno-psabi")


class Variant(NamedTuple):
    """The same source for processors that have more than others."""

    name: str
    lanes: int  # floats a vector
    flags: tuple[str, ...]


class Library(NamedTuple):
    """A shared object that lies beside its sources."""

    folder: Path
    name: str
    variants: Mapping[str, Sequence[Variant]]  # by machine; none where nothing is gained
    sources: Sequence[str]  # each compiled for each variant; and `dispatch.c`, which picks one at run time

    @property
    def path(self) -> Path:
        return self.folder / f"{self.name}.so"


STEPS = Library(
    ENGINES / "sambert" / "runtime" / "kernel",
    "decoder_steps",
    {
        "x86_64": (
            Variant("avx512", 16, ("-mavx512f", "-mfma", "-mprefer-vector-width=512")),
            Variant("avx2", 8, ("-mavx2", "-mfma")),
            Variant("base", 4, ()),
        ),
        "aarch64": (Variant("base", 4, ()),),
    },
    ("decoder_steps.c",),
)
LAYERS = Library(
    ENGINES / "baker" / "kernel",
    "vocoder_layers",
    {
        "x86_64": (
            Variant("vnni", 16, ("-mfma", *(f"-mavx512{part}" for part in ("f", "bw", "dq", "vl", "vnni")))),
            Variant("avx2", 8, ("-mavx2", "-mfma")),
        ),
    },
    ("products.c", "vocoder_layers.c", "postnet.c"),
)
LIBRARIES = (STEPS, LAYERS)


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


def compile_library(
    library: Library, folder: Path, machine: str, compiler: Sequence[str], extra: Sequence[str] = ()
) -> Path:
    """Compile all variants into one shared object in `folder`. Raises CalledProcessError."""
    made = folder / library.path.name
    with tempfile.TemporaryDirectory() as scratch:
        commands = {
            f"{scratch}/{source}.{name}.o": (
                *flags,
                f"-DLANES={lanes}",
                f"-DNAME(x)=x##_{name}",
                "-c",
                str(library.folder / source),
            )
            for name, lanes, flags in library.variants[machine]
            for source in library.sources
        }

        def run(output: str) -> None:
            subprocess.run([*compiler, *FLAGS, *extra, *commands[output], "-o", output], check=True)

        with ThreadPoolExecutor(os.cpu_count()) as pool:
            list(pool.map(run, commands))
        linked = f"{made}.new"
        commands[linked] = ("-shared", str(library.folder / "dispatch.c"), *commands, "-lm")
        run(linked)
        Path(linked).replace(made)  # whoever uses the old one keeps it
    return made


def compile_all(
    machine: str, compiler: Sequence[str], folder: Path | None = None, names: Sequence[str] = ()
) -> Iterator[Path]:
    """Compile what that machine gains from, or of it the `names`, each into its own folder if none is given.

    Raises CalledProcessError.
    """
    for library in LIBRARIES:
        if machine in library.variants and (not names or library.name in names):
            yield compile_library(library, folder or library.folder, machine, compiler)


class CustomBuildHook(BuildHookInterface[Any]):
    """Puts what was compiled into the wheel, which is then for one kind of machine, but for any Python."""

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Called before the wheel is put together. version: "standard", or "editable" for a checkout."""
        machine = os.environ.get("TTS_SERVER_MACHINE", platform.machine())
        compiler = find_compiler(machine) if machine in STEPS.variants else None
        if compiler is None:
            _remove()
            self.app.display_info("no C compiler here: Sambert's decoder will run in numpy, three times as slow")
            return
        try:
            made = list(compile_all(machine, compiler))
        except (OSError, subprocess.CalledProcessError) as error:
            _remove()
            self.app.display_warning(f"voices could not be compiled and will be slower: {error}")
            return
        is_portable = "ziglang" in compiler
        system = f"manylinux_{GLIBC.replace('.', '_')}" if is_portable else "linux"
        build_data["artifacts"] += [library.relative_to(self.root).as_posix() for library in made]
        build_data["pure_python"] = False
        build_data["tag"] = f"py3-none-{system}_{machine}"


def _remove() -> None:
    """What was compiled from older sources is nothing to go on with."""
    for library in LIBRARIES:
        library.path.unlink(missing_ok=True)


if __name__ == "__main__":
    this = platform.machine()
    found = find_compiler(this)
    if found is None:
        sys.exit("there is no C compiler here")
    for path in compile_all(this, found, Path(sys.argv[1]) if len(sys.argv) > 1 else None, sys.argv[2:]):
        sys.stdout.write(f"{path}\n")
