"""What the real tests of quirks do inside a namespace; see tests/support/inside.py."""

from __future__ import annotations

import os
import struct
import threading
import time
from pathlib import Path
from typing import Any

from tests.executor.scenarios import BASE, LENT, Bench, no_files, run

from trimaran import platforms
from trimaran.build import preflight
from trimaran.emulation import cpus, probes, quirks
from trimaran.emulation.prepare import prepare
from trimaran.emulation.support import Emulated, Emulator
from trimaran.events import Event, Notice, StepOutput
from trimaran.executor.containers import program_of, run_container
from trimaran.executor.executor import Executor
from trimaran.executor.runtime import Runtime
from trimaran.oci.models import RunConfig

# ARM code (ARM ARM, A32): the instruction under test, then exit(0).
EXIT = (0xE3A00000, 0xE3A07001, 0xEF000000)  # mov r0, #0; mov r7, #1; svc 0
INSTRUCTIONS = {
    "nothing": (),
    "reverse": (0xE6BF0F30,),  # ARMv6
    "movw": (0xE3000001,),  # ARMv7
    "dmb": (0xF57FF05B,),  # ARMv7
    "crc32b": (0xE1000040,),  # ARMv8
}
# `RUN` runs only with ASLR off; the mark tells whether it starts from its parent's file system.
ONLY_STEADY = """
    test -e /mark && exit 9; echo >/mark; echo $PPID
    grep -q 00040000 /proc/self/personality || kill -SEGV $$
"""


class QuirkBench(Bench):
    """A bench whose executor knows the settings of one platform."""

    def __init__(self, folder: str, program: str, platform: str, choice: str, end_s: float) -> None:
        super().__init__(folder, program)
        self.platform = platform
        self.notices: list[Notice] = []
        wanted = platforms.parse(platform)
        supports = prepare([wanted], os.defpath)
        self.settings = preflight.settings(supports, quirks.parse(choice, end_s))
        self.executor = Executor(
            self.store,
            runtime=Runtime.find(os.defpath),
            lent=LENT,
            find_files=no_files,
            check_copied=lambda _: None,
            emit=self._take,
            stop=self.stop,
            settings=self.settings,
        )

    def _take(self, event: Event) -> None:
        if isinstance(event, StepOutput):
            self.lines.append(event.line)
        if isinstance(event, Notice):
            self.notices.append(event)

    def outcome(self, *words: str, identity: str = "step", patience_s: float = 30) -> Any:
        """The step's result, with its notices; `stopped` if it had to be called off."""
        timer = threading.Timer(patience_s, self.stop.set)
        timer.start()
        try:
            result = self.do(run(*words, platform=self.platform), identity, BASE)
        finally:
            timer.cancel()
        said = [(one.message, one.hint) for one in self.notices]
        return {**result, "notices": said, "seen": list(self.lines)}


def arm_program(path: Path, instruction: str) -> None:
    code = struct.pack(f"<{len(INSTRUCTIONS[instruction]) + 3}I", *INSTRUCTIONS[instruction], *EXIT)
    start, size = 0x10054, 84 + len(code)
    ident = b"\x7fELF\x01\x01\x01" + bytes(9)
    header = struct.pack("<HHIIIIIHHHHHH", 2, 40, 1, start, 52, 0, 0x5000200, 52, 32, 1, 0, 0, 0)
    segment = struct.pack("<8I", 1, 0, 0x10000, 0x10000, size, size, 5, 0x1000)
    path.write_bytes(ident + header + segment + code)
    path.chmod(0o755)


def settings(folder: str, program: str, platform: str) -> Any:
    """What a program of the platform sees, and what its own environment keeps."""
    bench = QuirkBench(folder, program, platform, "auto", 0)
    names = "QEMU_CPU GODEBUG DOTNET_EnableWriteXorExecute"
    script = f"for i in {names}; do env | grep ^$i=; done; GODEBUG=x env | grep GODEBUG; uname -m"
    return bench.outcome("/bin/sh", "-c", script)["lines"]


