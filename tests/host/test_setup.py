from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from tests.host.hosts import NOT_RUN, cpu, entry, facts, row, systemd, table

from trimaran.emulation.judge import Interpreter
from trimaran.errors import HostError
from trimaran.host import setup
from trimaran.host.boot import Boot, Configured
from trimaran.host.changes import Change
from trimaran.host.facts import Cpu, HostFacts, Table
from trimaran.host.setup import Plan, Wish, plan_setup

ARM = "aarch64"


def shown(found: Plan, root: Path) -> list[str]:
    return [change.describe().replace(str(root), "") for change in found.changes()]


def kept(found: Plan) -> list[str]:
    return [one.kept for one in found.cpus]


def test_a_bare_host(tmp_path: Path) -> None:
    found = plan_setup(facts(tmp_path, [cpu(ARM)], at=table(mounted=False)), Wish())
    assert shown(found, tmp_path) == [
        "mount binfmt_misc on /proc/sys/fs/binfmt_misc",
        f"register trimaran-{ARM}: /usr/bin/qemu-{ARM}-static, flags PF",
        f"write /etc/binfmt.d/trimaran-{ARM}.conf",
    ]
    assert list(tmp_path.iterdir()) == [], "a plan does nothing"


@pytest.mark.parametrize(("host", "foreign"), [("x86_64", "aarch64"), ("aarch64", "x86_64")])
def test_both_ways_round(tmp_path: Path, host: str, foreign: str) -> None:
    found = plan_setup(facts(tmp_path, [cpu(foreign)], host=host), Wish(persist=False))
    assert shown(found, tmp_path) == [
        f"register trimaran-{foreign}: /usr/bin/qemu-{foreign}-static, flags PF"
    ]


def test_what_setup_did_needs_no_second_one(tmp_path: Path) -> None:
    own = entry(ARM)
    gathered = facts(tmp_path, [cpu(ARM, runs=True)], at=table(own), boot=systemd(own))
    for change in plan_setup(gathered, Wish()).changes():
        change.execute()  # the file
    found = plan_setup(gathered, Wish())
    assert not list(found.changes())
    assert kept(found) == [f"trimaran-{ARM} serves it already"]


def test_what_another_tool_did_well_is_left_alone(tmp_path: Path) -> None:
    other = entry(ARM, "POF", called="qemu-aarch64")
    gathered = facts(tmp_path, [cpu(ARM, runs=True)], at=table(other), boot=systemd(other))
    assert kept(plan_setup(gathered, Wish())) == ["qemu-aarch64 serves it already"]


def registers(gathered: HostFacts, wish: Wish) -> bool:
    return any(one.register for one in plan_setup(gathered, wish).cpus)


def test_when_another_tools_entry_is_not_enough(tmp_path: Path) -> None:
    other = entry(ARM, "POF", called="qemu-aarch64")
    runs = [cpu(ARM, runs=True)]
    good = facts(tmp_path, runs, at=table(other), boot=systemd(other))
    assert not registers(good, Wish())
    assert registers(good, Wish(credentials=True))
    assert registers(facts(tmp_path, runs, at=table(other)), Wish()), "lost at reboot"
    assert not registers(facts(tmp_path, runs, at=table(other)), Wish(persist=False))
    fails = facts(tmp_path, [cpu(ARM)], at=table(other), boot=systemd(other))
    assert registers(fails, Wish()), "its probe does not run"
    named = facts(tmp_path, runs, at=table(other), boot=systemd(other), chosen=frozenset({ARM}))
    assert registers(named, Wish()), "--qemu names another emulator"
    dynamic = {other.interpreter: Interpreter("it is not static")}
    judged = facts(tmp_path, runs, at=table(other), boot=systemd(other), interpreters=dynamic)
    assert registers(judged, Wish())


def test_a_wrong_entry_of_another_tool_is_covered_and_not_removed(tmp_path: Path) -> None:
    wrong = entry(ARM, "OC", called="qemu-aarch64")
    found = plan_setup(facts(tmp_path, [cpu(ARM)], at=table(wrong)), Wish(persist=False))
    assert [line.split(":")[0] for line in shown(found, tmp_path)] == [f"register trimaran-{ARM}"]


@pytest.mark.parametrize(
    ("present", "reason"),
    [
        (entry(ARM, "F"), "it has the flags F"),
        (entry(ARM, "PCF"), "it has the flags PCF"),
        (entry(ARM, enabled=False), "it is disabled"),
        (entry(ARM, interpreter="/old"), "it has /old"),
        (entry(ARM, magic=b"\x7fELF", mask=b""), "its magic or mask is wrong"),
    ],
)
def test_an_own_entry_that_is_wrong_is_replaced(
    tmp_path: Path, present: object, reason: str
) -> None:
    gathered = facts(tmp_path, [cpu(ARM)], at=table(present))  # type: ignore[arg-type]
    found = plan_setup(gathered, Wish(persist=False))
    assert shown(found, tmp_path)[0] == f"unregister trimaran-{ARM}: {reason}"
    assert shown(found, tmp_path)[1].startswith(f"register trimaran-{ARM}")


def test_an_own_entry_below_a_newer_one_becomes_the_newest(tmp_path: Path) -> None:
    wrong = entry(ARM, "", called="qemu-aarch64")
    found = plan_setup(facts(tmp_path, [cpu(ARM)], at=table(wrong, entry(ARM))), Wish())
    assert "it must be the newest" in shown(found, tmp_path)[0]


def test_flags() -> None:
    assert setup.flags((7, 2), credentials=False) == "PF"
    assert setup.flags((7, 2), credentials=True) == "PCF"
    assert setup.flags((5, 2), credentials=False) == "F"
    assert setup.flags((), credentials=True) == "CF"


