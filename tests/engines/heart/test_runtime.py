import os
import re
import threading
import time

import numpy as np
import pytest

from tts_server.engines.heart.runtime import DURATIONS, SPECTRA, Runtime, Spoken, with_output


@pytest.fixture(scope="module")
def runtime() -> Runtime:
    return Runtime()


def render(runtime: Runtime, text: str, speed: float = 1.0) -> Spoken:
    return runtime.render(runtime.phonemes(text)[0], speed, np.random.default_rng(0))


def test_the_audio_is_what_hibari_itself_makes(runtime: Runtime) -> None:
    from hibari import Hibari

    text = "The kitchen window is open."
    assert np.array_equal(render(runtime, text).samples, Hibari(threads=1)(text, seed=0))


@pytest.mark.parametrize("text", ["Apple.", "Cat.", "Open it.", "Do it.", "Table top."])
def test_the_first_phoneme_begins_where_sound_begins(runtime: Runtime, text: str) -> None:
    spoken = render(runtime, text)
    onset = int(np.flatnonzero(np.abs(spoken.samples) > 0.01)[0])
    assert abs(onset - int(spoken.starts[0])) <= 0.025 * runtime.sample_rate


@pytest.mark.parametrize("text", ["My name is Anna; I am here.", "In the morning, coffee is made."])
def test_a_word_after_a_pause_begins_where_sound_begins_again(runtime: Runtime, text: str) -> None:
    begins = re.search("[;,] ", runtime.phonemes(text)[0])
    assert begins is not None
    spoken = render(runtime, text)
    loud = np.flatnonzero(np.abs(spoken.samples) > 0.01)
    onset = int(loud[1:][np.argmax(np.diff(loud))])
    assert abs(onset - int(spoken.starts[begins.end()])) <= 0.025 * runtime.sample_rate


def test_phonemes_follow_one_another_to_the_end(runtime: Runtime) -> None:
    spoken = render(runtime, "Welcome home, the living room is warm.")
    assert np.all(np.diff(spoken.starts) >= 0)
    assert spoken.starts[-1] <= len(spoken.samples)


def test_a_graph_without_that_tensor_still_gives_usable_times(runtime: Runtime) -> None:
    class OtherGraph:
        def run(self, names: None, feeds: dict[str, np.ndarray]) -> list[np.ndarray]:
            return list(session.run(names, feeds)[:SPECTRA])

    session, runtime._session = runtime._session, OtherGraph()
    try:
        spoken = render(runtime, "Welcome home.")
    finally:
        runtime._session = session
    assert np.all(np.diff(spoken.starts) > 0)
    assert spoken.starts[-1] <= len(spoken.samples)


def test_the_added_output_is_valid_onnx() -> None:
    onnx = pytest.importorskip("onnx")
    from hibari.voices import DEFAULT, voice_path

    with open(voice_path(DEFAULT, download_missing=False), "rb") as file:
        graph = file.read()
    before, after = onnx.load_from_string(graph), onnx.load_from_string(with_output(graph, DURATIONS))
    assert [o.name for o in after.graph.output] == [*(o.name for o in before.graph.output), DURATIONS.decode()]
    assert len(after.graph.node) == len(before.graph.node)


def test_speaking_keeps_one_thread_busy_and_no_more(runtime: Runtime) -> None:
    started = time.process_time(), time.thread_time()
    for _ in range(5):
        render(runtime, "The quick brown fox jumps over the lazy dog, and the kitchen window is still open.")
    process, thread = time.process_time() - started[0], time.thread_time() - started[1]
    assert process <= thread * 1.2 + 0.01


def test_several_threads_speak_at_once_without_disturbing_each_other(runtime: Runtime) -> None:
    texts = ["Welcome home.", "The door is open.", "Good morning, Robert.", "Zyxqu plays 2024 songs."]
    alone = [render(runtime, text).samples for text in texts]
    same: list[bool] = []

    def speak(text: str, expected: np.ndarray) -> None:
        same.extend(np.array_equal(render(runtime, text).samples, expected) for _ in range(5))

    threads = [threading.Thread(target=speak, args=pair) for pair in zip(texts, alone, strict=True)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert same == [True] * 20


def test_nothing_is_downloaded(runtime: Runtime, monkeypatch: pytest.MonkeyPatch, tmp_path: os.PathLike[str]) -> None:
    monkeypatch.setenv("HIBARI_HOME", str(tmp_path))
    Runtime()
    assert os.listdir(tmp_path) == []
