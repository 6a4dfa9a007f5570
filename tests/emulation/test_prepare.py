from __future__ import annotations

from pathlib import Path

import pytest
from tests.support.snippets import USERS, run_snippet

from trimaran import machines
from trimaran.emulation import handlers, probes
from trimaran.emulation.prepare import flags, prepare
from trimaran.emulation.support import Missing, Native
from trimaran.platforms import Platform

users = pytest.mark.parametrize("user", USERS)
HOST = Path("/proc/sys/fs/binfmt_misc")
FOREIGN = next(
    platform
    for platform in (Platform("linux", "s390x"), Platform("linux", "ppc64le"))
    if platform.machine != machines.host()
)

START = """
    import os, subprocess, tempfile
    from pathlib import Path
    from trimaran import machines
    from trimaran.emulation import handlers, probes
    from trimaran.emulation.prepare import prepare
    from trimaran.emulation.support import Emulated, Missing, Native
    from trimaran.linux import mounts, namespaces, process, syscalls
    from trimaran.platforms import Platform
    TABLE = Path("/proc/sys/fs/binfmt_misc")
    namespaces.enter()
    """


def test_the_hosts_own_platform_needs_nothing() -> None:
    own = Platform("linux", machines.host().architecture)
    assert prepare([own], "/nowhere") == {own: Native()}
    assert prepare([], "/nowhere") == {}


def test_flags() -> None:
    assert flags((5, 2, 0)) == "CF"
    assert flags((6, 0, 0)) == flags((7, 2, 22)) == "PCF"
    assert flags(()) == "CF"


def table_of(folder: Path, flags_shown: str = "OCF", interpreter: str = "/gone/qemu") -> Path:
    """A host's table that has one handler, for FOREIGN."""
    machine = FOREIGN.machine
    assert machine is not None
    found = handlers.for_machine(machine, Path(interpreter), flags_shown)[0]
    (folder / "status").write_text("enabled\n")
    (folder / "qemu-foreign").write_text(
        f"enabled\ninterpreter {interpreter}\nflags: {flags_shown}\noffset 0\n"
        f"magic {found.magic.hex()}\nmask {found.mask.hex()}\n"
    )
    return folder


def test_without_a_namespace_nothing_is_mounted_or_registered(tmp_path: Path) -> None:
    before = sorted(HOST.iterdir())
    found = prepare([FOREIGN], "/usr/bin", table=tmp_path)[FOREIGN]
    assert isinstance(found, Missing)
    assert "no private binfmt_misc without a user namespace" in found.reason
    assert found.hint == "sudo trimaran host setup"
    assert list(tmp_path.iterdir()) == []
    assert sorted(HOST.iterdir()) == before


@pytest.mark.parametrize(
    ("shown", "interpreter", "reason"),
    [
        ("OC", "/gone/qemu", "lacks flag F"),
        ("OCF", "/bin/sh", "/bin/sh, which is not static"),
        ("OCF", "/gone/qemu", "/gone/qemu does not run"),
    ],
)
def test_a_hosts_handler_is_judged_and_probed(
    tmp_path: Path, shown: str, interpreter: str, reason: str
) -> None:
    """The last one is right by its words, and only running the probe shows that it is not."""
    found = prepare([FOREIGN], "", table=table_of(tmp_path, shown, interpreter))[FOREIGN]
    assert isinstance(found, Missing)
    assert reason in found.reason


def test_an_unknown_cpu_is_missing(tmp_path: Path) -> None:
    odd = Platform("linux", "z80")
    assert prepare([odd], "", table=tmp_path) == {odd: Missing("no such CPU is known")}


@pytest.mark.real
@users
def test_every_platform_with_an_emulator_runs_and_the_host_stays_as_it_was(user: str) -> None:
    before = [(path.name, path.stat().st_size) for path in sorted(HOST.iterdir())]
    found = run_snippet(
        START
        + """
    names = [row.architecture for row in machines.MACHINES if row.architecture]
    result = prepare([Platform("linux", name) for name in names], process.SYSTEM_PATH)
    answer({
        str(platform): type(support).__name__ if not isinstance(support, Missing)
        else support.reason for platform, support in result.items()
    })
    """,
        user,
    )
    host = str(Platform("linux", machines.host().architecture))
    assert len(found) == len([row for row in machines.MACHINES if row.architecture])
    assert found.pop(host) == "Native"
    assert set(found.values()) <= {"Emulated", "Native"}
    assert found["linux/s390x"] == "Emulated" or host == "linux/s390x"
    assert [(path.name, path.stat().st_size) for path in sorted(HOST.iterdir())] == before


