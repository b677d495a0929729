"""Models come from the hub through its own SDK; the hub here is a real server on loopback."""

import json
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NamedTuple

import pytest

from tests.engines.sambert.conftest import GOLDEN
from tests.support.model_hub import Hub, files_of, running_hub
from tests.test_readme import ROOT
from tts_server.engines.sambert.packs import hub as sambert_hub
from tts_server.engines.sambert.packs.hub import Folders, Model, fetch, install_line, require_extra
from tts_server.errors import VoiceDataMissing

pytest.importorskip("modelscope", reason="the SDK belongs to the extra `sambert`")
# The SDK's own imports warn; what we do with it must not.
pytestmark = [
    pytest.mark.filterwarnings("ignore::DeprecationWarning", "ignore::FutureWarning", "ignore::SyntaxWarning"),
    pytest.mark.timeout(60),  # its import takes 2 s of CPU time, its retries without a network 7 s
]

NAME = "damo/speech_sambert-hifigan_tts_zh-cn_16k"
WEIGHTS = "voices/tiny_16k/am/ckpt/checkpoint_1000.pth"


class Watcher:
    """Adds up what it is told."""

    def __init__(self) -> None:
        self.steps: list[str] = []
        self.notes: list[str] = []
        self.count = self.total = 0

    def step(self, what: str) -> None:
        self.steps.append(what)

    def note(self, what: str) -> None:
        self.notes.append(what)

    def fetched(self, count: int, total: int) -> None:
        self.count, self.total = self.count + count, total


class Box(NamedTuple):
    """A hub, and where things of it are kept."""

    hub: Hub
    folders: Folders

    def fetch(self, name: str = NAME, watcher: Watcher | None = None, *, offline: bool = False) -> Path:
        return fetch(Model.of(name), self.folders, watcher or Watcher(), offline=offline)


def model_files(tmp_path: Path) -> dict[str, bytes]:
    """The reference voice as a model of one voice."""
    model = tmp_path / "model"
    leave_out = shutil.ignore_patterns("*.npz", "*.json")
    shutil.copytree(GOLDEN / "tiny_16k", model / "voices" / "tiny_16k", ignore=leave_out)
    (model / "voices" / "voices.json").write_text(json.dumps({"voices": ["tiny_16k"]}), encoding="utf-8")
    (model / "configuration.json").write_text('{"model": {"sample_rate": 16000}}', encoding="utf-8")
    (model / "README.md").write_text("---\ntasks:\n- tts\nlicense: Apache License 2.0\n---\n", encoding="utf-8")
    (model / "resource.zip").write_bytes(b"closed" * 1000)
    return files_of(model)


@pytest.fixture
def box(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Box]:
    files = model_files(tmp_path)
    with running_hub({(NAME, "v1.0.2"): files, (NAME, "master"): files}) as hub:
        monkeypatch.setenv("MODELSCOPE_CACHE", str(tmp_path / "cache"))
        monkeypatch.setenv("HOME", str(tmp_path / "home"))
        point_sdk_at(hub.endpoint, monkeypatch)
        yield Box(hub, Folders(tmp_path / "fetched", tmp_path / "state"))


def point_sdk_at(endpoint: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """As the SDK finds it when a process starts: it reads the environment once."""
    from modelscope_hub import HubConfig, set_default_config

    monkeypatch.setenv("MODELSCOPE_ENDPOINT", endpoint)
    set_default_config(HubConfig())


# -- names ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("named", "revision", "is_pinned"),
    [
        (NAME, "v1.0.2", True),
        ("iic/speech_sambert-hifigan_tts_zh-cn_16k", "v1.0.2", True),
        (f"{NAME}@v1.0.0", "v1.0.0", True),
        ("damo/speech_sambert-hifigan_tts_zhida_zh-cn_16k", "master", False),
    ],
)
def test_a_known_model_has_a_pinned_revision_and_any_may_be_named(named: str, revision: str, is_pinned: bool) -> None:
    model = Model.of(named)
    assert (model.revision, model.is_pinned) == (revision, is_pinned)