def instructions(folder: str, program: str, platform: str, choice: str) -> Any:
    """The exit status of a program with each instruction, as a child of the shell."""
    bench = QuirkBench(folder, program, platform, choice, 0)
    for name in INSTRUCTIONS:
        arm_program(bench.base / "bin" / name, name)
    script = "for i in nothing reverse movw dmb crc32b; do $i 2>/dev/null; echo $i $?; done"
    return bench.outcome("/bin/sh", "-c", script)["lines"]


def illegal(folder: str, program: str, platform: str, choice: str) -> Any:
    """A program with an ARMv7 instruction as RUN's own program, process 1 of its container."""
    bench = QuirkBench(folder, program, platform, choice, 0)
    arm_program(bench.base / "bin" / "movw", "movw")
    try:
        return bench.outcome("/bin/movw", patience_s=4)
    except BaseException as stopped:  # noqa: BLE001 - what ended it is the result
        return type(stopped).__name__


def illegal_container(folder: str, program: str, platform: str, choice: str) -> Any:
    """The same by `trimaran run`."""
    bench = QuirkBench(folder, program, platform, choice, 0)
    arm_program(bench.base / "bin" / "movw", "movw")
    return run_container(
        bench.store,
        (BASE,),
        program_of(RunConfig(cmd=("/bin/movw",))),
        runtime=Runtime.find(os.defpath),
        lent=LENT,
        settings=next(iter(bench.settings.values())),
    )


def crash(folder: str, program: str, platform: str, choice: str, script: str) -> Any:
    """A step that ends well only without ASLR."""
    bench = QuirkBench(folder, program, platform, choice, 0)
    # The shell is a child, so that its own crash shows as one.
    return bench.outcome("/bin/sh", "-c", script)


def hang(folder: str, program: str, platform: str, choice: str, end_s: str) -> Any:
    """A step that sleeps, with how long it took."""
    bench = QuirkBench(folder, program, platform, choice, float(end_s))
    started = time.monotonic()
    try:
        result = bench.outcome("/bin/sh", "-c", "echo begun; sleep 7373 & wait", patience_s=4)
    except BaseException as stopped:  # noqa: BLE001 - what ended it is the result
        return type(stopped).__name__
    return {**result, "seconds": time.monotonic() - started}


def busy(folder: str, program: str, platform: str, end_s: str) -> Any:
    """A step that says nothing but works."""
    bench = QuirkBench(folder, program, platform, "auto", float(end_s))
    return bench.outcome("/bin/sh", "-c", "i=0; while [ $i -lt 240000 ]; do i=$((i+1)); done")


def unhandled(folder: str, program: str, platform: str) -> Any:
    """A program of the step's own platform, for which nothing is registered."""
    return Bench(folder, program).do(run("/bin/true", platform=platform), "step", BASE)


def refused_cpu(folder: str, program: str, platform: str) -> Any:
    """What the probe says of a CPU that QEMU does not have, and of the platform's."""
    wanted = platforms.parse(platform)
    support, machine = prepare([wanted], os.defpath)[wanted], wanted.machine
    assert isinstance(support, Emulated)
    assert machine is not None
    other = Emulator(support.emulator.path, support.emulator.machine, (0,))
    with probes.scratch() as scratch:
        return {
            "fault": probes.fault(machine, scratch, environment={"QEMU_CPU": "no-such-cpu"}),
            "proven": cpus.proven(cpus.cpu(wanted, other.version), wanted, scratch),
        }


def quick_cpu(folder: str, program: str, platform: str) -> Any:
    """QEMU's default CPU as it is quickest, if a probe ran on it."""
    wanted = platforms.parse(platform)
    support = prepare([wanted], os.defpath)[wanted]
    assert isinstance(support, Emulated)
    with probes.scratch() as scratch:
        return cpus.proven(cpus.quick_cpu(wanted, support.emulator.version), wanted, scratch)


def identities(folder: str, program: str, platform: str) -> Any:
    """The layers of one step with and without quirks."""
    script = "echo hello >/file; mkdir /folder; rm /bin/yes"
    found = []
    for choice in ("auto", "off"):
        bench = QuirkBench(f"{folder}/{choice}", program, platform, choice, 0)
        found.append(bench.outcome("/bin/sh", "-c", script)["layer"])
    return found
