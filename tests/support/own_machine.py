"""A machine of its own for the commands that change a host: a root whose settings are private.

For scenarios of `tests.support.inside`: this process is root of its namespaces. It moves into a
root folder in memory that shows the host's programs, but has an /etc, a /run and a /var/lib of its
own, and no binfmt_misc: what a command mounts, registers or writes there reaches nobody else.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from trimaran.linux import mounts, process

Init = Literal["systemd", "openrc", "none"]
_OF_INIT: dict[Init, tuple[str, ...]] = {
    "systemd": ("run/systemd/system",),
    "openrc": ("run/openrc", "etc/init.d", "etc/runlevels/boot"),
    "none": (),
}
TABLE = Path("/proc/sys/fs/binfmt_misc")


@dataclass(frozen=True)
class Done:
    status: int
    out: str
    err: str


def move_in(init: Init = "systemd", *, distribution_files: bool = False) -> None:
    """Make the machine and enter it for good.

    Args:
        init: what it seems to have been started by.
        distribution_files: keep the handlers that the distribution's packages configure.
    """
    root = Path("/mnt")  # a folder that every host has, and that nothing is looked for in
    mounts.Tmpfs(root).execute()
    _show_folders(root)
    _make_own_folders(root, init)
    if not distribution_files:
        mounts.Tmpfs(root / "usr/lib/binfmt.d").execute()
    os.chroot(root)
    os.chdir("/")


def _show_folders(root: Path) -> None:
    for path in sorted(Path("/").iterdir()):
        if path.is_symlink():
            (root / path.name).symlink_to(path.readlink())
        elif path.is_dir() and path.name not in {"etc", "run", "var", "mnt"}:
            _show(path, root)
    for path in Path("/var").iterdir():
        if path.is_dir() and not path.is_symlink() and path.name not in {"lib", "run"}:
            _show(path, root)


def _make_own_folders(root: Path, init: Init) -> None:
    shutil.copytree("/etc", root / "etc", symlinks=True, ignore=_unreadable)
    for name in ("binfmt.d", "systemd", "init.d", "runlevels", "fstab", "docker"):
        _remove(root / "etc" / name)
    for name in ("var/lib", "run", *_OF_INIT[init]):
        (root / name).mkdir(parents=True)


def trimaran(*words: str) -> Done:
    """Run the command line in the machine."""
    start = "import sys; sys.argv[0] = 'trimaran'; from trimaran.cli.main import main; main()"
    return run(sys.executable, "-c", start, *words)


def run(*words: str) -> Done:
    done = subprocess.run(
        words, check=False, capture_output=True, text=True, timeout=300, env=_environment()
    )
    return Done(done.returncode, done.stdout, done.stderr)


@contextmanager
def dockerd() -> Iterator[Callable[..., Done]]:
    """Run Debian's daemon in the machine; gives its command line."""
    folder = Path("/run/dockerd")
    folder.mkdir()
    log = folder / "log"
    words = ["dockerd", "--rootless", "-G", "0", "--data-root", "/var/lib/docker"]
    words += ["--exec-root", str(folder / "exec"), "--pidfile", str(folder / "pid")]
    words += [
        "-H",
        f"unix://{folder}/sock",
        "--bridge=none",
        "--iptables=false",
        "--ip-forward=false",
    ]
    words += ["--ip6tables=false", "--storage-driver=vfs"]
    environment = {**_environment(), "XDG_RUNTIME_DIR": str(folder)}

    def docker(*words: str) -> Done:
        return run("docker", "-H", f"unix://{folder}/sock", *words)

    with log.open("wb") as sink:
        daemon = subprocess.Popen(
            words, stdout=sink, stderr=sink, env=environment, executable="/usr/sbin/dockerd"
        )
    try:
        deadline = time.monotonic() + 60
        while docker("version").status != 0:
            if daemon.poll() is not None or time.monotonic() > deadline:
                raise RuntimeError(f"dockerd did not start: {log.read_text()}")
            time.sleep(0.2)
        yield docker
    finally:
        daemon.terminate()  # it ends its containerd too
        daemon.wait()


def entries() -> list[str]:
    """The names of the table's entries, the newest first."""
    return [name for name in os.listdir(TABLE) if name not in {"register", "status"}]


def _environment() -> dict[str, str]:
    return {**os.environ, "PATH": process.SYSTEM_PATH, "HOME": "/run"}


def _show(path: Path, root: Path) -> None:
    target = root / path.relative_to("/")
    target.mkdir(parents=True)
    mounts.Bind(path, target).execute()


def _remove(path: Path) -> None:
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)


def _unreadable(folder: str, names: list[str]) -> list[str]:
    """What an ordinary user may not copy; and links are copied as they are."""
    paths = {name: Path(folder, name) for name in names}
    return [
        name
        for name, path in paths.items()
        if not path.is_symlink() and (not os.access(path, os.R_OK) or not _is_plain(path))
    ]


def _is_plain(path: Path) -> bool:
    return path.is_file() or (path.is_dir() and os.access(path, os.X_OK))
