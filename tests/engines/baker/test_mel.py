"""The mel that is read as far as it is needed is the mel of the whole."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.engines.baker.conftest import Golden, whole_mel
from tts_server.engines.baker.mel import BLOCK_FRAMES, Mel
from tts_server.engines.baker.runtime import REACH, Encoded, Floats, Nets

Clause = tuple[Floats, Floats]  # what the decoder gives, and the mel of the whole


@pytest.fixture(scope="module")
def encoded(nets: Nets, golden: Golden) -> Encoded:
    return nets.encode(golden("short")["ids"].astype(np.int64))


@pytest.fixture(scope="module")
def clause(nets: Nets, encoded: Encoded) -> Clause:
    frames = np.rint(encoded.durations).astype(np.int64)
    return nets.decode(encoded, frames), whole_mel(nets, encoded, frames)


@settings(max_examples=25, deadline=None)
@given(data=st.data())
def test_any_part_read_in_any_steps_is_that_of_the_whole(nets: Nets, clause: Clause, data: st.DataObject) -> None:
    decoded, expected = clause
    total = decoded.shape[-1]
    start = data.draw(st.integers(0, total - 1))
    stop = data.draw(st.integers(start + 1, total))
    mel, parts = Mel(nets, decoded, slice(start, stop)), []
    left = mel.length
    while left:
        count = data.draw(st.integers(1, left))
        parts.append(mel.read(count))
        assert parts[-1].shape[-1] == count
        left -= count
    assert np.abs(np.concatenate(parts, axis=-1) - expected[..., start:stop]).max() < 1e-5


def test_a_first_read_makes_no_more_than_it_needs(nets: Nets, clause: Clause, monkeypatch: pytest.MonkeyPatch) -> None:
    made: list[int] = []
    postnet = nets.postnet.__call__

    class Counted:
        initial_state = nets.postnet.initial_state

        def __call__(self, chunk: Floats, state: object, *, is_last: bool) -> object:
            made.append(chunk.shape[-1])
            return postnet(chunk, state, is_last=is_last)  # type: ignore[arg-type]

    monkeypatch.setattr(nets, "postnet", Counted())
    mel = Mel(nets, clause[0], slice(20, clause[0].shape[-1]))
    mel.read(31)
    assert made == [REACH + 31 + REACH]
    mel.read(5)
    mel.read(5)
    assert made[1:] == [BLOCK_FRAMES]
