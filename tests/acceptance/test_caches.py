"""Caches that travel: a fresh machine, which is a fresh store, does again only what changed."""

from __future__ import annotations

import hashlib
import json
import os
import random
import signal
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from tests.support.registry import RunningRegistry
from tests.support.workshop import Workshop, labels, workshop

from trimaran.layers.decompression import decompressed

pytestmark = pytest.mark.real

THREE = "linux/amd64,linux/arm64,linux/arm/v7"
DOCKERFILE = """\
FROM busybox AS tools
RUN uname -m > /machine && dd if=/dev/urandom of=/random bs=1k count=8 2>/dev/null

FROM tools AS build
COPY src/ /src/
RUN --mount=type=cache,target=/scratch --mount=type=secret,id=key \\
    --mount=type=bind,source=notes,target=/notes \\
    test -s /notes/private && cat /src/main > /out; cp /run/secrets/key /scratch/ 2>/dev/null; \\
    date +%N >> /out

FROM --platform=$BUILDPLATFORM busybox AS host
RUN date +%N > /host

FROM busybox
COPY --link files/ /files/
RUN date +%N > /last; rm -r /files/old
COPY --from=build /out /out
COPY --from=host /host /host
RUN cat /out /host > /both
CMD ["cat", "/both"]
"""
SECRET = "hush-3f2a91c0"  # noqa: S105 - what must not be found
PRIVATE = "bound-77d0e1"


@pytest.fixture
def caching(busybox_base: str) -> Iterator[Workshop]:
    with workshop(busybox_base) as shop:
        shop.context(DOCKERFILE)
        shop.write("context/src/main", "one\n")
        shop.write("context/files/new", "new\n")
        shop.write("context/files/old/file", "old\n")
        shop.write("context/notes/private", f"{PRIVATE}\n")
        shop.write("key", SECRET)
        yield shop


def built(shop: Workshop, *words: str | Path) -> tuple[list[str], str, list[dict[str, Any]]]:
    """Build for three platforms: the instructions that were begun, the digest, all events."""
    secret = f"id=key,src={shop.folder / 'key'}"
    options = ("--platform", THREE, "--secret", secret, "-t", "app")
    events = shop.events(*options, *words, shop.folder / "context")
    digest = next(event["digest"] for event in events if event["event"] == "build-done")
    return (
        sorted(label.partition("] ")[2] for label in labels(events, "step-started")),
        digest,
        events,
    )


def warnings(events: list[dict[str, Any]]) -> list[str]:
    return [event["message"] for event in events if event["event"] == "notice"]


def fresh(shop: Workshop, number: int) -> Workshop:
    """Another machine: a store of its own, and files with other times."""
    for path in (shop.folder / "context").rglob("*"):
        os.utime(path, (number, number))
    return shop.with_store(f"fresh-{number}")


def test_a_fresh_machine_does_again_only_what_changed(
    caching: Workshop, registry: RunningRegistry
) -> None:
    cache = f"type=registry,ref={registry.host}/caches/max:one"
    begun, digest, events = built(caching, "--cache-to", f"{cache},mode=max,image-manifest=true")
    assert len(begun) == 3 * 7 + 3  # the host's stage, COPY --link, the mounted folder: one for all
    assert warnings(events) == []

    second = fresh(caching, 1)
    assert built(second, "--cache-from", cache)[:2] == ([], digest)
    assert built(second)[:2] == ([], digest)  # its store knows the steps now
    assert not list(second.store_path.glob("caches/*"))

    # From the build stage on: its own first step is taken from the cache, as a file system.
    caching.write("context/src/main", "two\n")
    third = fresh(caching, 2)
    begun, changed, _ = built(third, "--cache-from", cache)
    assert changed != digest
    words = {label.split()[0] + " " + label.split()[-1] for label in begun}
    assert words == {
        "COPY /src/",
        "RUN /out",
        "COPY /out",
        "COPY /host",
        "RUN /both",
        "files /notes",
    }
    assert len(begun) == 3 * 5 + 1

    # What was taken from one cache is passed on to the next, layers that were not needed too.
    passed = f"type=registry,ref={registry.host}/caches/passed:one"
    fourth = fresh(caching, 3)
    caching.write("context/src/main", "one\n")
    last = built(fourth, "--cache-from", cache, "--cache-to", f"{passed},mode=max")
    assert last[:2] == ([], digest)
    assert documents(registry, "caches/passed") == documents(registry, "caches/max")
    for path in registry.storage.rglob("data"):
        content = b"".join(decompressed(iter((path.read_bytes(),)), path.name))
        assert SECRET.encode() not in content
        assert PRIVATE.encode() not in content


