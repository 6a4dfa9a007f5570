"""`trimaran run`: an image's program in a container, with this process's own input and output."""

from __future__ import annotations

import os
import signal
import subprocess
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from types import FrameType

from trimaran.emulation import quirks
from trimaran.emulation.quirks import Quirks
from trimaran.errors import HostError, UsageError
from trimaran.executor import merging, mountpoints, stage, sysfs
from trimaran.executor.bundle import BindMount
from trimaran.executor.diagnosis import find_program
from trimaran.executor.dying import DyingInit
from trimaran.executor.runtime import Running, Runtime
from trimaran.executor.stage import Program
from trimaran.executor.surroundings import Surroundings
from trimaran.oci.models import RunConfig
from trimaran.store.store import Store

_FORWARDED = (
    *(signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGQUIT),
    *(signal.SIGWINCH, signal.SIGUSR1, signal.SIGUSR2),
)
_NOT_FOUND, _NOT_EXECUTABLE = 127, 126
_POLL_S = 0.2
_PATIENCE = 3
"""A program that is process 1 ignores Ctrl-C unless it handles it; the third one ends it."""


def program_of(
    config: RunConfig,
    arguments: Sequence[str] = (),
    *,
    entrypoint: Sequence[str] | None = None,
    environment: Mapping[str, str] | None = None,
    directory: str = "",
    user: str = "",
    mounts: Sequence[BindMount] = (),
    terminal: bool = False,
    isolated: bool = False,
) -> Program:
    """What `docker run` would run: the image's configuration, changed by the command line.

    Args:
        config: the image's.
        arguments: replace the image's Cmd; empty keeps it.
        entrypoint: replaces the image's Entrypoint and drops its Cmd; None keeps both.
        environment: set over the image's.
        directory: replaces its WorkingDir.
        user: replaces its User.
        mounts: from `bind_mount`.
        terminal: whether it gets a terminal.
        isolated: it has no network but a loopback of its own.

    Raises:
        UsageError: nothing says what to run.
    """
    first = tuple(config.entrypoint or ()) if entrypoint is None else tuple(entrypoint)
    default = tuple(config.cmd or ()) if entrypoint is None else ()
    argv = (*first, *(arguments or default))
    if not argv:
        raise UsageError("the image says no command to run", "name one behind the image")
    variables = dict(entry.partition("=")[::2] for entry in config.env or ())
    if terminal:
        variables.setdefault("TERM", "xterm")
    variables |= environment or {}
    return Program(
        argv,
        tuple(f"{name}={value}" for name, value in variables.items()),
        directory or config.working_dir or "/",
        user or config.user,
        tuple(mounts),
        terminal,
        isolated,
    )


def bind_mount(text: str) -> BindMount:
    """Read `-v HOST:CONTAINER[:ro|:rw]`; HOST may be relative to the working directory.

    Raises:
        UsageError: it is malformed, or HOST does not exist.
    """
    host, _, rest = text.partition(":")
    destination, _, option = rest.partition(":")
    if not host or not destination.startswith("/") or option not in ("", "ro", "rw"):
        raise UsageError(f"invalid volume {text!r}", "write HOST:CONTAINER or HOST:CONTAINER:ro")
    source = Path(host).absolute()
    try:
        read_only = mountpoints.read_only(source)
    except OSError as error:
        reason = os.strerror(error.errno or 0)
        raise UsageError(f"cannot mount {source}: {reason}") from error
    return BindMount(source, destination, read_only if option == "ro" else ())


def run_container(
    store: Store,
    lowers: Sequence[str],
    program: Program,
    *,
    runtime: Runtime,
    lent: Surroundings,
    settings: Quirks = quirks.NONE,
) -> int:
    """Run a program on an image's file system; what it writes is thrown away.

    Its input and output are this process's; signals that come meanwhile are passed on. To be
    called in the main thread, in the namespaces of `namespaces.enter`.

    Args:
        store: where the snapshots are.
        lowers: identities of the image's layers, base first.
        program: from `program_of`.
        runtime: runs it.
        lent: what the machine lends.
        settings: what emulated programs need. A crash cannot be undone here, so that `aslr`, if it
            was asked for by name, holds from the start.

    Returns:
        The program's exit status; 128 + N if signal N killed it.

    Raises:
        HostError: it could not be started; the exit status is a shell's, 126 or 127.
        ImageError: the user is not in the image.
    """
    folders = merging.folders(store, lowers)
    show_sys = sysfs.protect(hide_cgroups=runtime.hide_cgroups)
    with (
        store.new_snapshot("container") as pending,
        stage.prepared(
            program, pending, folders, lent, show_sys=show_sys, extra=settings.environment
        ) as ready,
        runtime.start(
            ready.container,
            ready.bundle,
            stdin=None,
            stdout=None,
            stderr=None,
            randomize=not (settings.by_name and "aslr" in settings.names),
        ) as running,
        _forwarding(running),
    ):
        status = _wait(running, settings)
        complaints = running.complaints()
        if complaints:
            raise _unstarted(program, ready.container.root, complaints[-1])
    return status


def _wait(running: Running, settings: Quirks) -> int:
    init = DyingInit(running, enabled="crash" in settings.names)
    while "crash" in settings.names:
        try:
            running.child.wait(_POLL_S)
        except subprocess.TimeoutExpired:
            init.look()
        else:
            break
    return init.status(running.wait())


def _unstarted(program: Program, root: Path, complaint: str) -> HostError:
    """As POSIX has it: 127 if there is no such program, 126 if it cannot be executed."""
    name = program.arguments[0]
    if find_program(root, program) is None:
        error = HostError(f"{name}: not found in the image")
        error.exit_status = _NOT_FOUND
    else:
        error = HostError(f"cannot run {name}: {complaint}")
        error.exit_status = _NOT_EXECUTABLE
    return error


@contextmanager
def _forwarding(running: Running) -> Iterator[None]:
    """Pass signals on for the time of a `with` block."""
    handler = _forwarder(running)
    before = {number: signal.signal(number, handler) for number in _FORWARDED}
    try:
        yield
    finally:
        for number, former in before.items():
            signal.signal(number, former)


def _forwarder(running: Running) -> Callable[[int, FrameType | None], None]:
    interrupts = 0

    def forward(number: int, _: FrameType | None) -> None:
        nonlocal interrupts
        interrupts += number == signal.SIGINT
        running.send(signal.SIGKILL if interrupts >= _PATIENCE else number)

    return forward
