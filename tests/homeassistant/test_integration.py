"""The papers of our own integration, as Home Assistant and HACS want them. `make integration` runs it for real."""

import ast
import json
import re
import sys
import tomllib
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.packaging.lockfile import ROOT
from tts_server.transports.discovery.announcement import OWN_TYPE

FOLDER = ROOT / "custom_components/tts_server"
SOURCES = sorted(FOLDER.glob("*.py"))
BROUGHT = {"homeassistant", "aiohttp", "yarl", "voluptuous"}  # by Home Assistant itself
KINDS = {"device", "entity", "hardware", "helper", "hub", "service", "system", "virtual"}
CLASSES = {"assumed_state", "calculated", "cloud_polling", "cloud_push", "local_polling", "local_push"}


def read(name: str) -> dict[str, Any]:
    found = json.loads((FOLDER / name).read_text(encoding="utf-8"))
    assert isinstance(found, dict)
    return found


def leaves(told: dict[str, Any], above: str = "") -> dict[str, str]:
    found = {}
    for name, value in told.items():
        found.update(leaves(value, f"{above}{name}.") if isinstance(value, dict) else {f"{above}{name}": value})
    return found


def test_the_manifest_keeps_the_rules() -> None:
    manifest = read("manifest.json")
    assert list(manifest) == ["domain", "name", *sorted(set(manifest) - {"domain", "name"})]
    needed = {"domain", "name", "codeowners", "config_flow", "documentation", "integration_type", "iot_class"}
    assert set(manifest) == needed | {"issue_tracker", "requirements", "version", "zeroconf"}
    assert manifest["domain"] == FOLDER.name
    assert manifest["requirements"] == []
    assert all(owner.startswith("@") for owner in manifest["codeowners"])
    assert manifest["integration_type"] in KINDS
    assert manifest["iot_class"] in CLASSES
    assert manifest["zeroconf"] == [OWN_TYPE]
    assert all(manifest[name].startswith("https://") for name in ("documentation", "issue_tracker"))
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    assert manifest["version"] == project["version"]


def test_hacs_finds_one_integration_and_the_home_assistant_it_was_tested_with() -> None:
    hacs = json.loads((ROOT / "hacs.json").read_text(encoding="utf-8"))
    assert [path.name for path in (ROOT / "custom_components").iterdir() if path.is_dir()] == [FOLDER.name]
    installed = (ROOT / "tests/conformance/homeassistant/install.sh").read_text(encoding="utf-8")
    assert f"homeassistant=={hacs['homeassistant']}" in installed


def test_every_language_tells_the_same() -> None:
    english, chinese = leaves(read("translations/en.json")), leaves(read("translations/zh-Hans.json"))
    assert english.keys() == chinese.keys()
    for name, text in english.items():
        assert set(re.findall(r"\{\w+\}", text)) == set(re.findall(r"\{\w+\}", chinese[name])), name


def test_what_the_code_says_is_translated() -> None:
    told = read("translations/en.json")
    source = "\n".join(path.read_text(encoding="utf-8") for path in SOURCES)
    assert set(re.findall(r'translation_key="(\w+)"', source)) == set(told["exceptions"])
    steps = set(re.findall(r"async def async_step_(\w+)\(", source))
    assert set(told["config"]["step"]) | {"init"} == steps - {"zeroconf", "reauth"}
    assert set(re.findall(r'"base": "(\w+)"', source)) == set(told["config"]["error"])
    assert set(re.findall(r'reason="(\w+)"', source)) <= set(told["config"]["abort"])


def test_the_service_is_described_everywhere() -> None:
    described = yaml.safe_load((FOLDER / "services.yaml").read_text(encoding="utf-8"))
    told = read("translations/en.json")["services"]
    assert set(described) == set(told) == set(read("icons.json")["services"]) == {"stop"}
    assert set(described["stop"]["fields"]) == set(told["stop"]["fields"])


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: path.name)
def test_it_brings_nothing_along(path: Path) -> None:
    """What it imports is Home Assistant's, Python's or its own: nothing has to be installed for it."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom) and not node.level:
            names = [node.module or ""]
        else:
            continue
        tops = {name.partition(".")[0] for name in names}
        assert tops <= BROUGHT | sys.stdlib_module_names