ONE = """\
FROM busybox AS tools
RUN dd if=/dev/urandom of=/random bs=1M count=4 2>/dev/null
FROM busybox AS build
COPY --from=tools /random /random
RUN date +%N > /out
FROM busybox
COPY main /main
COPY --from=build /out /out
RUN date +%N > /last
"""
TWO = "linux/amd64,linux/arm64"


@pytest.fixture
def small(busybox_base: str) -> Iterator[Workshop]:
    with workshop(busybox_base) as shop:
        shop.context(ONE)
        shop.write("context/main", "one\n")
        yield shop


def begun(shop: Workshop, *words: str | Path) -> tuple[list[str], str, list[str]]:
    """Build for two platforms: the steps that were begun, the digest, the warnings."""
    name = () if "-t" in words else ("-t", "app")
    events = shop.events("--platform", TWO, *name, *words, shop.folder / "context")
    digest = "".join(event["digest"] for event in events if event["event"] == "build-done")
    steps = [" ".join(label.split()[2:]) for label in labels(events, "step-started")]
    return sorted({step.partition("] ")[2] for step in steps}), digest, warnings(events)


def test_a_cache_in_a_folder_holds_the_targets_steps_alone_unless_all_are_wanted(
    small: Workshop,
) -> None:
    folder = small.folder / "cache"
    to, source = f"type=local,dest={folder}", f"type=local,src={folder}"
    _, digest, _ = begun(small, "--cache-to", to)
    begun(small, "--cache-to", f"{to},tag=max,mode=max,compression=zstd", "-o", "type=local,dest=x")
    assert begun(fresh(small, 1), "--cache-from", source) == ([], digest, [])
    small.write("context/main", "two\n")
    last = ["COPY --from=build /out /out", "COPY main /main", "RUN date +%N > /last"]
    everything = [*last, "COPY --from=tools /random /random", "RUN date +%N > /out"]
    steps, _, said = begun(fresh(small, 2), "--cache-from", source)
    assert (set(everything) < set(steps), said) == (True, [])
    # The layers of the larger one are packed otherwise: they become file systems, then layers.
    assert begun(fresh(small, 3), "--cache-from", f"{source},tag=max")[0] == last
    # Each output asks only for what it is made of.
    only = begun(fresh(small, 4), "--cache-from", f"{source},tag=max", "-o", "type=local,dest=y")
    assert only[0] == last


def test_an_image_tells_of_its_own_steps(small: Workshop, registry: RunningRegistry) -> None:
    name = f"{registry.host}/caches/inline:one"
    epoch = {"SOURCE_DATE_EPOCH": "1700000000"}
    inline = ("--build-arg", "BUILDKIT_INLINE_CACHE=1")  # as BuildKit has it, beside type=inline
    _, digest, _ = begun(small, "-t", name, "--push", *inline)
    assert begun(fresh(small, 1), "--cache-from", name, "--cache-to", "type=inline") == (
        *([], digest),
        [],
    )
    again = fresh(small, 2)
    small.write("context/Dockerfile", ONE + "LABEL a=b\nRUN date +%N > /more\n")
    assert begun(again, "--cache-from", name)[0] == ["RUN date +%N > /more"]
    again.ok("run", "app", "cat", "/last", "/more")
    small.write("context/Dockerfile", ONE.replace("date", "echo").replace("urandom", "zero"))
    words = ("--platform", TWO, "--cache-to", "type=inline", small.folder / "context")
    digests = {small.with_store(f"store-{n}").digest(*words, environment=epoch) for n in (3, 4)}
    assert len(digests) == 1


