"""Many ways to use the command line wrongly: each is one clear line, and an exit code that scripts can rely on."""

import os
import re
import subprocess
import sys
from functools import partial
from pathlib import Path

import pytest

from tts_server.cli import ending
from tts_server.cli.app import app
from tts_server.config import settings

# arguments, exit code (1: it failed; 2: it was asked for wrongly), and what is said
WRONG = [
    (["say", ""], 1, "there is nothing to say: the text is empty"),
    (["say", "  \n"], 1, "there is nothing to say: the text is empty"),
    (["say"], 2, "Missing argument"),
    (["say", "<think>好", "-o", "a.wav"], 1, "there is nothing to say: nothing in the text can be spoken"),
    (["say", "\N{GRINNING FACE}", "-o", "-"], 1, "there is nothing to say: nothing in the text can be spoken"),
    (["say", "你好", "--voice", "nobody", "-o", "a.wav"], 1, "there is no voice 'nobody'; voices here: baker, heart"),
    (["say", "你好", "--speed", "9", "-o", "a.wav"], 1, "speed is 9; it can be 0.4 to 2.5"),
    (["say", "你好", "--speed", "fast", "-o", "a.wav"], 2, "Invalid value for '--speed'"),
    (["say", "你好", "--pitch", "-20", "-o", "a.wav"], 1, "pitch is -20 semitones; it can be -12 to 12 semitones"),
    (["say", "你好", "--emotion", "happy:much", "-o", "a.wav"], 1, "write NAME or NAME:INTENSITY"),
    (["say", "你好", "--emotion", "happy:1", "--intensity", "1", "-o", "a.wav"], 1, "the intensity is given twice"),
    (["say", "你好", "--intensity", "3", "-o", "a.wav"], 1, "intensity is 3; it can be 0 to 2"),
    (["say", "你好", "--format-text", "html", "-o", "a.wav"], 1, "it can be auto, plain, ssml, markdown"),
    (["say", "<speak>你好", "-o", "a.wav"], 1, "SSML"),
    (["say", "你好", "-o", "a.txt"], 1, "must end in .wav, .mp3"),
    (["say", "你好", "-o", "no/such/folder/a.wav"], 1, "cannot write no/such/folder/a.wav: No such file"),
    (["say", "你好", "--server", "http://127.0.0.1:1", "-o", "a.wav"], 1, "cannot let 127.0.0.1:1 speak"),
    (["say", "你好", "--server", "ws://127.0.0.1:1", "-o", "a.wav"], 1, "cannot let ws://127.0.0.1:1 speak"),
    (["say", "你好", "--server", "ftp://host", "-o", "a.wav"], 1, "server is 'ftp://host'; write http://HOST:PORT"),
    (["say", "你好", "--server", "http://a", "--no-server"], 1, "--server and --no-server: one of them"),
    (["say", "你好", "--token-file", "missing", "-o", "a.wav"], 1, "cannot read the token in missing"),
    (["say", "你好", "--loud"], 2, "No such option: --loud"),
    (["restore", "missing.tar.gz"], 1, "cannot read missing.tar.gz: No such file or directory"),
    (["voices", "info", "nobody"], 1, "there is no voice 'nobody'"),
    (["voices", "verify", "nobody"], 1, "there is no voice pack 'nobody'"),
    (["voices", "remove", "nobody"], 1, "there is no voice pack 'nobody'"),
    (["voices", "install", "/no/such/model"], 2, "there is no /no/such/model"),
    (["config", "check", "-c", "missing.toml"], 2, "cannot read missing.toml: No such file"),
    (["discover", "--wait", "0"], 2, "Invalid value for '--wait'"),
    (["discover", "--interface", "eth0"], 1, "'eth0' does not appear to be an IPv4 or IPv6 address"),
    (["doctor", "--only", "nothing"], 1, "there is no check nothing; there are: configuration"),
    (["bench", "--voice", "nobody"], 1, "there is no voice 'nobody'"),
    (["nonsense"], 2, "No such command 'nonsense'"),
]

