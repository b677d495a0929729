"""What this machine makes of the same texts, for another one to compare:  python -m tests.arm.examine FOLDER PACKS

PACKS holds the reference voices of Sambert, exported elsewhere. Writes FOLDER/told.json, and FOLDER/ENGINE/NAME.npy of
each sentence. Needs no torch and no pytest.
"""

import hashlib
import json
import platform
import sys
import time
from collections.abc import Callable
from dataclasses import astuple
from functools import partial
from pathlib import Path
from typing import Final, TypeVar

import numpy as np

from tests.listen.speak import say, sentences
from tts_server.cli.frontend import analyse
from tts_server.engine import Engine
from tts_server.engines.baker.clauses import clauses, units
from tts_server.engines.baker.engine import BakerEngine
from tts_server.engines.baker.runtime import Nets as BakerNets
from tts_server.engines.heart.engine import HeartEngine
from tts_server.engines.sambert.export.cases import decoder_inputs_of, read_case, source_of, streamed
from tts_server.engines.sambert.packs.pack import read_pack
from tts_server.engines.sambert.runtime.graphs import Nets
from tts_server.engines.sambert.runtime.kernel import native
from tts_server.engines.sambert.runtime.stream import Stream
from tts_server.text import frontend

GOLDEN: Final = Path(__file__).parent.parent / "golden"
# What is said by which engine; `baker8` is baker in 8 bits.
SAID: Final = {
    "baker": (
        *("b01-neutral", "b03-neutral", "b06-neutral", "b09-neutral", "b13-sad", "b18-neutral"),
        *("b22-neutral", "b22-happy", "b25-happy", "b27-neutral", "b31-neutral", "b32-angry"),
    ),
    "baker8": ("b03-neutral", "b06-neutral", "b22-neutral"),
    "heart": ("h01-neutral", "h03-neutral", "h04-neutral", "h07-neutral"),
}
MAKE: Final[dict[str, Callable[[], Engine]]] = {
    "baker": lambda: BakerEngine({"precision": "fp32"}),
    "baker8": lambda: BakerEngine({"precision": "int8"}),
    "heart": lambda: HeartEngine({}),
}
CHUNK_FRAMES: Final = (7, 1 << 30)

Result = TypeVar("Result")


def read_texts() -> tuple[int, str]:
    """How many golden texts there are, and a digest of everything the front end makes of them."""
    digest, count = hashlib.sha256(), 0
    for path in sorted(GOLDEN.glob("*.tsv")):
        for line in path.read_text(encoding="utf-8").splitlines():
            fields = line.split("\t")
            if not line.startswith("#") and len(fields) > 1:
                count += 1
                described = frontend.describe(analyse(fields[1]))
                digest.update(json.dumps(described, ensure_ascii=False, sort_keys=True).encode())
    return count, digest.hexdigest()


def encode() -> tuple[int, str]:
    """How many clauses the Mandarin sentences have, and a digest of all bits of what baker's encoder says in fp32."""
    nets, digest, count = BakerNets("fp32"), hashlib.sha256(), 0
    for text in (text for _, voice, text in sentences() if voice == "baker"):
        for clause in clauses(tuple(run for sentence in analyse(text) for run in sentence.runs)):
            if clause.syllables:
                count += 1
                for part in astuple(nets.encode(units(clause).ids)):
                    digest.update(part.tobytes())
    return count, digest.hexdigest()


def speak(folder: Path, name: str) -> float:
    """Keep each sentence of an engine; seconds of speech."""
    engine = MAKE[name]()
    (voice,) = engine.voices
    engine.load(voice.name)
    texts = {number: text for number, _, text in sentences()}
    (folder / name).mkdir(exist_ok=True)
    spoken_s = 0.0
    for kept in SAID[name]:
        number, emotion = kept.split("-")
        samples = say(engine, texts[number], emotion)
        spoken_s += len(samples) / voice.sample_rate
        np.save(folder / name / f"{kept}.npy", samples)
    return spoken_s


def verify_sambert(packs: Path) -> dict[str, float]:
    """How far each reference voice is from the record of the published code: its mel, and its waveform in two ways."""
    worst = {}
    for folder in sorted(GOLDEN.glob("sambert/tiny*")):
        nets = Nets(read_pack(packs / folder.name))
        for path in sorted(folder.glob("*.npz")):
            case = read_case(path)
            score, _ = decoder_inputs_of(nets, case)
            mel = Stream(nets, score).next_mel(score.frames)
            found = [np.abs(mel - case["mel"]).max()]
            if "noise" not in case:  # a phase that sums up f0 makes another waveform of its last bit
                found += [np.abs(streamed(nets, score, count) - case["wav"]).max() for count in CHUNK_FRAMES]
            else:
                whole, chunked = (streamed(nets, score, count, source_of(nets, case)) for count in CHUNK_FRAMES)
                found.append(np.abs(whole - chunked).max())
            worst[f"{folder.name}/{path.stem}"] = float(max(found))
    return worst


def timed(told: dict[str, object], name: str, work: Callable[[], Result]) -> Result:
    """Do it, and tell how many seconds of one processor it took."""
    begun = time.process_time()
    result = work()
    told[f"{name}_cpu_s"] = round(time.process_time() - begun, 2)
    sys.stderr.write(f"{name}: {told[f'{name}_cpu_s']} s\n")
    return result


def main(folder: Path, packs: Path) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    told: dict[str, object] = {"machine": platform.machine(), "python": platform.python_version()}
    timed(told, "load", frontend.load)
    told["texts"], told["frontend"] = timed(told, "frontend", read_texts)
    told["clauses"], told["encoder"] = timed(told, "encoder", encode)
    for name in SAID:
        told[f"{name}_s"] = timed(told, name, partial(speak, folder, name))
    told["kernel"] = native.name()
    told["sambert"] = timed(told, "sambert", lambda: verify_sambert(packs))
    (folder / "told.json").write_text(json.dumps(told, indent=1), encoding="utf-8")


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
