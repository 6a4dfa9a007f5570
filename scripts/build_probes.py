"""Builds the programs in probes/ and writes the files that trimaran carries them in.

    scripts/probes             rebuild those whose tools are installed, say which are missing
    scripts/probes --check     compare with what is in the files instead of writing them
    scripts/probes --fetch     first unpack the tools that are missing, from Debian's packages, into
                               --tools; nothing is installed

Where no assembler is packaged, the bytes in the file are kept: the tests run them in the emulator.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Mapping
from pathlib import Path

from scripts import check_rows, probe_rows
from scripts.toolchain import CACHE, Tools

Rows = Mapping[str, probe_rows.Row] | Mapping[str, check_rows.Row]
FILES: tuple[tuple[Path, Rows], ...] = (
    (probe_rows.PROBES, probe_rows.ROWS),
    (check_rows.PROGRAMS, check_rows.ROWS),
)


def main() -> int:
    """Build what can be built; 1 if `--check` finds a difference."""
    parser = argparse.ArgumentParser(
        prog="scripts/probes",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--check", action="store_true", help="compare, write nothing")
    parser.add_argument("--fetch", action="store_true", help="unpack missing tools")
    parser.add_argument("--tools", type=Path, default=CACHE, help="where they are unpacked")
    given = parser.parse_args()
    tools = Tools(given.tools)
    if given.fetch:
        tools.fetch(
            package
            for _, rows in FILES
            for row in rows.values()
            if not tools.have(row.programs)
            for package in row.packages
        )
    different = [_rebuild(path, rows, tools, check=given.check) for path, rows in FILES]
    return int(given.check and any(different))


def _rebuild(path: Path, rows: Rows, tools: Tools, *, check: bool) -> bool:
    """Build a file's programs, tell of each; whether any differs from what the file has."""
    before = read(path)
    after: dict[str, str] = {}
    for name, row in rows.items():
        if row.programs and tools.have(row.programs):
            after[name] = row.build(tools).hex()
            said = "as before" if after[name] == before.get(name) else "DIFFERENT"
        else:
            after[name] = before.get(name, "")
            missing = f"missing: apt-get install {' '.join(row.packages)}"
            said = f"kept; {missing if row.packages else 'no assembler is packaged'}"
        print(f"{path.name}: {name}: {said}")
    if not check:
        path.write_text(json.dumps(after, indent=0) + "\n", "ascii")
    return after != before


def read(path: Path) -> dict[str, str]:
    """A file's programs in hex, by the CPU's name; none if there is no file yet."""
    if not path.exists():
        return {}
    programs: dict[str, str] = json.loads(path.read_text("ascii"))
    return programs


if __name__ == "__main__":
    sys.exit(main())
