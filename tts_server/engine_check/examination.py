"""One voice through all checks, each of which has to end in time."""

import queue
import threading
import traceback
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Final

from tts_server.engine_check.audio import check_audio, check_timings
from tts_server.engine_check.descriptions import check_description
from tts_server.engine_check.findings import Finding, Findings, fault
from tts_server.engine_check.living import (
    check_load,
    check_odd_texts,
    check_repeatable,
    check_styles,
    check_threads,
    check_unload,
)
from tts_server.engine_check.streaming import check_close, check_wanted
from tts_server.engine_check.subject import Subject

CHECKS: Final[dict[str, Callable[[Subject], Findings]]] = {
    "description": check_description,
    "load": check_load,
    "audio": check_audio,
    "timings": check_timings,
    "repeatable": check_repeatable,
    "wanted": check_wanted,
    "close": check_close,
    "threads": check_threads,
    "odd texts": check_odd_texts,
    "styles": check_styles,
    "unload": check_unload,
}


def examine(subject: Subject, limit_s: float) -> Iterator[tuple[str, list[Finding]]]:
    """Each check's name and findings. After one that does not end there is no other: the engine may hold its locks."""
    for name, check in CHECKS.items():
        done: queue.SimpleQueue[list[Finding]] = queue.SimpleQueue()
        threading.Thread(target=lambda c=check, d=done: d.put(_found(c, subject)), name=name, daemon=True).start()
        try:
            findings = done.get(timeout=limit_s)
        except queue.Empty:
            yield name, [fault(f"does not end within {limit_s:g} s")]
            return
        yield name, findings
        if name == "description" and not subject.language:
            return  # nothing can be said to it


def _found(check: Callable[[Subject], Findings], subject: Subject) -> list[Finding]:
    findings: list[Finding] = []
    try:
        findings.extend(check(subject))
    except Exception as error:
        last = traceback.extract_tb(error.__traceback__)[-1]
        where = f"{Path(last.filename).name}, line {last.lineno}"
        findings.append(fault(f"raised {type(error).__name__}: {error} ({where})"))
    return findings
