"""Emulated steps with native stand-ins, on the Debian base that Lua was built on."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest
from tests.acceptance.lua_words import BUILD, PLATFORMS
from tests.support.ahead import Ahead
from tests.support.own_workshop import OwnWorkshop
from tests.support.workshop import EPOCH, Done, read_events

pytestmark = [pytest.mark.real, pytest.mark.last]

LIMIT_S = 1800.0
FOREIGN = [platform for platform in PLATFORMS if platform == "linux/arm64"]
foreign = pytest.mark.parametrize("platform", FOREIGN)

WORDS = """
FROM debian
RUN find /usr/share/doc -type f | sort | xargs sha256sum | sed 's/ .*//' | tr a-f A-F >/sums \\
 && tar -C /etc --sort=name --mtime=@0 -czf /etc.tar.gz . \\
 && touch -d @0 /sums /etc.tar.gz
RUN cp /usr/bin/true /usr/bin/tac && test -z "$(echo text | tac)"
RUN mkdir -p /root2/usr/bin /root2/lib && cp /usr/bin/echo /usr/bin/uname /root2/usr/bin/ \\
 && cp /lib/aarch64-linux-gnu/libc.so.6 /lib/ld-linux-aarch64.so.1 /root2/lib/ \\
 && chroot /root2 /usr/bin/echo inside && test "$(chroot /root2 /usr/bin/uname -m)" = aarch64 \\
 && rm -r /root2
RUN cp -p /usr/bin/id /usr/bin/own-id && chmod u+s /usr/bin/own-id && /usr/bin/own-id -u
RUN test ! -w /dev/.trimaran/answers && ! touch /dev/.trimaran/kit/base/usr/bin/new \\
 && ! touch /dev/.trimaran/answers/new && uname -m && env | grep -c TRIMARAN || true
"""


@pytest.fixture(scope="module")
def shop(lua_ahead: Ahead) -> OwnWorkshop:
    lua_ahead.finished(LIMIT_S)
    return lua_ahead.shop


def build(shop: OwnWorkshop, platform: str, *words: str | Path) -> Done:
    context = shop.context(WORDS, "acceleration")
    flags = ("--no-cache", "--platform", platform, "--progress", "rawjson")
    return shop.ok("build", *flags, *words, context, environment={"SOURCE_DATE_EPOCH": EPOCH})


def execs(done: Done) -> list[tuple[int, int]]:
    events = read_events(done)
    return [(it["native"], it["all"]) for it in events if it["event"] == "step-execs"]


def notices(done: Done) -> str:
    return "\n".join(it["message"] for it in read_events(done) if it["event"] == "notice")


def layers_of(archive: Path) -> Any:
    """The layers' digests of an image in a folder of the OCI layout."""
    index = json.loads((archive / "index.json").read_bytes())
    digest = index["manifests"][0]["digest"].replace(":", "/")
    manifest = json.loads((archive / "blobs" / digest).read_bytes())
    return [layer["digest"] for layer in manifest["layers"]]


@foreign
def test_the_images_are_the_same_with_and_without(shop: OwnWorkshop, platform: str) -> None:
    found = {}
    for mode in ("auto", "off"):
        target = shop.folder / f"accelerated-{mode}"
        output = f"type=oci,tar=false,rewrite-timestamp=true,dest={target}"
        done = build(shop, platform, "--accelerate", mode, "-o", output)
        found[mode] = layers_of(target), execs(done)

    assert found["auto"][0] == found["off"][0]
    assert found["off"][1] == []
    (native, total), *others = found["auto"][1]
    assert native >= total - 1 > 0
    assert len(others) == 4


@foreign
def test_each_program_is_explained(shop: OwnWorkshop, platform: str) -> None:
    done = build(shop, platform, "--explain-acceleration")
    text = notices(done)

    times = r"\d+\.\d\d s CPU in \d+\.\d\d s"
    assert re.search(rf"^  /usr/bin/sed: \d+ native, {times}$", text, re.MULTILINE)
    assert re.search(
        rf"^  /usr/bin/uname: \d+ emulated, {times} \(.*machine.*\)$", text, re.MULTILINE
    )
    # A copy of another program in its place.
    assert re.search(
        rf"^  /usr/bin/tac: \d+ emulated, {times} \(.*not the file that coreutils brought\)$",
        text,
        re.MULTILINE,
    )
    # No package owns it, and it is setuid.
    assert re.search(r"^  /usr/bin/own-id: \d+ emulated", text, re.MULTILINE)

    programs = [it for it in read_events(done) if it["event"] == "program-execs"]
    counted = sum(it["native"] for it in programs), sum(it["emulated"] for it in programs)
    native, every = (sum(numbers) for numbers in zip(*execs(done), strict=True))
    assert counted == (native, every - native)
    took = {it["program"]: it["cpuSeconds"] for it in programs}
    assert took["/usr/bin/uname"] > 0.001  # QEMU's start takes some milliseconds
    assert all(it["wallSeconds"] > 0 for it in programs)


@foreign
def test_a_compiled_program_is_the_same_without(shop: OwnWorkshop, platform: str) -> None:
    flags = ("--accelerate", "verify", "--target", "compiled", "--no-cache-filter", "compiled")
    start = [word for word in BUILD[:-1] if word not in ("--platform", ",".join(PLATFORMS))]
    done = shop.ok(*start, "--platform", platform, *flags, BUILD[-1], timeout_s=LIMIT_S)

    assert "RUN mv lua-5.* lua" in notices(done)
    assert "the same without stand-ins" in notices(done)


@foreign
def test_a_base_without_packages_is_left_alone(shop: OwnWorkshop, platform: str) -> None:
    shop.ok("base", "busybox", "-t", "small", "--platform", f"linux/amd64,{platform}")
    context = shop.context("FROM small\nRUN ls / && test ! -e /dev/.trimaran\n", "small")
    done = shop.ok("build", "--no-cache", "--platform", platform, "--progress", "rawjson", context)

    assert execs(done) == []
