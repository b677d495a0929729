"""`tts-server voices install|verify|remove|list --json`: output and exit codes."""

import contextlib
import json
import os
import pty
import re
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import pytest

from tests.engines.file_hub import running_file_hub
from tests.engines.onnx_voices.test_catalogue import KEY, kokoro_files, piper_files
from tests.support.model_hub import files_of, running_hub
from tts_server.__main__ import main
from tts_server.engines.onnx_voices.install.catalogue import PINNED, PIPER

torch = pytest.importorskip("torch", reason="torch is a development dependency")
torch.set_num_threads(1)
pytestmark = pytest.mark.timeout(120)  # up to 8 s of CPU time each, on a machine that may be busy

GOLDEN = Path(__file__).parents[1] / "golden" / "sambert"


class Ended(NamedTuple):
    """What a person sees."""

    code: int
    out: str
    err: str


Call = Callable[..., Ended]


@pytest.fixture
def call(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Call:
    """`tts-server voices` in this process, with packs in `tmp_path`/packs."""
    monkeypatch.setenv("TTS_SERVER__VOICES__FOLDER", str(tmp_path / "packs"))
    monkeypatch.setenv("COLUMNS", "200")

    def run(*arguments: str) -> Ended:
        monkeypatch.setattr(sys, "argv", ["tts-server", "voices", *arguments])
        with pytest.raises(SystemExit) as ended:
            main()
        told = capsys.readouterr()
        return Ended(int(ended.value.code or 0), told.out, told.err)

    return run


@pytest.fixture
def given(tmp_path: Path) -> Path:
    """A voice's folder, as published, with a licence."""
    voice = Path(shutil.copytree(GOLDEN / "tiny_16k", tmp_path / "zhida", ignore=shutil.ignore_patterns("*.npz")))
    (voice / "README.md").write_text("---\nlicense: Apache License 2.0\n---\n", encoding="utf-8")
    return voice


def test_a_voice_is_installed_listed_checked_and_removed(call: Call, given: Path, tmp_path: Path) -> None:
    installed = call("install", str(given))
    assert installed.code == 0, installed.err
    assert "making a voice pack of zhida" in installed.err
    assert "installed zhida: zhida local, licence Apache-2.0" in installed.out
    assert str(tmp_path / "packs") in installed.out

    listed = json.loads(call("list", "--json").out)
    first = listed["voices"][0]
    assert (first["name"], first["engine"], first["default"], first["licence"]) == (
        "zhida",
        "sambert",
        True,
        "Apache-2.0",
    )
    assert first["revision"].startswith("local+")
    assert [voice["default"] for voice in listed["voices"]].count(True) == 1
    assert "zhida" in call("list").out
    assert json.loads(call("info", "zhida-M7", "--json").out)["sample_rate"] == 16000

    verified = call("verify", "zhida")
    assert (verified.code, verified.out.splitlines()[-1]) == (0, "zhida: good")

    removed = call("remove", "zhida")
    assert (removed.code, removed.out.split(",")[0]) == (0, "removed zhida")
    assert "zhida" not in call("list").out


def test_a_damaged_pack_is_listed_as_such_and_fails_its_check(call: Call, given: Path, tmp_path: Path) -> None:
    assert call("install", str(given)).code == 0
    with (tmp_path / "packs" / "zhida" / "memory.onnx").open("ab") as graph:
        graph.write(b"more")
    assert "voice pack zhida cannot be used" in call("list").out
    (fault,) = json.loads(call("list", "--json").out)["unusable"]
    assert fault["pack"] == "zhida"
    assert "memory.onnx" in fault["reason"]
    verified = call("verify", "zhida")
    assert verified.code == 1
    assert "memory.onnx" in verified.err
    assert call("remove", "zhida").code == 0


@pytest.mark.parametrize(
    ("arguments", "code", "message"),
    [
        (["install", "nowhere"], 2, "there is no nowhere"),
        (["install", "modelscope:nothing"], 2, "expected OWNER/NAME"),
        (["install", "modelscope:damo/a@../b"], 2, "is no revision"),
        (["install", "."], 1, "is no voice"),
        (["install", "modelscope:damo/nobody", "--offline"], 1, "was not fetched before"),
        (["install", "heart"], 1, "nothing to install"),
        (["verify", "nobody"], 1, "there is no voice pack 'nobody'"),
        (["remove", "nobody"], 1, "there is no voice pack 'nobody'"),
        (["remove", "baker"], 1, 'voices.disabled = ["baker"]'),
        (["install"], 2, "Missing argument"),
    ],
)
@pytest.mark.filterwarnings("ignore::DeprecationWarning", "ignore::FutureWarning", "ignore::SyntaxWarning")
def test_what_cannot_be_done_is_told_with_its_exit_code(
    call: Call, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, arguments: list[str], code: int, message: str
) -> None:
    monkeypatch.setenv("MODELSCOPE_CACHE", str(tmp_path / "cache"))
    (tmp_path / "empty").mkdir()
    monkeypatch.chdir(tmp_path / "empty")
    ended = call(*arguments)
    assert ended.code == code
    assert message in ended.err
    assert "Traceback" not in ended.err


def test_the_embedded_voice_is_there_already_and_proves_it(call: Call) -> None:
    installed = call("install", "baker")
    assert installed.code == 0
    assert "installed already" in installed.out
    assert "non-commercial" in installed.out
    assert call("verify", "baker").out == "baker: good\n"


def test_a_revision_that_nobody_pinned_is_told(call: Call, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    ended = call("install", "modelscope:damo/speech_sambert-hifigan_tts_zhida_zh-cn_16k", "--offline")
    assert ended.code == 1
    assert "no revision of damo/speech_sambert-hifigan_tts_zhida_zh-cn_16k is known to be good here" in ended.err


def test_on_a_terminal_a_bar_shows_how_much_has_been_fetched_and_nothing_else_writes(tmp_path: Path) -> None:
    model = "damo/speech_sambert-hifigan_tts_zh-cn_16k"
    voice = tmp_path / "model" / "voices" / "zhitian_emo"
    shutil.copytree(GOLDEN / "tiny_16k", voice, ignore=shutil.ignore_patterns("*.npz"))
    (voice.parent / "voices.json").write_text('{"voices": ["zhitian_emo"]}', encoding="utf-8")
    with running_hub({(model, "v1.0.2"): files_of(tmp_path / "model")}) as hub:
        shown = on_a_terminal(
            ["install", f"modelscope:{model}"],
            MODELSCOPE_ENDPOINT=hub.endpoint,
            XDG_CACHE_HOME=str(tmp_path / "cache"),
            XDG_DATA_HOME=str(tmp_path / "data"),
            TTS_SERVER__VOICES__FOLDER=str(tmp_path / "packs"),
        )
    assert re.search(r"fetching damo/\S+@v1\.0\.2, \d+ MB .* (\d+\.\d)/\1 MB", shown)
    lines = {line.split(" ")[0] for line in shown.splitlines() if line.strip()}
    assert lines <= {"asking", "fetching", "making", "finding", "int8:", "bf16:", "installed", "voice"}


def test_a_voice_of_a_catalogue_is_found_fetched_from_the_mirror_and_told(
    call: Call, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    kokoro = kokoro_files(tmp_path / "kokoro")
    names = {f"onnx-community__Kokoro-82M-{version}-ONNX": kokoro for version in ("v1.0", "v1.1-zh")}
    with running_file_hub(**{"rhasspy__piper-voices": piper_files(tmp_path / "piper")}, **names) as hub:
        monkeypatch.setenv("HF_ENDPOINT", f"{hub.endpoint}/")
        assert [offered["source"] for offered in json.loads(call("search", "tiny", "--json").out)] == [f"piper:{KEY}"]
        installed = call("install", f"piper:{KEY}")
    assert installed.code == 0, installed.err
    assert f"installed {KEY}: Piper voice, tiny, 8000 Hz, licence CC0-1.0" in installed.out
    assert f"from piper:{KEY}@{PINNED[PIPER][:12]}" in call("info", KEY).out
    assert "CC0-1.0" in call("info", KEY).out
    assert call("remove", KEY).code == 0
    assert call("install", f"piper:{KEY}", "--offline").code == 0  # the hub is gone
    assert f"piper:{KEY}" in call("search", "chinese", "--offline").out
    monkeypatch.setenv("TTS_SERVER__VOICES__HUB", "http://127.0.0.1:1")
    refused = call("search", "zh")
    assert refused.code == 1
    assert "http://127.0.0.1:1/api/models/rhasspy/piper-voices" in refused.err


def on_a_terminal(arguments: list[str], **environment: str) -> str:
    """What `tts-server voices` shows there, without control sequences."""
    terminal, inside = pty.openpty()
    command = [sys.executable, "-m", "tts_server", "voices", *arguments]
    full = {**os.environ, "TERM": "xterm", "COLUMNS": "150", **environment}
    process, shown = subprocess.Popen(command, stdout=inside, stderr=inside, env=full), b""
    os.close(inside)
    with contextlib.suppress(OSError):  # the other end is closed
        while part := os.read(terminal, 65536):
            shown += part
    os.close(terminal)
    assert process.wait() == 0, shown.decode()
    return re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", shown.decode()).replace("\r", "\n")
