"""A whole Dockerfile for two platforms, from empty stores to the registry, by three builders.

Run by `bench/whole-builds` as root, on a store that has a Debian base of both platforms; see
docs/benchmarks.md. BuildKit and buildah are Debian 13's, in namespaces of their own with the same
emulators and the same registry on loopback.
"""

from __future__ import annotations

import argparse
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from tests.support.engines import Engines, serve_engines
from tests.support.registry import serve_registry
from tests.support.sources import source_tarball

_DOCKERFILE = Path(__file__).with_name("whole") / "Dockerfile"
_TRIMARAN = str(Path(sys.executable).with_name("trimaran"))
_LIMIT_S = 7200.0


@dataclass(frozen=True, slots=True)
class Work:
    """What is compiled: a source package, make's words and the program that is kept."""

    package: str
    make: str
    program: str

    def context(self, folder: Path) -> Path:
        folder.mkdir()
        shutil.copyfile(_DOCKERFILE, folder / "Dockerfile")
        shutil.copyfile(source_tarball(self.package), folder / "source.tar.gz")
        return folder


WORKS = {
    "lua": Work("lua5.4", "posix", "lua"),
    "redis": Work("redis", "MALLOC=libc", "redis-server"),
}


@dataclass(frozen=True, slots=True)
class Task:
    """A build of `context` for the platforms, which ends with `target` in the registry."""

    context: Path
    platforms: str
    arguments: tuple[str, ...]
    target: str

    def words(self, *others: str) -> list[str]:
        named = [f"--build-arg={one}" for one in self.arguments]
        return [f"--platform={self.platforms}", *named, *others, str(self.context)]


def trimaran(task: Task, store: Path, *others: str) -> float:
    words = ["--store", str(store), "build", "--progress=plain", f"--tag={task.target}", "--push"]
    return _seconds(lambda: _do([_TRIMARAN, *words, *task.words(*others)]))


def buildkit(task: Task) -> float:
    words = ("docker", "buildx", "build", "--network=host", "--provenance=false", "--push")
    return _in_engines(task, (*words, f"--tag={task.target}"))


def buildah(task: Task) -> float:
    """Both platforms at once, as it can."""
    words = ("buildah", "build", "--layers", "--jobs=2", "--network=host", "--isolation=chroot")
    made = ("--tls-verify=false", "--manifest=whole")
    push = ("buildah", "manifest", "push", "--all", "--tls-verify=false", "whole")
    return _in_engines(task, (*words, *made), (*push, f"docker://{task.target}"))


def _in_engines(task: Task, build: Sequence[str], *then: Sequence[str]) -> float:
    with serve_engines(platforms=task.platforms.split(",")) as engines:
        context = shutil.copytree(task.context, engines.folder / "context")
        inside = Task(context, task.platforms, task.arguments, task.target)
        commands = [[*build, *inside.words()], *then]
        return _seconds(lambda: _all(engines, commands))


def _all(engines: Engines, commands: Sequence[Sequence[str]]) -> None:
    for words in commands:
        done = engines.run(*words, timeout_s=_LIMIT_S)
        if done.returncode != 0:
            raise SystemExit(f"{' '.join(words)}: {done.stdout[-2000:]}{done.stderr[-4000:]}")


def _do(words: Sequence[str]) -> None:
    done = subprocess.run(words, check=False, capture_output=True, text=True)
    if done.returncode != 0:
        raise SystemExit(f"{' '.join(words)}: {done.stderr[-4000:]}")


def _seconds(act: Callable[[], None]) -> float:
    os.sync()
    began = time.perf_counter()
    act()
    return time.perf_counter() - began


def rows(works: Sequence[str], platforms: str, base: Sequence[str]) -> Iterator[str]:
    """A line of the table for each work; `base`: the store and a name in it."""
    yield f"| {platforms} | trimaran | kits there | BuildKit | buildah | over BuildKit | buildah |"
    yield "|---|---|---|---|---|---|---|"
    with tempfile.TemporaryDirectory(prefix="bench-", dir="/var/tmp") as name:
        stage = Path(name)
        with serve_registry(stage) as registry:
            _push_base([*base, f"{registry.host}/debian"])
            for one in works:
                yield _row(one, platforms, registry.host, stage / one)


def _push_base(words: Sequence[str]) -> None:
    store, name, target = words
    _do([_TRIMARAN, "--store", store, "tag", name, target])
    _do([_TRIMARAN, "--store", store, "push", target])


def _row(name: str, platforms: str, host: str, stage: Path) -> str:
    work = WORKS[name]
    stage.mkdir()
    context = work.context(stage / "context")
    arguments = (f"BASE={host}/debian", f"WORDS={work.make}", f"PROGRAM={work.program}")

    def task(builder: str) -> Task:
        return Task(context, platforms, arguments, f"{host}/{name}-{builder}")

    store = stage / "store"
    ours, again = trimaran(task("t"), store), trimaran(task("t2"), store, "--no-cache")
    theirs, others = buildkit(task("k")), buildah(task("b"))
    times = " | ".join(f"{one:.1f} s" for one in (ours, again, theirs, others))
    return f"| {name} | {times} | {theirs / ours:.1f} | {others / ours:.1f} |"


def main() -> None:
    """Measure and print a table in Markdown."""
    parser = argparse.ArgumentParser(prog="bench/whole-builds", description=__doc__)
    parser.add_argument("--store", required=True, help="trimaran's, with the base")
    parser.add_argument("--base", default="debian", help="a name in the store, of both platforms")
    parser.add_argument("--platform", default="linux/amd64,linux/arm64")
    parser.add_argument("works", nargs="*", default=list(WORKS))
    given = parser.parse_args()
    for line in rows(given.works, given.platform, (given.store, given.base)):
        print(line, flush=True)


if __name__ == "__main__":
    main()