@pytest.mark.real
@users
def test_only_what_is_needed_is_registered_and_once(user: str) -> None:
    found = run_snippet(
        START
        + """
    platforms = [Platform("linux", "arm", "v6"), Platform("linux", "arm", "v7"),
        Platform("linux", "s390x"), Platform("linux", machines.host().architecture)]
    first = prepare(platforms, process.SYSTEM_PATH)
    second = prepare(platforms, process.SYSTEM_PATH)
    names = sorted(set(os.listdir(TABLE)) - {"status", "register"})
    assert all(one.private for one in (*first.values(), *second.values())
        if isinstance(one, Emulated))
    answer([names, [type(one).__name__ for one in second.values()],
        [type(one).__name__ for one in first.values()]])
    """,
        user,
    )
    names, second, first = found
    assert machines.host().name not in str(names)
    assert set(names) <= {"trimaran-arm", "trimaran-s390x"}
    assert first == second


@pytest.mark.real
@users
def test_argv0_setuid_and_unreadable_programs_in_another_root(user: str) -> None:
    """A program that prints argv[0] and exits with its effective user id, for a 64-bit Arm."""
    found = run_snippet(
        START
        + """
    import struct
    code = [
        0xF94007E1,  # ldr x1, [sp, 8]       argv[0]
        0xD2800002,  # mov x2, 0
        0x38626823,  # ldrb w3, [x1, x2]
        0x34000063,  # cbz w3, +12
        0x91000442,  # add x2, x2, 1
        0x17FFFFFD,  # b -12
        0xD2800020, 0xD2800808, 0xD4000001,  # write(1, x1, x2)
        0xD28015E8, 0xD4000001,              # geteuid()
        0xD2800BA8, 0xD4000001,              # exit(x0)
    ]
    head = bytearray(probes.program(machines.by_name("aarch64"))[:120])
    struct.pack_into("<QQ", head, 96, 120 + 4 * len(code), 120 + 4 * len(code))
    program = bytes(head) + struct.pack(f"<{len(code)}I", *code)
    arm64 = Platform("linux", "arm64")
    support = prepare([arm64], process.SYSTEM_PATH)[arm64]
    root = Path(tempfile.mkdtemp())
    syscalls.mount("tmpfs", str(root), "tmpfs", 0, "mode=755")
    for name, owner, mode in (("plain", 0, 0o755), ("setuid", 5, 0o4755), ("unreadable", 0, 0o711)):
        (root / name).write_bytes(program)
        os.chown(root / name, owner, owner)
        (root / name).chmod(mode)
    def run(name):
        done = subprocess.run(["chroot", "--userspec=7:7", root, f"/{name}"], capture_output=True)
        return [done.stdout.decode(), done.returncode]
    named = subprocess.run(["-sh"], executable=root / "plain", capture_output=True)
    results = [run("plain"), run("setuid"), run("unreadable"), named.stdout.decode()]
    mounts.unmount(root)
    os.rmdir(root)
    answer([type(support).__name__, *results])
    """,
        user,
    )
    assert found[1:] == [["/plain", 7], ["/setuid", 5], ["/unreadable", 7], "-sh"]


@pytest.mark.real
def test_a_missing_emulator_is_missing_with_its_package(tmp_path: Path) -> None:
    found = run_snippet(
        START
        + """
    from trimaran.emulation import find
    find._LINKS = "/nowhere/{}"
    platform = Platform("linux", sys.argv[2])
    empty = prepare([platform], sys.argv[1])[platform]
    os.symlink("/bin/sh", sys.argv[1] + f"/qemu-{platform.machine.name}")
    dynamic = prepare([platform], sys.argv[1])[platform]
    answer([empty.reason, dynamic.reason, dynamic.hint])
    """,
        "self",
        tmp_path,
        FOREIGN.architecture,
    )
    assert found[0] == f"no emulator for {FOREIGN.architecture} is installed"
    assert "is not static" in found[1]
    assert "qemu" in found[2]


@pytest.mark.real
def test_an_emulator_of_another_cpu_fails_its_probe() -> None:
    found = run_snippet(
        START
        + """
    platform = Platform("linux", "s390x")
    wrong = Path("/usr/bin/qemu-arm-static").resolve()
    refused = Path("/bin/sh").resolve()
    first = prepare([platform], "", overrides={"s390x": refused})[platform]
    second = prepare([platform], "", overrides={"s390x": wrong})[platform]
    answer([first.reason, second.reason])
    """
    )
    assert "is not static" in found[0]
    assert "does not run s390x programs: its probe ended with status" in found[1]


def test_a_probe_that_runs_natively_is_native(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As 386 on amd64; here the foreign probe is swapped for the host's own."""
    own = probes.program(machines.host())
    monkeypatch.setattr(probes, "program", lambda _: own)
    assert prepare([FOREIGN], "", table=tmp_path) == {FOREIGN: Native()}
