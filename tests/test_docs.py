"""The commands of the papers for owners do what the papers say."""

import re
import subprocess
import tomllib
from pathlib import Path

import pytest

from tests.support.daemon import ALONE, running_daemon
from tests.test_readme import ROOT, commands, run
from tts_server.config import settings as config
from tts_server.transports.http.settings import tls_context

PAPERS = ("docs/OPERATIONS.md", "docs/HOME_ASSISTANT.md")
COMMANDS = [command for paper in PAPERS for command in commands(paper)]
OURS = list(dict.fromkeys(command for command in COMMANDS if "tts-server " in command and "podman" not in command))
OURS = [command for command in OURS if "systemctl" not in command and "journalctl" not in command]
NEEDS_DAEMON = ("doctor", "discover")


def test_every_command_is_looked_at_in_one_way_or_the_other() -> None:
    kinds = ("make app", "make image", "sudo make", "systemctl", "sudo systemctl", "journalctl", "podman")
    assert [command for command in COMMANDS if command not in OURS and not command.startswith(kinds)] == []


@pytest.mark.parametrize("command", [command for command in OURS if not any(word in command for word in NEEDS_DAEMON)])
async def test_a_command_works(command: str, tmp_path: Path) -> None:
    assert await run(with_our_program(command), tmp_path)


@pytest.mark.timeout(120)
async def test_the_commands_that_look_at_a_daemon_find_it_well(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    announced = {"TTS_SERVER__DISCOVERY__ENABLED": "true", "TTS_SERVER__DISCOVERY__ADDRESSES": '["127.0.0.1"]'}
    async with running_daemon(environment=announced) as daemon:
        await daemon.wait_for_line("announced as")
        ports = {"WYOMING_PORT": daemon.wyoming_port, "HTTP_PORT": daemon.http_port, "HOST": "127.0.0.1"}
        for name, value in {
            **{f"TTS_SERVER__SERVER__{key}": str(port) for key, port in ports.items()},
            **ALONE,
        }.items():
            monkeypatch.setenv(name, value)
        looking = [command for command in OURS if any(word in command for word in NEEDS_DAEMON)]
        assert len(looking) >= 5
        for command in dict.fromkeys(looking):
            if "doctor" in command and "--only" not in command:
                command += " --only daemon --only clock"  # this machine may have no LAN
            if "discover" in command:
                command += " --interface 127.0.0.1"
            assert await run(with_our_program(command), tmp_path), command


def with_our_program(command: str) -> str:
    return re.sub(r"(^|\| )tts-server ", r"\1.venv/bin/tts-server ", command)


@pytest.mark.parametrize("command", [command for command in COMMANDS if command.startswith("sudo make")])
def test_a_make_target_is_there(command: str) -> None:
    plan = command.removeprefix("sudo ").split()
    assert subprocess.run([*plan, "--dry-run"], cwd=ROOT, capture_output=True, check=False).returncode == 0


@pytest.mark.parametrize(
    "command", [command for command in COMMANDS if "systemctl" in command or "journalctl" in command]
)
def test_a_command_of_systemd_names_a_unit_that_we_install(command: str) -> None:
    assert "tts-server" in command.split()
    assert (ROOT / "systemd/tts-server.service").is_file()


@pytest.mark.parametrize("paper", PAPERS)
def test_every_piece_of_configuration_can_be_used(paper: str) -> None:
    text = (ROOT / paper).read_text(encoding="utf-8")
    for block in re.findall(r"^```toml\n(.*?)^```", text, re.M | re.S):
        config.load(tomllib.loads(block))
    for key in re.findall(r"`([a-z]+\.[a-z_]+)(?: = [^`]*)?`", text):
        section, _, name = key.partition(".")
        if isinstance(getattr(config.Config(), section, None), config.Section):
            assert name in type(getattr(config.Config(), section)).model_fields, key


def test_a_key_that_a_paper_names_is_there() -> None:
    for paper in [*ROOT.glob("*.md"), *ROOT.glob("docs/*.md"), *ROOT.glob("systemd/*.md")]:
        text = paper.read_text(encoding="utf-8")
        named = re.findall(r"`([a-z_]+)\.([a-z_]+)(?: = [^`]*)?`", text) + re.findall(r"`\[([a-z_]+)\] ([a-z_]+)", text)
        for section, key in named:
            table = getattr(config.Config(), section, None)
            if isinstance(table, config.Section) and key not in ("json", "yaml", "bin", "frontend"):  # files, modules
                assert key in type(table).model_fields, f"{paper.name}: {section}.{key}"


def test_the_voices_and_emotions_of_the_examples_exist() -> None:
    from protocol.emotions import canonical

    text = (ROOT / "docs/HOME_ASSISTANT.md").read_text(encoding="utf-8")
    named = re.findall(r"baker(?:\|\||\\\|\\\|)(\w+)", text) + re.findall(r"speaker: (\w+)", text)
    named += re.findall(r'"\[(\w+)\]', text)
    assert len(named) >= 4
    assert all(canonical(name) is not None for name in named)


TWINS = sorted(path.name for path in (ROOT / "docs").glob("*.zh-CN.md"))


@pytest.mark.parametrize("name", TWINS)
def test_a_chinese_page_has_the_same_commands_and_examples(name: str) -> None:
    """What is to be typed, sent or written is the same; words around it are not."""
    pages = [(ROOT / "docs" / page).read_text(encoding="utf-8") for page in (name.replace(".zh-CN", ""), name)]
    plain = [re.sub(r"[ \t]+#\s.*", "", text) for text in pages]  # comments are words, too
    english, chinese = (re.findall(r"^```(?:sh|json|toml|yaml)[^\n]*\n.*?^```", text, re.M | re.S) for text in plain)
    assert english == chinese


def test_the_certificates_of_the_paper_are_trusted_by_who_trusts_the_house(tmp_path: Path) -> None:
    for command in commands("docs/HTTPS.md"):
        subprocess.run(command, shell=True, cwd=tmp_path, check=True, capture_output=True)
    verify = ["openssl", "verify", "-CAfile", "house.crt", "-purpose", "sslserver", "-verify_hostname"]
    for name in ("kitchen.local", "kitchen"):
        assert subprocess.run([*verify, name, "cert.pem"], cwd=tmp_path, check=False).returncode == 0
    assert subprocess.run([*verify, "cellar.local", "cert.pem"], cwd=tmp_path, check=False).returncode != 0
    assert tls_context(tmp_path / "cert.pem", tmp_path / "key.pem") is not None
