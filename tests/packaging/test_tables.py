"""The table of whole systems in docs/OPERATIONS.md has the rows that are checked today."""

import re

from tests.box.checks import CHECKS
from tests.packaging.lockfile import ROOT


def test_the_table_of_make_boot_has_a_row_for_each_check_and_no_failure() -> None:
    text = (ROOT / "docs/OPERATIONS.md").read_text(encoding="utf-8")
    [table] = re.findall(r"<!-- make boot -->\n(.+?)<!-- end -->", text, re.S)
    rows = [line.split("|")[1].strip() for line in table.splitlines()[2:]]
    assert rows == ["boots, systemd is process 1", *CHECKS]
    assert "**fails**" not in table
