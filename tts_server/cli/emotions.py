"""`tts-server emotions`: the moods there are, by all their names."""

import json
import sys

from rich.console import Console
from rich.table import Table

from protocol.emotions import ALIASES, CHINESE_NAMES, EMOTIONS, ENGLISH_NAMES


def show_list(as_json: bool) -> None:
    """Every emotion: its name, which never changes, and the others that are understood."""
    others = {name: sorted(alias for alias, canonical in ALIASES.items() if canonical == name) for name in EMOTIONS}
    if as_json:
        listed = [
            {"name": name, "en": ENGLISH_NAMES[name], "zh": CHINESE_NAMES[name], "aliases": others[name]}
            for name in EMOTIONS
        ]
        sys.stdout.write(json.dumps({"emotions": listed}, ensure_ascii=False, indent=2) + "\n")
        return
    table = Table("emotion", "中文", "also")
    for name in EMOTIONS:
        table.add_row(name, CHINESE_NAMES[name], " ".join(others[name]))
    Console().print(table)
