"""Which CPUs a command of `host` means, by the names of platforms or of QEMU's targets."""

from __future__ import annotations

from collections.abc import Sequence

from trimaran import machines, platforms
from trimaran.errors import HostError, PlatformError, UsageError
from trimaran.machines import MACHINES, Machine


def parse(name: str) -> Machine:
    """The CPU of a platform, or of QEMU's target where the specifications have no name for it.

    Raises:
        PlatformError: it is neither, or may mean several.
    """
    try:
        row = platforms.parse(name).machine
    except PlatformError:
        row = machines.by_name(name.removeprefix("linux/"))
        if row is None or row.architecture:
            raise
    if row is None:
        raise PlatformError(f"no CPU is known for {name!r}")
    return row


def select(names: Sequence[str], *, everything: bool, host: Machine) -> tuple[Machine, ...]:
    """The foreign CPUs that are meant: those named, or every platform's, or all that QEMU knows.

    Args:
        names: platforms or QEMU's targets; empty for every CPU that is a platform of images.
        everything: CPUs without a platform's name too.
        host: this machine's own CPU.

    Raises:
        UsageError: names beside `everything`.
        PlatformError: as `parse`.
        HostError: the machine's own CPU is named.
    """
    if names and everything:
        raise UsageError("--all means every CPU", "leave the platforms out, or --all")
    if not names:
        return tuple(
            row for row in MACHINES if row != host and (everything or bool(row.architecture))
        )
    rows = tuple(dict.fromkeys(parse(name) for name in names))
    if host in rows:
        raise HostError(
            f"{host.name} is this machine's own CPU: with a handler for it the emulator's own"
            " start would need the emulator, and every program would fail with ELOOP",
        )
    return rows
