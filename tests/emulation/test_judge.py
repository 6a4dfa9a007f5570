from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from trimaran import machines
from trimaran.emulation import handlers, judge, probes
from trimaran.emulation.handlers import Handler
from trimaran.emulation.judge import Interpreter
from trimaran.machines import Machine

GOOD = Interpreter(version=(7, 2, 0))


def row(name: str) -> Machine:
    found = machines.by_name(name)
    assert found is not None
    return found


ARM, AMD64, S390X = row("arm"), row("x86_64"), row("s390x")


def entry(machine: Machine, **change: object) -> Handler:
    made = handlers.for_machine(machine, Path("/q"), "PF")[0]
    return replace(made, **change)  # type: ignore[arg-type]


@pytest.mark.parametrize("machine", machines.MACHINES, ids=lambda machine: machine.name)
def test_trimarans_own_entries_have_no_fault(machine: Machine) -> None:
    host = ARM if machine != ARM else AMD64
    for one in handlers.for_machine(machine, Path("/q"), "PF"):
        assert judge.faults(one, machine, GOOD, host) == ()
        assert judge.is_for_programs(one)


@pytest.mark.parametrize(
    ("change", "interpreter", "fault"),
    [
        ({"enabled": False}, GOOD, "it is disabled"),
        ({"flags": "OC"}, GOOD, "it lacks flag F"),
        ({}, Interpreter("/q is not static"), "/q is not static"),
        ({}, Interpreter("/q is gone", gone=True), ""),
        ({"flags": ""}, Interpreter("/q is gone", gone=True), "/q is gone"),
        ({}, Interpreter(version=(5, 2, 0)), "it has flag P, which QEMU understands from 6.0"),
        ({}, Interpreter(), ""),
    ],
)
def test_faults(change: dict[str, object], interpreter: Interpreter, fault: str) -> None:
    found = judge.faults(entry(S390X, **change), S390X, interpreter, AMD64)
    assert (fault in "; ".join(found)) if fault else found == ()


def test_a_mask_that_is_too_wide_or_too_narrow() -> None:
    good = entry(S390X)
    wide = replace(good, mask=good.mask[:18] + b"\0\0")
    narrow = replace(good, mask=good.mask[:17] + b"\xff" + good.mask[18:])
    all_files = Handler("all", b"\x7fELF", b"", "/q", "F")
    assert judge.faults(wide, S390X, GOOD, AMD64)[0].startswith("wrong mask: it takes the programs")
    assert "position-independent" in judge.faults(narrow, S390X, GOOD, AMD64)[0]
    assert judge.faults(all_files, S390X, GOOD, AMD64)[0] == (
        "wrong mask: it takes the programs of this machine's own x86_64"
    )
    other_host = judge.faults(all_files, AMD64, GOOD, S390X)
    assert "own s390x" in other_host[0]


def test_the_newest_that_is_enabled_wins_and_shadows_the_rest() -> None:
    header = probes.program(S390X)
    new, old = entry(S390X, name="new"), entry(S390X, name="old")
    arm = entry(ARM)
    assert judge.winner([arm, new, old], header) == new
    assert judge.winner([replace(new, enabled=False), old], header) == old
    assert judge.winner([arm], header) is None
    assert judge.shadow([new, arm, old], old, S390X) == new
    assert judge.shadow([new, arm, old], new, S390X) is None
    assert judge.shadow([replace(new, enabled=False), old], old, S390X) is None
    fixed_only = replace(new, mask=new.mask[:17] + b"\xff" + new.mask[18:])
    assert judge.shadow([fixed_only, old], old, S390X) is None


def test_whom_an_entry_concerns() -> None:
    java = Handler("jar", b"\xca\xfe\xba\xbe", b"", "/java", "")
    odd = entry(S390X, magic=entry(S390X).magic[:18] + b"\x77\x77")
    assert judge.concerned([java, odd, entry(ARM), entry(S390X)], S390X) == (entry(S390X),)
    assert not judge.is_for_programs(java)
    assert judge.is_for_programs(odd)
    assert not judge.matches_any(odd)
    assert judge.matches_any(entry(ARM))


def test_look_at(tmp_path: Path) -> None:
    static = tmp_path / "static"
    static.write_bytes(probes.program(machines.host()))
    static.chmod(0o755)
    host = machines.host()
    assert judge.look_at(str(static), S390X, host) == Interpreter()
    gone = judge.look_at(str(tmp_path / "none"), S390X, host)
    assert (gone.gone, gone.fault) == (True, f"{tmp_path / 'none'} is gone")