@pytest.mark.parametrize("named", ["", "model", "a/b/c", "../b", "a/..", f"{NAME}@", f"{NAME}@../x", f"{NAME}@a b"])
def test_what_is_no_name_of_a_model_is_told(named: str) -> None:
    with pytest.raises(ValueError, match="expected"):
        Model.of(named)


# -- fetching ---------------------------------------------------------------------------------------------------------


def test_a_model_is_fetched_at_its_pinned_revision_into_a_folder_of_ours(box: Box) -> None:
    watcher = Watcher()
    folder = box.fetch(watcher=watcher)
    assert folder.is_relative_to(box.folders.fetched)
    assert (folder / "voices/tiny_16k/am/config.yaml").is_file()
    assert {revision for _, revision, _ in box.hub.asked} == {"v1.0.2"}
    assert watcher.count == watcher.total > 100_000
    assert any("v1.0.2" in step for step in watcher.steps)
    assert watcher.notes == []


def test_the_closed_front_end_is_not_fetched(box: Box) -> None:
    folder = box.fetch()
    assert not (folder / "resource.zip").exists()
    assert "resource.zip" not in [path for path, *_ in box.hub.asked]


def test_what_was_fetched_is_not_fetched_again_and_serves_offline(box: Box) -> None:
    folder = box.fetch()
    count = len(box.hub.asked)
    again = Watcher()
    assert box.fetch(watcher=again) == folder
    assert (again.count, again.steps[-1]) == (0, f"fetching {NAME}@v1.0.2, 0 MB")
    assert box.fetch(offline=True) == folder
    assert len(box.hub.asked) == count


def test_a_broken_connection_is_resumed_where_it_broke_and_told(box: Box) -> None:
    box.hub.break_after[WEIGHTS] = 40_000
    watcher = Watcher()
    folder = box.fetch(watcher=watcher)
    assert (folder / WEIGHTS).read_bytes() == box.hub.models[NAME, "v1.0.2"][WEIGHTS]
    assert [wanted for path, _, wanted in box.hub.asked if path == WEIGHTS] == ["", "bytes=40000-"]
    assert watcher.notes == ["the connection to the hub broke; trying again"]


def test_without_a_download_offline_tells_what_is_missing(box: Box) -> None:
    with pytest.raises(VoiceDataMissing, match=rf"{NAME}@v1\.0\.2 was not fetched before: without --offline"):
        box.fetch(offline=True)
    assert box.hub.asked == []


def test_another_revision_and_a_cache_of_an_older_sdk_do_not_serve_offline(box: Box, tmp_path: Path) -> None:
    old = tmp_path / "cache/hub" / NAME
    old.mkdir(parents=True)
    (old / "configuration.json").write_text("{}", encoding="utf-8")
    box.fetch()
    for named in (f"{NAME}@v1.0.0", "damo/other"):
        with pytest.raises(VoiceDataMissing, match="was not fetched before"):
            box.fetch(named, offline=True)
    assert [path.name for path in old.iterdir()] == ["configuration.json"]


@pytest.mark.parametrize("spoil", [Path.unlink, lambda path: path.write_bytes(bytes(path.stat().st_size))])
def test_offline_a_model_that_is_not_whole_is_refused_and_online_made_whole(
    box: Box, spoil: Callable[[Path], object]
) -> None:
    folder = box.fetch()
    spoil(folder / WEIGHTS)
    with pytest.raises(VoiceDataMissing, match=rf"{WEIGHTS} is missing or has changed since it was fetched"):
        box.fetch(offline=True)
    box.fetch()
    assert (box.fetch(offline=True) / WEIGHTS).read_bytes() == box.hub.models[NAME, "v1.0.2"][WEIGHTS]


def test_half_a_model_does_not_count_as_fetched(box: Box, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sambert_hub, "write_list", lambda *_: (_ for _ in ()).throw(OSError("killed")))
    with pytest.raises(VoiceDataMissing):
        box.fetch()
    with pytest.raises(VoiceDataMissing, match="was not fetched before"):
        box.fetch(offline=True)


