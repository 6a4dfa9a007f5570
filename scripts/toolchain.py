"""Assemblers, linkers and a compiler for other CPUs: installed, or unpacked from packages."""

from __future__ import annotations

import os
import shutil
import struct
import subprocess
import tempfile
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

CACHE = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "trimaran" / "tools"
_PROGRAMS = ("usr/bin", "usr/lib/llvm-14/bin")
_LIBRARIES = ("usr/lib/*-linux-gnu*", "usr/lib/llvm-14/lib")


@dataclass(frozen=True)
class Tools:
    """Where programs are found: on PATH, then below `folder`, where packages were unpacked."""

    folder: Path = CACHE

    def find(self, program: str) -> str:
        """A program's path; empty if it is missing."""
        places = (os.environ.get("PATH", os.defpath), *(self.folder / one for one in _PROGRAMS))
        return shutil.which(program, path=":".join(map(str, places))) or ""

    def have(self, programs: Iterable[str]) -> bool:
        """Whether none of them is missing."""
        return all(self.find(program) for program in programs)

    def run(self, program: str, *arguments: str | Path) -> None:
        """Run one of the programs.

        Raises:
            LookupError: it is missing.
            subprocess.CalledProcessError: it failed.
        """
        path = self.find(program)
        if not path:
            raise LookupError(program)
        libraries = [str(one) for pattern in _LIBRARIES for one in self.folder.glob(pattern)]
        environment = {**os.environ, "LD_LIBRARY_PATH": ":".join(libraries), "LC_ALL": "C"}
        subprocess.run([path, *arguments], env=environment, check=True)

    def fetch(self, packages: Iterable[str]) -> None:
        """Unpack packages of the machine's own mirror; nothing is installed.

        What the mirror does not have is left out.
        """
        self.folder.mkdir(parents=True, exist_ok=True)
        for package in sorted(set(packages)):
            with tempfile.TemporaryDirectory(dir=self.folder) as scratch:
                argv = ["apt-get", "-qq", "-o", "APT::Sandbox::User=root", "download", package]
                if subprocess.run(argv, cwd=scratch, check=False).returncode == 0:
                    file = next(Path(scratch).glob("*.deb"))
                    subprocess.run(["dpkg-deb", "--extract", file, self.folder], check=True)


def link(
    tools: Tools, linker: str, flags: Sequence[str], objects: Sequence[Path], script: str
) -> bytes:
    """A linked program, cut to what the kernel maps.

    Args:
        tools: where the linker is.
        linker: its name.
        flags: its flags beside the common ones.
        objects: what to link.
        script: the linker script's text, with one segment that begins with the file's header.
    """
    with tempfile.TemporaryDirectory() as scratch:
        text, linked = Path(scratch, "script"), Path(scratch, "program")
        text.write_text(script, "ascii")
        common = ("-N", "-e", "_start", "-T", text, "-o", linked)
        tools.run(linker, *flags, *common, *objects)
        return cut(linked.read_bytes())


def cut(file: bytes) -> bytes:
    """A program of one segment up to that segment's end; its header knows of no sections."""
    order = "<" if file[5] == 1 else ">"
    wide = file[4] == 2  # noqa: PLR2004 - ELFCLASS64
    headers_at, sections_at, counts_at = (32, 40, 60) if wide else (28, 32, 48)
    word = f"{order}{'Q' if wide else 'I'}"
    (start,) = struct.unpack_from(word, file, headers_at)
    (size,) = struct.unpack_from(word, file, start + (32 if wide else 16))
    part = bytearray(file[:size])
    struct.pack_into(word, part, sections_at, 0)
    struct.pack_into(f"{order}HH", part, counts_at, 0, 0)
    return bytes(part)
