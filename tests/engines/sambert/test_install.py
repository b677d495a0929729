"""Installing: from a hub, a folder, an archive, or as finished packs. A voice is there whole, or not at all."""

import json
import os
import pickle
import shutil
import stat
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from zipfile import ZipFile, ZipInfo

import numpy as np
import pytest

from tests.engines.sambert.conftest import GOLDEN
from tests.engines.sambert.nets.test_checkpoint import old_model
from tests.engines.sambert.packs.test_hub import NAME, Watcher, point_sdk_at
from tests.engines.spoken import run, samples
from tests.support.model_hub import files_of, running_hub
from tts_server.engine import Utterance
from tts_server.engines.sambert.engine import SambertEngine
from tts_server.engines.sambert.install import install as install_from
from tts_server.engines.sambert.install import remove, verify
from tts_server.engines.sambert.packs.hub import Folders
from tts_server.engines.sambert.packs.pack import Pack, find_packs
from tts_server.errors import VoiceDataMissing, VoiceUnknown

torch = pytest.importorskip("torch", reason="torch is a development dependency")
torch.set_num_threads(1)
pytestmark = [
    pytest.mark.filterwarnings("ignore::DeprecationWarning", "ignore::FutureWarning", "ignore::SyntaxWarning"),
    pytest.mark.timeout(60),  # 1 s each on a quiet machine
]

ACOUSTIC = "am/ckpt/checkpoint_1000.pth"
VOCODER = "voc/ckpt/checkpoint_2000.pth"
README = "---\nlicense: Apache License 2.0\n---\n# A model\n"


