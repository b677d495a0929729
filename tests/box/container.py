"""Builds the image from a fresh checkout, and mistreats a container of it.  sudo make container

The base is a Debian 13 of debootstrap under the name that the Containerfile takes, so that nothing is asked for but
Debian's archive and the locks' wheels. `--arch arm64` does the same in the emulator. Exit code 1 when something does
not hold.
"""

import argparse
import json
import re
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Final

import httpx

from tests.arm.emulation import PACKAGES, prepare_kernel
from tests.bench.tables import write_table
from tests.box.machine import make_root, wheels_for

ROOT: Final = Path(__file__).parent.parent.parent
NAME: Final = "tts-server-checked"
STANDIN: Final = {"amd64": ("trixie", "3.13", "x86_64"), "arm64": ("bookworm", "3.11", "aarch64")}
SYSTEMS: Final = {"amd64": "PC", "arm64": "64-bit ARM, emulated"}
SENTENCE: Final = "今天天气很好，我们去公园走走吧。"
SLOW_BYTES_S: Final = 20_000  # of the 48 000 that speech plays at: it never catches up
PATIENCE: Final = {"amd64": 1.0, "arm64": 20.0}  # of every wait: the emulator is slow, and that is no fault
SIZES: Final = (20, 200, 2000)  # characters that a slow listener has asked for when the container stops


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port: int = server.getsockname()[1]
        return port


def podman(*words: str, check: bool = True) -> str:
    done = subprocess.run(["podman", *words], capture_output=True, text=True, check=False)
    if check and done.returncode != 0:
        raise RuntimeError(f"podman {' '.join(words)}: exit code {done.returncode}: {done.stderr[-2000:]}")
    return done.stdout + ("" if check else done.stderr)


class Image:
    """One that was built, and how to run it."""

    def __init__(self, arch: str, folder: Path, run_options: list[str], build_options: list[str]) -> None:
        self.arch, self.folder = arch, folder
        self.suite, self.python, self.machine = STANDIN[arch]
        self.run_options, self.build_options = run_options, build_options
        self.tag = f"{self.python}-slim-bookworm"

    def build(self) -> str:
        """From `git archive`; megabytes of our own."""
        base = f"docker.io/library/python:{self.tag}"
        self._import_base(base)
        wheels = self.folder / f"wheels-image-{self.arch}"
        wheels.mkdir(exist_ok=True)
        pip = (sys.executable, "-m", "pip")
        wheels_for(self.python, self.machine, ("base", "build"), wheels, pip, ROOT / "requirements")
        conf = self.folder / "pip.conf"
        conf.write_text("[global]\nno-index = true\nfind-links = /wheels\n", encoding="utf-8")
        with tempfile.TemporaryDirectory() as checkout:
            archive = subprocess.run(["git", "-C", str(ROOT), "archive", "HEAD"], check=True, capture_output=True)
            subprocess.run(["tar", "-xC", checkout], input=archive.stdout, check=True)
            mounts = f"-v {wheels}:/wheels:ro -v {conf}:/etc/pip.conf:ro --build-arg PYTHON={self.tag}"
            options = f"--arch {self.arch} {mounts} {' '.join(self.build_options)}"
            done = subprocess.run(
                ["make", "-C", checkout, "image", f"ARGS={options}", f"IMAGE={NAME}"],
                capture_output=True,
                text=True,
                check=False,
            )
        if done.returncode != 0:
            raise RuntimeError(f"make image: {(done.stdout + done.stderr)[-2000:]}")
        sizes = [int(json.loads(podman("image", "inspect", each))[0]["Size"]) for each in (NAME, base)]
        return f"{(sizes[0] - sizes[1]) / 1e6:.0f} MB of our own"

    def _import_base(self, base: str) -> None:
        if "Size" not in podman("image", "inspect", base, check=False):
            if self.arch == "arm64":
                prepare_kernel()
                root = make_root(self.suite, self.folder, self.arch, PACKAGES)
            else:
                root = make_root(self.suite, self.folder)
            with subprocess.Popen(["tar", "-C", str(root), "-c", "."], stdout=subprocess.PIPE) as tar:
                command = ["podman", "import", "--quiet", "--arch", self.arch, "-", base]
                subprocess.run(command, stdin=tar.stdout, check=True, stdout=subprocess.DEVNULL)

    def _hidden(self) -> list[str]:
        """What an emulated program must not see: onnxruntime crashes on an ARM with the /sys of a PC."""
        if self.arch == "amd64":
            return []
        (self.folder / "nothing").mkdir(exist_ok=True)
        return ["--volume", f"{self.folder / 'nothing'}:/sys/devices/system/cpu:ro"]

    @contextmanager
    def running(self, *options: str) -> Iterator["Running"]:
        """A container that says it is ready."""
        http, wyoming = free_port(), free_port()
        settings = {"SERVER__HTTP_PORT": http, "SERVER__WYOMING_PORT": wyoming, "DISCOVERY__ENABLED": "false"}
        told = [f"--env=TTS_SERVER__{name}={value}" for name, value in settings.items()]
        words = ["run", "--detach", "--network", "host", "--arch", self.arch]
        words += [*self._hidden(), *self.run_options, *told, *options, NAME]
        running = Running(podman(*words).strip(), f"http://127.0.0.1:{http}", PATIENCE[self.arch])
        try:
            running.wait_until_ready()
            yield running
        finally:
            podman("rm", "--force", "--volumes", "--time", "0", running.name, check=False)


