from __future__ import annotations

import os
from pathlib import Path

import pytest
from tests.host.hosts import row
from tests.support.users import ordinary_user

from trimaran import machines
from trimaran.emulation import probes
from trimaran.emulation.support import Emulator, Missing
from trimaran.host import facts

Z = row("s390x") if machines.host().name != "s390x" else row("aarch64")


def test_a_table_that_is_not_there(tmp_path: Path) -> None:
    assert facts.read_table(tmp_path / "none").state == "absent"
    assert facts.read_table(tmp_path).state == "unmounted"


def test_a_table_that_is_switched_off_has_entries_and_no_active_ones(tmp_path: Path) -> None:
    shown = "enabled\ninterpreter /q\nflags: F\noffset 0\nmagic 7f454c46\n"
    (tmp_path / "status").write_text("disabled\n")
    (tmp_path / "one").write_text(shown)
    found = facts.read_table(tmp_path)
    assert (found.state, found.enabled, found.active) == ("mounted", False, ())
    assert [one.name for one in found.entries] == ["one"]
    (tmp_path / "status").write_text("enabled\n")
    assert facts.read_table(tmp_path).active == found.entries


def emulator(folder: Path) -> Path:
    path = folder / f"qemu-{Z.name}"
    path.write_bytes(probes.program(machines.host()))
    path.chmod(0o755)
    return path


def test_a_named_emulator_needs_no_version(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(facts, "unsafe", lambda _: "")
    path = emulator(tmp_path)
    found = facts.choose(Z, machines.host(), "", {Z.name: path})
    assert found == Emulator(path, Z.name)


def test_what_is_no_emulator_is_told(tmp_path: Path) -> None:
    odd = tmp_path / "odd"
    odd.write_text("text")
    found = facts.choose(Z, machines.host(), "", {Z.name: odd})
    assert found == Missing(f"{odd} is not a program")
    dropped = facts.choose(row("tilegx"), machines.host(), str(tmp_path), {})
    assert isinstance(dropped, Missing)
    assert "QEMU dropped tilegx in 6.0" in dropped.hint


def test_what_others_can_change_is_unsafe(tmp_path: Path) -> None:
    """As root its file is root's until it is given away; others' files never were root's."""
    path = emulator(tmp_path)
    if os.geteuid() == 0:
        assert facts.unsafe(path) == ""
        path.chmod(0o777)
        assert f"{path} can be changed by others than root" in facts.unsafe(path)
        path.chmod(0o755)
        os.chown(path, ordinary_user().pw_uid, -1)
    assert "can be changed by others than root" in facts.unsafe(path)
    found = facts.choose(Z, machines.host(), "", {Z.name: path})
    assert isinstance(found, Missing)


def test_in_a_user_namespace_nothing_is(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    own = tmp_path / "map"
    own.write_text("         0       1000          1\n")
    monkeypatch.setattr(facts, "_ID_MAP", own)
    path = emulator(tmp_path)
    path.chmod(0o777)
    assert facts.unsafe(path) == ""


def test_gathering_changes_nothing(tmp_path: Path) -> None:
    (tmp_path / "proc/sys/fs/binfmt_misc").mkdir(parents=True)
    before = sorted(tmp_path.rglob("*"))
    found = facts.gather(tmp_path, machines.host(), [Z, machines.host()], "/usr/bin", {})
    assert sorted(tmp_path.rglob("*")) == before
    assert [one.machine for one in found.cpus] == [Z], "the host's own CPU needs nothing"
    assert found.boot.system == "none"
    assert found.boot_id
