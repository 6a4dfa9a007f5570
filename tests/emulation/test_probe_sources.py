"""The programs that trimaran carries are those that its sources give."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path

import pytest
from scripts import check_rows, probe_rows
from scripts.build_probes import read
from scripts.toolchain import Tools

from trimaran import machines
from trimaran.emulation import find
from trimaran.linux import process
from trimaran.linux.process import SYSTEM_PATH
from trimaran.machines import MACHINES

PROBES = read(probe_rows.PROBES)
CHECKS = read(check_rows.PROGRAMS)
WITHOUT_ASSEMBLER = {"cris", "microblaze", "microblazeel", "nios2", "tilegx", "xtensaeb"}
# Those that images are made for most, and a compiler for the programs of `host doctor`.
FETCHED = ("aarch64", "arm", "i386", "mips64el", "mipsel", "ppc64le", "riscv64", "s390x", "x86_64")
# Each user's own, as programs in it are run; not in pytest's folder, for the next run to have it.
CACHE = Path(tempfile.gettempdir(), f"trimaran-test-tools-{os.getuid()}")


def test_every_cpu_has_a_source_and_a_probe() -> None:
    names = [machine.name for machine in MACHINES]
    assert list(probe_rows.ROWS) == names == list(PROBES)
    assert all(PROBES.values())
    sources = {f"{row.source}.S" for row in probe_rows.ROWS.values()}
    assert sources == {path.name for path in (probe_rows.ROOT / "probes").glob("*.S")}


def test_a_source_that_nothing_can_assemble_says_so() -> None:
    rows = probe_rows.ROWS
    assert {name for name, row in rows.items() if not row.packages} == WITHOUT_ASSEMBLER
    for name in WITHOUT_ASSEMBLER:
        text = (probe_rows.ROOT / "probes" / f"{rows[name].source}.S").read_text("ascii")
        assert "alone. */" in text


@pytest.mark.parametrize("name", probe_rows.ROWS)
def test_what_can_be_built_on_this_machine_is_what_is_carried(name: str) -> None:
    tools, row = Tools(CACHE), probe_rows.ROWS[name]
    carried = bytes.fromhex(PROBES[name])
    if row.programs and tools.have(row.programs):
        assert row.build(tools) == carried
    assert b"ok\n" in carried


@pytest.mark.real
def test_the_most_used_cpus_programs_are_built_from_their_sources() -> None:
    tools = _fetched()
    for name in FETCHED:
        assert probe_rows.ROWS[name].build(tools).hex() == PROBES[name], name
        assert check_rows.ROWS[name].build(tools).hex() == CHECKS[name], name


def _fetched() -> Tools:
    """The tools of Debian 12 or what is like it, unpacked if they are not installed."""
    tools = Tools(CACHE)
    probes = [probe_rows.ROWS[name] for name in FETCHED]
    rows: list[probe_rows.Row | check_rows.Row] = [*probes, *check_rows.ROWS.values()]
    missing = [row for row in rows if not tools.have(row.programs)]
    tools.fetch(package for row in missing for package in row.packages)
    return tools


@pytest.mark.real
def test_every_probe_runs_in_its_emulator(tmp_path: Path) -> None:
    """The only proof for the CPUs that no assembler is packaged for."""
    host = machines.host()
    proven = set()
    for machine in MACHINES:
        file = tmp_path / machine.name
        file.write_bytes(bytes.fromhex(PROBES[machine.name]))
        file.chmod(0o755)
        for emulator in find.emulators(machine, host, SYSTEM_PATH)[:1]:
            done = process.run([emulator.path, file], check=False)
            assert (done.returncode, done.stdout) == (0, b"ok\n"), machine.name
            proven.add(machine.name)
    # What any QEMU of the last years has; cris and nios2 are gone in newer ones.
    assert {"aarch64", "m68k", "microblaze", "microblazeel", "s390x", "sh4", "xtensaeb"} <= proven
