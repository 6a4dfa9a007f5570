from __future__ import annotations

from pathlib import Path

from tests.host.hosts import entry, row, table

from trimaran.host import persistence, record
from trimaran.host.boot import Boot
from trimaran.host.changes import Link, WriteFile
from trimaran.host.facts import Table
from trimaran.host.record import Record
from trimaran.host.removal import Removal, plan_remove
from trimaran.machines import MACHINES

ARM, Z = "aarch64", "s390x"


def installed(root: Path, *names: str, boot: Boot = Boot("systemd")) -> Record:  # noqa: B008 - frozen
    """What setup leaves: files, and the record of its entries."""
    known = Record({f"trimaran-{name}": entry(name).line() for name in names})
    WriteFile(record.path_of(root), known.text()).execute()
    for name in names:
        persistence.machine_file(root, boot.system, row(name), [entry(name)]).execute()
    for one in persistence.common_files(root, boot):
        one.execute()
    return known


def shown(found: Removal, root: Path) -> list[str]:
    return [change.describe().replace(str(root), "") for change in found.changes]


def carry_out(found: Removal) -> None:
    for change in found.changes:
        if not change.describe().startswith(("unregister", "switch", "unmount")):
            change.execute()


def files(root: Path) -> list[str]:
    return sorted(str(path.relative_to(root)) for path in root.rglob("*") if not path.is_dir())


def test_all_of_it(tmp_path: Path) -> None:
    known = installed(tmp_path, ARM, Z)
    found = plan_remove(tmp_path, table(entry(ARM), entry(Z)), known, "boot-1", MACHINES)
    assert shown(found, tmp_path) == [
        f"unregister trimaran-{ARM}: added by setup",
        f"unregister trimaran-{Z}: added by setup",
        f"remove /etc/binfmt.d/trimaran-{ARM}.conf",
        f"remove /etc/binfmt.d/trimaran-{Z}.conf",
        "remove /var/lib/trimaran-host/record.json",
    ]
    carry_out(found)
    assert files(tmp_path) == []
    assert not (tmp_path / "var/lib/trimaran-host").exists()
    again = plan_remove(tmp_path, table(), record.load(tmp_path), "boot-1", MACHINES)
    assert again.changes == ()


def test_one_of_two(tmp_path: Path) -> None:
    known = installed(tmp_path, ARM, Z, boot=Boot("openrc"))
    found = plan_remove(tmp_path, table(entry(ARM), entry(Z)), known, "boot-1", [row(Z)])
    carry_out(found)
    assert "etc/init.d/trimaran-binfmt" in files(tmp_path)
    assert record.load(tmp_path).entries.keys() == {f"trimaran-{ARM}"}
    last = plan_remove(tmp_path, table(entry(ARM)), record.load(tmp_path), "boot-1", [row(ARM)])
    carry_out(last)
    assert files(tmp_path) == []
    assert not (tmp_path / "etc/trimaran-binfmt.d").exists()


def test_the_mount_unit_goes_with_the_last(tmp_path: Path) -> None:
    known = installed(tmp_path, ARM, boot=Boot("systemd", mounts=False))
    assert len(files(tmp_path)) == 4
    carry_out(plan_remove(tmp_path, table(), known, "boot-1", MACHINES))
    assert files(tmp_path) == []


def test_what_is_anothers_stays(tmp_path: Path) -> None:
    known = installed(tmp_path, ARM)
    strange = entry(ARM, "CF")
    (tmp_path / f"etc/binfmt.d/trimaran-{Z}.conf").write_text("mine\n")
    Link(tmp_path / "etc/runlevels/boot/trimaran-binfmt", "/etc/init.d/trimaran-binfmt").execute()
    debians = entry(Z, called="qemu-s390x")
    found = plan_remove(tmp_path, table(debians, strange), known, "boot-1", MACHINES)
    assert found.left == (f"trimaran-{ARM} is another entry than the one that setup added",)
    assert not [line for line in shown(found, tmp_path) if line.startswith("unregister")]
    carry_out(found)
    assert files(tmp_path) == [
        f"etc/binfmt.d/trimaran-{Z}.conf",
        "etc/runlevels/boot/trimaran-binfmt",
    ]


def test_without_the_record_the_files_tell_what_is_own(tmp_path: Path) -> None:
    installed(tmp_path, ARM)
    record.path_of(tmp_path).unlink()
    here = table(entry(ARM, enabled=False))
    found = plan_remove(tmp_path, here, record.load(tmp_path), "boot-1", MACHINES)
    assert shown(found, tmp_path)[0] == f"unregister trimaran-{ARM}: added by setup"


def table_changes(tmp_path: Path, known: Record, at: Table, boot_id: str = "boot-1") -> list[str]:
    found = plan_remove(tmp_path, at, known, boot_id, MACHINES)
    return [line.split(":")[0] for line in shown(found, tmp_path) if "binfmt_misc" in line]


def test_the_table_is_put_back_as_it_was_in_the_same_boot_if_no_one_uses_it(
    tmp_path: Path,
) -> None:
    own = {f"trimaran-{ARM}": entry(ARM).line()}
    mounted = Record(own, mounted_in_boot="boot-1")
    enabled = Record(own, enabled_in_boot="boot-1")
    here = table(entry(ARM))
    assert table_changes(tmp_path, mounted, here) == ["unmount /proc/sys/fs/binfmt_misc"]
    assert table_changes(tmp_path, enabled, here) == ["switch binfmt_misc off"]
    assert table_changes(tmp_path, mounted, here, "boot-2") == []
    assert table_changes(tmp_path, mounted, here, "") == []
    used = table(entry(ARM), entry(Z, called="qemu-s390x"))
    assert table_changes(tmp_path, mounted, used) == []
    assert table_changes(tmp_path, enabled, used) == []
