from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import numpy as np
import pytest

from tests.engines.sambert.conftest import CASES
from tts_server.engines.sambert.export.cases import Case, decoder_inputs_of, inputs_of, source_of, streamed
from tts_server.engines.sambert.runtime.graphs import Nets
from tts_server.engines.sambert.runtime.source import seeded_source
from tts_server.engines.sambert.runtime.speaker import Controls, compose
from tts_server.engines.sambert.runtime.stream import Stream

Cases = Callable[[str, str], Case]
NetsOf = Callable[[str], Nets]

WHOLE = 100_000
STREAMED = [  # causal, non-causal, NSF of both kinds
    ("tiny_16k", "short"),
    ("tiny_noncausal_16k", "short"),
    ("tiny_nsf_16k", "short"),
    ("tiny_nsf_24k", "short"),
    ("tiny_se_nsf_global_16k", "short"),
    ("tiny_mas_byte_16k", "bytes"),
]


@pytest.mark.parametrize(("voice", "name"), CASES)
def test_the_exported_graphs_say_what_the_published_code_says(
    voice: str, name: str, nets_of: NetsOf, case: Cases
) -> None:
    nets, expected = nets_of(voice), case(voice, name)
    encoded = nets.encode(inputs_of(nets, expected))
    assert np.abs(encoded.text - expected["text_hid"]).max() < 1e-4
    score, _ = decoder_inputs_of(nets, expected)
    assert score.band == expected["x_band_width"]
    assert score.frames == expected["length"]
    assert np.abs(score.memory - expected["memory"]).max() < 1e-4
    mel = Stream(nets, score).next_mel(score.frames)
    assert np.abs(mel - expected["mel"]).max() < 1e-4
    samples = streamed(nets, score, WHOLE, source_of(nets, expected))
    assert samples.shape == expected["wav"].shape
    assert np.abs(samples - expected["wav"]).max() < 1e-4


@pytest.mark.parametrize(("voice", "name"), CASES)
def test_the_samples_are_within_a_step_of_16_bits_of_the_published_ones(
    voice: str, name: str, nets_of: NetsOf, case: Cases
) -> None:
    """From the reference's own mel for NSF: a phase sums up f0 from the start, and with it the last bits of the mel."""
    nets, expected = nets_of(voice), case(voice, name)
    mel, source = expected.get("mel_denorm", expected["mel"]), source_of(nets, expected)
    sines = None if source is None else source.make(mel[:, -2], mel[:, -1])
    bands = mel if source is None else mel[:, :-2]
    samples, _ = nets.vocode(bands, sines, nets.vocoder.initial_state, True)
    ours = (32768 * samples).astype(np.int16).astype(int)
    assert np.abs(ours - expected["wav_int16"]).max() <= 1


@pytest.mark.parametrize(("voice", "name"), STREAMED)
@pytest.mark.parametrize("frames", [1, 3, 7, 20, 59])
def test_any_chunks_give_the_samples_of_the_whole(
    voice: str, name: str, frames: int, nets_of: NetsOf, case: Cases
) -> None:
    nets, expected = nets_of(voice), case(voice, name)
    score, _ = decoder_inputs_of(nets, expected)
    whole = streamed(nets, score, WHOLE, source_of(nets, expected))
    chunked = streamed(nets, score, frames, source_of(nets, expected))
    assert chunked.shape == whole.shape
    assert np.abs(chunked - whole).max() < 1e-4


@pytest.mark.parametrize("frames", [1, 3, 7, 20, 59])
def test_the_mel_is_the_same_to_the_last_bit_whatever_the_chunks(frames: int, nets_of: NetsOf, case: Cases) -> None:
    nets = nets_of("tiny_nsf_16k")
    score, _ = decoder_inputs_of(nets, case("tiny_16k", "long"))
    stream, parts = Stream(nets, score), []
    for start in range(0, score.frames, frames):
        parts.append(stream.next_mel(min(frames, score.frames - start)))
    assert np.array_equal(np.concatenate(parts), Stream(nets, score).next_mel(score.frames))


@pytest.mark.parametrize(("voice", "name"), STREAMED)
def test_chunks_are_as_long_as_asked_for(voice: str, name: str, nets_of: NetsOf, case: Cases) -> None:
    nets, hop = nets_of(voice), nets_of(voice).pack.vocoder.hop_length
    stream = Stream(nets, decoder_inputs_of(nets, case(voice, name))[0])
    first, second = len(stream.next(1)), len(stream.next(1))
    assert 0 < first < 2 * hop
    assert second in (hop, 0) or stream.is_done


@pytest.mark.parametrize("voice", ["tiny_nsf_16k", "tiny_nsf_24k"])
def test_seeded_noise_does_not_depend_on_the_chunks(voice: str, nets_of: NetsOf, case: Cases) -> None:
    nets = nets_of(voice)
    score, _ = decoder_inputs_of(nets, case(voice, "short"))
    assert np.abs(streamed(nets, score, 4) - streamed(nets, score, WHOLE)).max() < 1e-4


def test_another_seed_gives_other_noise() -> None:
    f0, uv = np.full(4, 200, np.float32), np.zeros(4, np.float32)
    first, again, other = (seeded_source(8, 16_000, 200, seed).make(f0, uv) for seed in (1, 1, 2))
    assert np.array_equal(first, again)
    assert not np.array_equal(first, other)


