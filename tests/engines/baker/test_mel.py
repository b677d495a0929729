"""The mel that is read as far as it is needed is the mel of the whole."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tts_server.engines.baker.mel import BLOCK_FRAMES, Mel
from tts_server.engines.baker.runtime import REACH, Floats, Nets


@settings(max_examples=25, deadline=None)
@given(data=st.data())
def test_any_part_read_in_any_steps_is_that_of_the_whole(
    nets: Nets, decoded: Floats, mel: Floats, data: st.DataObject
) -> None:
    total = decoded.shape[-1]
    start = data.draw(st.integers(0, total - 1))
    stop = data.draw(st.integers(start + 1, total))
    reader, parts = Mel(nets, decoded, slice(start, stop)), []
    left = reader.length
    while left:
        count = data.draw(st.integers(1, left))
        parts.append(reader.read(count))
        assert parts[-1].shape[-1] == count
        left -= count
    assert np.abs(np.concatenate(parts, axis=-1) - mel[..., start:stop]).max() < 1e-5


def test_a_first_read_makes_no_more_than_it_needs(nets: Nets, decoded: Floats, monkeypatch: pytest.MonkeyPatch) -> None:
    made: list[int] = []
    postnet = nets.postnet.__call__

    class Counted:
        initial_state = nets.postnet.initial_state

        def __call__(self, chunk: Floats, state: object, *, is_last: bool) -> object:
            made.append(chunk.shape[-1])
            return postnet(chunk, state, is_last=is_last)  # type: ignore[arg-type]

    monkeypatch.setattr(nets, "postnet", Counted())
    mel = Mel(nets, decoded, slice(20, decoded.shape[-1]))
    mel.read(31)
    assert made == [REACH + 31 + REACH]
    mel.read(5)
    mel.read(5)
    assert made[1:] == [BLOCK_FRAMES]
