"""Inputs that nobody writes, found by what they reach: `make fuzz N=1000000`.

    python -m tests.fuzz [--runs 1000000] [--seconds 0] [--only WORDS] [--corpus build/fuzz] [--write]

Each parser in a process of its own, guided by coverage (atheris, libFuzzer). Ends with 1 when one raised what its door
does not turn into a clear answer, hung for 20 s, or took 2 GiB. The input is kept in the corpus' folder, and so is what
was counted (record.jsonl): a parser that has had its inputs is not fuzzed again, one that was stopped goes on.
"""

import argparse
import json
import re
import subprocess
import sys
from pathlib import Path
from typing import Final

from tests.bench.tables import write_table

PAPERS: Final = {"en": Path("docs/RELIABILITY.md"), "zh": Path("docs/RELIABILITY.zh-CN.md")}
HEADS: Final = {
    "en": ("parser", "inputs", "parts of code reached", "crashes and hangs"),
    "zh": ("解析器", "输入数", "到达的代码段", "崩溃与挂起"),
}
NAMES: Final = (
    *("Wyoming", "WebSocket", "HTTP bodies", "HTTP queries", "PROXY headers", "SSML", "markup", "reading"),
    *("emotion names", "dictionary", "phrases", "settings", "link", "Volcengine", "Sambert manifests"),
    *("ONNX manifests", "ONNX graphs", "Piper settings", "Volcengine's door", "Aliyun", "Xunfei", "PaddleSpeech"),
    *("zip archives", "tar archives", "backups", "Sambert checkpoints", "Sambert settings", "English sounds"),
    "requests of other programs",
)


def fuzz(name: str, runs: int, seconds: int, corpus: Path, python: str) -> tuple[int, int, str]:
    """Inputs, parts of code reached, and what went wrong."""
    command = (python, "-m", "tests.fuzz.one", name, str(runs), str(seconds), str(corpus))
    done = subprocess.run(command, capture_output=True, check=False)
    told = done.stderr.decode(errors="replace")
    tried = re.findall(r"number_of_executed_units: (\d+)|^#(\d+)\s", told, re.MULTILINE)
    count = max((int(first or second) for first, second in tried), default=0)
    reached = max((int(found) for found in re.findall(r"cov: (\d+)", told)), default=0)
    if done.returncode == 0:
        return count, reached, ""
    why = re.findall(
        r"^ === Uncaught Python exception: ===\n.*|^==\d+== ?ERROR: .*|Test unit written to .*", told, re.MULTILINE
    )
    return count, reached, " ".join(why)[:500] or told[-500:]


def counted(record: Path) -> dict[str, tuple[int, int]]:
    """Inputs of all runs, and the most parts of code, by name."""
    found = dict.fromkeys(NAMES, (0, 0))
    for line in record.read_text("utf-8").splitlines() if record.is_file() else ():
        run = json.loads(line)
        inputs, reached = found[run["name"]]
        found[run["name"]] = inputs + run["inputs"], max(reached, run["reached"])
    return found


def _failures(corpus: Path, name: str) -> int:
    kept = name.replace(" ", "-")
    return sum(1 for kind in ("crash", "timeout", "oom") for _ in corpus.glob(f"{kept}-{kind}-*"))


def main() -> None:
    """One after the other."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--runs", type=int, default=1_000_000)
    parser.add_argument("--seconds", type=int, default=0, help="for each parser; 0: until the inputs are done")
    parser.add_argument("--only", default="")
    parser.add_argument("--corpus", type=Path, default=Path("build/fuzz"))
    parser.add_argument("--python", default=sys.executable, help="of an environment with atheris")
    parser.add_argument("--write", action="store_true", help="the tables of docs/RELIABILITY.md")
    wanted = parser.parse_args()
    record = wanted.corpus / "record.jsonl"
    wanted.corpus.mkdir(parents=True, exist_ok=True)
    failed = 0
    for name in (name for name in NAMES if wanted.only.lower() in name.lower()):
        before = counted(record)[name][0]
        if before >= wanted.runs:
            continue
        count, reached, wrong = fuzz(name, wanted.runs - before, wanted.seconds, wanted.corpus, wanted.python)
        failed += bool(wrong)
        with record.open("a", encoding="utf-8") as lines:
            lines.write(json.dumps({"name": name, "inputs": count, "reached": reached}) + "\n")
        sys.stdout.write(f"{name}: {count} inputs, {reached} parts of code{', ' if wrong else ''}{wrong}\n")
        sys.stdout.flush()
    rows = [
        (name, f"{inputs:,}".replace(",", " "), str(reached), str(_failures(wanted.corpus, name)))
        for name, (inputs, reached) in counted(record).items()
    ]
    if wanted.write:
        for language, paper in PAPERS.items():
            lines = ["| " + " | ".join(row) + " |" for row in (HEADS[language], *rows)]
            write_table(paper, "make fuzz", "\n".join([lines[0], "|" + " --- |" * 4, *lines[1:]]) + "\n")
    sys.exit(bool(failed))


if __name__ == "__main__":
    main()
