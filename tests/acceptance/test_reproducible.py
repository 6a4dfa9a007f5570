"""Equal inputs give equal bytes, and what was done is not done again."""

from __future__ import annotations

import os
import shutil
from pathlib import Path
from typing import Any

import pytest
from tests.support.workshop import EPOCH, FOUR, Workshop, labels

pytestmark = pytest.mark.real

REPRODUCIBLE = {"SOURCE_DATE_EPOCH": EPOCH}
# All that takes the time of the build, the order of a folder or the store's state if it can.
DOCKERFILE = """\
FROM --platform=$BUILDPLATFORM busybox AS tool
COPY one /src/
RUN date +%s%N > /src/ran && sleep 0.01 && cat /src/one > /tool
FROM busybox
ARG TARGETARCH
WORKDIR /made/by/workdir
COPY --from=tool /tool .
COPY tree/ /deep/new/folder/
ADD archive.tar /unpacked/
RUN for i in $(seq 40); do echo $i > /made/$i; done; ln /made/1 /made/hard; ln -s 1 /made/soft
RUN rm /made/2 /etc/group && chmod 700 /made && mkdir -p /made/dir/in && touch /made/dir/in/x
RUN rm -rf /deep/new && mkdir -p /deep/new && echo opaque > /deep/new/file
LABEL of=$TARGETARCH
VOLUME /data
CMD ["cat", "/tool"]
"""
ORDER = """\
FROM busybox
RUN echo before
COPY first /first
RUN echo between
COPY second /second
RUN echo after
"""


def test_two_stores_and_no_cache_give_the_same_index(shop: Workshop) -> None:
    context = make_context(shop, "context")
    first = shop.digest("--platform", FOUR, context, environment=REPRODUCIBLE)
    # Other times, another order of the folder's entries, another umask, another store.
    other = make_context(shop, "other", later_s=5000)
    elsewhere = shop.with_store("elsewhere")
    assert elsewhere.digest("--platform", FOUR, other, environment=REPRODUCIBLE) == first
    fresh = ("--no-cache", "--platform", FOUR, context)
    assert shop.digest(*fresh, environment=REPRODUCIBLE) == first
    zstd = ("-o", f"type=oci,dest={shop.folder}/zstd.tar,compression=zstd")
    compressed = shop.digest("--platform", FOUR, *zstd, context, environment=REPRODUCIBLE)
    assert compressed != first
    archives = [shop.folder / "first.tar", shop.folder / "second.tar"]
    for builder, archive in zip((shop, elsewhere), archives, strict=True):
        output = f"type=oci,dest={archive}"
        builder.build("--platform", FOUR, "-o", output, context, environment=REPRODUCIBLE)
    assert archives[0].read_bytes() == archives[1].read_bytes()


def test_a_file_system_as_a_tar_is_the_same_every_time(shop: Workshop) -> None:
    context = make_context(shop, "context")
    tars = [shop.folder / name for name in ("first.tar", "second.tar")]
    for name, tar in zip(("store", "elsewhere"), tars, strict=True):
        output = f"type=tar,dest={tar}"
        shop.with_store(name).build("-o", output, context, environment=REPRODUCIBLE)
    assert tars[0].read_bytes() == tars[1].read_bytes()


def test_a_second_build_runs_nothing(shop: Workshop) -> None:
    context = make_context(shop, "context")
    words = ("--platform", FOUR, "-t", "app", context)
    first, second = shop.events(*words), shop.events(*words)
    assert labels(second, "step-started") == []
    assert not [event for event in second if event["event"].startswith("transfer")]
    assert sorted(labels(second, "step-cached")) == sorted(labels(first, "step-started"))
    assert built(second) == built(first)


def test_steps_of_the_builders_platform_run_once_for_all(shop: Workshop) -> None:
    events = shop.events("--platform", FOUR, make_context(shop, "context"))
    started = labels(events, "step-started")
    assert len([label for label in started if " tool " in label]) == 2
    assert len([label for label in started if "RUN for i in" in label]) == 4
    modes = {event["platform"]: event["mode"] for event in events if runs_loop(event)}
    assert modes == {name: mode_of(name) for name in FOUR.split(",")}


def test_a_changed_source_runs_only_what_follows_it(shop: Workshop) -> None:
    context = shop.context(ORDER)
    first, second = shop.write("context/first", "1"), shop.write("context/second", "2")
    shop.build(context)
    shop.write("context/second", "two")
    assert commands(shop.events(context)) == ["COPY second /second", "RUN echo after"]
    shop.write("context/first", "one")
    assert commands(shop.events(context)) == [
        *("COPY first /first", "RUN echo between", "COPY second /second", "RUN echo after")
    ]
    # Times of files are no contents; what was there before is still known.
    os.utime(first, (1, 1))
    shop.write("context/second", "2")
    shop.write("context/first", "1")
    assert commands(shop.events(context)) == []
    second.chmod(0o755)
    assert commands(shop.events(context)) == ["COPY second /second", "RUN echo after"]


def test_no_cache_runs_all_anew_and_is_what_later_builds_take(shop: Workshop) -> None:
    context = shop.context("FROM busybox\nRUN date +%s%N > /when\n")
    old = shop.digest("-t", "app", context)
    new = shop.digest("-t", "app", "--no-cache", context)
    assert new != old
    assert shop.digest("-t", "app", context) == new


def make_context(shop: Workshop, name: str, *, later_s: int = 0) -> Path:
    context = shop.context(DOCKERFILE, name)
    shop.write(f"{name}/one", "one")
    names = [f"tree/{folder}/{number}" for folder in "ab" for number in range(20)]
    for number, path in enumerate(reversed(names) if later_s else names):
        shop.write(f"{name}/{path}", path)
        os.utime(context / path, (1_750_000_000 + later_s + number,) * 2)
    shutil.copyfile(make_archive(shop), context / "archive.tar")
    return context


def make_archive(shop: Workshop) -> Path:
    target = shop.folder / "archive.tar"
    if not target.exists():
        shop.write("packed/file", "packed")
        shutil.make_archive(str(target.with_suffix("")), "tar", shop.folder / "packed")
    return target


def built(events: list[dict[str, Any]]) -> str:
    (done,) = [event["digest"] for event in events if event["event"] == "build-done"]
    assert isinstance(done, str)
    return done


def runs_loop(event: dict[str, Any]) -> bool:
    return event["event"] == "step-started" and "RUN for i in" in event["label"]


def mode_of(platform: str) -> str:
    native = {"x86_64": "linux/amd64", "aarch64": "linux/arm64"}.get(os.uname().machine)
    return "native" if platform == native else "emulated"


def commands(events: list[dict[str, Any]]) -> list[str]:
    return [label.partition("] ")[2] for label in labels(events, "step-started")]
