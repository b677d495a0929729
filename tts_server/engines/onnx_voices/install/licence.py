"""Under which licence a voice is, as the card beside it says."""

import re
from pathlib import Path
from typing import Final

from tts_server.engines.onnx_voices.packs.pack import UNKNOWN_LICENCE

CARDS: Final = ("MODEL_CARD", "MODEL_CARD.md", "README.md", "LICENSE", "LICENSE.txt")
MAX_CHARS: Final = 20_000
SPDX: Final = (
    (r"cc0|public domain", "CC0-1.0"),
    (r"cc[ -]by[ -]nc[ -]sa[ -]?([\d.]*)", "CC-BY-NC-SA-"),
    (r"cc[ -]by[ -]nc[ -]nd[ -]?([\d.]*)", "CC-BY-NC-ND-"),
    (r"cc[ -]by[ -]nc[ -]?([\d.]*)", "CC-BY-NC-"),
    (r"cc[ -]by[ -]sa[ -]?([\d.]*)", "CC-BY-SA-"),
    (r"cc[ -]by[ -]?([\d.]*)", "CC-BY-"),
    (r"apache", "Apache-2.0"),
    (r"\bmit\b", "MIT"),
)


def read_card(folder: Path) -> tuple[str, str]:
    """The SPDX identifier, `LicenseRef-unknown` where nothing says it, and the address of the recordings or ""."""
    for name in CARDS:
        path = folder / name
        if path.is_file():
            with path.open(encoding="utf-8", errors="replace") as file:
                text = file.read(MAX_CHARS)
            stated = re.search(r"licen[cs]e\W{1,6}(.+)", text, re.I)
            address = re.search(r"url\W{1,4}(https?://[^\s>)]+)", text, re.I)
            if stated:
                return _spdx(stated[1]), address[1] if address else ""
    return UNKNOWN_LICENCE, ""


def _spdx(stated: str) -> str:
    for pattern, identifier in SPDX:
        if found := re.search(pattern, stated, re.I):
            return f"{identifier}{found[1].rstrip('.') or '4.0'}" if identifier.endswith("-") else identifier
    plain = re.sub(r"[^A-Za-z0-9]+", "-", stated).strip("-")[:40]
    return f"LicenseRef-{plain}" if plain else UNKNOWN_LICENCE
