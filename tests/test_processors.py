import os
from pathlib import Path

import pytest

from tts_server.processors import usable_processors


@pytest.fixture(autouse=True)
def eight_cores(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "sched_getaffinity", lambda _: set(range(8)))


def written(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")


@pytest.mark.parametrize(
    ("quota", "processors"),
    [("max 100000", 8), ("250000 100000", 2), ("150000 100000", 1), ("20000 100000", 1), ("900000 100000", 8)],
)
def test_the_quota_of_version_2_counts(quota: str, processors: int, tmp_path: Path) -> None:
    written(tmp_path / "own", "0::/house/voice\n")
    written(tmp_path / "groups/house/voice/cpu.max", f"{quota}\n")
    assert usable_processors(tmp_path / "groups", tmp_path / "own") == processors


def test_a_group_above_may_grant_less(tmp_path: Path) -> None:
    written(tmp_path / "own", "0::/house/voice\n")
    written(tmp_path / "groups/house/voice/cpu.max", "max 100000\n")
    written(tmp_path / "groups/house/cpu.max", "300000 100000\n")
    assert usable_processors(tmp_path / "groups", tmp_path / "own") == 3


@pytest.mark.parametrize(("quota", "processors"), [("-1", 8), ("400000", 4), ("50000", 1)])
@pytest.mark.parametrize("mount", ["cpu", "cpu,cpuacct"])
def test_the_quota_of_version_1_counts(mount: str, quota: str, processors: int, tmp_path: Path) -> None:
    written(tmp_path / "own", "7:blkio:/\n4:cpu,cpuacct:/docker/0123\n")  # a path of the host's
    written(tmp_path / f"groups/{mount}/cpu.cfs_quota_us", f"{quota}\n")
    written(tmp_path / f"groups/{mount}/cpu.cfs_period_us", "100000\n")
    assert usable_processors(tmp_path / "groups", tmp_path / "own") == processors


def test_without_cgroups_the_machine_counts(tmp_path: Path) -> None:
    assert usable_processors(tmp_path / "groups", tmp_path / "none") == 8
