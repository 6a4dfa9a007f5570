from __future__ import annotations

from pathlib import Path

from tests.host.hosts import cpu, entry, facts, row, systemd, table

from trimaran.emulation.judge import Interpreter
from trimaran.host.facts import Cpu, HostFacts
from trimaran.host.status import Row, make_status

Z = "s390x"


def only(gathered: HostFacts) -> Row:
    (found,) = make_status(gathered, (gathered.cpus[0].machine,)).rows
    return found


def test_the_hosts_own_cpu_is_native(tmp_path: Path) -> None:
    found = make_status(facts(tmp_path, []), (row("x86_64"),))
    assert (found.rows[0].name, found.rows[0].state) == ("linux/amd64", "native")
    assert (found.table, found.boot) == ("enabled", "systemd")


def test_what_the_kernel_runs_is_native(tmp_path: Path) -> None:
    assert only(facts(tmp_path, [cpu("i386", runs=True)])).state == "native"


def test_handled(tmp_path: Path) -> None:
    own = entry(Z)
    looked = {own.interpreter: Interpreter(version=(7, 2, 22))}
    gathered = facts(
        tmp_path,
        [cpu(Z, runs=True)],
        at=table(own),
        boot=systemd(own),
        interpreters=looked,
    )
    found = only(gathered)
    assert (found.state, found.reason, found.hint) == ("handled", "", "")
    assert found.used is not None
    assert found.used.version == "7.2.22"
    assert found.used.survives_reboot
    assert found.used.configured == (f"/etc/binfmt.d/trimaran-{Z}.conf",)


def test_an_entry_that_is_lost_at_reboot(tmp_path: Path) -> None:
    found = only(facts(tmp_path, [cpu(Z, runs=True)], at=table(entry(Z))))
    assert found.used is not None
    assert not found.used.survives_reboot
    other = systemd(entry(Z, interpreter="/other"))
    moved = only(facts(tmp_path, [cpu(Z, runs=True)], at=table(entry(Z)), boot=other))
    assert moved.used is not None
    assert not moved.used.survives_reboot, "another interpreter comes back"


def reason(tmp_path: Path, found: Cpu, *entries: object, **rest: object) -> tuple[str, str]:
    gathered = facts(tmp_path, [found], at=table(*entries), **rest)  # type: ignore[arg-type]
    judged = only(gathered)
    return judged.state, judged.reason


def test_missing_and_faulty(tmp_path: Path) -> None:
    assert reason(tmp_path, cpu(Z)) == ("missing", "no entry takes its programs")
    assert reason(tmp_path, cpu(Z, missing="no emulator")) == ("missing", "no emulator")
    off = entry(Z, enabled=False)
    assert reason(tmp_path, cpu(Z), off) == ("missing", f"trimaran-{Z} is disabled")
    state, why = reason(tmp_path, cpu(Z), entry(Z, "OC", called="qemu"))
    assert (state, why[:17]) == ("faulty", "qemu: it lacks fl")
    state, why = reason(tmp_path, cpu(Z), entry(Z))
    assert (state, why) == ("faulty", f"trimaran-{Z}: the kernel did not start its probe")


def test_a_table_that_is_off_or_not_mounted(tmp_path: Path) -> None:
    off = make_status(facts(tmp_path, [cpu(Z)], at=table(enabled=False)), (row(Z),))
    assert (off.table, off.rows[0].reason) == ("disabled", "binfmt_misc is off")
    not_there = make_status(facts(tmp_path, [cpu(Z)], at=table(mounted=False)), (row(Z),))
    assert (not_there.table, not_there.rows[0].reason) == (
        "unmounted",
        "binfmt_misc is not mounted",
    )


def test_a_shadowed_entry_is_told(tmp_path: Path) -> None:
    old = entry(Z, called="qemu-s390x")
    found = only(facts(tmp_path, [cpu(Z, runs=True)], at=table(entry(Z), old)))
    assert [one.used for one in found.entries] == [True, False]
    assert found.entries[1].faults == (f"it is shadowed by trimaran-{Z}, which is newer",)


def test_the_abi_that_qemu_dropped_is_not_taken_for_faulty(tmp_path: Path) -> None:
    gathered = facts(tmp_path, [cpu("ppc64abi32", missing="no emulator")], at=table(entry("ppc")))
    found = only(gathered)
    assert (found.state, found.entries) == ("missing", ())
    assert found.reason == "no emulator; its programs have the header of ppc's"


def test_strays(tmp_path: Path) -> None:
    odd = entry(Z, called="odd", magic=entry(Z).magic[:18] + b"\x77\x77")
    found = make_status(facts(tmp_path, [cpu(Z)], at=table(odd)), (row(Z),))
    assert [one.name for one in found.strays] == ["odd"]
