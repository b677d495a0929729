"""Where an engine host's memory goes, and the time of its start: a part of `make figures`.

    python -m tests.bench.where

The parts are loaded one after the other in a process of its own, in the order of the engine host.
"""

import json
import re
import time
from collections.abc import Callable, Iterator
from importlib import import_module
from pathlib import Path

MANDARIN = "今天天气很好，我们一起去公园散步吧。"
ENGLISH = "Turn on the kitchen light, please."


def main() -> None:
    """One JSON line for each part: MiB of memory it adds, and of these what no other process shares; CPU seconds."""
    before, began = memory(), time.process_time()
    report("Python", (0.0, 0.0), before, 0.0)
    for name, load in parts():
        load()
        now, ended = memory(), time.process_time()
        report(name, before, now, ended - began)
        before, began = now, ended
    report("together", (0.0, 0.0), before, time.process_time())


def parts() -> Iterator[tuple[str, Callable[[], object]]]:
    """What is loaded, in order."""
    yield "numpy", lambda: import_module("numpy")
    yield "the engine host's own modules", lambda: import_module("tts_server.engine_host.host")
    from tts_server.text.english import arpabet
    from tts_server.text.mandarin import readings, words
    from tts_server.text.mandarin.grammar import load as load_grammar

    yield "words of Mandarin (mapped)", lambda: words.cut(MANDARIN)
    yield "readings of Mandarin (mapped)", lambda: readings.read(words.cut("重庆"))
    yield "grammar for numbers (wetext)", load_grammar
    yield "English words for Mandarin voices", arpabet.load
    from tts_server.engine_host.installed import installed_engines
    from tts_server.engine_host.voices import load_voices
    from tts_server.text import frontend

    yield "rest of the front end", frontend.load
    yield "onnxruntime", lambda: import_module("onnxruntime")
    voices = load_voices(installed_engines(), {})
    for name, text in (("baker", MANDARIN), ("heart", ENGLISH)):
        if name in voices:
            yield f"{name}, loaded", lambda name=name: voices[name][0].load(name)
            yield f"{name}, speaking", lambda name=name, text=text: say(name, text, voices)


def say(name: str, text: str, voices: dict) -> None:
    """Speak to the end, as for one listener."""
    from tts_server.engine_host.speech import speak
    from tts_server.text.linguistic.segment import Segment

    for _ in speak(Segment(text, tuple(range(len(text) + 1))), name, voices, lambda: 2.0):
        pass


def memory() -> tuple[float, float]:
    """MiB of this process: all, and what is its own."""
    status = Path("/proc/self/status").read_text(encoding="ascii")
    found = [re.search(rf"{name}:\s+(\d+) kB", status) for name in ("VmRSS", "RssAnon")]
    rss, own = (int(match[1]) / 1024 for match in found if match)
    return rss, own


def report(part: str, before: tuple[float, float], now: tuple[float, float], seconds: float) -> None:
    """One part."""
    added, own = (round(after - then, 1) for after, then in zip(now, before, strict=True))
    print(json.dumps({"part": part, "MiB": added, "own MiB": own, "CPU s": round(seconds, 3)}, ensure_ascii=False))


if __name__ == "__main__":
    main()
