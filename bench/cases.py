"""What is measured: each case's context, platforms and states."""

from __future__ import annotations

import random
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from bench.tools import Build

from trimaran import platforms

_ROOT = Path(__file__).parent.parent
_DOCKERFILES = Path(__file__).with_name("dockerfiles")
_MIB = 1 << 20
_FOREIGN = "linux/arm64" if platforms.host().architecture == "amd64" else "linux/amd64"

NATIVE = str(platforms.host())
PLATFORMS = tuple(dict.fromkeys((NATIVE, _FOREIGN, "linux/arm/v7")))


@dataclass(frozen=True, slots=True)
class Case:
    """A build to be measured.

    Attributes:
        title: what the table calls it.
        make: fills a folder, given as argument, with the context.
        archive: whether an OCI archive is written too.
        cold: whether it is measured with empty stores; it always is with full ones.
    """

    name: str
    title: str
    make: Callable[[Path], object]
    platforms: tuple[str, ...] = (NATIVE,)
    archive: bool = False
    cold: bool = True

    def build(self, stage: Path) -> Build:
        """The build, its context made below `stage`."""
        context = stage / self.name
        if not context.exists():
            self.make(context)
        return Build(context, self.platforms, stage / "archive.tar" if self.archive else None)


def _copy_of(folder: Path) -> Callable[[Path], object]:
    return lambda target: shutil.copytree(folder, target)


def _write_small_files(context: Path) -> None:
    """10,000 files of up to 4 KiB in 100 folders."""
    source = random.Random(1)  # noqa: S311 - the same files on every run
    for number in range(10_000):
        path = context / f"{number // 100:02}" / f"{number % 100:02}"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(source.randbytes(source.randrange(4096)))
    _write_copying(context)


def _write_big_file(context: Path) -> None:
    """500 MiB; every other MiB is text, the rest does not compress."""
    source = random.Random(1)  # noqa: S311 - the same file on every run
    context.mkdir()
    with (context / "big").open("wb") as file:
        for number in range(250):
            file.write(source.randbytes(_MIB))
            line = b"%08d the quick brown fox jumps over the lazy dog\n" % number
            file.write((line * (_MIB // len(line) + 1))[:_MIB])
    _write_copying(context)


def _write_copying(context: Path) -> None:
    text = "ARG BASE=busybox\nFROM ${BASE}\nCOPY . /data/\n"
    (context / "Dockerfile").write_text(text, encoding="utf-8")


def _dockerfiles() -> list[Case]:
    folders = {"whoami": _ROOT / "examples" / "whoami"}
    folders |= {folder.name: folder for folder in sorted(_DOCKERFILES.iterdir())}
    return [
        Case(f"{name}-{architecture}", f"{name}, {platform}", _copy_of(folder), (platform,))
        for platform, architecture in ((NATIVE, "native"), (_FOREIGN, "emulated"))
        for name, folder in folders.items()
    ]


CASES = (
    *_dockerfiles(),
    Case("small-files", "COPY of 10,000 small files", _write_small_files),
    Case("big-layer", "500 MiB layer, written to an OCI archive", _write_big_file, archive=True),
    Case(
        "three-platforms",
        "whoami, three platforms",
        _copy_of(_ROOT / "examples" / "whoami"),
        PLATFORMS,
    ),
)
