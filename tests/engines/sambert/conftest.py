"""The reference voices: tiny ones with seeded weights, and what the published code makes of them."""

import contextlib
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from tts_server.engines.sambert.export.cases import Case, read_case
from tts_server.engines.sambert.packs.pack import Pack
from tts_server.engines.sambert.runtime.graphs import Nets

with contextlib.suppress(ImportError):
    import torch  # noqa: F401 - seconds on a busy machine, which would count as those of the first test

GOLDEN = Path(__file__).parents[2] / "golden" / "sambert"
CASES = sorted((path.parent.name, path.stem) for path in GOLDEN.glob("*/*.npz"))
VOICES = sorted({voice for voice, _ in CASES})


@pytest.fixture(scope="session")
def case() -> Callable[[str, str], Case]:
    return cache(lambda voice, name: read_case(GOLDEN / voice / f"{name}.npz"))


@pytest.fixture(scope="session")
def published() -> "Callable[[str], Any]":
    """A reference voice as torch nets."""
    torch = pytest.importorskip("torch", reason="torch is a development dependency")
    torch.set_num_threads(1)
    from tts_server.engines.sambert.nets.checkpoint import PublishedVoice, load_voice
    from tts_server.engines.sambert.packs.layouts import find_voices

    @cache
    def load(voice: str) -> PublishedVoice:
        return load_voice(find_voices(GOLDEN / voice)[0])

    return load


@pytest.fixture(scope="session")
def pack_of(published: "Callable[[str], Any]", tmp_path_factory: pytest.TempPathFactory) -> "Callable[[str], Pack]":
    """A reference voice as a voice pack."""
    from tts_server.engines.sambert.export.export import build_pack

    @cache
    def build(voice: str) -> Pack:
        return build_pack(published(voice), tmp_path_factory.mktemp("packs") / voice)

    return build


@pytest.fixture(scope="session")
def nets_of(pack_of: "Callable[[str], Pack]") -> "Callable[[str], Nets]":
    """A reference voice as the daemon runs it."""
    return cache(lambda voice: Nets(pack_of(voice)))
