"""The key that links are signed with."""

from pathlib import Path

import pytest

from tts_server.access.links import LinkSigner, read_link_key


def test_the_key_outlives_the_process_and_nobody_else_reads_it(tmp_path: Path) -> None:
    path = tmp_path / "state" / "link-key"
    key = read_link_key(path)
    assert key == read_link_key(path)
    assert path.stat().st_mode & 0o777 == 0o600
    assert [found.name for found in path.parent.iterdir()] == ["link-key"]
    pairs = [("text", "好"), ("by", "panel")]
    assert LinkSigner(key).sign(pairs) == LinkSigner(key).sign(pairs[::-1])
    assert LinkSigner(key).sign(pairs) != LinkSigner().sign(pairs)


def test_where_no_key_can_be_kept_links_end_with_the_process(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    (tmp_path / "file").write_text("")
    assert read_link_key(tmp_path / "file" / "link-key") is None
    assert "links will end with this process" in caplog.text
