"""The commands of `host` as they run on a machine, private to the test."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.host import scenarios
from tests.host.scenarios import FOREIGN
from tests.support.inside import USERS, run_inside

from trimaran import machines
from trimaran.emulation import find
from trimaran.linux import process

pytestmark = pytest.mark.real
users = pytest.mark.parametrize("user", USERS)
MISSING_AT_DEBIAN = {"aarch64_be", "microblaze", "microblazeel", "nios2", "or1k"}
DROPPED = {"tilegx", "ppc64abi32"}
NATIVE = {machines.host().name, "i386"}


def emulated() -> set[str]:
    """The CPUs whose emulators this machine's packages have; QEMU 9 and later lack some."""
    host = machines.host()
    return {
        one.name
        for one in machines.MACHINES
        if one.name not in NATIVE and find.emulators(one, host, process.SYSTEM_PATH)
    }


@users
def test_setup_twice_changes_nothing_and_remove_takes_all_back(user: str) -> None:
    before_on_host = sorted(Path("/proc/sys/fs/binfmt_misc").iterdir())
    found = run_inside(scenarios.setup_twice_and_remove, user)
    assert found["before"]["state"] == "missing"
    assert found["before"]["hint"] == f"sudo trimaran host setup linux/{FOREIGN}"
    assert found["statuses"] == [0, 0, 0, 0, 0]
    assert found["outputs"][1].endswith("nothing to change\n")
    assert found["registered"] == ["trimaran-m68k", f"trimaran-{FOREIGN}"]
    assert [one["state"] for one in found["shown"]] == ["handled", "handled"]
    entry = found["shown"][0]["entries"][0]
    assert entry["survivesReboot"]
    assert entry["configured"] == [f"/etc/binfmt.d/trimaran-{FOREIGN}.conf"]
    assert entry["flags"] in {"PF", "F"}
    assert f"/etc/binfmt.d/trimaran-{FOREIGN}.conf" in found["made"]
    assert found["after some"] == [f"trimaran-{FOREIGN}"]
    assert found["outputs"][4] == "nothing to remove\n"
    assert (found["left"], found["mounted"]) == ([], False)
    assert sorted(Path("/proc/sys/fs/binfmt_misc").iterdir()) == before_on_host


@users
def test_every_cpu_runs_and_systemd_brings_it_back(user: str) -> None:
    found = run_inside(scenarios.every_cpu, user, timeout_s=300)
    assert found["done"][0] == 0, found["done"][1]
    expected = emulated()
    assert len(expected) >= 30
    for states in (found["states"], found["back"]):
        handled = {cpu for cpu, state in states.items() if state == ["handled", "ok"]}
        assert handled == expected
        assert states[machines.host().name] == ["native", "ok"]
        assert {states[cpu][0] for cpu in DROPPED} == {"missing"}
    assert found["flushed"][1] == [], "all entries were gone, as after a reboot"
    assert found["tool"] == [0, ""]
    assert set(found["survive"]) == expected


def test_debians_own_entries_miss_five_and_setup_adds_what_they_lack() -> None:
    found = run_inside(scenarios.debians_own_entries, "self", timeout_s=300)
    before = {cpu: state for cpu, (state, _) in found["before"].items()}
    reasons = {cpu: reason for cpu, (_, reason) in found["before"].items()}
    unserved = {cpu for cpu, reason in reasons.items() if "no entry takes" in reason}
    assert unserved == MISSING_AT_DEBIAN & emulated()
    assert found["done"][0] == 0
    added = {name.split("-")[1] for name in found["added"]}
    assert added == {cpu for cpu in emulated() if before[cpu] != "handled"}
    assert "aarch64" not in added, "what serves already is left alone"
    assert {cpu for cpu, state in found["after"].items() if state == "handled"} == emulated()


def test_an_entry_made_wrong_by_hand_is_told_and_mended() -> None:
    found = run_inside(scenarios.wrong_entries, "self", timeout_s=300)
    reasons = {name: reason for name, (reason, *_) in found.items()}
    assert "lacks flag F" in reasons["no F"]
    assert "is not static" in reasons["dynamic"]
    assert "Invalid ELF image" in reasons["other CPU's"]
    assert reasons["disabled"] == f"qemu-{FOREIGN} is disabled"
    assert "wrong mask: it does not match valid programs (position-indep" in reasons["narrow"]
    assert "wrong mask: it takes the programs of" in reasons["wide"]
    assert reasons["own name"].startswith(f"trimaran-{FOREIGN}: it lacks flag F")
    assert reasons["own name, no such CPU"] == "no entry takes its programs"
    for _, status, state, last in found.values():
        assert (status, state, last) == (0, "handled", "nothing to change")


def test_switched_off_and_without_persistence() -> None:
    found = run_inside(scenarios.switched_off_and_not_persistent, "self")
    assert "binfmt_misc is disabled" in found["before"]
    assert [line.split(":")[0] for line in found["dry"]] == [
        "would switch binfmt_misc on",
        f"would register trimaran-{FOREIGN}",
    ]
    assert found["untouched"] == ["disabled", [], []]
    assert found["done"][0] == 0
    assert "C" in found["entry"]["flags"]
    assert (found["entry"]["used"], found["entry"]["survivesReboot"]) == (True, False)
    assert found["made"] == ["/var/lib/trimaran-host", "/var/lib/trimaran-host/record.json"]
    assert found["removed"] == [0, "disabled", []]


def test_openrcs_service_brings_entries_back() -> None:
    found = run_inside(scenarios.openrc, "self")
    assert found["done"][0] == 0, found["done"][1]
    assert "/etc/runlevels/boot/trimaran-binfmt" in found["made"]
    assert found["started"] == [0, 0, ""]
    assert found["back"] == ["handled", "handled"]
    assert found["survives"]
    assert found["again"] == "nothing to change"
    assert found["removed"] == [0, [], []]


def test_what_qemu_dropped_runs_with_a_stand_in() -> None:
    found = run_inside(scenarios.stand_ins, "self")
    for cpu, release in (("tilegx", "6.0"), ("ppc64abi32", "7.0")):
        without, *rest = found[cpu]
        assert f"QEMU dropped {cpu} in {release}" in without
        assert rest == [0, "handled", "ok"]
    assert found["both"][0] == 1
    assert "same ELF header" in found["both"][1]


def test_an_emulator_that_does_not_work_leaves_nothing_and_the_others_stay() -> None:
    status, said, entries, files = run_inside(scenarios.broken_emulator, "self")
    assert status == 1
    assert f"{FOREIGN}: its probe ended with status" in said
    assert entries == ["trimaran-m68k"]
    assert f"/etc/binfmt.d/trimaran-{FOREIGN}.conf" not in files


def test_what_was_changed_since_is_left_alone() -> None:
    status, said, entries, files = run_inside(scenarios.changed_since, "self")
    assert status == 0
    assert f"left alone: trimaran-{FOREIGN} is another entry" in said
    assert entries == [f"trimaran-{FOREIGN}"]
    assert files == ["/etc/binfmt.d/trimaran-m68k.conf"]


@users
def test_docker_runs_an_image_of_another_cpu_after_setup_and_not_before(user: str) -> None:
    found = run_inside(scenarios.docker_run, user)
    loaded, before, *rest = found["statuses"]
    assert loaded == 0
    assert before != 0
    assert "exec format error" in found["errors"][1]
    assert rest == [0, 0, 0], found["errors"]
    assert found["after"] == "ok\n"
    assert found["again"] != 0
