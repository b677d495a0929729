"""The scripts of findings/ keep to the form that its README tells. They are run by `make findings`: they download."""

import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest

from tests.packaging.lockfile import ROOT

FOLDER = ROOT / "findings"
FINDINGS = sorted(FOLDER.glob("*.sh"))
HEAD = ("# Seen: ", "# Whom: ", "# Why:  ", "# Way out: ")


def test_the_table_has_a_row_for_each_script_and_no_other() -> None:
    rows = re.findall(r"^\| \[(\S+)\]\((\S+)\) \|", (FOLDER / "README.md").read_text(encoding="utf-8"), re.MULTILINE)
    assert [link for _, link in rows] == [finding.name for finding in FINDINGS]
    assert all(name == link for name, link in rows)


@pytest.mark.parametrize("finding", FINDINGS, ids=lambda finding: finding.stem)
class TestAFinding:
    def test_says_what_whom_why_and_a_way_out(self, finding: Path) -> None:
        head = [line for line in finding.read_text(encoding="utf-8").splitlines()[1:] if line.startswith("# ")]
        places = [next(index for index, line in enumerate(head) if line.startswith(part)) for part in HEAD]
        assert places == sorted(places)
        assert places[0] == 0

    def test_installs_pinned_packages_and_uses_nothing_of_ours(self, finding: Path) -> None:
        script = finding.read_text(encoding="utf-8")
        (packages,) = re.findall(r"pip\" install --quiet (.*) \|\| exit 2$", script, re.MULTILINE)
        assert all(re.fullmatch(r"[a-z0-9.-]+==[0-9.]+", package) for package in packages.split())
        assert not re.search(r"^(from|import) (tts_server|protocol|tests)\b", script, re.MULTILINE)
        assert 'sys.exit("changed: ' in script or 'sys.exit(f"changed: ' in script

    @pytest.mark.skipif(shutil.which("shellcheck") is None, reason="shellcheck is missing (apt install shellcheck)")
    def test_is_sound_bash(self, finding: Path) -> None:
        done = subprocess.run(["shellcheck", finding], capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stdout

    def test_leaves_nothing_behind_and_is_not_taken_for_changed_where_there_is_no_python(
        self, finding: Path, tmp_path: Path
    ) -> None:
        environment = {**os.environ, "TMPDIR": str(tmp_path), "PYTHON": "/nowhere/python"}
        done = subprocess.run(["bash", finding], env=environment, capture_output=True, text=True, check=False)
        assert done.returncode == 2
        assert "changed" not in done.stdout + done.stderr
        assert list(tmp_path.iterdir()) == []