def test_a_cpu_with_two_numbers_gets_two_entries_in_one_file(tmp_path: Path) -> None:
    found = plan_setup(facts(tmp_path, [cpu("microblaze")]), Wish())
    assert [line.partition(":")[0] for line in shown(found, tmp_path)] == [
        "register trimaran-microblaze",
        "register trimaran-microblaze-baab",
        "write /etc/binfmt.d/trimaran-microblaze.conf",
    ]


def test_what_runs_natively_gets_nothing(tmp_path: Path) -> None:
    found = plan_setup(facts(tmp_path, [cpu("i386", runs=True)], at=table(mounted=False)), Wish())
    assert (kept(found), shown(found, tmp_path)) == ([setup.NATIVE], [])


def test_a_switched_off_table_is_switched_on(tmp_path: Path) -> None:
    found = plan_setup(facts(tmp_path, [cpu(ARM)], at=table(enabled=False)), Wish(persist=False))
    assert shown(found, tmp_path)[0].startswith("switch binfmt_misc on")


def test_what_has_no_emulator_is_missing(tmp_path: Path) -> None:
    lacking: Cpu = cpu("tilegx", missing="none")
    found = plan_setup(facts(tmp_path, [lacking, cpu(ARM)]), Wish(persist=False))
    assert found.missing == {"tilegx": lacking.emulator}
    assert [one.machine.name for one in found.cpus] == [ARM]


def test_a_kernel_without_it(tmp_path: Path) -> None:
    absent = Table(Path("/none"), "absent")
    with pytest.raises(HostError, match="no binfmt_misc: /none is not there") as caught:
        plan_setup(facts(tmp_path, [cpu(ARM)], at=absent), Wish())
    assert "modprobe" in caught.value.hint


def test_where_nothing_brings_entries_back(tmp_path: Path) -> None:
    nothing = Boot("none", "neither this nor that starts this host", mounts=False)
    found = plan_setup(facts(tmp_path, [cpu(ARM)], boot=nothing), Wish())
    assert found.warnings == (
        "neither this nor that starts this host, so entries are gone after a reboot",
    )
    assert not [line for line in shown(found, tmp_path) if line.startswith("write")]
    quiet = plan_setup(facts(tmp_path, [cpu(ARM)], boot=nothing), Wish(persist=False))
    assert quiet.warnings == ()


def test_systemd_without_its_mount_units_gets_one(tmp_path: Path) -> None:
    found = plan_setup(facts(tmp_path, [cpu(ARM)], boot=Boot("systemd", mounts=False)), Wish())
    unit = "/etc/systemd/system/proc-sys-fs-binfmt_misc.mount"
    want = "/etc/systemd/system/sysinit.target.wants/proc-sys-fs-binfmt_misc.mount"
    assert shown(found, tmp_path)[-2:] == [f"write {unit}", f"link {want} to {unit}"]


def test_openrc_gets_a_service(tmp_path: Path) -> None:
    found = plan_setup(facts(tmp_path, [cpu(ARM)], boot=Boot("openrc")), Wish())
    assert shown(found, tmp_path)[-3:] == [
        f"write /etc/trimaran-binfmt.d/{ARM}.conf",
        "write /etc/init.d/trimaran-binfmt",
        "link /etc/runlevels/boot/trimaran-binfmt to /etc/init.d/trimaran-binfmt",
    ]


def test_a_wrong_entry_that_comes_later_at_boot_is_warned_of(tmp_path: Path) -> None:
    wrong = entry(ARM, "OC", called="qemu-aarch64")
    late = Configured(Path("/var/lib/binfmts/qemu-aarch64"), wrong, late=True)
    boot = Boot("systemd", configured=(late,))
    found = plan_setup(facts(tmp_path, [cpu(ARM)], boot=boot), Wish())
    assert "sudo update-binfmts --disable qemu-aarch64" in found.warnings[0]
    sound = replace(late, handler=entry(ARM, called="qemu-aarch64"))
    calm = facts(tmp_path, [cpu(ARM)], boot=Boot("systemd", configured=(sound,)))
    assert plan_setup(calm, Wish()).warnings == ()


def test_files_are_there_once_written(tmp_path: Path) -> None:
    own = entry(ARM)
    for boot in (Boot("openrc"), Boot("systemd", mounts=False)):
        gathered = facts(tmp_path, [cpu(ARM, runs=True)], at=table(own), boot=boot)
        changes: list[Change] = list(plan_setup(gathered, Wish()).changes())
        assert len(changes) == 3
        for change in changes:
            change.execute()
        assert not list(plan_setup(gathered, Wish()).changes())


def test_twins_are_never_registered_together() -> None:
    ppc, ppc64, abi32 = row("ppc"), row("ppc64"), row("ppc64abi32")
    assert setup.without_twins((ppc, ppc64), (), named=True) == (ppc, ppc64)
    assert setup.without_twins((ppc, ppc64, abi32), (), named=False) == (ppc, ppc64)
    with pytest.raises(HostError, match="ppc64abi32 and ppc have the same ELF header"):
        setup.without_twins((ppc, abi32), (), named=True)
    present = [entry("ppc64abi32")]
    assert setup.without_twins((ppc, ppc64), present, named=False) == (ppc64,)
    with pytest.raises(HostError, match="same ELF header") as caught:
        setup.without_twins((ppc,), present, named=True)
    assert "trimaran host remove ppc64abi32" in caught.value.hint
    assert setup.without_twins((abi32,), present, named=True) == (abi32,)


def test_the_probes_word_counts_more_than_the_entrys(tmp_path: Path) -> None:
    gathered = facts(tmp_path, [cpu(ARM)], at=table(entry(ARM)), boot=systemd(entry(ARM)))
    assert gathered.cpus[0].fault == NOT_RUN
    assert registers(gathered, Wish())
