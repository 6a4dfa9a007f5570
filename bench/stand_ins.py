"""Steps with native stand-ins, beside the same in plain QEMU and natively; docs/acceleration.md.

Every work is a stage of bench/works/Dockerfile. What it stands on is made once; then its own
steps run anew in each way, one way after the other.
"""

from __future__ import annotations

import argparse
import json
import statistics
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from bench.cases import NATIVE

_CONTEXT = Path(__file__).with_name("works")
_TRIMARAN = str(Path(sys.executable).with_name("trimaran"))
WORKS = ("apt-update", "apt-install", "lua", "redis", "jq", "cmake", "go", "rust")


@dataclass(frozen=True, slots=True)
class Way:
    """A way to run a work's steps."""

    name: str
    platform: str
    accelerate: str


@dataclass(frozen=True, slots=True)
class Bench:
    """Where it is measured."""

    store: Path
    base: str

    def build(self, work: str, way: Way, *, anew: bool) -> list[dict[str, object]]:
        """Build a stage; gives the events. `anew` runs its own steps again."""
        words = [_TRIMARAN, "--store", str(self.store), "build", "--progress", "rawjson"]
        words += ["--target", work, "--platform", way.platform, "--accelerate", way.accelerate]
        words += ["--build-arg", f"BASE={self.base}", str(_CONTEXT)]
        words += ["--no-cache-filter", work] if anew else []
        done = subprocess.run(words, check=False, capture_output=True, text=True)
        if done.returncode != 0:
            raise SystemExit(done.stderr[-4000:])
        return [json.loads(line) for line in done.stderr.splitlines()]

    def seconds(self, work: str, way: Way) -> float:
        """How long the work's own RUN took."""
        events = self.build(work, way, anew=True)
        runs = {
            event["step"]
            for event in events
            if event["event"] == "step-started"
            and f" {work} " in str(event["label"])
            and "] RUN " in str(event["label"])
        }
        return sum(
            float(str(event["seconds"]))
            for event in events
            if event["event"] == "step-done" and event["step"] in runs
        )


def rows(
    bench: Bench, works: list[str], platform: str, accelerate: str, repeat: int
) -> Iterator[str]:
    """A line of the table for each work."""
    native = Way("native", NATIVE, "off")
    fast = Way("stand-ins", platform, accelerate)
    plain = Way("plain QEMU", platform, "off")
    yield f"| {platform} | plain QEMU | stand-ins | native | times faster | times native |"
    yield "|---|---|---|---|---|---|"
    for work in works:
        bench.build(work, native, anew=False)
        bench.build(work, fast, anew=True)  # makes its kit, which is kept
        medians = [
            statistics.median(bench.seconds(work, way) for _ in range(repeat))
            for way in (plain, fast, native)
        ]
        slow, quick, own = medians
        yield (
            f"| {work} | {slow:.1f} s | {quick:.1f} s | {own:.1f} s"
            f" | {slow / quick:.1f} | {quick / own:.2f} |"
        )


def main() -> None:
    """Measure and print a table in Markdown."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--store", type=Path, required=True)
    parser.add_argument("--base", default="debian", help="a name in the store, of both platforms")
    parser.add_argument("--platform", default="linux/arm64")
    parser.add_argument("--accelerate", default="auto", choices=("auto", "compatible"))
    parser.add_argument("--repeat", type=int, default=1)
    parser.add_argument("works", nargs="*", default=list(WORKS))
    given = parser.parse_args()
    bench = Bench(given.store, given.base)
    works = given.works or list(WORKS)
    for line in rows(bench, works, given.platform, given.accelerate, given.repeat):
        print(line, flush=True)


if __name__ == "__main__":
    main()
