"""Every platform that Debian has a busybox for: one base, one build with a RUN on each, and runs.

All of it by an ordinary user, on a host where nothing was set up.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.support.workshop import Workshop, labels, workshop

from trimaran import elf, platforms

pytestmark = pytest.mark.real

# What `uname -m` says. arm's depends on the CPU that is emulated; 386 is native on amd64, whose
# kernel says its own name.
MACHINES = {
    "linux/amd64": ("x86_64",),
    "linux/arm64": ("aarch64",),
    "linux/arm/v7": ("armv7l", "armv8l"),
    "linux/arm/v5": ("armv5tel", "armv5tejl", "armv7l", "armv8l"),
    "linux/386": ("i686", "x86_64"),
    "linux/mips64le": ("mips64",),
    "linux/mipsle": ("mips", "mips64"),
    "linux/ppc64le": ("ppc64le",),
    "linux/s390x": ("s390x",),
    "linux/riscv64": ("riscv64",),
}
ALL = ",".join(MACHINES)
DOCKERFILE = """\
FROM debian-busybox
ARG TARGETPLATFORM
RUN uname -m >/machine && echo "$TARGETPLATFORM" | tee /platform && id -u
RUN ( sleep 0; exit 3 ) || test $? = 3; seq 1000 | sort -r | head -n 1 >/sorted
CMD ["cat", "/machine", "/platform", "/sorted"]
"""


@pytest.fixture(scope="module")
def built() -> Iterator[Workshop]:
    """A workshop with the image `every`, built for all platforms in one command."""
    with workshop() as shop:
        shop.ok("base", "busybox", "-t", "debian-busybox", "--platform", ALL)
        context = shop.context(DOCKERFILE)
        words = ("build", "--progress", "rawjson", "--platform", ALL, "-t", "every")
        done = shop.ok(*words, context)
        Path(shop.folder, "events").write_text(done.stderr)
        yield shop


def test_each_platform_has_an_image_and_ran_each_step(built: Workshop) -> None:
    images = json.loads(built.ok("images", "--json").stdout)
    found = {image["platform"] for image in images if image["name"].startswith("every")}
    assert found == set(MACHINES)
    text = Path(built.folder, "events").read_text()
    events = [json.loads(line) for line in text.splitlines() if line.startswith("{")]
    runs = [label for label in labels(events, "step-started") if " RUN " in label]
    assert len(runs) == 2 * len(MACHINES), runs


def test_the_audit_finds_nothing_in_any_of_them(built: Workshop) -> None:
    for name in ("debian-busybox", "every"):
        report = json.loads(built.ok("verify", "--format", "json", name).stdout)
        assert report["findings"] == []
        assert {image["platform"] for image in report["images"]} == set(MACHINES)
        assert all(image["binaries"] == 1 for image in report["images"])


@pytest.mark.parametrize("platform", MACHINES)
def test_each_image_runs(built: Workshop, platform: str) -> None:
    machine, name, highest = built.ok("run", "--platform", platform, "every").stdout.split()
    assert machine in MACHINES[platform]
    assert name == platform
    assert highest == "999"


@pytest.mark.parametrize("platform", MACHINES)
def test_each_image_holds_its_own_cpus_program(built: Workshop, platform: str) -> None:
    row = platforms.parse(platform).machine
    assert row is not None
    script = "head -c 64 /bin/busybox | od -An -v -tx1"
    printed = built.ok("run", "--platform", platform, "every", "sh", "-c", script).stdout
    facts = elf.read(bytes.fromhex("".join(printed.split())).ljust(8192, b"\0"))
    assert facts is not None
    assert elf.fits(facts, row)


def test_what_ran_natively_is_this_machines_own(built: Workshop) -> None:
    text = Path(built.folder, "events").read_text()
    started = [json.loads(line) for line in text.splitlines() if '"step-started"' in line]
    modes = {event["platform"]: event["mode"] for event in started if " RUN " in event["label"]}
    own = str(platforms.host())
    assert modes[own] == "native"
    foreign = {"linux/s390x", "linux/riscv64", "linux/mips64le", "linux/ppc64le"} - {own}
    assert {modes[name] for name in foreign} == {"emulated"}
