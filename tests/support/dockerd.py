"""Debian's dockerd for a block, as root of a user namespace of the ordinary user.

So it needs no root, leaves the host's /etc/docker, groups and firewall alone, and dies with its
namespace. It shares the loopback, where docker takes registries without TLS.
"""

from __future__ import annotations

import json
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.support.users import base_environment, identity

_START_LIMIT_S = 60.0
# dockerd gives its socket to the group docker (-G) and keeps a key in /etc/docker.
_SCRIPT = """
mount -t tmpfs run /run
[ ! -d /etc/docker ] || mount -t tmpfs docker /etc/docker
export XDG_RUNTIME_DIR="$1"
exec dockerd --rootless -G 0 --data-root "$1/data" --exec-root "$1/exec" -H "unix://$1/sock" \
    --pidfile "$1/pid" --bridge none --iptables=false --ip6tables=false --ip-forward=false \
    --storage-driver vfs
"""


@dataclass(frozen=True)
class Dockerd:
    """A running daemon; `folder` is its own, and short: a socket's path has 107 bytes (unix(7))."""

    folder: Path

    def docker(self, *words: str | Path) -> str:
        """Run docker's command line, which must succeed; its output."""
        done = self.run(*words)
        assert done.returncode == 0, done.stderr
        return done.stdout

    def inspect(self, image: str) -> dict[str, Any]:
        """What `docker image inspect` says of one image."""
        (found,) = json.loads(self.docker("image", "inspect", image))
        assert isinstance(found, dict)
        return found

    def answers(self) -> bool:
        return self.run("version").returncode == 0

    def run(self, *words: str | Path, **settings: str) -> subprocess.CompletedProcess[str]:
        """Run docker's command line to its end; `settings` are added to its environment."""
        host = {"DOCKER_HOST": f"unix://{self.folder}/sock", "HOME": str(self.folder)}
        return subprocess.run(
            # The one that came with the daemon: a newer one wants buildx beside it.
            ["/usr/bin/docker", *map(str, words)],
            check=False,
            capture_output=True,
            text=True,
            timeout=120,
            env={**base_environment(), **host, **settings},
            stdin=subprocess.DEVNULL,
            **identity(),
        )


@contextmanager
def serve_docker(folder: Path) -> Iterator[Dockerd]:
    """Run a daemon that keeps all it has below `folder`, which the ordinary user owns."""
    enter = ["unshare", "--user", "--map-root-user", "--map-auto", "--mount", "--pid", "--fork"]
    log = folder / "log"
    with log.open("wb") as sink:
        process = subprocess.Popen(
            [*enter, "--kill-child", "--mount-proc", "sh", "-ec", _SCRIPT, "sh", str(folder)],
            stdin=subprocess.DEVNULL,
            stdout=sink,
            stderr=sink,
            cwd=folder,
            env=base_environment(),
            **identity(),
        )
    try:
        yield _started(Dockerd(folder), process, log)
    finally:
        process.kill()  # unshare passes over SIGTERM; the kernel ends all of its pid namespace
        process.wait()


def _started(daemon: Dockerd, process: subprocess.Popen[bytes], log: Path) -> Dockerd:
    deadline = time.monotonic() + _START_LIMIT_S
    while time.monotonic() < deadline and process.poll() is None:
        if daemon.answers():
            return daemon
        time.sleep(0.2)
    raise RuntimeError(f"dockerd did not start: {log.read_text()}")
