"""Wall time and peak memory of trimaran and buildah, side by side on this machine.

Run by `bench/run` as root, with buildah, runc and qemu-user-static of the distribution. Both build
the same things in turns: cold with empty stores, cached with the stores that a build has filled.
"""

from __future__ import annotations

import argparse
import os
import platform
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

from bench.cases import CASES, PLATFORMS, Case
from bench.runs import Command, Run, measured, summary
from bench.table import Row, head, markdown, plain
from bench.tools import Buildah, Tool, Trimaran, make_base

_START_UP = "version"


def main() -> None:
    names = [_START_UP, *(case.name for case in CASES)]
    parser = argparse.ArgumentParser(prog="bench/run", description=__doc__)
    parser.add_argument("cases", nargs="*", metavar="CASE", help=f"of {', '.join(names)}")
    parser.add_argument("--repeat", type=int, default=5, metavar="N", help="runs of each (5)")
    parser.add_argument("--markdown", action="store_true", help="print the table as Markdown")
    parser.add_argument("--folder", default="/var/tmp", help="where stores are made")  # noqa: S108
    options = parser.parse_args()
    if unknown := set(options.cases) - set(names):
        parser.error(f"no such case: {', '.join(sorted(unknown))}")
    if os.geteuid() != 0:
        parser.error("buildah's overlay storage needs root: run it as root")
    if os.getloadavg()[0] > len(os.sched_getaffinity(0)) / 2:
        print("the machine is busy with other work: the times will be too long", file=sys.stderr)
    wanted = options.cases or names
    with tempfile.TemporaryDirectory(prefix="bench-", dir=options.folder) as name:
        try:
            rows = list(_rows(Path(name), wanted, options.repeat))
        except RuntimeError as error:
            sys.exit(str(error))
    print(_facts())
    print((markdown if options.markdown else plain)(head("case", "stores", "buildah"), rows))


def _rows(stage: Path, names: Sequence[str], repeat: int) -> Iterator[Row]:
    layout = make_base(stage, PLATFORMS)
    tools: tuple[Tool, Tool] = (Trimaran(stage, layout), Buildah(stage, layout))
    if _START_UP in names:
        for tool in tools:
            measured(tool.version())
        yield _row("start-up: --version", "", tools, lambda tool: tool.version(), repeat)
    for case in CASES:
        if case.name in names:
            yield from _case_rows(case, stage, tools, repeat)


def _case_rows(case: Case, stage: Path, tools: Sequence[Tool], repeat: int) -> Iterator[Row]:
    build = case.build(stage)

    def cold(tool: Tool) -> list[Command]:
        tool.reset(build)
        return tool.build(build)

    yield _row(case.title, "cold", tools, cold, repeat)
    yield _row(case.title, "cached", tools, lambda tool: tool.build(build), repeat)


def _row(
    title: str,
    state: str,
    tools: Sequence[Tool],
    commands: Callable[[Tool], list[Command]],
    repeat: int,
) -> Row:
    runs: list[list[Run]] = [[] for _ in tools]
    for number in range(repeat):
        print(f"{title} {state} {number + 1}/{repeat}", file=sys.stderr)
        for tool, done in zip(tools, runs, strict=True):
            done.append(measured(commands(tool)))
    ours, theirs = (summary(done) for done in runs)
    return Row(title, state, ours, theirs)


def _facts() -> str:
    buildah = subprocess.run(
        ["buildah", "--version"], stdout=subprocess.PIPE, check=True, text=True
    )
    kernel = ".".join(platform.release().split(".")[:2])
    facts = (
        f"{len(os.sched_getaffinity(0))} cores",
        f"Linux {kernel}",
        f"Python {platform.python_version()}",
        f"buildah {buildah.stdout.split()[2]}",
    )
    return ", ".join(facts) + "\n"


if __name__ == "__main__":
    main()
