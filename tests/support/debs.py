"""Roots of Debian packages of any architecture, unpacked and not configured, with dpkg's database.

No program of the packages runs, so a foreign root takes seconds.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import tempfile
import urllib.request
from pathlib import Path

from tests.support.apt import CACHE, private_apt, source_of

_TODAY = "stable"
_MERGED = ("bin", "sbin", "lib", "lib64")


def debian_root(suite: str, architecture: str, packages: tuple[str, ...]) -> Path:
    """A root with packages and all that they depend on, from the cache or the mirror.

    Args:
        suite: its name, such as trixie.
        architecture: as Debian names it.
        packages: their names; a change of them makes a new root.
    """
    name = f"root-{suite}-{architecture}-{hash_of(packages)}"
    root = CACHE / name
    if not root.exists():
        CACHE.mkdir(exist_ok=True)
        with tempfile.TemporaryDirectory(dir=CACHE) as scratch:
            made = Path(scratch) / "root"
            _make(made, _download(Path(scratch), suite, architecture, packages))
            made.chmod(0o755)
            os.replace(made, root)
    return root


def hash_of(packages: tuple[str, ...]) -> str:
    """A short name for names of packages, the same in every process."""
    return hashlib.sha256(" ".join(packages).encode()).hexdigest()[:16]


def _download(
    scratch: Path, suite: str, architecture: str, packages: tuple[str, ...]
) -> list[Path]:
    mirror = source_of("dpkg").split()[0]
    line = f"deb {mirror} {_served(mirror, suite)} main"
    apt_get = private_apt(scratch / "apt", line, architecture)
    words = ["-y", "--no-install-recommends", "--download-only", "install", *packages]
    subprocess.run([*apt_get, "update"], check=True)
    subprocess.run([*apt_get, *words], check=True, stdout=subprocess.DEVNULL)
    return sorted((scratch / "apt/cache/archives").glob("*.deb"))


def _served(mirror: str, suite: str) -> str:
    """The release of today by that name: a mirror in the midst of an update may have its lists
    whole there, and not yet, or no longer, by its code name.
    """
    with urllib.request.urlopen(f"{mirror}/dists/{_TODAY}/Release") as answer:  # noqa: S310
        return _TODAY if f"Codename: {suite}\n".encode() in answer.read() else suite


def _make(root: Path, archives: list[Path]) -> None:
    for name in _MERGED:
        (root / "usr" / name).mkdir(parents=True)
        (root / name).symlink_to(f"usr/{name}")
    info = root / "var/lib/dpkg/info"
    info.mkdir(parents=True)
    paragraphs = [_unpack(root, archive, info) for archive in archives]
    (root / "var/lib/dpkg/status").write_text("\n".join(paragraphs))
    if not (root / "bin/sh").exists():  # dash's own script makes it before trixie
        (root / "bin/sh").symlink_to("dash")


def _unpack(root: Path, archive: Path, info: Path) -> str:
    """Unpack a package; gives its paragraph of the status file."""
    with subprocess.Popen(
        ["dpkg-deb", "--fsys-tarfile", archive], stdout=subprocess.PIPE
    ) as content:
        words = ["tar", "-x", "--no-same-owner", "--keep-directory-symlink", "-C", str(root)]
        subprocess.run(words, check=True, stdin=content.stdout)
    control = root / "control"
    subprocess.run(["dpkg-deb", "-e", archive, control], check=True)
    text = (control / "control").read_text()
    fields = dict(line.split(": ", 1) for line in text.split("\n") if ": " in line)
    same = fields.get("Multi-Arch") == "same"
    name = fields["Package"] + (f":{fields['Architecture']}" if same else "")
    if (control / "md5sums").exists():
        shutil.move(control / "md5sums", info / f"{name}.md5sums")
    shutil.rmtree(control)
    return text.rstrip("\n") + "\nStatus: install ok installed\n"
