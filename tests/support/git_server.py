"""Git repositories, and git's own daemon on loopback that serves them."""

from __future__ import annotations

import os
import socket
import subprocess
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

_DATE = "2024-02-03T04:05:06Z"
DATE_S = 1_706_933_106
"""The time of every commit."""
_START_LIMIT_S = 10.0
_WHO = ("-c", "user.name=Tester", "-c", "user.email=tester@example.org")


def git(folder: Path, *words: str | Path) -> str:
    """Run git without anybody's configuration; gives what it printed."""
    environment = {
        "PATH": os.environ["PATH"],
        "HOME": "/dev/null",
        "GIT_AUTHOR_DATE": _DATE,
        "GIT_COMMITTER_DATE": _DATE,
    }
    done = subprocess.run(
        ["git", *_WHO, "-c", "protocol.file.allow=always", *words],
        cwd=folder,
        env=environment,
        check=True,
        capture_output=True,
        text=True,
    )
    return done.stdout.strip()


class Repository:
    """A repository with a branch main, and the bare one below `served` that others read."""

    def __init__(self, folder: Path, served: Path, name: str) -> None:
        self.folder = folder / name
        self.bare = served / f"{name}.git"
        self.folder.mkdir(parents=True)
        git(self.folder, "init", "-q", "-b", "main")
        git(folder, "init", "-q", "--bare", "-b", "main", self.bare)

    def commit(self, files: Mapping[str, str], *, tag: str = "") -> str:
        """Commit these contents and publish them; gives the commit."""
        for name, text in files.items():
            path = self.folder / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text)
            path.chmod(0o755 if text.startswith("#!") else 0o644)
        git(self.folder, "add", "-A")
        git(self.folder, "commit", "-q", "-m", "A change")
        if tag:
            git(self.folder, "tag", "-a", "-m", "A tag", tag)
        return self.publish()

    def publish(self) -> str:
        """Let others read what is committed; gives the last commit."""
        git(self.folder, "push", "-q", "--force", self.bare, "--all")
        git(self.folder, "push", "-q", "--force", self.bare, "--tags")
        git(self.bare, "update-server-info")
        return git(self.folder, "rev-parse", "HEAD")


@contextmanager
def serve_git(served: Path) -> Iterator[str]:
    """Serve the bare repositories below a folder; gives the address `git://HOST:PORT`."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    words = [f"--base-path={served}", "--export-all", "--listen=127.0.0.1", f"--port={port}"]
    settings = {"GIT_CONFIG_COUNT": "1", "GIT_CONFIG_KEY_0": "safe.directory"}
    process = subprocess.Popen(
        ["git", "daemon", "--reuseaddr", *words],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        env={"PATH": os.environ["PATH"], "HOME": "/dev/null", "GIT_CONFIG_VALUE_0": "*"} | settings,
        start_new_session=True,
    )
    try:
        _wait_for(port)
        yield f"git://127.0.0.1:{port}"
    finally:
        os.killpg(process.pid, 15)
        process.wait()


def _wait_for(port: int) -> None:
    deadline = time.monotonic() + _START_LIMIT_S
    while time.monotonic() < deadline:
        try:
            socket.create_connection(("127.0.0.1", port)).close()
        except OSError:
            time.sleep(0.02)
        else:
            return
    raise RuntimeError("git daemon did not start")
