"""SSH agents that a RUN may use: the user's own, or one that holds files of keys for the step."""

from __future__ import annotations

import os
import stat
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import partial
from pathlib import Path

from trimaran.errors import ContextError, HostError
from trimaran.executor import agent_proxy, owning
from trimaran.executor.bundle import BindMount
from trimaran.executor.lent import no_agent
from trimaran.graph.steps import SshMount
from trimaran.linux import distribution, process, tether

_PACKAGES = {
    **dict.fromkeys(("debian", "alpine"), "openssh-client"),
    **dict.fromkeys(("fedora", "suse"), "openssh-clients"),
    "arch": "openssh",
}
# The agent is a set-group-ID program in many distributions, for which the kernel forgets that it is
# to die with its parent (prctl(2), PR_SET_PDEATHSIG). It ends with process 1 of its namespace.
_KEEPER = '"$0" -D -a socket & wait'
_PATIENCE_S, _POLL_S = 10, 0.01


@contextmanager
def opened(
    mount: SshMount, agents: Mapping[str, tuple[Path, ...]], memory: Path, number: int
) -> Iterator[BindMount | None]:
    """The mount of an agent's socket; None if the agent was not given and need not be.

    Args:
        mount: what the step asks for.
        agents: an id to a socket or to files of private keys.
        memory: a tmpfs that nobody else sees.
        number: tells the step's agents apart.

    Raises:
        ContextError: it was not given, or a key cannot be used.
        HostError: ssh-agent is missing, or the owner is not among this user's ids.
    """
    paths = agents.get(mount.id)
    if paths is None:
        if mount.required:
            raise no_agent(mount)
        yield None
        return
    with (
        _agent(mount.id, paths, memory, f"keys-{number}") as agent,
        agent_proxy.listening(
            memory, f"agent-{number}", partial(agent_proxy.connect_to, agent)
        ) as socket,
    ):
        owning.give(socket, mount.uid, mount.gid, mount.mode)
        yield BindMount(socket, mount.target, ("nosuid", "nodev", "noexec"))


@contextmanager
def _agent(id_: str, paths: Sequence[Path], memory: Path, name: str) -> Iterator[Path]:
    if len(paths) == 1 and _is_socket(paths[0]):
        yield paths[0]
        return
    folder = memory / name
    folder.mkdir(mode=0o700)
    here = (sys.executable, "-I", "-S", tether.__file__, str(os.getpid()))
    argv = (*here, "/bin/sh", "-c", _KEEPER, str(_find("ssh-agent")))
    child = process.start(argv, folder=folder, environment={"PATH": process.SYSTEM_PATH})
    try:
        # Its address is short whatever the store's path: see agent_proxy.
        held = os.open(folder, os.O_PATH | os.O_DIRECTORY | os.O_CLOEXEC)
        try:
            _await(folder / "socket", child, id_)
            for path in paths:
                _add(id_, path, folder)
            yield Path(f"/proc/self/fd/{held}/socket")
        finally:
            os.close(held)
    finally:
        child.kill()
        child.communicate()


def _await(socket: Path, child: subprocess.Popen[bytes], id_: str) -> None:
    started = time.monotonic()
    while not socket.exists():
        if child.poll() is not None or time.monotonic() - started > _PATIENCE_S:
            raise HostError(f"--ssh {id_}: ssh-agent does not start")
        time.sleep(_POLL_S)


def _add(id_: str, path: Path, folder: Path) -> None:
    """Give the agent a key by ssh-add's standard input: it never asks who else may read a file."""
    # A passphrase is not asked for: the build may have no terminal, and runs steps side by side.
    quiet = {"SSH_ASKPASS": "/bin/false", "SSH_ASKPASS_REQUIRE": "force", "DISPLAY": "none"}
    environment = {"PATH": process.SYSTEM_PATH, "SSH_AUTH_SOCK": "socket", **quiet}
    try:
        key = path.read_bytes()
    except OSError as error:
        raise ContextError(f"--ssh {id_}: cannot read {path}: {error.strerror}") from error
    argv = (_find("ssh-add"), "-q", "-")
    done = process.run(argv, stdin=key, folder=folder, environment=environment, check=False)
    if done.returncode != 0:
        raise ContextError(
            f"--ssh {id_}: {path} is no private key that can be used without a passphrase",
            "add it to your own agent with ssh-add, and write --ssh default",
        )


def _find(program: str) -> Path:
    found = process.find(program, process.SYSTEM_PATH)
    if found is None:
        hint = distribution.install_hint(
            _PACKAGES, distribution.family(), "install OpenSSH's client, or name an agent's socket"
        )
        raise HostError(f"{program} is not installed; --ssh with files of keys needs it", hint)
    return found


def _is_socket(path: Path) -> bool:
    try:
        return stat.S_ISSOCK(path.stat().st_mode)
    except OSError as error:
        raise ContextError(f"--ssh: cannot open {path}: {error.strerror}") from error
