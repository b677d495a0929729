"""A loudspeaker that writes down what it is given: a PulseAudio of its own with a null sink, recorded with `parec`."""

import asyncio
import time
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
from numpy.typing import NDArray

RATE = 24_000  # of what is written down: that of the embedded voices
_BYTES = 2


class Sound:
    """What the loudspeaker was given since `started_at` (seconds, as time.time())."""

    def __init__(self) -> None:
        self.started_at = float("inf")
        self._pcm = bytearray()
        self._grown = asyncio.Event()

    def add(self, pcm: bytes) -> None:
        """Note what has just come. The stream began when the least delayed of all reads says it did."""
        self._pcm += pcm
        self.started_at = min(self.started_at, time.time() - len(self._pcm) / _BYTES / RATE)
        self._grown.set()

    async def grow_to(self, seconds: float) -> None:
        """Wait until so much has been recorded."""
        while len(self._pcm) < seconds * RATE * _BYTES:
            self._grown.clear()
            await self._grown.wait()

    @property
    def seconds(self) -> float:
        """How much has been recorded."""
        return len(self._pcm) / _BYTES / RATE

    @property
    def samples(self) -> NDArray[np.float32]:
        """All of it, -1 to 1."""
        whole = len(self._pcm) // _BYTES * _BYTES
        return np.frombuffer(bytes(self._pcm[:whole]), "<i2").astype(np.float32) / 32768


class SoundSink:
    """The loudspeaker. Programs that are started with `environment` play on it."""

    def __init__(self, socket: Path) -> None:
        self.environment = {"PULSE_SERVER": f"unix:{socket}", "PULSE_COOKIE": str(socket.with_name("cookie"))}

    @asynccontextmanager
    async def recorded(self) -> AsyncGenerator[Sound]:
        """What is played meanwhile; recording has begun when the body does."""
        parec = await asyncio.create_subprocess_exec(
            *("parec", "--device=ear.monitor", "--format=s16le", f"--rate={RATE}", "--channels=1", "--raw"),
            *("--latency-msec=10",),
            env=self.environment,
            stdout=asyncio.subprocess.PIPE,
        )
        assert parec.stdout is not None
        sound = Sound()
        try:
            async with asyncio.TaskGroup() as tasks:
                reading = tasks.create_task(_read(parec.stdout, sound))
                await sound.grow_to(0.5)  # the first second of a stream may come late
                yield sound
                reading.cancel()
        finally:
            parec.terminate()
            await parec.communicate()


@asynccontextmanager
async def sound_sink() -> AsyncGenerator[SoundSink]:
    """Without PulseAudio installed this fails: `apt install pulseaudio pulseaudio-utils`."""
    with TemporaryDirectory() as folder:
        sink = SoundSink(Path(folder) / "socket")
        pulseaudio = await asyncio.create_subprocess_exec(
            *("pulseaudio", "-n", "--daemonize=no", "--exit-idle-time=-1", "--use-pid-file=no", "--disable-shm=yes"),
            *("--log-target=stderr", "--log-level=error"),
            *("-L", f"module-native-protocol-unix socket={folder}/socket auth-anonymous=1"),
            *("-L", "module-null-sink sink_name=ear rate=48000 channels=1"),
            env={"HOME": folder, "XDG_RUNTIME_DIR": folder, "PATH": "/usr/bin:/bin"},
            stderr=asyncio.subprocess.DEVNULL,
        )
        try:
            await _until_ready(sink, pulseaudio)
            yield sink
        finally:
            pulseaudio.terminate()
            await pulseaudio.communicate()


async def _until_ready(sink: SoundSink, pulseaudio: asyncio.subprocess.Process) -> None:
    for _ in range(100):
        ask = await asyncio.create_subprocess_exec(
            *("pactl", "list", "short", "sinks"),
            env={**sink.environment, "PATH": "/usr/bin:/bin"},
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.DEVNULL,
        )
        answer, _ = await ask.communicate()
        if b"ear" in answer:
            return
        assert pulseaudio.returncode is None, "PulseAudio has ended"
        await asyncio.sleep(0.05)  # nothing tells when its socket is there
    raise AssertionError("PulseAudio did not start")


async def _read(stream: asyncio.StreamReader, sound: Sound) -> None:
    while pcm := await stream.read(4096):
        sound.add(pcm)
