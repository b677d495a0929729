"""Placeholders of addresses: a fork finds each of them in one list, and the list names nothing that is not there."""

import re
from pathlib import Path

import pytest

from tests.packaging.lockfile import ROOT

PAGES = ("docs/HOME_ASSISTANT.md", "docs/HOME_ASSISTANT.zh-CN.md")
ROW = re.compile(r"^\| `([^`]+)` \| ((?:`[^`]+`[、, ]*)+) \| .+ \|$", re.M)
SHIPPED = ("custom_components", "home-assistant", "deploy", "systemd", "hacs.json", "compose.yaml", "Containerfile")
RESERVED = re.compile(r"\b[\w-]+\.example(?:\.(?:org|com|net))?(?![\w.])|\bexample\.(?:org|com|net)\b")


def listed(page: str) -> dict[str, set[str]]:
    """The fields of each file that a fork changes."""
    found: dict[str, set[str]] = {}
    for file, fields in ROW.findall((ROOT / page).read_text(encoding="utf-8")):
        if (ROOT / file).is_file():
            found.setdefault(file, set()).update(re.findall(r"`([^`]+)`", fields))
    return found


def shipped() -> list[Path]:
    folders = [ROOT / name for name in SHIPPED]
    files = [file for folder in folders for file in (folder.rglob("*") if folder.is_dir() else [folder])]
    return [file for file in files if file.is_file() and file.suffix not in (".png", ".pyc")]


@pytest.mark.parametrize("page", PAGES)
def test_each_placeholder_is_in_the_list_of_what_a_fork_changes(page: str) -> None:
    fields = listed(page)
    for file in shipped():
        lines = [line for line in file.read_text(encoding="utf-8").splitlines() if RESERVED.search(line)]
        named = fields.get(str(file.relative_to(ROOT)), set())
        for line in lines:
            key = re.match(r"[\s-]*\"?(\w+)\"?\s*[:=]", line)
            assert key, f"{file.name}: {line}"
            assert key[1] in named, f"{file.name}: {line}"


@pytest.mark.parametrize("page", PAGES)
def test_each_field_of_the_list_is_there(page: str) -> None:
    fields = listed(page)
    assert "home-assistant/repository.yaml" in fields
    for file, names in fields.items():
        text = (ROOT / file).read_text(encoding="utf-8")
        assert all(re.search(rf'^[\s-]*"?{name}"?\s*[:=]', text, re.M) for name in names), file


def test_both_pages_list_the_same() -> None:
    english, chinese = map(listed, PAGES)
    assert english == chinese
