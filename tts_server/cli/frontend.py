"""`tts-server frontend`: what will be said."""

import json
import sys
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from tts_server.markup.segments import TextCutter
from tts_server.text import frontend
from tts_server.text.linguistic.utterance import Sentence


def show(
    texts: Iterable[str],
    as_json: bool,
    own_words: Mapping[str, str] | None = None,
    language: str = "zh",
    why: bool = False,
) -> None:
    """Analyse each text and print it: one JSON object a line, or a table for people."""
    frontend.load(own_words)
    for text in texts:
        sentences = analyse(text, language)
        if as_json:
            found = frontend.describe(sentences) | (frontend.explain(sentences) if why else {})
            sys.stdout.write(json.dumps(found, ensure_ascii=False) + "\n")
            sys.stdout.flush()
        else:
            _print_table(sentences)
            if why:
                _print_reasons(frontend.explain(sentences))


def lines() -> Iterator[str]:
    """The lines of standard input, one text each, whatever bytes they hold."""
    with open(0, encoding="utf-8", errors="replace", newline="\n", closefd=False) as stream:
        for line in stream:
            yield line.rstrip("\r\n")


def analyse(text: str, language: str = "zh") -> list[Sentence]:
    """Cut a text as the daemon does, and analyse each piece as the engine host does. language: the voice's."""
    cutter = TextCutter(split="sentence")
    return [frontend.analyse(segment, language) for segment in [*cutter.feed(text), *cutter.flush()]]


def _print_reasons(found: dict[str, Any]) -> None:
    """Which rule or table chose each reading, and what was left out."""
    for row in found["readings"]:
        sys.stdout.write("{char}\t{word}\t{pinyin}\t{by}\n".format(**row))
    sys.stdout.write(f"skipped\t{found['skipped']}\n")


def _print_table(sentences: Iterable[Sentence]) -> None:
    from rich.console import Console
    from rich.table import Table

    console = Console()
    for sentence in sentences:
        columns = ("said", "pinyin", "spoken", "break", "from", "to")
        table = Table(*columns, title=sentence.normalised, title_justify="left")
        for run in sentence.runs:
            if not run.syllables:
                table.add_row(run.text, run.language, "", _level(run.break_after), str(run.start), str(run.end))
            for syllable in run.syllables:
                changed = syllable.spoken if syllable.spoken != syllable.pinyin else ""
                place = (_level(syllable.break_after), str(syllable.start), str(syllable.end))
                table.add_row(syllable.char, syllable.pinyin, changed, *place)
        console.print(table)


def _level(level: int) -> str:
    return f"#{int(level)}" if level else ""
