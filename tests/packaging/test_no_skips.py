"""In CI every skip is a failure (tests/support/no_skips.py)."""

import os
import re
import subprocess
import sys
from pathlib import Path

from tests.packaging.lockfile import ROOT

SUITE = {
    "test_skipped.py": "import pytest\n@pytest.mark.skip(reason='no oboe')\ndef test_a(): ...\n",
    "test_skips_itself.py": "import pytest\ndef test_b(): pytest.skip('no horn')\n",
    "test_whole_module.py": "import pytest\npytest.skip('no harp', allow_module_level=True)\n",
    "test_expected.py": "import pytest\n@pytest.mark.xfail\ndef test_c(): raise ValueError\ndef test_d(): ...\n",
}


def run(folder: Path, *options: str) -> tuple[int, str]:
    """Exit code and output of pytest on a suite of skips."""
    for name, text in SUITE.items():
        (folder / name).write_text(text, encoding="utf-8")
    command = [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", "-rA", "-c", os.devnull, *options, "."]
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "PY_COLORS": "0", "COLUMNS": "200"}
    done = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, check=False)
    return done.returncode, done.stdout + done.stderr


def test_a_skip_is_a_skip_on_an_ordinary_machine(tmp_path: Path) -> None:
    code, output = run(tmp_path)
    assert code == 0, output
    assert re.search(r"1 passed, 3 skipped, 1 xfailed in", output), output


def test_a_skip_fails_the_run_where_nothing_may_be_skipped_and_its_reason_is_told(tmp_path: Path) -> None:
    code, output = run(tmp_path, "-p", "tests.support.no_skips")
    assert code == 1, output
    assert re.search(r"1 failed, 1 passed, 1 xfailed, 2 errors in", output), output
    for reason in ("no oboe", "no horn", "no harp"):
        assert re.search(f"skipped where nothing may be skipped: .*{reason}", output), output
