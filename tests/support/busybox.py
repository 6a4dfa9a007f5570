"""Root folders that hold one static busybox for any Debian architecture."""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
from pathlib import Path

from tests.support.apt import CACHE, private_apt, source_of

_PROGRAMS = [
    *("sh", "cat", "chmod", "chown", "cp", "date", "dd", "echo", "env", "false", "grep", "head"),
    *("hostname", "id", "kill", "ln", "ls", "mkdir", "mount", "mv", "nproc", "ps", "pwd"),
    *("readlink", "rm", "seq", "setsid", "sleep", "stat", "stty", "tail", "test", "touch"),
    *("true", "tty", "umount", "uname", "unshare", "wc", "yes"),
]


def busybox_root(folder: Path, program: Path) -> Path:
    """Fill `folder` with a small root file system: /bin with busybox, /etc/passwd, /etc/group.

    Args:
        folder: made if missing; the root file system itself.
        program: a static busybox, from `busybox`.
    """
    for name in ("bin", "etc", "tmp", "root", "dev", "proc", "sys"):
        (folder / name).mkdir(parents=True, exist_ok=True)
    (folder / "tmp").chmod(0o1777)
    shutil.copyfile(program, folder / "bin" / "busybox")
    (folder / "bin" / "busybox").chmod(0o755)
    for name in _PROGRAMS:
        (folder / "bin" / name).symlink_to("busybox")
    (folder / "etc" / "passwd").write_text(
        "root:x:0:0:root:/root:/bin/sh\n"
        "worker:x:1000:1000::/home/worker:/bin/sh\n"
        "nobody:x:65534:65534:nobody:/nonexistent:/bin/sh\n"
    )
    (folder / "etc" / "group").write_text(
        "root:x:0:\nworker:x:1000:\ntools:x:1200:root,worker\nnogroup:x:65534:\n"
    )
    return folder


def busybox(architecture: str) -> Path:
    """The static busybox of a Debian architecture, from the cache or the mirror, all may read it.

    Args:
        architecture: as Debian calls it: amd64, arm64, armhf, i386, ppc64el, s390x.
    """
    program = CACHE / architecture / "busybox"
    if not program.exists():
        program.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=CACHE) as scratch:
            package = _download(architecture, Path(scratch))
            subprocess.run(["dpkg-deb", "-x", package, f"{scratch}/root"], check=True)
            found = next(Path(scratch, "root").rglob("bin/busybox"))
            found.chmod(0o755)
            program.parent.chmod(0o755)
            CACHE.chmod(0o755)
            os.replace(found, program)
    return program


def _download(architecture: str, scratch: Path) -> Path:
    source = f"deb [arch={architecture}] {source_of('busybox-static')}"
    apt_get = private_apt(CACHE / architecture / "apt", source, architecture)
    subprocess.run([*apt_get, "update"], check=True)
    subprocess.run(
        [*apt_get, "download", f"busybox-static:{architecture}"],
        check=True,
        cwd=scratch,
        stderr=subprocess.DEVNULL,
    )
    return next(scratch.glob("*.deb"))
