"""Loading and unloading, several threads, the same twice, and whatever texts and styles there are."""

import json
from collections.abc import Generator, Iterator
from dataclasses import asdict, replace
from itertools import pairwise
from typing import Final

from tts_server.engine import AudioChunk, Prosody, Refreshable, Run, Syllable, Unloadable, Utterance
from tts_server.engine_check.audio import chunk_fault
from tts_server.engine_check.findings import Finding, Findings, fault, note
from tts_server.engine_check.subject import USUAL_S, Spoken, Subject, threads

THREADS: Final = 4
UNKNOWN: Final = "no-such-voice"
ODD_TEXTS: Final = {
    "zh": (
        "。",
        "……！？",
        "嗯",
        "呣嗯欸噷",
        "花儿，一会儿",
        "０１２３",
        "123456789",
        20 * "的",
        "\x00\ud800",
        "好\n\n好",
    ),
    "en": ("a", "I.", "...", 15 * "'", 25 * "x", "U.S.A. & co.", "3.14159", "\x00\ud800", "hm hm hm", "naïve café"),
}
STYLES: Final = (
    Prosody(speed=0.4),
    Prosody(speed=2.5),
    Prosody(pitch=-12.0),
    Prosody(pitch=12.0),
    Prosody(volume=-60.0),
    Prosody(volume=12.0),
)
PAUSE_MS: Final = 250


def check_load(subject: Subject) -> Findings:
    """Idempotent, from several threads, and an error for a voice that is not here."""
    name = subject.voice.name
    with threads(THREADS) as pool:
        list(pool.map(subject.engine.load, [name] * THREADS))
    subject.engine.load(name)
    for what in ("load", "synthesize"):
        try:
            if what == "load":
                subject.engine.load(UNKNOWN)
            else:
                next(subject.engine.synthesize(Utterance(UNKNOWN, subject.utterance(subject.texts[0]).runs), lambda: 1))
        except Exception as error:
            if not str(error):
                yield note(f"{what} of an unknown voice: {type(error).__name__} without a word")
        else:
            yield fault(f"{what} of a voice that is not here raises nothing")


def check_repeatable(subject: Subject) -> Findings:
    """The same text gives the same bytes: who hears a kept recording hears the same."""
    for text, first in zip(subject.texts[1:], subject.usually[1:], strict=True):
        if subject.say(text).samples.tobytes() != first.samples.tobytes():
            yield fault(f"{text!r}: said twice, it is not the same, sample by sample")


def check_threads(subject: Subject) -> Findings:
    """Several utterances at once, each chunk on whichever thread is free, sound as each alone."""
    asked = [subject.utterance(text) for text in (*subject.texts, subject.texts[1])]
    alone = [spoken.samples.tobytes() for spoken in (*subject.usually, subject.usually[1])]
    streams = [subject.engine.synthesize(utterance, lambda: USUAL_S) for utterance in asked]
    made: list[list[AudioChunk]] = [[] for _ in asked]
    open_ones = set(range(len(asked)))
    with threads(len(asked)) as pool:
        while open_ones:
            steps = {number: pool.submit(next, streams[number], None) for number in open_ones}
            for number, step in steps.items():
                if (chunk := step.result()) is None:
                    open_ones.discard(number)
                else:
                    made[number].append(chunk)
    for number, utterance in enumerate(asked):
        if Spoken(made[number], (), 0).samples.tobytes() != alone[number]:
            yield fault(f"{utterance.runs[0].text!r} sounds different while others are spoken on other threads")


def check_odd_texts(subject: Subject) -> Findings:
    """Nothing, marks, single sounds, what no dictionary has: each ends, and ends well."""
    name, language = subject.voice.name, subject.language
    asked = {text: subject.utterance(text) for text in ODD_TEXTS[language]}
    asked["no run at all"] = Utterance(name, ())
    asked["a run without text"] = Utterance(name, (Run(language, "", 0, 0),))
    asked["a sentence that goes on"] = replace(subject.utterance(subject.texts[0]), is_last=False)
    asked["a sentence after an angry one"] = replace(
        subject.utterance(subject.texts[0]), before=Prosody(subject.voice.emotions[-1])
    )
    if language == "zh":
        unknown = Syllable("字", "qwx4", "qwx4", 0, 1)
        asked["pinyin that does not exist"] = Utterance(name, (Run("zh", "字", 0, 1, (), (unknown,)),))
        asked["a pause alone"] = Utterance(name, (Run("zh", "", 0, 0, pause_ms=PAUSE_MS),))
    for what, utterance in asked.items():
        yield from _ends_well(subject, repr(what), utterance)
    if language == "zh":
        pause_ms = 1000 * len(subject.speak(asked["a pause alone"]).samples) / subject.voice.sample_rate
        if abs(pause_ms - PAUSE_MS) > 50:
            yield note(f"a pause of {PAUSE_MS} ms alone lasts {pause_ms:.0f} ms")


def check_styles(subject: Subject) -> Findings:
    """Every emotion that is not made of the signal, and the limits of speed, pitch and volume."""
    learned = [name for name in subject.voice.emotions if name not in subject.voice.by_signal]
    styles = [Prosody(emotion, intensity) for emotion in learned for intensity in (0.0, 1.0, 2.0)]
    for style in (*styles, *STYLES):
        how = json.dumps({key: value for key, value in asdict(style).items() if value != asdict(Prosody())[key]})
        yield from _ends_well(subject, f"said with {how}", subject.utterance(subject.texts[0], style))
    usual = subject.usually[1].samples
    slow, fast = (len(subject.say(subject.texts[1], Prosody(speed=speed)).samples) for speed in (0.6, 1.8))
    lengths = [slow, len(usual), fast]
    if not all(slower > 1.1 * faster for slower, faster in pairwise(lengths)):
        yield note(f"speeds of 0.6, 1 and 1.8 give {lengths} samples: speed is hardly honoured")
    for emotion in learned[1:]:
        if subject.say(subject.texts[1], Prosody(emotion)).samples.tobytes() == usual.tobytes():
            yield fault(f"{emotion} is declared and sounds as neutral, sample by sample")


def check_unload(subject: Subject) -> Findings:
    """Let go, twice; made anew, it sounds as before. Its list of voices may be read again."""
    engine, name = subject.engine, subject.voice.name
    before = subject.usually[1].samples.tobytes()
    if isinstance(engine, Unloadable):
        engine.unload(name)
        engine.unload(name)
        engine.load(name)
        if subject.say(subject.texts[1]).samples.tobytes() != before:
            yield fault("unloaded and loaded again, it sounds different")
    else:
        yield note("no unload: what load made stays in memory while the daemon runs")
    if isinstance(engine, Refreshable):
        engine.refresh()
        if name not in [voice.name for voice in engine.voices]:
            yield fault("after a refresh the voice is gone")


def _ends_well(subject: Subject, what: str, utterance: Utterance) -> Iterator[Finding]:
    try:
        wrong = next(filter(None, map(chunk_fault, _chunks(subject, utterance))), "")
    except Exception as error:
        wrong = f"{type(error).__name__}: {error}"
    if wrong:
        yield fault(f"{what}: {wrong}")


def _chunks(subject: Subject, utterance: Utterance) -> Generator[AudioChunk]:
    yield from subject.engine.synthesize(utterance, lambda: USUAL_S)
