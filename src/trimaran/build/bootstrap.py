"""A minimal Debian root file system by mmdebstrap; the kernel's handler runs foreign programs.

Runs as root of this process's own user namespace, so that owners are real; devices are left out
there, as mknod(2) makes none.
"""

from __future__ import annotations

import contextlib
import os
import re
import signal
import subprocess
import threading
from collections import deque
from collections.abc import Callable
from pathlib import Path

from trimaran.build.apt import Programs
from trimaran.build.debian import Mirror, Port
from trimaran.errors import StepError
from trimaran.executor.output import read_lines
from trimaran.linux import process, syscalls
from trimaran.platforms import Platform
from trimaran.scheduler.tasks import check

_PACKAGES = {"debian": "mmdebstrap", "fedora": "mmdebstrap", "arch": "mmdebstrap"}
_SHOWN_LINES = 20
_GRACE_S = 10.0
# Of the machine that made it, or of no use to another one.
_REMOVED = ("etc/hostname", "etc/resolv.conf", "var/cache/ldconfig/aux-cache", "etc/machine-id")
_ADDED = {
    # No service is to start in a build or a container (invoke-rc.d(8), policy-rc.d).
    "usr/sbin/policy-rc.d": ("#!/bin/sh\nexit 101\n", 0o755),
    "etc/apt/apt.conf.d/90container": (
        (
            'APT::Keep-Downloaded-Packages "false";\nAcquire::Languages "none";\n'
            'Acquire::GzipIndexes "true";\n'
        ),
        0o644,
    ),
    # A step is kept whole or not at all: syncing every file of it would only take time.
    "etc/dpkg/dpkg.cfg.d/90container": ("force-unsafe-io\n", 0o644),
}


def find(programs: Programs) -> Path:
    """Where mmdebstrap is. Raises HostError if it is not installed."""
    return programs.find("mmdebstrap", _PACKAGES)


def make_root(
    root: Path,
    platform: Platform,
    port: Port,
    *,
    mirror: Mirror,
    programs: Programs,
    source_date_epoch: int | None,
    take: Callable[[str], None],
    stop: threading.Event,
) -> None:
    """Fill an empty folder with the packages of variant minbase.

    Args:
        root: the folder.
        platform: whose programs it holds; they can be run here.
        port: the suite and architecture.
        mirror: the archive.
        programs: where mmdebstrap is found.
        source_date_epoch: in seconds; handed to mmdebstrap for reproducible contents.
        take: gets each line of output.
        stop: set to call it off.

    Raises:
        HostError: mmdebstrap is not installed.
        StepError: it failed.
        Stopped: `stop` was set.
        OSError: the root cannot be written to.
    """
    root.chmod(0o755)
    command = [
        *(str(find(programs)), "--mode=root", "--variant=minbase", "--format=directory"),
        # Its check asks the host's handlers; that programs run was proven by a probe.
        *("--skip=check/qemu", f"--architectures={port.architecture}"),
        *(port.suite, str(root), *mirror.lines(port.suite)),
    ]
    environment = programs.environment
    if source_date_epoch is not None:
        environment["SOURCE_DATE_EPOCH"] = str(source_date_epoch)
    last: deque[str] = deque(maxlen=_SHOWN_LINES)

    def keep(line: str) -> None:
        last.append(line)
        take(line)

    try:
        status = _run(command, environment, keep, stop)
    finally:
        _unmount_below(root)
    check(stop)
    if status != 0:
        raise StepError(
            f"mmdebstrap failed with status {status}: {process.show(command)}",
            step=f"mmdebstrap {port.suite}",
            platform=str(platform),
            exit_status_of_step=status,
            output=last,
        )
    _tidy(root)


def _run(
    command: list[str],
    environment: dict[str, str],
    take: Callable[[str], None],
    stop: threading.Event,
) -> int:
    with process.start(command, environment=environment, new_session=True) as child:
        try:
            assert child.stdout is not None  # noqa: S101 - a pipe by default
            if not read_lines(child.stdout.fileno(), stop, take):
                _end(child)
            return child.wait()
        except BaseException:
            _end(child)
            raise


def _end(child: subprocess.Popen[bytes]) -> None:
    """End mmdebstrap and its children; at a SIGTERM it unmounts what it mounted."""
    for number, grace_s in ((signal.SIGTERM, _GRACE_S), (signal.SIGKILL, None)):
        with contextlib.suppress(ProcessLookupError):
            os.killpg(child.pid, number)
        with contextlib.suppress(subprocess.TimeoutExpired):
            child.wait(grace_s)
            return


def _unmount_below(root: Path) -> None:
    """Take away mounts that a killed mmdebstrap left: removing the folder would walk into them."""
    lead = f"{root}/"
    table = Path("/proc/self/mountinfo").read_bytes().decode("utf-8", "surrogateescape")
    points = [_unescaped(line.split(" ")[4]) for line in table.splitlines()]
    for point in reversed([point for point in points if point.startswith(lead)]):
        syscalls.umount(point, syscalls.MNT_DETACH)


def _unescaped(text: str) -> str:
    """A path as proc(5)'s mountinfo writes it: space, tab, newline and backslash are octal."""
    return re.sub(r"\\([0-7]{3})", lambda match: chr(int(match[1], 8)), text)


def _tidy(root: Path) -> None:
    for name in _REMOVED:
        (root / name).unlink(missing_ok=True)
    for path in (root / "var/log").rglob("*"):
        if path.is_file() and not path.is_symlink():
            os.truncate(path, 0)
    for name, (text, mode) in _ADDED.items():
        (root / name).write_text(text, encoding="ascii")
        (root / name).chmod(mode)
