"""A platform that fails: what becomes of the others, of the tags, and what the user is told."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
from tests.support.busybox import busybox
from tests.support.faulty_proxy import Fault, faulty_proxy
from tests.support.registry import RunningRegistry
from tests.support.workshop import Workshop

pytestmark = pytest.mark.real

BOTH = "linux/amd64,linux/arm64"
MISSING = "trimaran.platforms.missing"
NOT_ON_ARM = """\
FROM busybox
RUN [ "$(uname -m)" != aarch64 ] || { echo this CPU is wrong; exit 7; }
RUN echo whole >/state
"""


def index(shop: Workshop, name: str) -> dict[str, object]:
    found: dict[str, object] = json.loads(shop.ok("manifest", "inspect", name).stdout)
    return found


def listed(found: dict[str, object]) -> list[str]:
    entries = found["manifests"]
    assert isinstance(entries, list)
    return [entry["platform"]["architecture"] for entry in entries]


def row(said: str, platform: str) -> list[str]:
    """The cells of a platform's line in the table of outcomes."""
    table = said[said.index("PLATFORM ") :].splitlines()
    return next(line.split(maxsplit=2) for line in table if line.startswith(platform))


def test_the_others_are_built_and_nothing_is_published_unless_that_is_allowed(
    shop: Workshop, registry: RunningRegistry
) -> None:
    name = f"{registry.host}/keep/going:1"
    words = ("--platform", "linux/arm64,linux/amd64,linux/s390x", "-t", name, "--push")
    shop.build(*words, shop.context("FROM busybox\n"))
    before = index(shop, name)
    context = shop.context(NOT_ON_ARM)

    said = shop.refused("--keep-going", *words, context)
    assert said.count("  | this CPU is wrong\n") == 1
    assert row(said, "linux/arm64")[1] == "failed"
    assert row(said, "linux/arm64")[2].startswith("[linux/arm64 2/3] RUN")
    assert row(said, "linux/arm64")[2].endswith("exit 7; }: exit status 7")
    assert row(said, "linux/amd64") == ["linux/amd64", "built"]
    assert row(said, "linux/s390x") == ["linux/s390x", "built"]
    assert "ERROR: 1 of 3 platforms failed (linux/arm64): nothing was published\n" in said
    assert index(shop, name) == before

    iid = shop.folder / "iid"
    done = shop.build("--allow-missing", "-q", "--iidfile", iid, *words, context)
    assert "WARNING: the result LACKS linux/arm64" in done.stderr
    after = index(shop, name)
    assert after["annotations"] == {MISSING: "linux/arm64"}
    assert listed(after) == ["amd64", "s390x"]
    assert f"{MISSING}: linux/arm64" in shop.ok("inspect", name).stdout
    assert iid.read_text() == done.stdout.strip()
    again = shop.events("--allow-missing", *words, context)
    assert [event["step"] for event in again if event["event"] == "step-started"] == [
        event["step"] for event in again if event["event"] == "step-failed"
    ]


def test_one_platform_left_is_an_index_and_none_left_is_a_failure(shop: Workshop) -> None:
    context = shop.context(NOT_ON_ARM)
    folder = shop.folder / "roots"
    words = ("--platform", BOTH, "-t", "one", context)
    layout = f"type=oci,dest={shop.folder / 'layout'},tar=false"
    shop.build("--allow-missing", "--arch-tags", "-o", layout, *words)
    found = index(shop, f"oci:{shop.folder / 'layout'}:one")
    assert (listed(found), found["annotations"]) == (["amd64"], {MISSING: "linux/arm64"})
    shop.build("--allow-missing", "-o", f"type=local,dest={folder}", *words)
    assert [path.name for path in folder.iterdir()] == ["linux_amd64"]
    assert (folder / "linux_amd64/state").read_text() == "whole\n"
    assert shop.ok("images").stdout.count("one") == 0

    shop.build("--allow-missing", "--arch-tags", *words)
    assert shop.run("inspect", "one:arm64").returncode == 1
    shop.ok("inspect", "one:amd64")
    bad = shop.context("FROM busybox\nRUN exit 3\n")
    said = shop.refused("--allow-missing", "--platform", BOTH, "-t", "none", bad)
    assert "ERROR: all 2 platforms failed: nothing was published" in said
    assert shop.run("inspect", "none").returncode == 1


def test_what_a_failed_platform_shares_takes_down_whoever_needs_it(shop: Workshop) -> None:
    """A step on the build platform fails for all; a base or a file, for the one that lacks it."""
    text = (
        "FROM --platform=$BUILDPLATFORM busybox AS tool\nRUN exit 5\n"
        "FROM scratch AS with-arm64\nCOPY --from=tool /etc /etc\n"
        "FROM scratch AS with-amd64\nCOPY Dockerfile /\n"
        "FROM with-$TARGETARCH\n"
    )
    context = shop.context("ARG TARGETARCH\n" + text)
    said = shop.refused("--keep-going", "--platform", BOTH, context)
    assert "RUN exit 5" in " ".join(row(said, "linux/arm64"))
    assert row(said, "linux/amd64")[1] == "built"


