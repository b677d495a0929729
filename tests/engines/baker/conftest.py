"""The voice, loaded once for all tests of this room, and small helpers to make it speak."""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from tts_server.engines.baker.runtime import Encoded, Nets

GOLDEN = Path(__file__).parents[2] / "golden" / "baker"
Golden = Callable[[str], dict[str, NDArray[Any]]]


@pytest.fixture(scope="session")
def nets() -> Nets:
    return Nets()


@pytest.fixture(scope="session")
def golden() -> Golden:
    def read(name: str) -> dict[str, NDArray[Any]]:
        with np.load(GOLDEN / f"{name}.npz") as arrays:
            return dict(arrays)

    return read


@pytest.fixture(scope="session")
def decoded(nets: Nets, golden: Golden) -> NDArray[np.float32]:
    """Of a sentence of 1.6 s, as the postnet takes it."""
    encoded = nets.encode(golden("short")["ids"].astype(np.int64))
    return nets.decode(encoded, np.rint(encoded.durations).astype(np.int64))


@pytest.fixture(scope="session")
def mel(nets: Nets, decoded: NDArray[np.float32]) -> NDArray[np.float32]:
    """Of the same sentence, as the vocoder takes it."""
    return nets.postnet(decoded, nets.postnet.initial_state, is_last=True)[0]


def whole_mel(nets: Nets, encoded: Encoded, frames: NDArray[np.int64]) -> NDArray[np.float32]:
    """At once, as the vocoder takes it."""
    return nets.postnet(nets.decode(encoded, frames), nets.postnet.initial_state, is_last=True)[0]


def chunk_plan(total: int, first: int, sizes: Sequence[int]) -> list[tuple[int, int]]:
    """[0, total) cut into `first`, then sizes in turn."""
    cuts, index = [min(first, total)], 0
    while cuts[-1] < total:
        cuts.append(min(total, cuts[-1] + sizes[index % len(sizes)]))
        index += 1
    return list(zip([0, *cuts], cuts, strict=False))
