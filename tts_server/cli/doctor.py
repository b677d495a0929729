"""`tts-server doctor`: what works on this box, what does not, and what to do about it."""

import json
import sys
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from tts_server.cli.checks import box, service, voices
from tts_server.cli.checks.finding import Check, Finding
from tts_server.config import settings as configuration
from tts_server.errors import BadRequest, ConfigInvalid

CHECKS: dict[str, Check] = {**service.CHECKS, **box.CHECKS, **voices.CHECKS}
_COLOURS = {"good": "green", "note": "yellow", "bad": "red"}


def examine(path: Path | None, as_json: bool, only: Sequence[str]) -> bool:
    """Run the checks, or only some, and print what they found. True when nothing is bad. Raises BadRequest."""
    if unknown := set(only) - {"configuration", *CHECKS}:
        raise BadRequest(f"there is no check {min(unknown)}; there are: configuration, {', '.join(CHECKS)}")
    console = Console(stderr=as_json)
    findings: list[Finding] = []
    try:
        file = configuration.find_file(path, of_the_service=True)
        config = configuration.load(configuration.read_file(file) if file else {})
        findings.append(Finding("configuration", "good", f"{file or 'no file, all defaults'}: can be used"))
    except ConfigInvalid as error:
        findings.append(Finding("configuration", "bad", str(error), "correct it; `tts-server config check` tells more"))
    else:
        with console.status("") as status:
            for name, check in CHECKS.items():
                if not only or name in only:
                    status.update(f"looking at: {name}")
                    findings += check(config)
    shown = [finding for finding in findings if not only or finding.name in only or finding.state == "bad"]
    if as_json:
        sys.stdout.write(json.dumps({"is_well": _is_well(shown), "checks": list(map(asdict, shown))}, indent=2) + "\n")
    else:
        console.print(_table(shown))
    return _is_well(shown)


def _is_well(findings: Sequence[Finding]) -> bool:
    return all(finding.state != "bad" for finding in findings)


def _table(findings: Sequence[Finding]) -> Table:
    table = Table("", "", "found", "what to do", show_lines=False)
    for finding in findings:
        colour = _COLOURS[finding.state]
        state = f"[{colour}]{finding.state}[/{colour}]"
        table.add_row(finding.name, state, escape(finding.found), escape(finding.advice))
    return table