def test_only_the_hub_is_asked_and_the_id_of_the_sdk_is_kept_with_our_state(tmp_path: Path) -> None:
    files = model_files(tmp_path)
    program = (
        "import socket, sys\n"
        "from pathlib import Path\n"
        "asked, resolve = set(), socket.getaddrinfo\n"
        "socket.getaddrinfo = lambda host, *rest, **more: asked.add(host) or resolve(host, *rest, **more)\n"
        "from tests.engines.sambert.packs.test_hub import Watcher\n"
        "from tts_server.engines.sambert.packs.hub import Folders, Model, fetch\n"
        "fetch(Model.of(sys.argv[1]), Folders(Path('fetched'), Path('state')), Watcher())\n"
        "print(*asked)\n"
    )
    with running_hub({(NAME, "v1.0.2"): files}) as hub:
        home = {"HOME": str(tmp_path / "home"), "MODELSCOPE_ENDPOINT": hub.endpoint, "PYTHONPATH": str(ROOT)}
        command = [sys.executable, "-W", "ignore", "-c", program, NAME]
        said = subprocess.run(command, cwd=tmp_path, env=home, capture_output=True, text=True, check=True).stdout
    assert said.split() == ["127.0.0.1"]
    assert (tmp_path / "state/modelscope").is_dir()
    assert not (tmp_path / "home/.modelscope").exists()


def test_a_model_that_the_hub_has_not_is_told_with_its_revision(box: Box) -> None:
    with pytest.raises(VoiceDataMissing, match=rf"the hub has no {NAME}@v9"):
        box.fetch(f"{NAME}@v9")


def test_without_a_network_the_way_on_is_told(box: Box, monkeypatch: pytest.MonkeyPatch) -> None:
    point_sdk_at("http://127.0.0.1:1", monkeypatch)
    watcher = Watcher()
    with pytest.raises(VoiceDataMissing, match=r"could not be fetched \(.*--offline.*voices install FOLDER"):
        box.fetch(watcher=watcher)
    assert watcher.notes == ["the connection to the hub broke; trying again"]


@pytest.mark.parametrize("path", ["../../evil.txt", "/tmp/evil.txt", "voices\\..\\evil"])
def test_a_hub_that_names_a_file_outside_the_folder_is_refused_before_anything_is_written(box: Box, path: str) -> None:
    box.hub.lies["configuration.json"] = path
    with pytest.raises(VoiceDataMissing, match="would leave the folder"):
        box.fetch()
    assert box.hub.asked == []


def test_a_file_that_is_not_what_the_hub_lists_is_refused(box: Box) -> None:
    class Changing(dict[str, bytes]):
        """Lists one content and hands out another of the same length."""

        def __getitem__(self, path: str) -> bytes:
            content = super().__getitem__(path)
            return bytes(len(content)) if path == WEIGHTS else content

    box.hub.models = {(NAME, "v1.0.2"): Changing(box.hub.models[NAME, "v1.0.2"])}
    with pytest.raises(VoiceDataMissing, match="could not be fetched"):
        box.fetch()


def test_a_full_disk_is_told_before_anything_is_fetched(box: Box, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tts_server.engines.installing.disk_space.SPARE_BYTES", 1 << 60)
    with pytest.raises(VoiceDataMissing, match=r"fetching .* needs .* MB on the disk of .* MB are free"):
        box.fetch()
    assert box.hub.asked == []


# -- the extra --------------------------------------------------------------------------------------------------------


def test_without_the_extra_the_exact_pip_line_is_told() -> None:
    program = (
        "import sys; sys.modules['modelscope'] = sys.modules['torch'] = None\n"
        "from tts_server.engines.sambert.packs.hub import require_extra\n"
        "try: require_extra()\n"
        "except Exception as error: print(error)"
    )
    said = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True).stdout
    assert "needs modelscope, torch (the extra `sambert`" in said
    assert said.strip().endswith(install_line())
    assert install_line().startswith(f"{sys.executable} -m pip install")
    assert all(f"{package}>=" in install_line() for package in sambert_hub.NEEDED_TO_BUILD)


def test_with_the_extra_nothing_is_asked_for() -> None:
    require_extra()
