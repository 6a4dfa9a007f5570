"""What the real tests of the interpreter do inside a namespace; see tests/support/inside.py."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

from tests.accelerator.room import STAND_IN, Room, key, run, shell


def emulated(*room: str) -> dict[str, Any]:
    """Programs that nothing is known of: each thing as QEMU alone would have it."""
    return _emulated(Room(*room))


def _emulated(room: Room, emulator: str = "") -> dict[str, Any]:
    room.open(emulator=emulator)
    os.makedirs("/w/sub")
    for name, text in (("s", "#!/bin/busybox sh\necho $0 $# $1\nexit 5\n"), ("s2", "#!/w/s a\n")):
        Path("/w", name).write_text(text)
        Path("/w", name).chmod(0o755)
    os.symlink("/bin/busybox", "/w/-cat")
    return {
        "argv0": run(["-sh", "-c", "echo $0"], "/bin/busybox"),
        "strange argv0": run(["a\udcff b\n", "x"], "/bin/busybox"),
        "environment": run(["env"], "/bin/env", env={"B": "1", "A": "", "C": "x=y\udcff"}),
        "status": shell("exit 7"),
        "signal": shell("kill -9 $$"),
        "shebang": run(["/w/s", "x y"]),
        "shebang of a shebang": run(["/w/s2", "q"]),
        "relative": run(["./busybox", "pwd"], cwd="/bin"),
        "up": run(["../../bin/pwd"], cwd="/w/sub"),
        "dash": run(["-cat", "/w/s2"], "-cat", cwd="/w"),
        "exe": shell("readlink /proc/self/exe"),
        "name": shell("cat /proc/self/comm"),
        "machine": shell("uname -m"),
        "descriptors": shell("ls /proc/self/fd | wc -l; ls /proc/$$/fd | wc -l"),
    }


def plain(*room: str) -> dict[str, Any]:
    return _emulated(Room(*room), "plain")


def native(*room: str) -> dict[str, Any]:
    """The shell as a stand-in that was decided beforehand."""
    one = Room(*room)
    one.open()
    one.decide("/bin/busybox", "c8", *STAND_IN)
    return {
        "machine": shell("uname -m"),
        "argv0": run(["-sh", "-c", "echo $0"], "/bin/busybox"),
        "status": shell("exit 7"),
        "descriptors": shell("ls /proc/self/fd | wc -l"),
        "counted": one.counted(),
        "key": key("/bin/busybox").count("-"),
    }
