from __future__ import annotations

from pathlib import Path

import pytest
from tests.host.hosts import entry, row

from trimaran.emulation.handlers import Handler
from trimaran.host import boot
from trimaran.host.boot import System


def make(root: Path, *names: str) -> None:
    for name in names:
        path = root / name.rstrip("/")
        path.parent.mkdir(parents=True, exist_ok=True)
        if name.endswith("/"):
            path.mkdir()
        else:
            path.write_text("text\n")


SYSTEMD = ("run/systemd/system/", "usr/lib/systemd/systemd-binfmt")
UNIT = "proc-sys-fs-binfmt_misc"


@pytest.mark.parametrize(
    ("names", "system"),
    [
        (SYSTEMD, "systemd"),
        (("usr/lib/systemd/systemd-binfmt",), "systemd"),
        (("run/openrc/", "usr/lib/systemd/systemd-binfmt"), "openrc"),
        (("etc/runlevels/",), "openrc"),
        ((), "none"),
    ],
)
def test_system(tmp_path: Path, names: tuple[str, ...], system: System) -> None:
    make(tmp_path, *names)
    assert boot.read(tmp_path).system == system


def test_what_keeps_systemd_from_it(tmp_path: Path) -> None:
    make(tmp_path, "run/systemd/system/")
    assert boot.read(tmp_path).obstacle == "systemd was installed without systemd-binfmt"
    make(tmp_path, "lib/systemd/systemd-binfmt", "etc/systemd/system/")
    assert boot.read(tmp_path).obstacle == ""
    (tmp_path / "etc/systemd/system/systemd-binfmt.service").symlink_to("/dev/null")
    assert boot.read(tmp_path).obstacle == "systemd-binfmt.service is masked"


@pytest.mark.parametrize(
    ("names", "mounts"),
    [
        ((), False),
        ((f"usr/lib/systemd/system/{UNIT}.automount",), True),
        ((f"lib/systemd/system/{UNIT}.mount",), True),
        ((f"etc/systemd/system/{UNIT}.mount",), True),
    ],
)
def test_who_mounts(tmp_path: Path, names: tuple[str, ...], mounts: bool) -> None:
    make(tmp_path, *SYSTEMD, *names)
    assert boot.read(tmp_path).mounts is mounts


def test_a_masked_unit_mounts_nothing_and_fstab_does(tmp_path: Path) -> None:
    make(tmp_path, *SYSTEMD, f"usr/lib/systemd/system/{UNIT}.mount", "etc/systemd/system/")
    (tmp_path / f"etc/systemd/system/{UNIT}.mount").symlink_to("/dev/null")
    assert not boot.read(tmp_path).mounts
    (tmp_path / "etc/fstab").write_text(
        "# binfmt_misc x binfmt_misc\nbinfmt_misc /proc/sys/fs/binfmt_misc binfmt_misc defaults\n"
    )
    assert boot.read(tmp_path).mounts


def test_an_empty_unit_masks_too(tmp_path: Path) -> None:
    make(tmp_path, *SYSTEMD, "etc/systemd/system/systemd-binfmt.service")
    assert boot.read(tmp_path).obstacle == ""
    (tmp_path / "etc/systemd/system/systemd-binfmt.service").write_text("")
    assert "masked" in boot.read(tmp_path).obstacle


def test_configured_entries_are_in_systemds_order(tmp_path: Path) -> None:
    make(tmp_path, *SYSTEMD, "etc/binfmt.d/", "usr/lib/binfmt.d/", "run/binfmt.d/")
    arm, z = entry("arm", called="a"), entry("s390x", called="z")
    lines = {
        "usr/lib/binfmt.d/b.conf": f"# remark\n; other\n\n{z.line()}\n:q:E::exe::/q:\n",
        "usr/lib/binfmt.d/c.conf": arm.line(),
        "run/binfmt.d/c.conf": z.line(),
        "etc/binfmt.d/a.conf": arm.line(),
        "etc/binfmt.d/no": arm.line(),
    }
    for name, text in lines.items():
        (tmp_path / name).write_text(text)
    (tmp_path / "usr/lib/binfmt.d/d.conf").write_text(arm.line())
    (tmp_path / "etc/binfmt.d/d.conf").symlink_to("/dev/null")
    found = [(str(one.path), one.handler) for one in boot.read(tmp_path).configured]
    assert found == [
        ("/etc/binfmt.d/a.conf", arm),
        ("/usr/lib/binfmt.d/b.conf", z),
        ("/run/binfmt.d/c.conf", z),
    ]


def test_openrcs_own_files(tmp_path: Path) -> None:
    make(tmp_path, "run/openrc/", "etc/trimaran-binfmt.d/", "etc/binfmt.d/")
    arm = entry("arm")
    boot.file_of(tmp_path, "openrc", row("arm")).write_text(arm.line())
    (tmp_path / "etc/binfmt.d/b.conf").write_text(arm.line())
    found = boot.read(tmp_path).configured
    assert [str(one.path) for one in found] == ["/etc/trimaran-binfmt.d/arm.conf"]


SUPPORT = r"""qemu-user-static
magic
0
\x7f\x45\x4c\x46
\xff\xff\xff\xff
/usr/bin/qemu-x

no
yes
yes
"""


def test_binfmt_support_comes_after_systemd(tmp_path: Path) -> None:
    make(tmp_path, *SYSTEMD, "etc/binfmt.d/", "var/lib/binfmts/")
    (tmp_path / "etc/binfmt.d/z.conf").write_text(entry("arm").line())
    (tmp_path / "var/lib/binfmts/qemu-x").write_text(SUPPORT)
    (tmp_path / "var/lib/binfmts/jar").write_text(SUPPORT.replace("magic", "extension"))
    (tmp_path / "var/lib/binfmts/short").write_text("a\nmagic\n")
    assert len(boot.read(tmp_path).configured) == 1, "without its program nothing reads them"
    make(tmp_path, "usr/sbin/update-binfmts")
    first, second = boot.read(tmp_path).configured
    assert (first.late, second.late) == (False, True)
    expected = Handler("qemu-x", b"\x7fELF", b"\xff" * 4, "/usr/bin/qemu-x", "PF")
    assert (str(second.path), second.handler) == ("/var/lib/binfmts/qemu-x", expected)
