"""Make a machine run the programs of several platforms, or say for each why it does not.

In its own user namespace a process has its own table of handlers (Linux 6.7): emulators are found,
registered there and proven by a probe. Elsewhere the host's handlers are judged and probed, and
nothing is registered.
"""

from __future__ import annotations

import errno
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from trimaran import elf, machines
from trimaran.emulation import find, handlers, hints, probes
from trimaran.emulation.handlers import Handler
from trimaran.emulation.support import Emulated, Emulator, Missing, Native, Support
from trimaran.errors import HostError
from trimaran.linux import distribution, mounts, namespaces
from trimaran.machines import Machine
from trimaran.platforms import Platform

_TABLE = Path("/proc/sys/fs/binfmt_misc")
_MOUNT_HINTS = {
    errno.EPERM: "a private binfmt_misc needs Linux 6.7; before, run: sudo trimaran host setup",
    errno.ENOENT: "sudo modprobe binfmt_misc",
    errno.ENODEV: "sudo modprobe binfmt_misc",
}


@dataclass(frozen=True, slots=True)
class _Setting:
    """What all platforms of one `prepare` share; `refusal` is why the table is the host's."""

    host: Machine
    family: str
    search_path: str
    overrides: Mapping[str, Path]
    table: Path
    scratch: Path
    refusal: HostError | None


def prepare(
    platforms: Iterable[Platform],
    search_path: str,
    *,
    overrides: Mapping[str, Path] | None = None,
    table: Path = _TABLE,
) -> dict[Platform, Support]:
    """Find out for each platform how its programs run here, and make the kernel run them.

    To be called behind `namespaces.enter`, before steps run: what it mounts and registers stays
    until the process and its children end. Without `enter` it changes nothing on the machine.

    Args:
        platforms: normalised.
        search_path: colon-separated folders to look for emulators in.
        overrides: a CPU's name in `machines` to the emulator that must be used for it.
        table: where binfmt_misc is, or is to be mounted.

    Raises:
        LookupError: the machine table has no row for this machine's own CPU.
    """
    wanted = tuple(platforms)
    host = machines.host()
    rows = {platform: platform.machine for platform in wanted}
    if all(row == host for row in rows.values()):
        return dict.fromkeys(wanted, Native())
    refusal = _mount(table)
    with probes.scratch() as scratch:
        family = distribution.family()
        setting = _Setting(host, family, search_path, overrides or {}, table, scratch, refusal)
        supports = {row: _support(row, setting) for row in dict.fromkeys(rows.values()) if row}
    unknown = Missing("no such CPU is known")
    return {platform: supports[row] if row else unknown for platform, row in rows.items()}


def flags(version: tuple[int, ...]) -> str:
    """The flags of a private handler: P for argv[0], C for setuid programs, F for images.

    QEMU understands P since 6.0: the kernel tells it by AT_FLAGS, and an older one would take
    argv[0] for the first argument.
    """
    return "PCF" if version >= (6,) else "CF"


def _mount(table: Path) -> HostError | None:
    """Mount a private table; why it cannot be had otherwise, the host's stays in force then."""
    if not namespaces.owns_users():
        # Mounting or registering outside of the namespace would change the host.
        return HostError("no private binfmt_misc without a user namespace")
    try:
        mounts.BinfmtMisc(table).execute()
    except HostError as error:
        number = error.__cause__.errno if isinstance(error.__cause__, OSError) else None
        if number == errno.EBUSY:
            return None  # the namespace's own table is mounted here already
        return HostError(error.message, _MOUNT_HINTS.get(number or 0, error.hint))
    return None


def _support(machine: Machine, setting: _Setting) -> Support:
    if machine == setting.host:
        return Native()
    header = probes.program(machine)
    present = [one for one in handlers.read_all(setting.table) if one.matches(header)]
    if present:
        return _by_present(machine, present, setting)
    if not probes.fault(machine, setting.scratch):
        return Native()  # such as 386 on amd64: the kernel itself runs it
    if setting.refusal is not None:
        reason = f"{setting.refusal.message}, and the host has no handler for {machine.name}"
        return Missing(reason, setting.refusal.hint or "sudo trimaran host setup")
    return _by_registering(machine, setting)


def _by_present(machine: Machine, present: list[Handler], setting: _Setting) -> Support:
    """Judge the handler that the kernel takes: the newest of those that are enabled."""
    one = next((one for one in present if one.enabled), present[0])
    fault = handlers.fault(one, interpreter_is_static=_may_be_static(Path(one.interpreter)))
    if fault:
        return Missing(fault, "sudo trimaran host setup")
    return _proven(Emulator(Path(one.interpreter), machine.name), machine, setting)


def _by_registering(machine: Machine, setting: _Setting) -> Support:
    emulator = _choose(machine, setting)
    if isinstance(emulator, Missing):
        return emulator
    try:
        for one in handlers.for_machine(machine, emulator.path, flags(emulator.version)):
            handlers.register(setting.table, one)
    except HostError as error:
        return Missing(error.message, error.hint)
    return _proven(emulator, machine, setting)


def _choose(machine: Machine, setting: _Setting) -> Emulator | Missing:
    override = setting.overrides.get(machine.name)
    if override:
        fault = find.fault(override, setting.host)
        return Missing(fault) if fault else find.inspect(override, machine)
    found = find.emulators(machine, setting.host, setting.search_path)
    if found:
        return found[0]
    faults = [
        find.fault(one, setting.host) for one in find.candidates(machine, setting.search_path)
    ]
    reason = next(filter(None, faults), f"no emulator for {machine.name} is installed")
    return Missing(reason, hints.install_emulator(machine, setting.family))


def _proven(emulator: Emulator, machine: Machine, setting: _Setting) -> Support:
    fault = probes.fault(machine, setting.scratch)
    if not fault:
        return Emulated(emulator, private=setting.refusal is None)
    return Missing(f"{emulator.path} does not run {machine.name} programs: {fault}")


def _may_be_static(interpreter: Path) -> bool:
    """False only for a file that is there and dynamic: with flag F it may be gone since."""
    try:
        facts = elf.read(interpreter)
    except OSError:
        return True
    return facts is None or not facts.interpreter
