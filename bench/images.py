"""The images that are transferred, built by trimaran: the same bytes on every run."""

from __future__ import annotations

import random
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from tests.support.busybox import busybox

from trimaran import platforms

_MIB = 1 << 20


@dataclass(frozen=True, slots=True)
class Image:
    """An image whose layers hold what does not compress, beside programs.

    Attributes:
        layers: how many it has.
        files: how many files are in each of them.
        file_bytes: how many random bytes each file has.
        programs: whether each file begins with a program, as the audit looks for.
    """

    name: str
    title: str
    layers: int
    files: int
    file_bytes: int
    programs: bool = False

    def make_context(self, context: Path) -> None:
        """Write the Dockerfile and what it copies: a folder for each layer."""
        source = random.Random(self.name)  # noqa: S311 - the same files on every run
        start = _program() if self.programs else b""
        for layer in range(self.layers):
            folder = context / f"{layer:02}"
            folder.mkdir(parents=True)
            for file in range(self.files):
                self._write(folder / f"{file:03}", start, source)
        lines = [f"COPY {layer:02} /data/{layer:02}/\n" for layer in range(self.layers)]
        (context / "Dockerfile").write_text("FROM scratch\n" + "".join(lines), encoding="utf-8")

    def _write(self, path: Path, start: bytes, source: random.Random) -> None:
        with path.open("wb") as file:
            file.write(start)
            for offset in range(0, self.file_bytes, _MIB):
                file.write(source.randbytes(min(_MIB, self.file_bytes - offset)))


IMAGES = (
    Image("big", "1 GB, 8 layers", 8, 1, 125 * 10**6),
    Image("many", "60 small layers", 60, 4, 25_000),
    Image("programs", "300 MB of programs", 4, 38, _MIB, programs=True),
)


def _program() -> bytes:
    """Debian's static busybox for this machine."""
    machine = platforms.host().machine
    assert machine is not None
    return busybox(machine.debian).read_bytes()


def build(trimaran: str, image: Image, stage: Path, run: Callable[..., object]) -> Path:
    """Build an image into the store `stage/built` and, under its name, the layout given back."""
    context, layout = stage / "context", stage / "layouts" / image.name
    image.make_context(context)
    store = (trimaran, f"--store={stage}/built")
    named = ("build", f"--tag=localhost/{image.name}", f"--platform={platforms.host()}")
    run([*store, *named, str(context)])
    run([*store, "copy", f"store:localhost/{image.name}", f"oci:{layout}:{image.name}"])
    shutil.rmtree(context)
    return layout
