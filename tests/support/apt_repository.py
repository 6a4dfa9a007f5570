"""A small apt repository: one package of the mirror's, under versions of one's own."""

from __future__ import annotations

import hashlib
import re
import subprocess
import tempfile
from pathlib import Path

from tests.support.apt import private_apt, source_of

_FIELDS = re.compile(r"^(?:Depends|Pre-Depends|Source|Version): .*\n", re.MULTILINE)


def fetched(folder: Path, package: str, suite: str, architecture: str) -> Path:
    """A package of the mirror that this machine's own apt uses."""
    line = f"deb {source_of('dpkg').split()[0]} {suite} main"
    with tempfile.TemporaryDirectory(dir=folder) as state:
        apt_get = private_apt(Path(state), line, architecture)
        subprocess.run([*apt_get, "update"], check=True)
        subprocess.run([*apt_get, "download", package], check=True, cwd=folder)
    return next(folder.glob(f"{package}_*_{architecture}.deb"))


def publish(folder: Path, archives: list[Path], version: str) -> None:
    """Let a folder hold packages as they are but for their version, beside what it has already.

    What they depend on is left out: the base has to have it.
    """
    for archive in archives:
        with tempfile.TemporaryDirectory(dir=folder) as scratch:
            root = Path(scratch) / "root"
            subprocess.run(["dpkg-deb", "-R", archive, root], check=True)
            control = root / "DEBIAN/control"
            control.write_text(f"{_FIELDS.sub('', control.read_text())}Version: {version}\n")
            words = ("dpkg-deb", "--root-owner-group", "-Znone", "-b", root, folder)
            subprocess.run(words, check=True, stdout=subprocess.DEVNULL)
    (folder / "Packages").write_text("\n".join(map(_paragraph, sorted(folder.glob("*.deb")))))


def _paragraph(archive: Path) -> str:
    words = ("dpkg-deb", "-f", archive)
    fields = subprocess.run(words, check=True, capture_output=True, text=True).stdout
    content = archive.read_bytes()
    digest = hashlib.sha256(content).hexdigest()
    return f"{fields}Filename: ./{archive.name}\nSize: {len(content)}\nSHA256: {digest}\n"
