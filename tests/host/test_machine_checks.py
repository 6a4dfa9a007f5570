from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace

from trimaran.accelerator import interpreter
from trimaran.emulation.handlers import Handler
from trimaran.host import machine_checks
from trimaran.host.checks import Check
from trimaran.host.facts import Table
from trimaran.linux.obstacles import Facts
from trimaran.linux.subids import Range

RANGE = (Range(100_000, 65_536),)
GOOD = Facts(
    uid=1000,
    user="ann",
    family="debian",
    executable="/usr/bin/python3",
    max_user_namespaces=60_000,
    subuids=RANGE,
    subgids=RANGE,
    taken=RANGE * 2,
)
NAMES = ("user namespaces allowed", "newuidmap and newgidmap", "subordinate ids")


def test_a_good_machine_passes() -> None:
    checks = machine_checks.of_facts(GOOD)
    assert tuple(check.name for check in checks) == NAMES
    assert {check.state for check in checks} == {"ok"}
    assert checks[2].detail == "65536 uids, 65536 gids"


@pytest.mark.parametrize(
    ("change", "failing", "hint"),
    [
        ({"userns_clone": 0}, NAMES[0], "sudo sysctl -w kernel.unprivileged_userns_clone=1"),
        ({"max_user_namespaces": 0}, NAMES[0], "sudo sysctl -w user.max_user_namespaces=15000"),
        ({"newuidmap": ""}, NAMES[1], "sudo apt-get install uidmap"),
        ({"newuidmap": "", "family": "arch"}, NAMES[1], "sudo pacman -S shadow"),
        ({"powerless": "/usr/bin/newuidmap"}, NAMES[1], "sudo chmod u+s /usr/bin/newuidmap"),
        (
            {"subuids": ()},
            NAMES[2],
            "sudo usermod --add-subuids 165536-231071 ann",
        ),
    ],
)
def test_one_fault_fails_one_check(change: dict[str, Any], failing: str, hint: str) -> None:
    checks = machine_checks.of_facts(replace(GOOD, **change))
    failed = [check for check in checks if check.state == "failed"]
    assert [check.name for check in failed] == [failing]
    assert failed[0].hint == hint
    assert failed[0].breaks == "every build and run"


def test_no_fault_hides_another() -> None:
    facts = replace(GOOD, userns_clone=0, newuidmap="", subgids=())
    assert {check.state for check in machine_checks.of_facts(facts)} == {"failed"}


def test_root_needs_no_helpers_and_no_ranges() -> None:
    facts = replace(GOOD, uid=0, newuidmap="", newgidmap="", subuids=(), subgids=())
    checks = machine_checks.of_facts(facts)
    assert [check.state for check in checks] == ["ok"] * 3
    assert checks[1].detail == checks[2].detail == "not needed by root"


def test_a_range_that_is_too_small_is_told() -> None:
    few = replace(GOOD, subuids=(Range(100_000, 1000),))
    assert "images may use ids up to 65535" in machine_checks.of_facts(few)[2].detail


def test_a_disk_that_cannot_be_written_is_told(tmp_path: Path) -> None:
    assert machine_checks.of_disk(tmp_path / "not" / "yet").state == "ok"
    closed = Path("/proc/store")
    check = machine_checks.of_disk(closed)
    assert (check.state, check.place) == ("failed", "host")
    assert "--store DIR" in check.hint


def test_the_hosts_table_is_a_note_at_worst(tmp_path: Path) -> None:
    entry = Handler("q", b"\x7fELF", b"", "/q", "F")
    good = machine_checks.of_table(Table(tmp_path, "mounted", enabled=True, entries=(entry,)))
    assert (good.state, good.detail) == ("ok", "1 entries")
    for table in (Table(tmp_path, "unmounted"), Table(tmp_path, "mounted")):
        check = machine_checks.of_table(table)
        assert (check.state, check.hint) == ("note", "sudo trimaran host setup")


def test_without_the_interpreter_there_is_a_note(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert machine_checks.of_stand_ins().state == "ok"
    monkeypatch.setattr(interpreter, "_PROGRAMS", tmp_path)
    check = machine_checks.of_stand_ins()
    assert (check.state, check.detail) == ("note", interpreter.UNAVAILABLE)
    assert "C compiler" in check.hint


def test_lines_name_what_breaks_and_what_mends() -> None:
    checks = (
        Check("one", "host", "ok"),
        Check("two", "private", "failed", "it is gone", "all of it", "sudo mend"),
    )
    assert list(machine_checks.lines(checks)) == [
        "two (private): it is gone; needed for all of it",
        "  hint: sudo mend",
    ]
