from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
from numpy.typing import NDArray

from tests.engines.baker.conftest import Golden, chunk_plan, whole_mel
from tts_server.engine import Samples
from tts_server.engines.baker.runtime import LOOKAHEAD_FRAMES, MIN_FRAMES, REACH, Nets, StreamedNet
from tts_server.engines.baker.shape import ACOUSTIC, VOCODER

Floats = NDArray[np.float32]


def whole(nets: Nets, mel: Floats) -> Samples:
    return nets.vocode(mel, nets.vocode.initial_state, is_last=True)[0]


def streamed(net: StreamedNet, given: Floats, plan: list[tuple[int, int]]) -> Floats:
    state, parts = net.initial_state, []
    for start, end in plan:
        made, state = net(given[..., start:end], state, is_last=end == given.shape[-1])
        parts.append(made)
    return np.concatenate(parts, axis=-1)


@pytest.mark.parametrize("name", ["short", "medium", "numbers"])
def test_durations_f0_and_energy_are_those_of_the_published_graph(name: str, nets: Nets, golden: Golden) -> None:
    expected = golden(name)
    encoded = nets.encode(expected["ids"].astype(np.int64))
    assert np.abs(np.rint(encoded.durations) - expected["durations"]).max() <= 1
    assert np.abs(encoded.energy - expected["energy"]).max() < 0.06
    # the published graph multiplies in int8, which a few units' f0 feels
    assert np.quantile(np.abs(encoded.f0 - expected["f0"]), 0.8) < 0.06
    assert np.abs(encoded.f0 - expected["f0"]).max() < 0.15


@pytest.mark.parametrize("name", ["short", "medium", "numbers"])
def test_the_mel_is_near_that_of_the_published_graph(name: str, nets: Nets, golden: Golden) -> None:
    expected = golden(name)
    encoded = nets.encode(expected["ids"].astype(np.int64))
    ours = whole_mel(nets, encoded, expected["durations"].astype(np.int64))[0, :, 0].T
    assert np.abs(ours - expected["mel"].astype(np.float32)).mean() < 0.12  # two random masks differ by 0.05


def test_the_waveform_is_that_of_the_published_graph(nets: Nets, golden: Golden) -> None:
    case = golden("vocoder")
    ours = whole(nets, np.ascontiguousarray(case["mel"].T)[None, :, None])
    noise = ours - case["samples"]
    assert 10 * np.log10((case["samples"] ** 2).sum() / (noise**2).sum()) > 25


@pytest.mark.parametrize("first", [LOOKAHEAD_FRAMES, 40])
@pytest.mark.parametrize("sizes", [[1], [2], [3, 1, 17], [7], [20], [40], [64], [1, 60, 2, 13]], ids=str)
def test_any_chunks_give_the_samples_of_the_whole(nets: Nets, mel: Floats, first: int, sizes: list[int]) -> None:
    difference = streamed(nets.vocode, mel, chunk_plan(mel.shape[-1], first, sizes)) - whole(nets, mel)
    assert np.abs(difference).max() < 1e-5


@pytest.mark.parametrize("first", [REACH + 1, 40])
@pytest.mark.parametrize("sizes", [[1], [2], [3, 1, 17], [7], [40], [1, 60, 2, 13]], ids=str)
def test_any_blocks_give_the_mel_of_the_whole(
    nets: Nets, decoded: Floats, mel: Floats, first: int, sizes: list[int]
) -> None:
    made = streamed(nets.postnet, decoded, chunk_plan(decoded.shape[-1], first, sizes))
    assert np.abs(made - mel).max() < 1e-5


@pytest.mark.parametrize("frames", [1, 2, REACH, REACH + 1])
def test_the_postnet_takes_the_shortest_utterances(nets: Nets, decoded: Floats, frames: int) -> None:
    mel, _ = nets.postnet(decoded[..., :frames], nets.postnet.initial_state, is_last=True)
    assert mel.shape == (1, ACOUSTIC.n_mels, 1, frames)


@pytest.mark.parametrize("frames", [REACH + 1, 40])
def test_the_mel_lags_by_what_the_postnet_looks_ahead(nets: Nets, decoded: Floats, mel: Floats, frames: int) -> None:
    made, _ = nets.postnet(decoded[..., :frames], nets.postnet.initial_state, is_last=False)
    assert made.shape[-1] == frames - REACH
    assert np.abs(made - mel[..., : frames - REACH]).max() < 1e-5


@pytest.mark.parametrize("frames", [MIN_FRAMES, MIN_FRAMES + 1, LOOKAHEAD_FRAMES, LOOKAHEAD_FRAMES + 1, 30])
def test_short_utterances_come_out_whole(nets: Nets, mel: Floats, frames: int) -> None:
    short = mel[..., 20 : 20 + frames]
    assert len(whole(nets, short)) == frames * VOCODER.hop_length


@pytest.mark.parametrize("frames", [LOOKAHEAD_FRAMES, 40, 80])
def test_a_first_chunk_lags_its_mel_by_less_than_the_lookahead(nets: Nets, mel: Floats, frames: int) -> None:
    samples, _ = nets.vocode(mel[..., :frames], nets.vocode.initial_state, is_last=False)
    assert (frames - LOOKAHEAD_FRAMES) * VOCODER.hop_length < len(samples) < frames * VOCODER.hop_length


def test_two_interleaved_streams_sound_as_each_alone(nets: Nets, mel: Floats) -> None:
    mels = [mel, np.ascontiguousarray(mel[..., ::-1])]
    states, parts = [nets.vocode.initial_state] * 2, [[], []]  # type: ignore[var-annotated]
    plan = chunk_plan(mel.shape[-1], 30, [9])
    for start, end in plan:
        for index in range(2):
            chunk = mels[index][..., start:end]
            samples, states[index] = nets.vocode(chunk, states[index], is_last=end == mel.shape[-1])
            parts[index].append(samples)
    for index in range(2):
        assert np.array_equal(np.concatenate(parts[index]), streamed(nets.vocode, mels[index], plan))


def test_threads_share_the_sessions(nets: Nets, mel: Floats) -> None:
    plans = [chunk_plan(mel.shape[-1], 25, [size]) for size in (3, 5, 8, 13)]
    alone = [streamed(nets.vocode, mel, plan) for plan in plans]
    with ThreadPoolExecutor(4) as pool:
        together = list(pool.map(lambda plan: streamed(nets.vocode, mel, plan), plans))
    assert all(np.array_equal(a, b) for a, b in zip(alone, together, strict=True))


def test_the_longest_utterance_can_be_decoded(nets: Nets, golden: Golden) -> None:
    encoded = nets.encode(golden("short")["ids"].astype(np.int64))
    frames = np.full(len(encoded.durations), ACOUSTIC.max_frames // len(encoded.durations), np.int64)
    frames[0] += ACOUSTIC.max_frames - frames.sum()
    mel = whole_mel(nets, encoded, frames)
    assert mel.shape[-1] == ACOUSTIC.max_frames
    assert np.isfinite(mel).all()
