"""What is done about QEMU's known troubles, each for emulated steps only and switchable by name.

aslr    A step that died of the emulator's own crash (SIGSEGV, SIGILL) is run once more from its
        clean parent, without address space layout randomisation: QEMU's mappings of the program's
        memory and its own can collide, and then only under some layouts.
crash   A program that crashed as process 1 of its container, such as one of RUN's JSON form, is
        ended: QEMU itself cannot, and would wait for ever.
cpu     Programs see a CPU of their platform's variant (emulation/cpus.py).
dotnet  DOTNET_EnableWriteXorExecute=0: .NET maps its code twice, which QEMU does not keep in step.
go      GODEBUG=asyncpreemptoff=1: Go's runtime signals its threads many times a second, and
        programs hang when QEMU loses one.
pauth   Arm's signed pointers get a quick signature: that of QEMU's default is the architecture's
        own cipher, which takes a third of all time (emulation/cpus.py).
stall   A step without output and CPU time is reported, with the place where it hangs.

None of them is part of a step's identity or of the image.
"""

from __future__ import annotations

from collections.abc import Mapping

import msgspec

from trimaran.errors import UsageError

CPU_VARIABLE = "QEMU_CPU"
"""What QEMU's user mode takes its option -cpu from."""

NAMES = ("aslr", "cpu", "crash", "dotnet", "go", "pauth", "stall")
_VARIABLES = {
    "dotnet": ("DOTNET_EnableWriteXorExecute", "0"),
    "go": ("GODEBUG", "asyncpreemptoff=1"),
}
_WARN_AFTER_S = 300.0


class Choice(msgspec.Struct, frozen=True):
    """What the user wants to be done.

    Attributes:
        names: of `NAMES`.
        by_name: they were listed, not meant by `auto`.
        stall_timeout_s: seconds after which a stalled step is ended; 0 for never.
    """

    names: frozenset[str] = frozenset(NAMES)
    by_name: bool = False
    stall_timeout_s: float = 0.0


class Quirks(msgspec.Struct, frozen=True):
    """What is done for the emulated programs of one platform.

    Attributes:
        names: of `NAMES`; those of which nothing comes on this platform are left out.
        by_name: they were listed, not meant by `auto`.
        cpu: QEMU's name of the CPU that they see; empty for its default.
        warn_after_s: seconds without output and CPU time until that is reported; 0 for never.
        end_after_s: seconds until the step is ended; 0 for never.
        quick: the default as it is quickest, in the words of QEMU's option; empty for as it comes.
    """

    names: frozenset[str] = frozenset()
    by_name: bool = False
    cpu: str = ""
    warn_after_s: float = 0.0
    end_after_s: float = 0.0
    quick: str = ""

    @property
    def environment(self) -> Mapping[str, str]:
        """Variables for programs whose own environment does not set them."""
        found = dict(_VARIABLES[name] for name in sorted(self.names) if name in _VARIABLES)
        cpu = self.cpu or self.quick
        return {**found, CPU_VARIABLE: cpu} if cpu else found

    @property
    def shown(self) -> tuple[str, ...]:
        """The settings as people read them: `cpu=arm1176`, `go`; not what waits for a trouble."""
        seen = {*_VARIABLES, "pauth"}
        names = [name for name in NAMES if name in self.names & seen]
        return (*((f"cpu={self.cpu}",) if self.cpu else ()), *names)


NONE = Quirks()


def parse(text: str, stall_timeout_s: float = 0.0) -> Choice:
    """Read `auto`, `off`, or names with commas between them.

    Raises:
        UsageError: a name is unknown, or a timeout is given though nothing watches for stalls.
    """
    names = frozenset(part.strip() for part in text.lower().split(",") if part.strip())
    if names <= {"auto"}:
        return Choice(stall_timeout_s=stall_timeout_s)
    if names == {"off"}:
        names = frozenset()
    for name in sorted(names - set(NAMES)):
        raise UsageError(
            f"--emulation-quirks: no quirk {name!r}",
            f"write auto, off, or some of {','.join(NAMES)}",
        )
    if stall_timeout_s and "stall" not in names:
        raise UsageError("--stall-timeout needs the quirk stall", "add it to --emulation-quirks")
    return Choice(names, by_name=True, stall_timeout_s=stall_timeout_s)


def for_platform(choice: Choice, cpu: str, quick: str = "") -> Quirks:
    """What a choice means on a platform.

    Args:
        choice: the user's.
        cpu: from `cpus.cpu`, proven.
        quick: from `cpus.quick_cpu`, proven.
    """
    cpu = cpu if "cpu" in choice.names else ""
    quick = quick if "pauth" in choice.names and not cpu else ""
    unused = {name for name, value in (("cpu", cpu), ("pauth", quick)) if not value}
    found = Quirks(choice.names - unused, choice.by_name, cpu, quick=quick)
    if "stall" not in found.names:
        return found
    end = choice.stall_timeout_s
    warn = min(_WARN_AFTER_S, end / 2) if end else _WARN_AFTER_S
    return msgspec.structs.replace(found, warn_after_s=warn, end_after_s=end)
