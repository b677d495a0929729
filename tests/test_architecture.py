"""docs/ARCHITECTURE.md and the names in docstrings tell of what is there."""

import importlib
import re
from operator import attrgetter

import pytest

from tests.test_layers import ROOT

PAGES = ("docs/ARCHITECTURE.md", "docs/ARCHITECTURE.zh-CN.md")
NAMES = re.compile(r"`((?:protocol\.)?[a-z_.]+):([A-Za-z_.]+)`")
# A file's name in a comment or docstring: `step.py`, `export/step.py`.
FILE = re.compile(r"`([\w./-]*\w\.(?:py|js|tsv|md))`")


def page(name: str) -> str:
    return (ROOT / name).read_text(encoding="utf-8")


@pytest.mark.parametrize(("module", "name"), sorted(set(NAMES.findall(page(PAGES[0])))))
def test_a_name_on_the_page_is_there(module: str, name: str) -> None:
    found = importlib.import_module(module if module.startswith("protocol.") else f"tts_server.{module}")
    assert attrgetter(name)(found) is not None


def test_both_languages_name_the_same_things() -> None:
    english, chinese = (sorted(NAMES.findall(page(name))) for name in PAGES)
    assert english == chinese
    assert len(english) > 50


@pytest.mark.parametrize("name", PAGES)
def test_every_room_has_a_row(name: str) -> None:
    rows = set(re.findall(r"`(\w+)`", "".join(re.findall(r"^\| (`\w+`(?:, `\w+`)*) \|", page(name), re.MULTILINE))))
    places = (ROOT / "tts_server").iterdir()
    parts = {path.stem for path in places if path.suffix == ".py" or (path / "__init__.py").exists()}
    assert rows == parts - {"__init__", "__main__"}


def test_contracts_that_the_page_names_are_there() -> None:
    contracts = re.findall(r'^id = "([\w-]+)"$', page("pyproject.toml"), re.MULTILINE)
    named = re.findall(r"the contract `([\w-]+)`", page(PAGES[0]))
    assert named
    assert set(named) <= set(contracts)


def test_files_that_the_code_names_are_there() -> None:
    tops = ("tts_server", "protocol", "tests", "examples", "docs", "systemd", "custom_components")
    files = [path.relative_to(ROOT).as_posix() for top in tops for path in (ROOT / top).rglob("*.*")]
    gone = [
        f"{source}: {name}"
        for source in files
        if source.endswith(".py")
        for name in FILE.findall(page(source))
        if not any(f"/{path}".endswith(f"/{name.lstrip('./')}") for path in files)
    ]
    assert gone == []


def test_make_targets_that_the_papers_name_are_there() -> None:
    targets = set(re.findall(r"^([a-z-]+):", page("Makefile"), re.MULTILINE))
    papers = "\n".join(page(name) for name in ("CONTRIBUTING.md", *PAGES))
    named = set(re.findall(r"(?:`|^)make ([a-z-]+)", papers, re.MULTILINE))
    assert named
    assert named <= targets
