"""Tiny programs, one per CPU, that print `ok`: what proves that a CPU's programs run here.

`probes.json` maps a CPU's name to its program in hex: 107 to 200 bytes each, an ELF header, one
segment, two system calls (write and exit).
"""

from __future__ import annotations

import json
import os
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from functools import cache
from pathlib import Path

from trimaran.errors import HostError
from trimaran.linux import mounts, namespaces, process
from trimaran.machines import Machine

_ANSWER = b"ok\n"
_TIMEOUT_S = 20.0
_NOT_STARTED = (126, 127)  # chroot's statuses for a program that cannot be run or found


@cache
def _table() -> dict[str, str]:
    text = Path(__file__).with_name("probes.json").read_text(encoding="ascii")
    table: dict[str, str] = json.loads(text)
    return table


def program(machine: Machine) -> bytes:
    """The CPU's probe, a whole ELF file.

    Raises:
        LookupError: there is none for it.
    """
    return bytes.fromhex(_table()[machine.name])


@contextmanager
def scratch() -> Iterator[Path]:
    """An empty folder whose programs may run, whatever the options of the temporary folder are."""
    with tempfile.TemporaryDirectory(prefix="trimaran-") as name:
        folder = Path(name)
        if namespaces.entered():
            with mounts.mounted(mounts.Tmpfs(folder)):
                yield folder
        else:
            yield folder


def fault(machine: Machine, folder: Path, *, environment: Mapping[str, str] | None = None) -> str:
    """Run the CPU's probe; empty if it printed `ok`, else what happened instead.

    Root runs it with `folder` as its whole file system: only a handler with flag F and a static
    interpreter works there, which is what an image needs.

    Args:
        machine: whose probe.
        folder: from `scratch`.
        environment: the whole environment that it runs in; None passes this process's own on.
    """
    path = folder / f"probe-{machine.name}"
    path.write_bytes(program(machine))
    path.chmod(0o755)
    chroot = process.find("chroot", process.SYSTEM_PATH) if os.geteuid() == 0 else None
    argv = (str(chroot), str(folder), f"/{path.name}") if chroot else (str(path),)
    try:
        done = process.run(argv, environment=environment, check=False, timeout_s=_TIMEOUT_S)
    except HostError as error:
        return error.message
    finally:
        path.unlink()
    if done.returncode == 0 and done.stdout == _ANSWER:
        return ""
    if chroot and done.returncode in _NOT_STARTED:
        return "the kernel did not start its probe"
    if done.returncode < 0:
        return f"its probe was killed by signal {-done.returncode}"
    said = (done.stderr or done.stdout).decode(errors="replace").strip()
    return f"its probe ended with status {done.returncode}" + (f": {said}" if said else "")