@pytest.fixture(autouse=True)
def judging(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Voices are judged, which takes seconds each, only where a test asks for it."""
    if "judged" not in request.fixturenames:
        monkeypatch.setattr("tts_server.engines.sambert.export.precisions.add_precisions", lambda pack: [])


@pytest.fixture
def judged() -> None:
    """For a test that wants verdicts."""


@pytest.fixture
def voice(tmp_path: Path) -> Path:
    """A voice's folder, as published."""
    return copied(tmp_path / "given" / "zhida")


def copied(target: Path, voice: str = "tiny_16k") -> Path:
    leave_out = shutil.ignore_patterns("*.npz", "*.json")
    return Path(shutil.copytree(GOLDEN / voice, target, ignore=leave_out))


def model_of(target: Path, **voices: str) -> Path:
    """A model folder with these voices, in this order."""
    for name, reference in voices.items():
        copied(target / "voices" / name, reference)
    (target / "voices" / "voices.json").write_text(json.dumps({"voices": list(voices)}), encoding="utf-8")
    (target / "README.md").write_text(README, encoding="utf-8")
    return target


def zipped(folder: Path, archive: Path, inside: str = "") -> Path:
    with ZipFile(archive, "w") as opened:
        for name, content in files_of(folder).items():
            opened.writestr(f"{inside}{name}", content)
    return archive


@pytest.fixture
def packs(tmp_path: Path) -> Path:
    """The folder in which packs live; not there yet."""
    return tmp_path / "state" / "voices"


def install(source: str, packs: Path, watcher: Watcher, **how: Any) -> list[Pack]:
    """What a hub gives is kept beside the packs."""
    return install_from(source, packs, Folders(packs.parent / "fetched", packs.parent / "state"), watcher, **how)


def installed(packs: Path) -> list[str]:
    return sorted(path.name for path in packs.iterdir() if path.name != ".lock")


def names(made: list[Pack]) -> list[str]:
    return [pack.name for pack in made]


# -- what can be installed --------------------------------------------------------------------------------------------


def test_a_voice_folder_becomes_a_pack_that_speaks(voice: Path, packs: Path) -> None:
    (pack,) = install(str(voice), packs, Watcher())
    assert installed(packs) == ["zhida"]
    assert (pack.source, pack.revision, pack.licence) == ("zhida", "local", "LicenseRef-not-stated")
    engine = SambertEngine({"voices_dir": str(packs)})
    assert engine.voices[0].name == "zhida"
    assert len(samples(list(engine.synthesize(Utterance("zhida", (run("ni3 hao3."),)), lambda: 1.0)))) > 1000


def test_a_voice_is_installed_with_verdicts_on_its_precisions_which_go_with_it(
    voice: Path, packs: Path, tmp_path: Path, judged: None
) -> None:
    watcher = Watcher()
    (pack,) = install(str(voice), packs, watcher)
    assert any(note.startswith("int8: the same voice (") for note in watcher.notes)
    assert "int8" in pack.passed
    (copied,) = install(str(pack.folder), tmp_path / "elsewhere", Watcher())
    assert (copied.passed, copied.version) == (pack.passed, pack.version)


def test_all_voices_of_a_model_are_installed_and_its_first_leads(tmp_path: Path, packs: Path) -> None:
    model = model_of(tmp_path / "model", zhitian_emo="tiny_nsf_16k", b_voice="tiny_16k")
    made = install(str(model), packs, Watcher())
    assert names(made) == ["zhitian_emo", "b_voice"]
    assert {pack.licence for pack in made} == {"Apache-2.0"}
    voices = SambertEngine({"voices_dir": str(packs)}).voices
    assert [voice.name for voice in voices if "-" not in voice.name] == ["zhitian_emo", "b_voice"]
    assert "angry" in voices[0].emotions


def test_a_single_voice_of_a_model_can_be_chosen(tmp_path: Path, packs: Path) -> None:
    model = model_of(tmp_path / "model", first="tiny_16k", second="tiny_16k")
    assert names(install(str(model), packs, Watcher(), only=["second"])) == ["second"]
    with pytest.raises(VoiceUnknown, match="no voice 'third' in this model; it has first, second"):
        install(str(model), packs, Watcher(), only=["third"])
    assert installed(packs) == ["second"]


@pytest.mark.parametrize("inside", ["", "model-main/", "a/b/"])
def test_an_archive_of_a_model_is_installed(tmp_path: Path, packs: Path, inside: str) -> None:
    model = model_of(tmp_path / "model", only="tiny_16k")
    archive = zipped(model, tmp_path / "m.zip", inside)
    assert names(install(str(archive), packs, Watcher())) == ["only"]
    assert installed(packs) == ["only"]


def test_an_archive_of_a_single_voice_gives_it_its_own_name(voice: Path, tmp_path: Path, packs: Path) -> None:
    assert names(install(str(zipped(voice, tmp_path / "小雨 v2.zip")), packs, Watcher())) == ["小雨_v2"]


@pytest.mark.parametrize("inside", ["voices/", ""])
def test_a_model_whose_voices_are_in_an_archive_of_their_own_is_installed(
    tmp_path: Path, packs: Path, inside: str
) -> None:
    model = model_of(tmp_path / "model", first="tiny_16k", second="tiny_16k")
    zipped(model / "voices", model / "voices.zip", inside)
    shutil.rmtree(model / "voices")
    made = install(str(model), packs, Watcher())
    assert names(made) == ["first", "second"]
    assert made[0].licence == "Apache-2.0"


def test_a_model_of_generation_one_is_installed_out_of_its_archive(tmp_path: Path, packs: Path) -> None:
    model = old_model(tmp_path / "old", GOLDEN / "tiny_16k", old_names=True)
    zipped(model / "voices", model / "voices.zip", "voices/")
    shutil.rmtree(model / "voices")
    assert names(install(str(model), packs, Watcher())) == ["old"]
    assert names(install(str(zipped(model, tmp_path / "m.zip", "m/")), packs, Watcher())) == ["old"]


def test_a_finished_pack_is_installed_where_nothing_can_be_built(
    pack_of: Callable[[str], Pack], tmp_path: Path, packs: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = pack_of("tiny_16k").folder
    monkeypatch.setattr("tts_server.engines.sambert.packs.hub._is_there", lambda module: False)
    for source in (made, zipped(made, tmp_path / "pack.zip"), zipped(made, tmp_path / "more.zip", "voices/tiny_16k/")):
        (pack,) = install(str(source), packs, Watcher())
        assert (pack.name, pack.version) == ("tiny_16k", pack_of("tiny_16k").version)
        verify("tiny_16k", packs)
        remove("tiny_16k", packs)


def test_a_model_of_the_hub_is_installed_with_its_source_revision_and_licence(
    tmp_path: Path, packs: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    model = model_of(tmp_path / "model", zhitian_emo="tiny_16k")
    with running_hub({(NAME, "v1.0.2"): files_of(model)}) as hub:
        point_sdk_at(hub.endpoint, monkeypatch)
        (pack,) = install(f"modelscope:{NAME}", packs, Watcher())
    assert (pack.source, pack.revision, pack.licence) == (f"modelscope:{NAME}", "v1.0.2", "Apache-2.0")
    read = json.loads((pack.folder / "manifest.json").read_text(encoding="utf-8"))["checkpoints"]
    assert set(read) == {f"voices/zhitian_emo/{ACOUSTIC}", f"voices/zhitian_emo/{VOCODER}"}
    remove("zhitian_emo", packs)
    assert names(install(f"modelscope:{NAME}", packs, Watcher(), offline=True)) == ["zhitian_emo"]  # the hub is gone


def test_installing_again_replaces_the_pack(voice: Path, packs: Path) -> None:
    (before,) = install(str(voice), packs, Watcher())
    change(voice / VOCODER, lambda tensors: tensors["conv_post.conv1d.bias"].add_(0.01))
    (after,) = install(str(voice), packs, Watcher())
    assert installed(packs) == ["zhida"]
    assert before.version != after.version


def test_files_of_a_pack_may_be_read_by_the_service_user_whatever_the_umask(voice: Path, packs: Path) -> None:
    before = os.umask(0o077)
    try:
        (pack,) = install(str(voice), packs, Watcher())
    finally:
        os.umask(before)
    for path in (pack.folder, *pack.folder.iterdir()):
        assert path.stat().st_mode & (stat.S_IROTH | (stat.S_IXOTH if path.is_dir() else 0))


# -- what cannot ------------------------------------------------------------------------------------------------------


def refusal(source: Path, packs: Path) -> str:
    """Why a source is refused; nothing of it is left."""
    before = installed(packs) if packs.exists() else []
    with pytest.raises(VoiceDataMissing) as caught:
        install(str(source), packs, Watcher())
    assert installed(packs) == before
    assert ".working-" not in str(caught.value)
    return str(caught.value)


def change(path: Path, how: Callable[[dict[str, Any]], Any]) -> None:
    """Rewrite the tensors of a checkpoint."""
    checkpoint = torch.load(path, weights_only=True)
    how(checkpoint["model"].get("generator", checkpoint["model"]))
    torch.save(checkpoint, path)


class Bomb:
    """Makes a folder when it is unpickled."""

    def __init__(self, trace: Path) -> None:
        self.trace = trace

    def __reduce__(self) -> tuple[Any, tuple[str]]:
        return os.mkdir, (str(self.trace),)


def truncate(voice: Path) -> None:
    (voice / VOCODER).write_bytes((voice / VOCODER).read_bytes()[:5000])


def rename(voice: Path) -> None:
    name = "mel_postnet.fc.weight"
    change(voice / ACOUSTIC, lambda tensors: tensors.update({f"{name}_": tensors.pop(name)}))


def reshape(voice: Path) -> None:
    change(voice / ACOUSTIC, lambda tensors: tensors.update({"mel_postnet.fc.weight": torch.zeros(3, 3)}))


def arm(voice: Path) -> None:
    torch.save({"model": {"generator": Bomb(voice.parent / "executed")}}, voice / VOCODER)


def arm_plainly(voice: Path) -> None:
    (voice / ACOUSTIC).write_bytes(pickle.dumps({"model": Bomb(voice.parent / "executed")}))


DAMAGES: dict[Callable[[Path], None], tuple[str, ...]] = {
    truncate: ("checkpoint_2000.pth", "damaged"),
    rename: ("checkpoint_1000.pth", "mel_postnet.fc.weight", "expected"),
    reshape: ("checkpoint_1000.pth", "mel_postnet.fc.weight is [3, 3]; expected ["),
    arm: ("checkpoint_2000.pth", "damaged or is no checkpoint"),
    arm_plainly: ("checkpoint_1000.pth", "damaged or is no checkpoint"),
}


@pytest.mark.parametrize("as_archive", [False, True])
@pytest.mark.parametrize("damage", list(DAMAGES))
def test_a_bad_checkpoint_is_refused_by_name_and_nothing_is_executed_or_installed(
    damage: Callable[[Path], None], as_archive: bool, voice: Path, tmp_path: Path, packs: Path
) -> None:
    damage(voice)
    said = refusal(zipped(voice, tmp_path / "bad.zip") if as_archive else voice, packs)
    assert all(part in said for part in DAMAGES[damage])
    assert not (voice.parent / "executed").exists()


def test_one_bad_voice_of_a_model_leaves_the_others_uninstalled_and_what_was_there_as_it_was(
    tmp_path: Path, packs: Path
) -> None:
    model = model_of(tmp_path / "model", first="tiny_16k", second="tiny_16k")
    before = install(str(model), packs, Watcher())
    change(model / "voices/first" / VOCODER, lambda tensors: tensors["conv_post.conv1d.bias"].add_(0.01))
    truncate(model / "voices/second")
    assert "checkpoint_2000.pth" in refusal(model, packs)
    assert SambertEngine({"voices_dir": str(packs)}).voices[0].revision == before[0].version


@pytest.mark.parametrize("name", ["../../evil", "/tmp/evil", "voices/../../evil"])
def test_an_archive_that_leads_out_of_its_folder_is_refused(
    voice: Path, tmp_path: Path, packs: Path, name: str
) -> None:
    archive = zipped(voice, tmp_path / "slip.zip")
    with ZipFile(archive, "a") as opened:
        opened.writestr(ZipInfo(name), b"evil")
    assert "would leave the folder" in refusal(archive, packs)
    assert not list(tmp_path.rglob("evil"))


def test_a_bad_archive_within_a_model_is_refused_too(tmp_path: Path, packs: Path) -> None:
    model = model_of(tmp_path / "model", only="tiny_16k")
    shutil.rmtree(model / "voices")
    link = ZipInfo("voices/only")
    link.external_attr = (stat.S_IFLNK | 0o777) << 16
    with ZipFile(model / "voices.zip", "w") as opened:
        opened.writestr(link, "/etc")
    assert "voices.zip: member 'voices/only' is a symbolic link" in refusal(model, packs)


@pytest.mark.parametrize("name", ["baker", "heart", "default"])
def test_a_voice_cannot_take_the_name_of_an_embedded_one(voice: Path, packs: Path, name: str) -> None:
    assert f"'{name}' cannot be the name" in refusal(voice.rename(voice.parent / name), packs)


def test_a_changed_pack_is_refused(pack_of: Callable[[str], Pack], tmp_path: Path, packs: Path) -> None:
    folder = Path(shutil.copytree(pack_of("tiny_16k").folder, tmp_path / "tiny_16k"))
    content = bytearray((folder / "vocoder.onnx").read_bytes())
    content[-100] ^= 1
    (folder / "vocoder.onnx").write_bytes(content)
    assert "vocoder.onnx has changed" in refusal(folder, packs)


def test_a_pack_that_names_a_way_out_is_refused(pack_of: Callable[[str], Pack], tmp_path: Path, packs: Path) -> None:
    folder = Path(shutil.copytree(pack_of("tiny_16k").folder, tmp_path / "tiny_16k"))
    manifest = json.loads((folder / "manifest.json").read_text(encoding="utf-8"))
    (folder / "manifest.json").write_text(json.dumps({**manifest, "name": "../../evil"}), encoding="utf-8")
    assert "cannot be the name" in refusal(folder, packs)


def test_a_voice_that_no_front_end_here_can_read_is_refused(tmp_path: Path, packs: Path) -> None:
    assert "byte units" in refusal(copied(tmp_path / "bytes", "tiny_mas_byte_16k"), packs)


def test_what_is_no_voice_is_refused(tmp_path: Path, packs: Path) -> None:
    (tmp_path / "empty").mkdir()
    assert "is no voice" in refusal(tmp_path / "empty", packs)
    with pytest.raises(ValueError, match="expected a folder, a zip archive or modelscope:OWNER/NAME"):
        install(str(tmp_path / "nothing"), packs, Watcher())


def test_a_full_disk_is_told_before_anything_is_made(voice: Path, packs: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tts_server.engines.installing.disk_space.SPARE_BYTES", 1 << 60)
    assert "MB are free" in refusal(voice, packs)


def test_a_place_that_cannot_be_written_is_told(voice: Path, tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(VoiceDataMissing, match=r"cannot be written .*voices\.folder"):
        install(str(voice), tmp_path / "file" / "voices", Watcher())


# -- two at once, and what is left ------------------------------------------------------------------------------------


class Waiting(Watcher):
    """Stops at the first step until it is let go."""

    def __init__(self) -> None:
        super().__init__()
        self.is_there, self.may_go = threading.Event(), threading.Event()

    def step(self, what: str) -> None:
        self.is_there.set()
        assert self.may_go.wait(15)


@pytest.fixture
def under_way(voice: Path, packs: Path) -> Iterator[Waiting]:
    """An installation that has begun."""
    watcher = Waiting()
    installing = threading.Thread(target=install, args=(str(voice), packs, watcher))
    installing.start()
    assert watcher.is_there.wait(15)
    yield watcher
    watcher.may_go.set()
    installing.join()
    assert installed(packs) == ["zhida"]


@pytest.mark.usefixtures("under_way")
def test_a_second_installation_at_the_same_time_is_refused(voice: Path, packs: Path) -> None:
    with pytest.raises(VoiceDataMissing, match="somebody else installs or removes"):
        install(str(voice), packs, Watcher())


@pytest.mark.usefixtures("under_way")
def test_an_installation_under_way_is_no_voice_yet(packs: Path) -> None:
    assert find_packs(packs) == []
    assert SambertEngine({"voices_dir": str(packs)}).voices == ()


def test_what_a_killed_installation_left_is_cleared_away(voice: Path, packs: Path) -> None:
    (packs / ".working-left" / "packs" / "zhida").mkdir(parents=True)
    install(str(voice), packs, Watcher())
    assert installed(packs) == ["zhida"]


# -- verify, remove ---------------------------------------------------------------------------------------------------


def test_verify_tells_how_near_the_pack_is_to_the_published_nets(voice: Path, packs: Path) -> None:
    install(str(voice), packs, Watcher())
    assert max(verify("zhida", packs).values()) < 1e-4
    assert max(verify("zhida-M7", packs).values()) < 1e-4
    (packs / "zhida" / "tables.npz").write_bytes(np.random.default_rng(0).bytes(100))
    with pytest.raises(VoiceDataMissing, match=r"tables\.npz"):
        verify("zhida", packs)


def test_remove_takes_a_pack_away_even_a_damaged_one(voice: Path, packs: Path) -> None:
    install(str(voice), packs, Watcher())
    assert remove("zhida-M7", packs)[:2] == ["zhida", "zhida-F74"]
    install(str(voice), packs, Watcher())
    (packs / "zhida" / "manifest.json").write_text("{", encoding="utf-8")
    assert remove("zhida", packs) == ["zhida"]
    assert installed(packs) == []
    with pytest.raises(VoiceUnknown, match="there is none"):
        remove("zhida", packs)
