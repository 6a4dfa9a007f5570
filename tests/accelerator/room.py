"""A foreign root with a control folder, in which the interpreter is the CPU's handler.

For scenarios of `tests.support.inside`: `Room` makes this process's root the foreign one.
"""

from __future__ import annotations

import array
import os
import shutil
import socket
import struct
import subprocess
import tempfile
import threading
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

from tests.support.busybox import busybox_root

from trimaran import machines
from trimaran.accelerator import interpreter
from trimaran.emulation import find, handlers
from trimaran.linux import mounts

_TABLE = Path("/proc/sys/fs/binfmt_misc")
_OURS = "with-stand-ins-"
COUNTERS = 8192
STAND_IN = ("xkit/base/bin/busybox", "0", "*")
Question = tuple[tuple[str, ...], tuple[str, ...]]
Answer = bytes | None


def encode(*fields: str) -> bytes:
    return "".join(f"{field}\0" for field in fields).encode(errors="surrogateescape")


def key(path: str | int) -> str:
    """A program's name among the answers."""
    status = os.stat(path)
    seconds, nanoseconds = divmod(status.st_ctime_ns, 10**9)
    parts = (status.st_dev, status.st_ino, seconds, nanoseconds, status.st_size)
    return "-".join(f"{part:x}" for part in parts)


class Room:
    """A root of busybox, whose control folder is at /dev/.trimaran as builds have it.

    Args:
        folder: where it is made.
        foreign: a static busybox of the CPU `name`.
        native: one of this machine.
        name: the CPU, as in `machines`.
    """

    def __init__(self, folder: str, foreign: str, native: str, name: str = "aarch64") -> None:
        self.questions: list[Question] = []
        place = Path(tempfile.mkdtemp(dir=folder))
        place.chmod(0o755)
        self.root = busybox_root(place / "root", Path(foreign))
        self.control = place / "control"
        for part in ("answers", "kit/base/bin", "own"):
            (self.control / part).mkdir(parents=True)
        shutil.copy(native, self.control / "kit/base/bin/busybox")
        counts = self.control / "counts"
        counts.write_bytes(bytes(8 * COUNTERS))
        counts.chmod(0o666)
        status = self.control.stat()
        self.interpreter = place / "interpreter"
        self._identity = {"folder_dev": status.st_dev, "folder_ino": status.st_ino}
        machine = machines.by_name(name)
        assert machine is not None
        self.machine = machine
        self._counts = os.open(counts, os.O_RDONLY)
        self._answers = os.open(self.control / "answers", os.O_RDONLY)

    def open(self, **identity: int) -> None:
        """Register QEMU and, in front of it, the interpreter; go into the root."""
        mounts.BinfmtMisc(_TABLE).execute()
        qemu = find.emulators(self.machine, machines.host(), os.defpath)[0].path
        interpreter.write(self.interpreter, **{**self._identity, **identity}, emulator=qemu)
        for one in handlers.for_machine(self.machine, qemu, "PCF"):
            handlers.register(_TABLE, one)
        for one in handlers.for_machine(self.machine, self.interpreter, "POCF"):
            handlers.register(_TABLE, replace(one, name=f"{_OURS}{one.name}"))
        mounts.Tmpfs(self.root / "dev").execute()
        inside = self.root / "dev/.trimaran"
        inside.mkdir()
        (self.root / "dev/null").touch()
        mounts.Bind(Path("/dev/null"), self.root / "dev/null").execute()
        mounts.Bind(self.control, inside, read_only=True).execute()
        mounts.Bind(self.control / "counts", inside / "counts").execute()
        mounts.Bind(Path("/proc"), self.root / "proc").execute()
        os.chroot(self.root)
        os.chdir("/")

    def switch(self, *, on: bool) -> None:
        """Switch the interpreter on or off; QEMU alone is the handler without it."""
        for entry in _TABLE.glob(f"{_OURS}*"):
            entry.write_text("1" if on else "0")

    def decide(self, program: str | int, *fields: str, script: str = "") -> None:
        """Write the answer about a program, or about it and a script; fields or raw bytes."""
        name = key(program) + (f"~{key(script)}" if script else "")
        flags = os.O_WRONLY | os.O_CREAT | os.O_TRUNC
        file = os.open(name, flags, 0o644, dir_fd=self._answers)
        os.write(file, encode(*fields))
        os.close(file)

    def forget(self) -> None:
        """Take every answer away."""
        for name in os.listdir(self._answers):
            os.unlink(name, dir_fd=self._answers)

    def serve(self, judge: Callable[[Question], Answer]) -> socket.socket:
        """Answer questions in a thread: None closes the connection without a word.

        Gives the socket that is listened on.
        """
        listener = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        path = Path(f"/proc/self/fd/{self._answers}/../socket")
        listener.bind(str(path))
        path.chmod(0o666)
        listener.listen()
        threading.Thread(target=self._serve, args=(listener, judge), daemon=True).start()
        return listener

    def _serve(self, listener: socket.socket, judge: Callable[[Question], Answer]) -> None:
        while True:
            try:
                connection, _ = listener.accept()
            except OSError:
                return  # it was shut down
            with connection:
                question = _receive(connection)
                self.questions.append(question)
                answer = judge(question)
                if answer is not None:
                    connection.send(answer)

    def counted(self) -> dict[int, int]:
        """The counters that are not zero."""
        numbers = struct.unpack(f"={COUNTERS}q", os.pread(self._counts, 8 * COUNTERS, 0))
        return {slot: number for slot, number in enumerate(numbers) if number}


def run(argv: list[str], program: str | int = "", **options: Any) -> list[Any]:
    """The status and the output, errors included, of a program in the root.

    Args:
        argv: its words.
        program: the file, if not the first word; a descriptor is executed without a path.
        options: of subprocess.run; PATH is all of the environment if none is given.
    """
    environment = options.pop("env", {"PATH": "/bin"})
    done: subprocess.CompletedProcess[bytes] = subprocess.run(
        argv,
        executable="/bin/busybox",
        preexec_fn=lambda: os.execve(program or argv[0], argv, environment),  # noqa: S606  # argv[0] is free, and no PATH
        check=False,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        timeout=60,
        **options,
    )
    return [done.returncode, done.stdout.decode(errors="surrogateescape")]


def shell(text: str, **options: Any) -> list[Any]:
    """The same for a line of the emulated shell."""
    return run(["sh", "-c", text], "/bin/busybox", **options)


def _receive(connection: socket.socket) -> Question:
    data, ancillary, _, _ = connection.recvmsg(3 * 4096, socket.CMSG_SPACE(2 * 4))
    fds = array.array("i")
    for _, _, part in ancillary:
        fds.frombytes(part[: len(part) - len(part) % fds.itemsize])
    keys = tuple(key(fd) for fd in fds)
    for fd in fds:
        os.close(fd)
    return tuple(data.decode(errors="surrogateescape").split("\0")[:-1]), keys
