"""Wall time and peak memory of trimaran and skopeo, side by side on this machine.

Run by `bench/transfers`, with skopeo, docker-registry, runc and busybox-static of the distribution.
Both move the same images in turns, to and from registries on loopback.
"""

from __future__ import annotations

import argparse
import itertools
import os
import platform
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from bench import images
from bench.copiers import Copier, Skopeo, Trimaran, Way
from bench.images import IMAGES, Image
from bench.runs import Command, Run, best, measured
from bench.table import Row, head, markdown, plain
from tests.support.registry import serve_registry

_HEAD = (*head("transfer", "image", "skopeo"), "trimaran's speed")


@dataclass(frozen=True, slots=True)
class Transfer:
    """`commands` asks a copier for the command; `uploads`: it needs an empty registry."""

    name: str
    title: str
    commands: Callable[[Copier, Way], Command]
    uploads: bool = False


_MOVES = (
    Transfer("push", "push from the store", lambda one, way: one.push(way), uploads=True),
    Transfer("upload", "OCI folder to registry", lambda one, way: one.upload(way), uploads=True),
    Transfer("pull", "pull into the store", lambda one, way: one.pull(way)),
    Transfer("download", "registry to OCI folder", lambda one, way: one.download(way)),
    Transfer("copy", "registry to registry", lambda one, way: one.copy(way), uploads=True),
    Transfer("mount", "repository to repository", lambda one, way: one.mount(way)),
)
_VERIFY = Transfer("verify", "verify", lambda one, way: one.verify(way))
CASES = {
    f"{transfer.name}-{image.name}": (transfer, image)
    for image in IMAGES
    for transfer in ((_VERIFY,) if image.programs else _MOVES)
}


def main() -> None:
    parser = argparse.ArgumentParser(prog="bench/transfers", description=__doc__)
    parser.add_argument("cases", nargs="*", metavar="CASE", help=f"of {', '.join(CASES)}")
    parser.add_argument("--repeat", type=int, default=5, metavar="N", help="runs of each (5)")
    parser.add_argument("--markdown", action="store_true", help="print the table as Markdown")
    parser.add_argument("--folder", default="/var/tmp", help="where images are made")  # noqa: S108
    options = parser.parse_args()
    if unknown := set(options.cases) - set(CASES):
        parser.error(f"no such case: {', '.join(sorted(unknown))}")
    if os.getloadavg()[0] > len(os.sched_getaffinity(0)) / 2:
        print("the machine is busy with other work: the times will be too long", file=sys.stderr)
    with tempfile.TemporaryDirectory(prefix="bench-", dir=options.folder) as name:
        try:
            rows = list(_rows(Path(name), options.cases or list(CASES), options.repeat))
        except RuntimeError as error:
            sys.exit(str(error))
    print(_facts())
    print((markdown if options.markdown else plain)(_HEAD, rows))


def _rows(stage: Path, names: Sequence[str], repeat: int) -> Iterator[Row]:
    wanted = [CASES[name] for name in CASES if name in names]
    bench = _Bench(stage)
    with bench.registry() as full:
        for image in dict.fromkeys(image for _, image in wanted):
            size = bench.prepare(image, full)
            for transfer in [each for each, of in wanted if of is image]:
                yield bench.row(transfer, image, full, size, repeat)


class _Bench:
    def __init__(self, stage: Path) -> None:
        self._stage = stage
        self._trimaran = Trimaran(stage)
        self._copiers: tuple[Copier, Copier] = (self._trimaran, Skopeo())
        self._layouts: dict[str, Path] = {}
        self._numbers = itertools.count()

    @contextmanager
    def registry(self) -> Iterator[str]:
        """A new, empty registry; its host and port."""
        with self._folder() as folder, serve_registry(folder) as running:
            yield running.host

    def prepare(self, image: Image, full: str) -> int:
        """Make the image, and have it in the registry `full` and the page cache; gives its size."""
        print(f"making {image.title}", file=sys.stderr)
        layout = images.build(self._trimaran.program, image, self._stage, self._run)
        self._layouts[image.name] = layout
        with self._folder() as folder:
            way = Way(image.name, layout, full, full, folder)
            self._run(self._trimaran.upload(way).argv)
        return sum(path.stat().st_size for path in (layout / "blobs" / "sha256").iterdir())

    def row(self, transfer: Transfer, image: Image, full: str, size: int, repeat: int) -> Row:
        runs: tuple[list[Run], ...] = tuple([] for _ in self._copiers)
        for number in range(repeat):
            print(f"{transfer.title}: {image.title} {number + 1}/{repeat}", file=sys.stderr)
            for copier, done in zip(self._copiers, runs, strict=True):
                done.append(self._once(transfer, copier, image, full))
        ours, theirs = map(best, runs)
        speed = "" if transfer.name == "mount" else f"{size / ours.seconds / 1e6:.0f} MB/s"
        return Row(transfer.title, image.title, ours, theirs, speed)

    def _once(self, transfer: Transfer, copier: Copier, image: Image, full: str) -> Run:
        with self._folder() as folder:
            layout = self._layouts[image.name]
            if not transfer.uploads:
                way = Way(image.name, layout, full, "", folder)
                return measured([transfer.commands(copier, way)])
            with self.registry() as empty:
                way = Way(image.name, layout, full, empty, folder)
                return measured([transfer.commands(copier, way)])

    @contextmanager
    def _folder(self) -> Iterator[Path]:
        folder = self._stage / f"run-{next(self._numbers)}"
        folder.mkdir()
        try:
            yield folder
        finally:
            shutil.rmtree(folder)

    def _run(self, argv: Sequence[str]) -> None:
        environment = {**os.environ, **self._trimaran.environment}
        done = subprocess.run(argv, env=environment, check=False, capture_output=True, text=True)
        if done.returncode:
            raise RuntimeError(f"{' '.join(argv)} ended with {done.returncode}:\n{done.stderr}")


def _facts() -> str:
    skopeo = subprocess.run(["skopeo", "--version"], stdout=subprocess.PIPE, check=True, text=True)
    kernel = ".".join(platform.release().split(".")[:2])
    facts = (
        f"{len(os.sched_getaffinity(0))} cores",
        f"Linux {kernel}",
        f"Python {platform.python_version()}",
        f"skopeo {skopeo.stdout.split()[2]}",
    )
    return ", ".join(facts) + "\n"


if __name__ == "__main__":
    main()
