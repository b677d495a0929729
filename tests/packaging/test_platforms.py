"""Everything an owner's box needs comes as a wheel: on a PC and on a Pi, on each Python we name. No compiler."""

import json

import pytest
from packaging.tags import Tag, compatible_tags, cpython_tags
from packaging.utils import parse_wheel_filename

from tests.packaging.lockfile import INSTALLED_BY_USERS, REQUIREMENTS, pins, target

WHEELS: dict[str, list[str]] = json.loads((REQUIREMENTS / "wheels.json").read_text(encoding="utf-8"))
GLIBC_MINOR = 36  # Debian 12, the oldest system we name


def installable(python: str, machine: str) -> set[Tag]:
    """The tags a CPython accepts on glibc Linux of that machine."""
    platforms = [f"manylinux_2_{minor}_{machine}" for minor in range(GLIBC_MINOR, 4, -1)]
    platforms += [f"manylinux2014_{machine}", f"linux_{machine}"]
    version = tuple(map(int, python.split(".")))
    interpreter = f"cp{python.replace('.', '')}"
    return {*cpython_tags(version, platforms=platforms), *compatible_tags(version, interpreter, platforms)}


def without_wheel(python: str, machine: str) -> list[str]:
    accepted = installable(python, machine)
    environment = target(python, machine)
    missing = []
    for layer in INSTALLED_BY_USERS:
        for pin in pins(layer):
            if pin.applies(environment):
                wheels = WHEELS.get(f"{pin.name}=={pin.version}", [])
                if not any(parse_wheel_filename(name)[3] & accepted for name in wheels):
                    missing.append(f"{layer}: {pin.name}=={pin.version}")
    return missing


@pytest.mark.parametrize("machine", ["x86_64", "aarch64"])
@pytest.mark.parametrize("python", ["3.11", "3.12", "3.13"])
def test_every_needed_package_has_a_wheel(python: str, machine: str) -> None:
    assert without_wheel(python, machine) == []


def test_a_machine_that_nobody_builds_for_would_be_noticed() -> None:
    assert any("numpy" in missing for missing in without_wheel("3.11", "sparc64"))


def test_the_list_of_wheels_is_that_of_the_locks() -> None:
    locked = {f"{pin.name}=={pin.version}" for layer in INSTALLED_BY_USERS for pin in pins(layer)}
    assert set(WHEELS) == locked


def test_each_wheel_stands_under_its_own_name_and_version() -> None:
    for pin, wheels in WHEELS.items():
        for wheel in wheels:
            name, version, _, _ = parse_wheel_filename(wheel)
            assert f"{name}=={version}" == pin
