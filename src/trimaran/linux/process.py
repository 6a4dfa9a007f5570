"""The one door to subprocesses: argument lists only, and errors that carry a pasteable command."""

from __future__ import annotations

import os
import shlex
import shutil
import subprocess
from collections.abc import Collection, Mapping, Sequence
from pathlib import Path
from typing import IO

from trimaran.errors import HostError

SYSTEM_PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
"""Where system programs are looked for, whatever PATH the user has."""

_SHOWN_LINES = 5

Stream = int | IO[bytes] | None


def run(
    argv: Sequence[str | Path],
    *,
    stdin: bytes = b"",
    environment: Mapping[str, str] | None = None,
    folder: Path | None = None,
    check: bool = True,
    pass_fds: Collection[int] = (),
    timeout_s: float | None = None,
) -> subprocess.CompletedProcess[bytes]:
    """Run a program to its end and give back its exit status, stdout and stderr.

    Args:
        argv: program and arguments; a name without a slash is looked up on PATH.
        stdin: what the program reads.
        environment: the whole environment; None passes this process's own on.
        folder: the working directory; None is the present one.
        check: refuse an exit status other than 0.
        pass_fds: descriptors that the program inherits.
        timeout_s: seconds after which the program is killed.

    Raises:
        HostError: the program cannot be started, ran into the timeout, or failed with `check`.
    """
    words = [str(word) for word in argv]
    try:
        done = subprocess.run(
            words,
            input=stdin,
            capture_output=True,
            env=environment,
            cwd=folder,
            check=False,
            pass_fds=tuple(pass_fds),
            timeout=timeout_s,
        )
    except subprocess.TimeoutExpired as error:
        raise HostError(f"no answer within {timeout_s:g} s from: {show(words)}") from error
    except OSError as error:
        raise _unstarted(words, error) from error
    if check and done.returncode != 0:
        raise failure(words, done.returncode, done.stderr)
    return done


def start(
    argv: Sequence[str | Path],
    *,
    stdin: Stream = subprocess.DEVNULL,
    stdout: Stream = subprocess.PIPE,
    stderr: Stream = subprocess.STDOUT,
    environment: Mapping[str, str] | None = None,
    folder: Path | None = None,
    pass_fds: Collection[int] = (),
    new_session: bool = False,
) -> subprocess.Popen[bytes]:
    """Start a program whose output is read while it runs; the caller waits for it.

    Args:
        argv: program and arguments.
        stdin: a descriptor or subprocess.PIPE; nothing to read by default.
        stdout: where its output goes; a pipe by default.
        stderr: where its errors go; with its output by default.
        environment: the whole environment; None passes this process's own on.
        folder: the working directory.
        pass_fds: descriptors that the program inherits.
        new_session: put it out of the terminal's reach, so that Ctrl-C comes to this process only.

    Raises:
        HostError: the program cannot be started.
    """
    words = [str(word) for word in argv]
    try:
        return subprocess.Popen(
            words,
            stdin=stdin,
            stdout=stdout,
            stderr=stderr,
            env=environment,
            cwd=folder,
            pass_fds=tuple(pass_fds),
            start_new_session=new_session,
        )
    except OSError as error:
        raise _unstarted(words, error) from error


def find(program: str, search_path: str) -> Path | None:
    """Where an executable lies on a colon-separated search path."""
    found = shutil.which(program, path=search_path)
    return Path(found) if found else None


def show(argv: Sequence[str]) -> str:
    """A command as one may paste it into a shell."""
    return shlex.join(argv)


def failure(argv: Sequence[str], status: int, stderr: bytes) -> HostError:
    """The error of a command that ended with `status` (negative: the signal that killed it)."""
    how = f"was killed by signal {-status}" if status < 0 else f"failed with status {status}"
    lines = stderr.decode(errors="replace").strip().splitlines()[-_SHOWN_LINES:]
    said = "".join(f"\n  {line}" for line in lines)
    return HostError(f"{argv[0]} {how}: {show(argv)}{said}")


def _unstarted(argv: Sequence[str], error: OSError) -> HostError:
    absent = isinstance(error, FileNotFoundError) and error.filename == argv[0]
    # A folder on PATH that may not be searched, such as root's under plain su, gives EACCES.
    hidden = isinstance(error, PermissionError) and "/" not in argv[0] and not shutil.which(argv[0])
    if absent or hidden:
        return HostError(f"{argv[0]} is not installed", f"it is needed for: {show(argv)}")
    return HostError(f"cannot start {show(argv)}: {os.strerror(error.errno or 0)}")
