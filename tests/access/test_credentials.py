"""Tokens and keys from files: read as written, or refused with the place."""

from pathlib import Path

import pytest

from tts_server.access.access import ALL_SCOPES, Token
from tts_server.access.credentials import read_key, read_tokens
from tts_server.errors import ConfigInvalid

SECRET = "0123456789abcdef"


def written(path: Path, text: str) -> Path:
    path.write_text(text, encoding="utf-8")
    path.chmod(0o600)
    return path


def test_a_line_is_a_token_with_a_name_and_perhaps_scopes(tmp_path: Path) -> None:
    path = written(
        tmp_path / "t", f"# ours\n\npanel {SECRET}\ngraphs {SECRET}2 metrics  # Grafana\nbot {SECRET}3 tts,metrics"
    )
    assert read_tokens(path) == (
        Token("panel", SECRET, ALL_SCOPES),
        Token("graphs", SECRET + "2", frozenset({"metrics"})),
        Token("bot", SECRET + "3", frozenset({"tts", "metrics"})),
    )


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "holds no token"),
        ("# none\n", "holds no token"),
        (SECRET, "line 1: write NAME SECRET"),
        (f"a {SECRET} tts more", "line 1: write NAME SECRET"),
        (f"a {SECRET}\nb short", "line 2: the secret of b has fewer than 16"),
        (f"a {SECRET} root", "line 1: there is no scope root"),
        (f"a {SECRET}\na {SECRET}2", "line 2: there are two tokens called a"),
    ],
)
def test_a_line_that_is_no_token_is_told_without_its_secret(tmp_path: Path, text: str, message: str) -> None:
    with pytest.raises(ConfigInvalid, match=message) as caught:
        read_tokens(written(tmp_path / "t", text))
    assert SECRET not in str(caught.value)


def test_a_file_that_cannot_be_read_is_told(tmp_path: Path) -> None:
    with pytest.raises(ConfigInvalid, match="cannot read"):
        read_tokens(tmp_path / "nothing")
    (tmp_path / "binary").write_bytes(b"\xff\xfe")
    with pytest.raises(ConfigInvalid, match="not text"):
        read_key(tmp_path / "binary")


def test_systemd_hands_over_what_the_configuration_does_not_name(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("CREDENTIALS_DIRECTORY", raising=False)
    with pytest.raises(ConfigInvalid, match=r"access\.tokens_file names no file"):
        read_tokens(None)
    monkeypatch.setenv("CREDENTIALS_DIRECTORY", str(tmp_path))
    written(tmp_path / "tokens", f"panel {SECRET}")
    written(tmp_path / "jwt_key", "k" * 32 + "\n")
    assert [token.name for token in read_tokens(None)] == ["panel"]
    assert read_key(None) == "k" * 32


def test_a_short_key_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ConfigInvalid, match="fewer than 32"):
        read_key(written(tmp_path / "k", "k" * 31))


def test_a_file_that_everybody_can_read_is_warned_about(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    path = written(tmp_path / "t", f"panel {SECRET}")
    path.chmod(0o644)
    read_tokens(path)
    assert "can be read by everybody" in caplog.text
    assert SECRET not in caplog.text