@pytest.mark.parametrize("frames", [1, 2, 3, 5, 11, 12, 13, 17, 18, 19, 40])
@pytest.mark.parametrize("voice", ["tiny_16k", "tiny_noncausal_16k", "tiny_nsf_16k"])
def test_short_utterances_come_out_whole(voice: str, frames: int, nets_of: NetsOf, case: Cases) -> None:
    nets = nets_of(voice)
    lines = inputs_of(nets, case(voice, "short"))
    inflected, _ = nets.predict_durations(lines, nets.encode(lines))
    durations = np.zeros(len(lines.units), np.float32)
    durations[3] = frames
    score = nets.compose(lines, inflected, durations)
    whole = streamed(nets, score, WHOLE)
    assert len(whole) == frames * nets.pack.vocoder.hop_length
    assert np.abs(streamed(nets, score, 2) - whole).max() < 1e-4


def test_an_utterance_without_a_frame_says_nothing(nets_of: NetsOf, case: Cases) -> None:
    nets = nets_of("tiny_16k")
    lines = inputs_of(nets, case("tiny_16k", "short"))
    inflected, _ = nets.predict_durations(lines, nets.encode(lines))
    score = nets.compose(lines, inflected, np.full(len(lines.units), 0.4, np.float32))
    assert score.frames == 0
    assert Stream(nets, score).is_done


def test_durations_round_half_up_and_the_band_is_of_the_unrounded_longest(nets_of: NetsOf, case: Cases) -> None:
    nets = nets_of("tiny_16k")
    lines = inputs_of(nets, case("tiny_16k", "short"))
    inflected, _ = nets.predict_durations(lines, nets.encode(lines))
    durations = np.ones(len(lines.units), np.float32)
    durations[:3] = 0.5, 2.5, 4.45
    score = nets.compose(lines, inflected, durations)
    assert list(score.repeats[:3]) == [1, 3, 4]
    assert score.band == 1  # 4.45 / 3 rounds to 1, as the published code has it


def test_two_streams_at_once_sound_as_each_alone(nets_of: NetsOf, case: Cases) -> None:
    """Speakers and emotions differ; one session serves both."""
    nets = nets_of("tiny_16k")
    scores = [decoder_inputs_of(nets, case("tiny_16k", name))[0] for name in ("medium_forced_dur", "short")]
    alone = [streamed(nets, score, 5) for score in scores]
    streams = [Stream(nets, score) for score in scores]
    parts: list[list[np.ndarray]] = [[], []]
    while not all(stream.is_done for stream in streams):
        for stream, part in zip(streams, parts, strict=True):
            part.append(stream.next(5))
    for index in range(2):
        assert np.array_equal(np.concatenate(parts[index]), alone[index])


def test_threads_share_the_sessions(nets_of: NetsOf, case: Cases) -> None:
    nets = nets_of("tiny_nsf_16k")
    score, _ = decoder_inputs_of(nets, case("tiny_nsf_16k", "short"))
    sizes = (3, 5, 8, 13)
    alone = [streamed(nets, score, size) for size in sizes]
    with ThreadPoolExecutor(4) as pool:
        together = list(pool.map(lambda size: streamed(nets, score, size), sizes))
    assert all(np.array_equal(a, b) for a, b in zip(alone, together, strict=True))


def test_pitch_and_energy_are_offsets_of_what_is_predicted(nets_of: NetsOf, case: Cases) -> None:
    nets = nets_of("tiny_16k")
    lines = inputs_of(nets, case("tiny_16k", "short"))
    zero = np.zeros(len(lines.units), np.float32)
    as_predicted = Controls(speed=zero + 1, pitch=zero, energy=zero, gain_db=zero)
    usual = compose(nets, lines, as_predicted)
    changed = [compose(nets, lines, replace(as_predicted, **{name: zero + 1})) for name in ("pitch", "energy")]
    encoded = nets.encode(lines)
    for name, score in zip(("pitch", "energy"), changed, strict=True):
        shifted = replace(encoded, **{name: getattr(encoded, name) + np.float32(1)})
        text, log_durations = nets.predict_durations(lines, shifted)
        expected = nets.compose(lines, text, np.exp(log_durations) - 1)
        assert np.array_equal(score.memory, expected.memory)
        assert not np.array_equal(score.repeats, usual.repeats) or not np.array_equal(score.memory, usual.memory)


def test_a_slower_utterance_has_a_wider_band(nets_of: NetsOf, case: Cases) -> None:
    nets = nets_of("tiny_16k")
    lines = inputs_of(nets, case("tiny_16k", "mixed"))
    inflected, log_durations = nets.predict_durations(lines, nets.encode(lines))
    durations = np.exp(log_durations) - 1
    slow = nets.compose(lines, inflected, durations * np.float32(2))
    usual = nets.compose(lines, inflected, durations)
    assert slow.band > usual.band
    assert abs(slow.frames - 2 * usual.frames) <= len(lines.units)
    assert len(streamed(nets, slow, 30)) == slow.frames * nets.pack.vocoder.hop_length