def test_a_cache_that_cannot_be_used_is_a_warning(
    small: Workshop, registry: RunningRegistry
) -> None:
    name = f"{registry.host}/caches/damaged"
    begun(small, "--cache-to", f"type=registry,ref={name}:max,mode=max")
    good = small.folder / "good"
    begun(small, "--cache-to", f"type=local,dest={good},mode=max")
    small.write("bad/oci-layout", '{"imageLayoutVersion": "1.0.0"}')
    small.write("bad/index.json", "{" * 100_000)
    bad = small.folder / "bad"
    sources = (f"{name}:none", f"type=local,src={bad}", f"type=local,src={small.folder / 'no'}")
    words = [word for source in sources for word in ("--cache-from", source)]
    steps, _, said = begun(fresh(small, 1), *words, "--cache-from", f"{name}:max")
    assert steps == []
    assert [text.partition(" is not used: ")[0] for text in said] == [
        *(f"the cache {name}:none", f"the cache {bad}", f"the cache {small.folder / 'no'}")
    ]

    # A layer that is gone: its step runs, and the others do not.
    document = read_document(good)
    last = max(document["steps"], key=lambda step: str(step["created"]))
    (good / "blobs/sha256" / last["layer"]["descriptor"]["digest"][7:]).unlink()
    steps, _, said = begun(fresh(small, 2), "--cache-from", f"type=local,src={good}")
    assert steps == ["RUN date +%N > /last"]
    assert [text.rpartition("lacks ")[2] for text in said] == [
        f"the layer {last['layer']['descriptor']['digest']}, whose step runs anew"
    ]


def test_what_a_cache_says_of_a_layer_is_proven(small: Workshop) -> None:
    folder = small.folder / "cache"
    begun(small, "--cache-to", f"type=local,dest={folder},mode=max")
    document = read_document(folder)
    for step in document["steps"]:
        step["layer"]["diff_id"] = "sha256:" + "0" * 64
    write_document(folder, document)
    victim = fresh(small, 1)
    words = ("--platform", TWO, "--cache-from", f"type=local,src={folder}")
    for _ in range(2):
        said = victim.refused(*words, small.folder / "context")
        assert "is said to hold sha256:0000" in said
        assert "leave out that --cache-from" in said
    assert begun(victim)[0]  # none of it is believed later


def read_document(folder: Path) -> dict[str, Any]:
    manifest = json.loads(
        read_blob(
            folder, json.loads((folder / "index.json").read_bytes())["manifests"][-1]["digest"]
        )
    )
    found: dict[str, Any] = json.loads(read_blob(folder, manifest["config"]["digest"]))
    return found


def read_blob(folder: Path, digest: str) -> bytes:
    return (folder / "blobs" / digest.replace(":", "/")).read_bytes()


def write_document(folder: Path, document: dict[str, Any]) -> None:
    """Put another document into a cache, with all digests right."""
    index = json.loads((folder / "index.json").read_bytes())
    manifest = json.loads(read_blob(folder, index["manifests"][-1]["digest"]))
    manifest["config"].update(put_blob(folder, json.dumps(document).encode()))
    index["manifests"][-1].update(put_blob(folder, json.dumps(manifest).encode()))
    (folder / "index.json").write_text(json.dumps(index))


def put_blob(folder: Path, content: bytes) -> dict[str, Any]:
    digest = hashlib.sha256(content).hexdigest()
    (folder / "blobs/sha256" / digest).write_bytes(content)
    return {"digest": f"sha256:{digest}", "size": len(content)}


