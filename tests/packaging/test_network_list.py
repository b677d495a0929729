"""docs/OPERATIONS.md says of every package that a box may get whether it could reach out."""

import re
from importlib.metadata import Distribution, PackageNotFoundError, distribution
from pathlib import Path

from packaging.utils import canonicalize_name

from tests.packaging.lockfile import INSTALLED_BY_USERS, ROOT, pins

PAPER = (ROOT / "docs/OPERATIONS.md").read_text(encoding="utf-8")
SILENT = "no line that imports a client or a socket"
REACHES_OUT = re.compile(
    r"^\s*(?:import|from)\s+(?:socket|urllib\.request|urllib3|http\.client|requests|httpx|aiohttp|ftplib|smtplib|"
    r"xmlrpc|webbrowser|websockets|huggingface_hub|modelscope)\b",
    re.MULTILINE,
)


def table() -> dict[str, str]:
    """Package -> what the paper says."""
    _, _, rest = PAPER.partition("<!-- network -->\n")
    rows = (line.strip("| ").split(" | ") for line in rest.partition("<!-- end -->")[0].splitlines()[2:])
    return {canonicalize_name(name): said for names, said in rows for name in names.split(", ")}


def installed(name: str) -> Distribution | None:
    try:
        return distribution(name)
    except PackageNotFoundError:
        return None


def clients_in(found: Distribution) -> list[str]:
    """Lines of a package's own code that import something which opens connections."""
    lines = []
    for file in found.files or ():
        if file.suffix == ".py" and not {"tests", "test"} & set(file.parts):
            text = Path(str(found.locate_file(file))).read_text(encoding="utf-8", errors="replace")
            lines += [f"{file}: {match.group().strip()}" for match in REACHES_OUT.finditer(text)]
    return lines


def test_every_package_of_the_locks_was_looked_at_and_no_other_is_named() -> None:
    assert set(table()) == {pin.name for layer in INSTALLED_BY_USERS for pin in pins(layer)}


def test_packages_that_are_said_to_have_no_client_have_none() -> None:
    silent = [name for name, said in table().items() if said == SILENT]
    found = {name: clients_in(package) for name in silent if (package := installed(name)) is not None}
    assert len(found) > 40
    assert {name: lines for name, lines in found.items() if lines} == {}