# a configuration, and what `config check` says
BAD_CONFIGURATIONS = [
    ("[server]\nhtp_port = 8081\n", "did you mean server.http_port?"),
    ("[server\n", "is not valid TOML"),
    ("[server]\nhttp_port = 8081\nwyoming_port = 8081\n", "are both 8081; each needs its own"),
    ('[server]\nhost_names = ["*"]\n', "write a whole name such as voice.example.org"),
    ('[voices]\nemotion = "hapy"\n', "voices.emotion: there is no emotion 'hapy'"),
    ('[clients."10.0.0.1"]\nvoice = "nobody"\n', "clients.10.0.0.1: there is no voice 'nobody'"),
    ('[clients."10.0.0.1"]\nlanguage = "xx"\n', "clients.10.0.0.1: no voice here speaks 'xx'; languages here: en, zh"),
    ("[engines.nobody]\nx = 1\n", "engines.nobody: no engine 'nobody' is installed; installed: baker"),
    ('[engines.baker]\nprecision = "int4"\n', "engines.baker.precision is 'int4'; it may be auto"),
    ('[clients."10.0.0.1"]\nvolume = 99\n', "clients.10.0.0.1.volume"),
    ('[clients.kitchen]\nvoice = "heart"\n', "clients.kitchen: that is no address, no network and no token's name"),
    ('[voices]\ndefault = "nobody"\n', "voices.default: there is no voice 'nobody'; voices here: baker, heart"),
    ('[voices]\ndisabled = ["nobody"]\n', "voices.disabled: there is no voice 'nobody'"),
    ('[voices]\ndefault = "heart"\ndisabled = ["heart"]\n', "which voices.disabled takes away"),
    ('[voices]\ndisabled = ["baker", "heart"]\n', "voices.disabled takes away every voice of this box: baker, heart"),
    ('[server]\nhost = "192.0.2.1"\n', "server.host: cannot listen on host '192.0.2.1'"),
    ('[server]\nhost = "no such name"\n', "server.host: cannot listen on host 'no such name'"),
    (
        '[server]\nwyoming_socket = "/no/such/folder/socket"\n',
        "server.wyoming_socket: there is no folder /no/such/folder",
    ),
    ('[server]\nwyoming_socket = "bad.toml"\n', "server.wyoming_socket: bad.toml is there, and is no socket"),
    (f'[server]\nwyoming_socket = "/tmp/{"a" * 103}"\n', "is longer than a socket's 107 bytes"),
    ('[text]\ndictionary = { "山" = "shan9" }\n', "text.dictionary: 山: '9' in 'shan9' is no tone"),
    ('[text]\ndictionary = { Siobhan = "/ʃɪˈv5n/" }\n', "text.dictionary: Siobhan: '5' in '/ʃɪˈv5n/' is no sound"),
    ('[http]\nopenai_voices = { nova = "nobody" }\n', "http.openai_voices: there is no voice 'nobody'"),
    (
        '[access]\nmode = "token"\ntokens_file = "/no/tokens"\n',
        "access.tokens_file: cannot read /no/tokens: No such file",
    ),
    (
        '[access]\nmode = "jwt"\njwt_key_file = "/no/key.pem"\n',
        "access.jwt_key_file: cannot read /no/key.pem: No such file",
    ),
    ('[cache]\nshared = "valkey://cache.lan:6379"\n', "cache.lan is another machine, which needs TLS"),
    (
        '[http]\ntls_cert_file = "bad.toml"\ntls_key_file = "bad.toml"\n',
        "cannot use bad.toml with bad.toml: they must be a certificate and its key in PEM, without a password",
    ),
    ('[http]\ntls_cert_file = "/no/c.pem"\ntls_key_file = "/no/k.pem"\n', "http.tls_cert_file: cannot use /no/c.pem"),
]


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A home and a box without anything of ours."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HOME", str(tmp_path))
    for name in ("XDG_CONFIG_HOME", "XDG_DATA_HOME", "CONFIGURATION_DIRECTORY", "STATE_DIRECTORY"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr(settings, "SERVICE_FILE", tmp_path / "etc" / "config.toml")
    return tmp_path


def ran(monkeypatch: pytest.MonkeyPatch, *arguments: str) -> int:
    """Run a command in this process; its exit code."""
    monkeypatch.setattr(sys, "argv", ["tts-server", *arguments])
    return ending.run(partial(app, prog_name="tts-server"))


def said(text: str) -> str:
    """The text without the frames and line ends that a terminal's width puts into it."""
    return re.sub(r"[\s│╭╮╰╯─]+", " ", text)


@pytest.mark.parametrize(("arguments", "code", "message"), WRONG)
def test_what_cannot_be_done_is_told_in_one_line(
    arguments: list[str],
    code: int,
    message: str,
    home: Path,
    monkeypatch: pytest.MonkeyPatch,
    capfd: pytest.CaptureFixture[str],
) -> None:
    here = ["--no-server"] if arguments[0] == "say" and not {"--server", "--no-server"} & set(arguments) else []
    assert ran(monkeypatch, *arguments[:1], *here, *arguments[1:]) == code
    shown = capfd.readouterr()
    assert message in said(shown.err)
    assert "Traceback" not in shown.err
    assert shown.out == ""
    if code == 1:
        assert shown.err.count("\n") == 1, shown.err
    assert list(home.iterdir()) == []


@pytest.mark.parametrize(
    ("option", "value", "message"),
    [
        ("--http-port", "99999", "less than or equal to 65535"),
        ("--log-level", "loud", "'debug', 'info', 'warning' or 'error'"),
    ],
)
def test_a_daemon_that_cannot_be_run_so_says_why(option: str, value: str, message: str) -> None:
    ended = subprocess.run(command("run", option, value), capture_output=True, text=True, check=False)
    assert ended.returncode == 2
    assert message in ended.stderr
    assert "Traceback" not in ended.stderr


def test_there_are_thirty_of_them() -> None:
    assert len(WRONG) >= 30


@pytest.mark.parametrize(("text", "message"), BAD_CONFIGURATIONS)
def test_config_check_finds_what_cannot_be_used(
    text: str, message: str, home: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    (home / "bad.toml").write_text(text)
    assert ran(monkeypatch, "config", "check", "-c", "bad.toml") == 2
    shown = capfd.readouterr()
    assert message in shown.err
    assert shown.err.count("\n") <= 3  # TOML's own complaints have several


def test_a_folder_in_place_of_the_file_is_told(
    home: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    folder = home / ".config" / "tts-server" / "config.toml"
    folder.mkdir(parents=True)
    assert ran(monkeypatch, "config", "check") == 2
    assert capfd.readouterr().err == f"tts-server: cannot read {folder}: Is a directory\n"


def test_on_a_box_with_the_service_its_file_is_looked_at_and_named(
    home: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    settings.SERVICE_FILE.parent.mkdir()
    settings.SERVICE_FILE.write_text("[server]\nhttp_port = 8081\n")
    monkeypatch.setenv("COLUMNS", "300")
    assert ran(monkeypatch, "config", "check") == 0
    assert capfd.readouterr().out.strip() == f"{settings.SERVICE_FILE}: good"
    assert ran(monkeypatch, "config", "show") == 0
    assert str(settings.SERVICE_FILE) in capfd.readouterr().out
    ran(monkeypatch, "doctor", "--only", "configuration")
    assert f"{settings.SERVICE_FILE}: can be used" in capfd.readouterr().out


def command(*arguments: str) -> list[str]:
    return [sys.executable, "-m", "tts_server", *arguments]


SAYS = ("say", "--no-server", "你好。", "-o", "-")


@pytest.mark.parametrize("arguments", [SAYS, ("emotions", "list"), ("frontend", "你好。", "--json")])
def test_a_full_disk_is_told(arguments: tuple[str, ...]) -> None:
    with open("/dev/full", "wb") as full:
        ended = subprocess.run(command(*arguments), stdout=full, stderr=subprocess.PIPE, text=True, check=False)
    told = "tts-server: cannot write the output: No space left on device; make room, or write elsewhere\n"
    assert (ended.returncode, ended.stderr) == (1, told)


@pytest.mark.parametrize("arguments", [SAYS, ("emotions", "list"), ("frontend", "你好。", "--json")])
def test_a_reader_that_went_away_is_told(arguments: tuple[str, ...]) -> None:
    reading, writing = os.pipe()
    os.close(reading)
    ended = subprocess.run(command(*arguments), stdout=writing, stderr=subprocess.PIPE, text=True, check=False)
    os.close(writing)
    told = "tts-server: whoever read the output went away before all of it was written\n"
    assert (ended.returncode, ended.stderr) == (1, told)


@pytest.mark.parametrize("name", ["a.wav", "a.mp3"])
def test_a_file_that_cannot_grow_is_named_and_removed(home: Path, name: str) -> None:
    import resource

    ended = subprocess.run(
        command("say", "--no-server", "你好，今天天气很好。", "-o", name),
        stderr=subprocess.PIPE,
        text=True,
        check=False,
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (4096, 4096)),
    )
    assert (ended.returncode, ended.stderr) == (1, f"tts-server: cannot write {name}: File too large\n")
    assert not list(home.glob("a.*"))


def test_bytes_that_are_no_text_are_told() -> None:
    ended = subprocess.run(command("say", "--no-server", "-"), input=b"ab\xff", capture_output=True, check=False)
    assert (ended.returncode, ended.stderr.decode()) == (
        1,
        "tts-server: standard input is not text in UTF-8: byte 2 cannot be read\n",
    )
