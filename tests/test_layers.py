"""The rooms of the house: how large they may be, and that none knows one above it.

Who may import whom stands in pyproject.toml as contracts, which `make style` runs. Here is what those cannot say.
"""

import subprocess
import sys
from collections import Counter, defaultdict
from graphlib import TopologicalSorter
from pathlib import Path

import grimp
import pytest

ROOT = Path(__file__).parent.parent
ENTRY = "tts_server.__main__"  # stands in the lowest room, since `python -m tts_server` looks there, and is on top
MAX_MODULES = 20
MAX_SAME_PREFIX = 4
FOLDERS = sorted({path.parent for top in ("tts_server", "protocol", "tests") for path in (ROOT / top).rglob("*.py")})


@pytest.fixture(scope="module")
def graph() -> grimp.ImportGraph:
    return grimp.build_graph("tts_server", "protocol", exclude_type_checking_imports=False)


def room(module: str) -> str:
    """A folder's own files are one room; a package's `__init__` belongs to them."""
    return module if (ROOT / module.replace(".", "/")).is_dir() else module.rpartition(".")[0]


def names(folder: Path) -> list[str]:
    return [path.stem.removeprefix("test_") for path in folder.glob("*.py") if path.stem != "__init__"]


def test_no_circle_leads_through_rooms(graph: grimp.ImportGraph) -> None:
    known: dict[str, set[str]] = defaultdict(set)
    for module in graph.modules - {ENTRY}:
        imported = {room(other) for other in graph.find_modules_directly_imported_by(module)}
        known[room(module)] |= imported - {room(module)}
    assert list(TopologicalSorter(known).static_order())  # raises CycleError, which names the circle


def test_no_circle_leads_through_modules(graph: grimp.ImportGraph) -> None:
    known = {module: graph.find_modules_directly_imported_by(module) for module in graph.modules}
    assert list(TopologicalSorter(known).static_order())


@pytest.mark.parametrize("folder", FOLDERS, ids=lambda folder: folder.relative_to(ROOT).as_posix())
def test_a_folder_can_be_taken_in_at_a_glance(folder: Path) -> None:
    stems = names(folder)
    prefixes = Counter(stem.partition("_")[0] for stem in stems)
    assert len(stems) <= MAX_MODULES
    assert [prefix for prefix, count in prefixes.items() if count > MAX_SAME_PREFIX] == []


def test_packages_that_the_daemon_walks_through_stay_empty() -> None:
    for name in ("text", "markup", "audio", "engines", "transports"):
        assert (ROOT / "tts_server" / name / "__init__.py").read_text(encoding="utf-8").strip() == ""


@pytest.mark.parametrize(
    ("file", "line"),
    [
        ("tts_server/audio/pcm.py", "import asyncio"),
        ("tts_server/synthesis/context.py", "from tts_server.transports.listening import listen"),
        ("tts_server/engines/heart/engine.py", "from tts_server.engines.baker.shape import ACOUSTIC"),
        ("tts_server/engines/sambert/runtime/stream.py", "import torch"),
        ("tts_server/synthesis/warm_up.py", "from tts_server.config.settings import Config"),
        ("tts_server/engine_host/host.py", "from tts_server.engines.baker.shape import ACOUSTIC"),
        ("tts_server/markup/tags.py", "from tts_server.text.frontend import FrontEnd"),
    ],
)
def test_a_wrong_import_breaks_a_contract(tmp_path: Path, file: str, line: str) -> None:
    for name in ("tts_server", "protocol", "pyproject.toml"):
        _link_or_copy(ROOT / name, tmp_path / name, file)
    wrong = tmp_path / file
    wrong.write_text(f"{line}\n{wrong.read_text(encoding='utf-8')}", encoding="utf-8")
    command = [str(Path(sys.executable).parent / "lint-imports"), "--no-cache", "--no-logo"]
    checked = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, timeout=20, check=False)
    assert checked.returncode == 1
    assert "BROKEN" in checked.stdout


def _link_or_copy(source: Path, target: Path, changed: str) -> None:
    """Link everything but the way to the file that will be changed."""
    if source.is_file():
        target.write_bytes(source.read_bytes())
        return
    target.mkdir()
    for path in source.iterdir():
        on_the_way = f"{ROOT.name}/{changed}".startswith(f"{ROOT.name}/{path.relative_to(ROOT).as_posix()}")
        if on_the_way:
            _link_or_copy(path, target / path.name, changed)
        elif path.name != "__pycache__":
            (target / path.name).symlink_to(path)