def test_a_kill_while_a_cache_is_written_leaves_the_old_one(small: Workshop) -> None:
    folder = small.folder / "cache"
    to = f"type=local,dest={folder},mode=max"
    words = ("--platform", TWO, "--cache-to", to, small.folder / "context")
    small.build(*words)
    moments = random.Random(time.time_ns())  # noqa: S311 - the moments of a test
    ends: list[int] = []
    for turn in range(6):
        small.write("context/Dockerfile", f"{ONE}RUN echo {turn} > /turn\n")
        before = (folder / "index.json").read_bytes()
        with small.start(*small.build_words("--progress", "rawjson", *words)) as build:
            wait_for_export(build)
            time.sleep(moments.uniform(0, 0.02))
            build.send_signal(signal.SIGKILL)
            ends.append(build.wait())
        read_document(folder)
        if (folder / "index.json").read_bytes() == before:
            small.write("context/Dockerfile", f"{ONE}RUN echo {max(turn - 1, 0)} > /turn\n")
        source = f"type=local,src={folder}"
        steps, _, said = begun(fresh(small, turn + 1), "--cache-from", source)
        assert said == []
        assert set(steps) <= {f"RUN echo {max(turn - 1, 0)} > /turn"}
    assert -signal.SIGKILL in ends


def test_a_kill_while_a_cache_is_pushed_leaves_the_old_one(
    small: Workshop, registry: RunningRegistry
) -> None:
    name = f"{registry.host}/caches/killed:one"
    words = ("--platform", TWO, "--cache-to", f"type=registry,ref={name},mode=max")
    small.build(*words, "context")
    (tag,) = registry.storage.glob("**/caches/killed/_manifests/tags/one/current/link")
    moments = random.Random(time.time_ns())  # noqa: S311 - the moments of a test
    ends: list[int] = []
    last = ""
    for turn in range(5):
        instruction = f"RUN dd if=/dev/urandom of=/turn{turn} bs=1M count=2 2>/dev/null"
        small.write("context/Dockerfile", f"{ONE}{instruction}\n")
        before = tag.read_text()
        with small.start(*small.build_words("--progress", "rawjson", *words, "context")) as build:
            wait_for_export(build)
            time.sleep(moments.uniform(0, 0.06))
            build.send_signal(signal.SIGKILL)
            ends.append(build.wait())
        registry.settle()
        if tag.read_text() != before:  # it was done: the new one is the old one from here on
            last = f"{instruction}\n"
        small.write("context/Dockerfile", f"{ONE}{last}")
        assert begun(fresh(small, turn + 1), "--cache-from", name)[::2] == ([], [])
    assert -signal.SIGKILL in ends


def wait_for_export(build: subprocess.Popen[str]) -> None:
    assert build.stderr
    for line in build.stderr:
        if '"verb":"cache"' in line:
            return


def test_the_steps_of_named_stages_run_anew_and_stand_for_the_old_ones(small: Workshop) -> None:
    _, old, _ = begun(small)
    assert begun(small)[0] == []
    steps, new, _ = begun(small, "--no-cache-filter", "Build,none")
    assert steps == [
        *("COPY --from=build /out /out", "COPY --from=tools /random /random"),
        *("RUN date +%N > /last", "RUN date +%N > /out"),
    ]
    assert begun(small) == ([], new, [])
    assert new != old
    said = small.refused(
        *("--no-cache", "--no-cache-filter", "build", small.folder / "context"), status=2
    )
    assert "--no-cache leaves nothing to --no-cache-filter" in said


def documents(registry: RunningRegistry, repository: str) -> list[dict[str, Any]]:
    """The steps that a cache's document tells of, sorted."""
    link = next(registry.storage.glob(f"**/{repository}/_manifests/tags/*/current/link"))
    manifest = json.loads(blob(registry, link.read_text()))
    document = json.loads(blob(registry, manifest["config"]["digest"]))
    assert manifest["config"]["mediaType"] == "application/vnd.trimaran.cache.v1+json"
    listed = {layer["digest"] for layer in manifest["layers"]}
    assert listed == {step["layer"]["descriptor"]["digest"] for step in document["steps"]}
    return sorted(document["steps"], key=lambda step: str(step["step"]))


def blob(registry: RunningRegistry, digest: str) -> bytes:
    algorithm, _, text = digest.partition(":")
    (path,) = registry.storage.glob(f"**/blobs/{algorithm}/{text[:2]}/{text}/data")
    return path.read_bytes()
