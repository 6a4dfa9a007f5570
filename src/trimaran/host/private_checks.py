"""Checks inside the namespaces of builds: the private table, overlays, the runtime's container."""

from __future__ import annotations

import errno
import stat
from pathlib import Path

from trimaran import machines
from trimaran.emulation import probes
from trimaran.errors import HostError
from trimaran.executor import surroundings, sysfs
from trimaran.executor.bundle import Container
from trimaran.executor.runtime import Runtime
from trimaran.executor.users import ProcessUser
from trimaran.host import programs
from trimaran.host.checks import Check, attempt
from trimaran.host.programs import CONFINED
from trimaran.linux import mounts, namespaces, process
from trimaran.linux.mounts import Overlay

TABLE = Path("/proc/sys/fs/binfmt_misc")
_BUILDS = "every build with a RUN, and every run"
_CGROUPS = Path("/sys/fs/cgroup")


def of_table() -> Check:
    """A table of binary formats of the namespace's own."""
    breaks = "emulation without set-up of the host"
    setup = "sudo trimaran host setup"
    if not namespaces.owns_users():
        said = "only the host's table is in force"
        return Check("binfmt_misc", "private", "note", said, breaks, setup)
    try:
        mounts.BinfmtMisc(TABLE).execute()
    except HostError as error:
        number = error.__cause__.errno if isinstance(error.__cause__, OSError) else 0
        if number != errno.EBUSY:
            hint = f"use Linux 6.7 or later, or: {setup}"
            return Check("binfmt_misc", "private", "note", error.message, breaks, hint)
    return Check("binfmt_misc", "private", "ok", "a table of its own")


def of_overlay(folder: Path) -> Check:
    """Lay folders over each other on the store's file system, and remove a file of the lower.

    Args:
        folder: empty, on the file system of the store.
    """

    def lay() -> str:
        lower, second, upper, work, target = (folder / name for name in "abcde")
        for one in (lower, second, upper, work, target):
            one.mkdir()
        (lower / "file").write_bytes(b"below")
        with mounts.mounted(Overlay((lower, second), upper, work, target)):
            (target / "file").unlink()
            (target / "new").write_bytes(b"above")
        status = (upper / "file").lstat()
        if not stat.S_ISCHR(status.st_mode) or not (upper / "new").is_file():
            raise HostError("an overlay keeps no whiteouts here", "use another --store DIR")
        return "whiteouts are kept"

    return attempt("overlay", "private", _BUILDS, lay)


def of_runtime(folder: Path, search_path: str, name: str) -> tuple[Check, ...]:
    """Find the runtime, then run a native program in a container of it.

    Args:
        folder: empty.
        search_path: where the runtime is looked for.
        name: runc, crun or a path.
    """
    found: list[Runtime] = []

    def find() -> str:
        found.append(Runtime.find(search_path, name))
        said = process.run([found[0].program, "--version"]).stdout.decode(errors="replace")
        return said.splitlines()[0] if said else str(found[0].program)

    there = attempt("OCI runtime", "private", _BUILDS, find)
    if there.state != "ok":
        return (there,)
    runs = attempt("container", "private", _BUILDS, lambda: _start(folder, found[0]))
    return there, runs


def of_cgroups() -> Check:
    """Which version of cgroups the host has; steps are put into none, so any will do."""
    unified = (_CGROUPS / "cgroup.controllers").exists()
    hybrid = (_CGROUPS / "unified").is_dir()
    names = {True: "version 2", False: "both versions" if hybrid else "version 1, or none"}
    return Check("cgroups", "host", "ok", names[unified])


def _start(folder: Path, runtime: Runtime) -> str:
    """Run the trial of seccomp where there is a program for this CPU, else its probe."""
    root, bundle = folder / "root", folder / "bundle"
    for one in (root, bundle, *(root / name for name in ("dev", "proc", "sys"))):
        one.mkdir()
    host = machines.host()
    trial = programs.program(host)
    (root / "program").write_bytes(trial or probes.program(host))
    (root / "program").chmod(0o755)
    container = Container(
        root,
        ("/program", *CONFINED.arguments),
        (),
        "/",
        ProcessUser(0, 0),
        show_sys=sysfs.protect(hide_cgroups=runtime.hide_cgroups),
        machine=surroundings.machine(),
        hard_files=surroundings.hard_files(),
    )
    with runtime.start(container, bundle) as running:
        status = running.wait()
        complaints = running.complaints()
    if complaints:
        raise HostError(complaints[0])
    if status == (CONFINED.status if trial else 0):
        return "started, under a seccomp filter" if trial else "started"
    if trial and status == 0:
        raise HostError("the runtime applies no seccomp filter", "use a runtime built with seccomp")
    raise HostError(f"its program ended with status {status}")
