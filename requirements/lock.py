"""Writes the lock files of this folder from the *.in files, and the list of wheels behind them. Run by `make lock`.

Each layer is installed after the layers it is constrained by, so that one environment holds one version of everything.
Pins that still fit are kept; `--upgrade` moves all to the newest, but for torch: its version stands in torch.in.
"""

import json
import shutil
import subprocess
import sys
import tempfile
import tomllib
from pathlib import Path, PurePosixPath
from urllib.parse import unquote, urlsplit

FOLDER = Path("requirements")  # relative: a lock names its sources, but no place on a machine
LAYERS: dict[str, tuple[str, ...]] = {  # resolved layer: the layers whose versions it must share
    "base": (),
    "build": ("base",),
    "sambert": ("base", "build"),
    "openvino": ("base", "build", "sambert"),
    "kokoro": ("base",),
    "dev": ("base", "build", "sambert", "openvino"),
    "asr": (),  # for `make asr`, in an environment of its own
    "emotion": (),  # for `make emotions`, in an environment of its own, with torch
    "load": (),  # for `make load`, in an environment of its own
    "soak": (),  # for the report of `make soak`, in an environment of its own
    "fuzz": (),  # for `make fuzz`, in an environment that sees the project's
    "audit": (),  # for `make audit` and `make sbom`, in an environment of its own
}
INSTALLED_BY_USERS = ("base", "build", "sambert", "openvino", "kokoro")
UNIVERSAL = ("--universal", "--python-version", "3.11", "--no-header", "--quiet")
HEADER = "# Made by `make lock`; do not edit by hand.\n"


def main() -> None:
    """Compile every layer in order, then list the wheels."""
    for layer, shared in LAYERS.items():
        sys.stdout.write(f"==> {FOLDER}/{layer}.txt\n")
        compile_layer(layer, shared, *sys.argv[1:])
    sys.stdout.write(f"==> {FOLDER}/torch.txt\n")
    torch = torch_builds()
    write_torch(torch)
    sys.stdout.write(f"==> {FOLDER}/wheels.json\n")
    write_wheels(torch)


def compile_layer(layer: str, shared: tuple[str, ...], *options: str) -> None:
    """Resolve one layer into its lock file, hashes included."""
    lock = FOLDER / f"{layer}.txt"
    constraints = [part for other in shared for part in ("-c", f"{FOLDER}/{other}.txt")]
    overrides = [FOLDER / "overrides.txt", *FOLDER.glob(f"{layer}.overrides.txt")]
    choice = ("--generate-hashes", *(part for file in overrides for part in ("--override", str(file))))
    uv("compile", f"{FOLDER}/{layer}.in", "-o", str(lock), *choice, *UNIVERSAL, *constraints, *options)
    lock.write_text(HEADER + lock.read_text(encoding="utf-8").removeprefix(HEADER), encoding="utf-8")


def torch_builds() -> dict[str, str]:
    """File name -> sha256 of torch's CPU builds.

    They come from a list kept by hand, since the general package index has CUDA builds only. Those are also what pip
    would choose if the lock allowed both: an index that states hashes comes before a folder of files.
    """
    version = (FOLDER / "torch.in").read_text(encoding="utf-8").strip().partition("==")[2]
    lines = (FOLDER / "torch-cpu.sha256").read_text(encoding="utf-8").splitlines()
    builds = {name: digest for digest, name in map(str.split, lines)}
    assert all(name.startswith(f"torch-{version}-") for name in builds), "torch-cpu.sha256 is for another version"
    return builds


def write_torch(builds: dict[str, str]) -> None:
    pin = (FOLDER / "torch.in").read_text(encoding="utf-8").strip()
    lines = [pin, *(f"    --hash=sha256:{digest}" for digest in sorted(builds.values()))]
    (FOLDER / "torch.txt").write_text(HEADER + " \\\n".join(lines) + "\n", encoding="utf-8")


def write_wheels(torch: dict[str, str]) -> None:
    """List the wheels published for every pin that an owner's box may need: {"name==version": [file names]}."""
    wheels = {(FOLDER / "torch.in").read_text(encoding="utf-8").strip(): sorted(torch)}
    with tempfile.TemporaryDirectory() as folder:
        for layer in INSTALLED_BY_USERS:
            listing = Path(folder, f"pylock.{layer}.toml")
            form = ("--format", "pylock.toml", "--no-deps")
            uv("compile", f"{FOLDER}/{layer}.txt", "-o", str(listing), *form, *UNIVERSAL)
            for package in tomllib.loads(listing.read_text(encoding="utf-8"))["packages"]:
                names = [file_name(wheel["url"]) for wheel in package.get("wheels", [])]
                wheels[f"{package['name']}=={package['version']}"] = sorted(filter(runs_on_our_boxes, names))
    text = json.dumps(dict(sorted(wheels.items())), indent=1)
    (FOLDER / "wheels.json").write_text(text + "\n", encoding="utf-8")


def file_name(url: str) -> str:
    return unquote(PurePosixPath(urlsplit(url).path).name)


def runs_on_our_boxes(wheel: str) -> bool:
    """Whether a wheel is for any machine or for glibc Linux on PC or Pi: the others would only make the list long."""
    return wheel.endswith("-any.whl") or ("manylinux" in wheel and wheel.endswith(("x86_64.whl", "aarch64.whl")))


def uv(*arguments: str) -> None:
    """Run uv's resolver: the one of this environment, or the one on the PATH."""
    beside = Path(sys.executable).parent / "uv"
    tool = str(beside) if beside.exists() else shutil.which("uv")
    assert tool is not None, "uv is missing: it is part of the dev layer"
    subprocess.run([tool, "pip", *arguments], check=True)


if __name__ == "__main__":
    main()
