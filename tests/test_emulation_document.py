"""docs/emulation.md says of the CPUs what the machine table says."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

from trimaran.emulation import handlers
from trimaran.machines import MACHINES, by_name

ROOT = Path(__file__).parents[1]
SCRIPT = ROOT / "scripts" / "emulation_table.py"
TEXT = (ROOT / "docs" / "emulation.md").read_text("utf-8")


def test_the_table_is_up_to_date() -> None:
    printed = subprocess.run([sys.executable, SCRIPT], check=True, capture_output=True).stdout
    match = re.search(r"<!-- table -->\n(.*)<!-- end of table -->", TEXT, re.DOTALL)
    assert match
    assert match[1] == printed.decode(), "put what scripts/emulation_table.py prints between them"


def test_every_cpu_is_in_it() -> None:
    assert not [row.name for row in MACHINES if f"\n| `{row.name}` |" not in TEXT]


def test_the_example_is_what_is_registered() -> None:
    row = by_name("aarch64")
    assert row is not None
    assert handlers.for_machine(row, Path("/usr/bin/qemu-aarch64-static"), "PF")[0].line() in TEXT
