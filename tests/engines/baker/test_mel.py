"""The mel that is read as far as it is needed is the mel of the whole."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tts_server.engines.baker.mel import BLOCK_FRAMES, Kept, Mel
from tts_server.engines.baker.runtime import REACH, Floats, Nets


@settings(max_examples=25)
@given(data=st.data())
def test_any_part_read_in_any_steps_is_that_of_the_whole(
    nets: Nets, decoded: Floats, mel: Floats, data: st.DataObject
) -> None:
    total = decoded.shape[-1]
    start = data.draw(st.integers(0, total - 2))
    speech_end = data.draw(st.integers(start + 1, total - 1))
    latest = data.draw(st.integers(speech_end + 1, total + 5))
    reader, parts = Mel(nets, decoded, Kept(start, speech_end, speech_end + 1, latest)), []
    while not reader.is_read:
        count = data.draw(st.integers(1, total))
        parts.append(reader.read(count))
        assert reader.is_read or parts[-1].shape[-1] == count
    end = start + reader.given
    assert speech_end < end <= min(latest, total)
    assert reader.tail == end - speech_end
    assert np.abs(np.concatenate(parts, axis=-1) - mel[..., start:end]).max() < 1e-5


def test_a_clause_is_kept_until_it_is_quiet(nets: Nets, decoded: Floats) -> None:
    total, speech_end = decoded.shape[-1], decoded.shape[-1] - 15
    whole = Mel(nets, decoded, Kept(0, speech_end, speech_end + 1, total))
    whole.read(total)
    assert 10 < whole.tail <= 15
    assert not whole.ends_loud
    cut = Mel(nets, decoded, Kept(0, speech_end, speech_end + 1, speech_end + 2))
    assert cut.read(total).shape[-1] == speech_end + 2
    assert cut.ends_loud


def test_a_first_read_makes_no_more_than_it_needs(nets: Nets, decoded: Floats, monkeypatch: pytest.MonkeyPatch) -> None:
    made: list[int] = []
    postnet = nets.postnet.__call__

    class Counted:
        initial_state = nets.postnet.initial_state

        def __call__(self, chunk: Floats, state: object, *, is_last: bool) -> object:
            made.append(chunk.shape[-1])
            return postnet(chunk, state, is_last=is_last)  # type: ignore[arg-type]

    monkeypatch.setattr(nets, "postnet", Counted())
    mel = Mel(nets, decoded, Kept(20, decoded.shape[-1] - 8, decoded.shape[-1], decoded.shape[-1]))
    mel.read(31)
    assert made == [REACH + 31 + REACH]
    mel.read(5)
    mel.read(5)
    assert made[1:] == [BLOCK_FRAMES]