def test_gaps_before_the_first_step(shop: Workshop) -> None:
    """No such base, no such file in the context, no emulator."""
    context = shop.context(
        "FROM busybox\nARG TARGETARCH\nCOPY only-$TARGETARCH /file\nRUN cp /file /copy\n"
    )
    for architecture in ("amd64", "arm64", "riscv64"):
        shop.write(f"context/only-{architecture}", architecture)
    words = ("--platform", f"{BOTH},linux/riscv64,linux/s390x", "-t", "gaps")
    qemu = ("--qemu", "arm64=/bin/true")
    said = shop.refused("--keep-going", *qemu, *words, context)
    assert "busybox" in " ".join(row(said, "linux/riscv64"))
    assert "only-s390x" in " ".join(row(said, "linux/s390x"))
    assert "linux/arm64: " in row(said, "linux/arm64")[2]
    assert row(said, "linux/amd64") == ["linux/amd64", "built"]
    assert "3 of 4 platforms failed" in said
    shop.build("--allow-missing", *qemu, *words, context)
    assert index(shop, "gaps")["annotations"] == {MISSING: "linux/arm64,linux/riscv64,linux/s390x"}


def test_the_audit_and_tests_fail_a_platform_alone(
    shop: Workshop, registry: RunningRegistry
) -> None:
    program: Path = busybox("amd64")
    context = shop.context("FROM busybox\nCOPY tool /bin/tool\nRUN echo x >/x\n")
    shop.write("context/tool", program.read_bytes(), 0o755)
    name = f"{registry.host}/keep/audit:1"
    words = ("--platform", f"{BOTH},linux/s390x", "-t", name, "--push")
    test = '[ "$(uname -m)" != s390x ]'
    said = shop.refused("--keep-going", "--test", test, *words, context)
    assert "linux/arm64: /bin/tool is for amd64" in said
    assert row(said, "linux/arm64")[1:] == ["failed", "linux/arm64: /bin/tool is for amd64"]
    assert "linux/s390x test]" in row(said, "linux/s390x")[2]
    assert row(said, "linux/amd64") == ["linux/amd64", "built"]
    assert shop.run("inspect", f"docker://{name}").returncode == 1
    shop.build("--allow-missing", "--test", test, *words, context)
    assert index(shop, name)["annotations"] == {MISSING: "linux/arm64,linux/s390x"}


def test_a_push_that_ends_half_way_says_what_is_there_and_goes_on(
    shop: Workshop, registry: RunningRegistry
) -> None:
    path = "keep/half:1"
    with faulty_proxy(registry.host) as proxy:
        words = ("--platform", BOTH, "-t", f"{proxy.host}/{path}", "--push")
        shop.build(*words, shop.context("FROM busybox\n"))
        before = index(shop, f"docker://{registry.host}/{path}")
        context = shop.context("FROM busybox\nCOPY Dockerfile /\n")
        proxy.begin(dict.fromkeys(range(14, 200), Fault("drop")))
        said = shop.refused(*words, context)
        proxy.begin({})
        note = re.search(rf"note: {proxy.host}/keep/half has (\d) of 5 blobs and 0 of 3 m", said)
        assert note is not None, said
        assert 1 <= int(note[1]) < 5
        assert "; no tag was changed; the same command goes on from there\n" in said
        assert index(shop, f"docker://{registry.host}/{path}") == before
        shop.build(*words, context)
    assert index(shop, f"docker://{registry.host}/{path}") != before


def test_no_cache_replaces_what_was_made_and_nothing_else(shop: Workshop) -> None:
    context = shop.context("FROM busybox\nRUN cat /proc/sys/kernel/random/uuid >/id\nRUN :\n")
    words = ("--platform", BOTH, "-t", "fresh", context)
    shop.build(*words)
    old = index(shop, "fresh")
    test = ("--test", '[ "$(uname -m)" != aarch64 ]')
    shop.refused("--keep-going", "--no-cache", *test, *words)
    shop.build(*words)
    assert index(shop, "fresh") == old
    shop.build("--allow-missing", "--no-cache", *test, *words)
    shop.build(*words)
    assert _digest(index(shop, "fresh"), 1) == _digest(old, 1)
    assert _digest(index(shop, "fresh"), 0) != _digest(old, 0)


def _digest(found: dict[str, object], number: int) -> object:
    entries = found["manifests"]
    assert isinstance(entries, list)
    return entries[number]["digest"]
