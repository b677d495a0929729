"""Reads requirements/: what is asked for (*.in), what is pinned (*.txt)."""

from dataclasses import dataclass
from pathlib import Path

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name
from packaging.version import Version

ROOT = Path(__file__).parent.parent.parent
REQUIREMENTS = ROOT / "requirements"
LAYERS = ("base", "build", "torch", "sambert", "openvino", "kokoro", "dev")
INSTALLED_BY_USERS = ("base", "build", "torch", "sambert", "openvino", "kokoro")


@dataclass(frozen=True, slots=True)
class Pin:
    """One line of a lock: name==version, where it applies, and the files it accepts."""

    requirement: Requirement
    hashes: tuple[str, ...]

    @property
    def name(self) -> str:
        return canonicalize_name(self.requirement.name)

    @property
    def version(self) -> Version:
        (only,) = self.requirement.specifier
        assert only.operator == "==", self.requirement
        return Version(only.version)

    def applies(self, environment: dict[str, str]) -> bool:
        return self.requirement.marker is None or self.requirement.marker.evaluate(environment)


def lines(path: Path) -> list[str]:
    """The logical lines of a requirements file: comments gone, continuations joined."""
    physical = (line.partition("#")[0].rstrip() for line in path.read_text(encoding="utf-8").splitlines())
    return [line.strip() for line in "\n".join(physical).replace("\\\n", " ").splitlines() if line.strip()]


def asked_for(name: str) -> dict[str, Requirement]:
    """Name -> requirement of an .in file (or of overrides.txt)."""
    requirements = map(Requirement, lines(REQUIREMENTS / name))
    return {canonicalize_name(requirement.name): requirement for requirement in requirements}


def pins(layer: str) -> list[Pin]:
    found = []
    for line in lines(REQUIREMENTS / f"{layer}.txt"):
        requirement, *hashes = line.split("--hash=")
        found.append(Pin(Requirement(requirement.strip()), tuple(item.strip() for item in hashes)))
    return found


def target(python: str, machine: str) -> dict[str, str]:
    """The environment that markers are read for: CPython on glibc Linux."""
    return {
        "implementation_name": "cpython",
        "os_name": "posix",
        "platform_machine": machine,
        "platform_python_implementation": "CPython",
        "platform_system": "Linux",
        "python_full_version": f"{python}.0",
        "python_version": python,
        "sys_platform": "linux",
    }
