"""Where the shared memory may be: nowhere that speech and password would go in the clear."""

from pathlib import Path

import pytest

from tts_server.errors import ConfigInvalid
from tts_server.shared.settings import check_ca_file, check_url, read_password


@pytest.mark.parametrize(
    "url",
    [
        "valkey://127.0.0.1:6379",
        "valkey://localhost",
        "valkey://[::1]:6379/1",
        "valkeys://cache.lan:6379",
        "unix:///run/valkey",
    ],
)
def test_these_are_good(url: str) -> None:
    check_url(url)


@pytest.mark.parametrize(
    ("url", "message"),
    [
        ("valkey://cache.lan:6379", "cache.lan is another machine, which needs TLS"),
        ("valkey://192.168.1.5", "needs TLS"),
        ("redis://127.0.0.1", "write valkeys://HOST"),
        ("cache.lan:6379", "write valkeys://HOST"),
        ("valkeys://:6379", "write valkeys://HOST"),
        ("valkey://127.0.0.1:99999", "write valkeys://HOST"),
        ("valkeys://user:secret@cache.lan", "valkey_password"),
    ],
)
def test_these_are_not(url: str, message: str) -> None:
    with pytest.raises(ConfigInvalid, match=message) as caught:
        check_url(url)
    assert "secret" not in str(caught.value)


def test_the_password_comes_from_a_file_or_the_credential(tmp_path: Path) -> None:
    (tmp_path / "valkey_password").write_text("correct horse\n")
    (tmp_path / "own").write_text("battery staple\n")
    assert read_password(None, tmp_path) == "correct horse"
    assert read_password(tmp_path / "own", tmp_path) == "battery staple"
    assert read_password(None, None) is None
    assert read_password(None, tmp_path / "nowhere") is None
    with pytest.raises(ConfigInvalid, match="shared_password_file: cannot read"):
        read_password(tmp_path / "nowhere", None)


def test_a_certificate_that_is_none_is_told(tmp_path: Path) -> None:
    (tmp_path / "ca.pem").write_text("nothing")
    with pytest.raises(ConfigInvalid, match="shared_ca_file"):
        check_ca_file(tmp_path / "ca.pem")