class Running:
    """A container under way."""

    def __init__(self, name: str, url: str, patience: float) -> None:
        self.name, self.url, self.patience = name, url, patience

    def wait_until_ready(self) -> None:
        patience_s = 120 * self.patience
        until = time.monotonic() + patience_s
        while time.monotonic() < until:
            try:
                if httpx.get(f"{self.url}/readyz", timeout=30 * self.patience).status_code == 200:
                    return
            except httpx.TransportError:
                if '"running"' not in podman("inspect", "--format", "{{json .State.Status}}", self.name):
                    raise RuntimeError(f"it ended: {podman('logs', self.name, check=False)[-1000:]}") from None
            time.sleep(0.5)
        raise TimeoutError(f"not ready within {patience_s:g} s: {podman('logs', self.name, check=False)[-1000:]}")

    def spoken_s(self, text: str = SENTENCE) -> float:
        body = {"text": text, "format": "pcm", "rate": 24000}
        answer = httpx.post(f"{self.url}/api/tts", json=body, timeout=60 * self.patience).raise_for_status()
        return len(answer.content) / 48000

    def log(self) -> str:
        return podman("logs", self.name, check=False)

    def stop(self) -> tuple[float, int]:
        """Seconds that it took, and the exit code."""
        begun = time.monotonic()
        podman("stop", self.name)
        took_s = time.monotonic() - begun
        return took_s, int(podman("inspect", "--format", "{{.State.ExitCode}}", self.name))


def speaks(image: Image) -> str:
    with image.running() as box:
        said = box.spoken_s()
        assert said > 2, said
        if image.arch == "amd64":
            assert podman("healthcheck", "run", box.name, check=False).strip() in ("", "healthy"), box.log()
        else:  # its command alone: the emulator takes longer than a health check may
            podman("exec", box.name, "/opt/tts-server/bin/tts-server", "doctor", "--only", "daemon")
        return f"{said:.1f} s of speech; healthy"


def another_user(image: Image, user: str) -> str:
    """It speaks twice, and tells in one line each what it cannot keep."""
    with image.running("--user", user) as box:
        assert box.spoken_s("你好。") > 0.3
        assert box.spoken_s("你好。") > 0.3
        log = box.log()
        assert "Traceback" not in log, log
        warnings = [line for line in log.splitlines() if "WARNING" in line]
        exit_code = box.stop()[1]
        assert exit_code == 0, exit_code
        return f"speaks; {len(warnings)} warnings"


def read_only(image: Image) -> str:
    """As compose.yaml runs it."""
    options = ("--read-only", "--tmpfs", "/tmp", "--cap-drop", "ALL", "--security-opt", "no-new-privileges")
    with image.running(*options) as box:
        assert box.spoken_s() > 2
        assert "Traceback" not in box.log(), box.log()
        return "speaks"


def slow_listener(image: Image, chars: int) -> str:
    """Somebody who takes speech slower than it plays, while the container is stopped."""
    text = (SENTENCE * (chars // len(SENTENCE) + 1))[:chars]
    begun, ended = threading.Event(), list[str]()

    def listen(box: Running) -> None:
        received = 0
        try:
            body = {"text": text, "format": "pcm", "rate": 24000}
            with httpx.stream("POST", f"{box.url}/api/tts", json=body, timeout=60 * box.patience) as answer:
                for piece in answer.iter_raw(SLOW_BYTES_S // 4):
                    received += len(piece)
                    begun.set()
                    time.sleep(0.25)
            ended.append(f"got all {received / 48000:.0f} s")
        except httpx.TransportError:
            ended.append(f"was cut off after {received / 48000:.0f} s")

    with image.running() as box:
        listener = threading.Thread(target=listen, args=(box,))
        listener.start()
        assert begun.wait(60 * box.patience)
        took_s, code = box.stop()
        listener.join()
        assert code == 0, f"exit code {code}"
        return f"exit code {code} after {took_s:.1f} s; the listener {ended[0]}"


def checks(image: Image) -> dict[str, Callable[[], str]]:
    found: dict[str, Callable[[], str]] = {
        "`make image` from a fresh checkout": image.build,
        "it speaks, and its health check": lambda: speaks(image),
        "`--user 12345`": lambda: another_user(image, "12345"),
        "`--user 12345:12345`": lambda: another_user(image, "12345:12345"),
        "`--read-only --cap-drop ALL`": lambda: read_only(image),
    }
    for chars in SIZES:
        found[f"`podman stop`, a slow listener of {chars} characters"] = partial(slow_listener, image, chars)
    return found


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--folder", type=Path, default=Path(tempfile.gettempdir()) / "tts-server-boot")
    parser.add_argument("--arch", choices=STANDIN, default="amd64")
    parser.add_argument("--only", default="", help="pattern of checks")
    parser.add_argument("--run", default="", help="options of podman run that this machine needs")
    parser.add_argument("--build", default="--isolation chroot", help="options of podman build that it needs")
    parser.add_argument("--write", type=Path, help="the document whose table is written anew")
    chosen = parser.parse_args()
    chosen.folder.mkdir(parents=True, exist_ok=True)
    image = Image(chosen.arch, chosen.folder, chosen.run.split(), chosen.build.split())
    failed = False
    table = f"| | {SYSTEMS[chosen.arch]} |\n| --- | --- |\n"
    for name, check in checks(image).items():
        if re.search(chosen.only, name):
            try:
                found = check()
            except Exception as error:  # one that fails must not hide the others
                found, failed = f"**fails**: {' '.join(str(error).split())[:2000]}", True
            print(f"  {name}: {found}", flush=True)
            table += f"| {name} | {found} |\n"
    if chosen.write:
        write_table(chosen.write, "make container", table)
    return int(failed)


if __name__ == "__main__":
    sys.exit(main())
