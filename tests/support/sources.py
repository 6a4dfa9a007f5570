"""Tarballs of programs' authors, from Debian's source packages."""

from __future__ import annotations

import os
import subprocess
import tempfile
from pathlib import Path

from tests.support.apt import CACHE, private_apt, source_of


def source_tarball(package: str) -> Path:
    """A gzip-compressed tar of one folder, from the cache or the mirror, all may read it."""
    tarball = CACHE / f"{package}.tar.gz"
    if not tarball.exists():
        CACHE.mkdir(exist_ok=True)
        CACHE.chmod(0o755)
        with tempfile.TemporaryDirectory(dir=CACHE) as scratch:
            found = _download(package, Path(scratch))
            found.chmod(0o644)
            os.replace(found, tarball)
    return tarball


def _download(package: str, scratch: Path) -> Path:
    apt_get = private_apt(scratch / "apt", f"deb-src {source_of(package)}", "")
    subprocess.run([*apt_get, "update"], check=True)
    words = ["source", "--download-only", "--tar-only", package]
    subprocess.run([*apt_get, *words], check=True, cwd=scratch)
    return next(scratch.glob("*.orig.tar.gz"))
