"""The OCI runtime: starting a container so that it dies with this process, and ending it.

The container's processes must not outlive a killed build. The runtime is therefore process 1 of a
pid namespace of its own, made by `linux/tether.py`: when it dies, the kernel kills everything below
it, the container's own pid namespace included.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Self

import msgspec

from trimaran.errors import HostError
from trimaran.executor.bundle import Container, config
from trimaran.linux import distribution, process, steady, tether

_FAMILIES = ("debian", "fedora", "alpine", "arch", "suse")
_PACKAGES = {
    "runc": dict.fromkeys(_FAMILIES, "runc"),
    "crun": dict.fromkeys(_FAMILIES, "crun"),
}
_CRUN_FLAGS = ("--cgroup-manager=disabled",)
_NAME = "step"
_LOG_LIMIT_BYTES = 1024 * 1024


@dataclass(frozen=True, slots=True)
class Runtime:
    """Which runtime it is, and what it needs.

    Attributes:
        program: runc or crun.
        flags: what this runtime needs beside the common options.
        hide_cgroups: it refuses a host that has both versions of cgroups, unless it sees neither.
    """

    program: Path
    flags: tuple[str, ...]
    hide_cgroups: bool = False

    @classmethod
    def find(cls, search_path: str, name: str = "runc") -> Runtime:
        """Find `name`, a name or a path, on `search_path` and in the system's own folders.

        Raises:
            HostError: a program is missing, with the command that installs it.
        """
        where = f"{search_path}:{process.SYSTEM_PATH}"
        is_crun = name.rpartition("/")[2] == "crun"
        return cls(_find(name, where), _CRUN_FLAGS if is_crun else (), hide_cgroups=is_crun)

    def start(
        self,
        container: Container,
        folder: Path,
        *,
        stdin: process.Stream = subprocess.DEVNULL,
        stdout: process.Stream = subprocess.PIPE,
        stderr: process.Stream = subprocess.STDOUT,
        new_session: bool = True,
        randomize: bool = True,
    ) -> Running:
        """Start a container in the foreground; `kill` or `wait` must follow in this thread.

        Args:
            container: what runs.
            folder: an empty folder for the bundle and the runtime's state, the caller's to remove.
            stdin: as `process.start` takes it; so are the next two.
            stdout: where the program's output goes.
            stderr: where its errors go.
            new_session: whether Ctrl-C at the terminal leaves it alone.
            randomize: whether the programs' memory is laid out at random.

        Raises:
            HostError: the runtime cannot be started.
        """
        (folder / "config.json").write_bytes(msgspec.json.encode(config(container)))
        log, state = folder / "log", folder / "state"
        options = ("--root", str(state), "--log", str(log), "--log-format", "json")
        command = ("run", "--bundle", str(folder), _NAME)
        before = () if randomize else _script(steady.__file__)
        argv = (*_tether(), *before, str(self.program), *self.flags, *options, *command)
        child = process.start(
            argv,
            stdin=stdin,
            stdout=stdout,
            stderr=stderr,
            environment={"PATH": process.SYSTEM_PATH},  # NOTIFY_SOCKET and the like mean others
            new_session=new_session,
        )
        return Running(child, log, state)


class Running:
    """A started container. Used in a `with` block it is killed at the end if it still runs."""

    def __init__(self, child: subprocess.Popen[bytes], log: Path, state: Path) -> None:
        self.child = child
        self._log = log
        self._state = state

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        if self.child.poll() is None:
            self.kill()
        if self.child.stdout is not None:
            self.child.stdout.close()

    def kill(self) -> None:
        """Kill every process of the container; back when none is left."""
        for pid in self._below() or (self.child.pid,):
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        self.child.wait()

    def send(self, number: int) -> None:
        """Pass a signal to the runtime, which passes it to the program."""
        for pid in self._below():
            with suppress(ProcessLookupError):
                os.kill(pid, number)

    def wait(self) -> int:
        """The program's exit status; 128 + N if signal N killed it."""
        status = self.child.wait()
        return 128 - status if status < 0 else status

    def complaints(self) -> tuple[str, ...]:
        """What the runtime itself reported as errors; empty if the program ran."""
        if not self._state.exists():
            return ("the runtime was not started",)
        try:
            with open(self._log, "rb") as file:
                lines = file.read(_LOG_LIMIT_BYTES).splitlines()
        except FileNotFoundError:
            return ()
        records = [_record(line) for line in lines]
        return tuple(
            record["msg"] for record in records if record.get("level") in ("error", "fatal")
        )

    def _below(self) -> tuple[int, ...]:
        """The runtime below the tether: once that has ended, everything below is gone."""
        pid = self.child.pid
        try:
            text = Path(f"/proc/{pid}/task/{pid}/children").read_text("ascii")
        except OSError:
            return ()
        return tuple(int(word) for word in text.split())


def _tether() -> tuple[str, ...]:
    return *_script(tether.__file__), str(os.getpid())


def _script(file: str) -> tuple[str, ...]:
    return sys.executable, "-I", "-S", file


def _record(line: bytes) -> Mapping[str, str]:
    try:
        return msgspec.json.decode(line, type=dict[str, str], strict=False)
    except msgspec.DecodeError:
        return {}


def _find(name: str, search_path: str) -> Path:
    found = process.find(name, search_path)
    if found is None:
        hint = distribution.install_hint(
            _PACKAGES.get(name, {}), distribution.family(), f"install {name}, or correct its path"
        )
        raise HostError(f"{name} is not installed; build steps run in it", hint)
    return found
