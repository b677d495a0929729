"""Inputs that nobody writes, found by what they reach: `make fuzz N=1000000`.

    python -m tests.fuzz [--runs 1000000] [--seconds 0] [--only WORDS] [--corpus build/fuzz] [--write]

Each parser in a process of its own, guided by coverage (atheris, libFuzzer). Ends with 1 when one raised what its door
does not turn into a clear answer, hung for 20 s, or took 2 GiB. The input is kept in the corpus' folder.
"""

import argparse
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
    *("ONNX manifests", "ONNX graphs", "Piper settings"),
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
    rows, failed = [], 0
    for name in (name for name in NAMES if wanted.only.lower() in name.lower()):
        count, reached, wrong = fuzz(name, wanted.runs, wanted.seconds, wanted.corpus, wanted.python)
        failed += bool(wrong)
        rows.append((name, f"{count:,}".replace(",", " "), str(reached), "1" if wrong else "0"))
        sys.stdout.write(f"{name}: {count} inputs, {reached} parts of code{', ' if wrong else ''}{wrong}\n")
        sys.stdout.flush()
    if wanted.write:
        for language, paper in PAPERS.items():
            lines = ["| " + " | ".join(row) + " |" for row in (HEADS[language], *rows)]
            write_table(paper, "make fuzz", "\n".join([lines[0], "|" + " --- |" * 4, *lines[1:]]) + "\n")
    sys.exit(bool(failed))


if __name__ == "__main__":
    main()
