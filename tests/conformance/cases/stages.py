"""Stages, targets, platforms, named contexts."""

from __future__ import annotations

from tests.conformance.case import Case, folder, text

_NAMED = {
    "named": folder(),
    "named/n.txt": text("named\n"),
    "named/.dockerignore": text("no\n"),
    "named/no": text("no\n"),
}

CASES = (
    Case(
        "stage-target",
        "FROM scratch AS one\nCOPY a.txt /\nFROM scratch AS two\nCOPY b.txt /\n",
        options=("--target=one",),
        fast=True,
    ),
    Case(
        "stage-target-case",
        "FROM scratch AS One\nCOPY a.txt /\nFROM scratch AS two\n",
        options=("--target=oNE",),
    ),
    Case(
        "stage-target-number", "FROM scratch\nFROM scratch\n", options=("--target=1",), fails=True
    ),
    Case(
        "stage-target-unknown",
        "FROM scratch AS a\n",
        options=("--target=b",),
        fails=True,
        fast=True,
    ),
    Case(
        "stage-chain",
        "FROM scratch AS a\nENV a=1\nCOPY a.txt /\nFROM a AS b\nENV b=2\nCOPY b.txt /\nFROM b\nCOPY c.md /\n",
        fast=True,
    ),
    Case(
        "stage-case-copy",
        "FROM scratch AS First\nCOPY a.txt /\nFROM scratch\nCOPY --from=FIRST a.txt /\n",
        fast=True,
    ),
    Case("stage-lower-from", "FROM scratch AS One\nCOPY a.txt /\nFROM one\n"),
    Case(
        "stage-same-name",
        "FROM scratch AS a\nCOPY a.txt /\nFROM scratch AS a\nCOPY b.txt /\nFROM a\nCOPY --from=a / /x\n",
    ),
    Case("stage-bad-name", "FROM scratch AS 1x\n", fails=True, fast=True),
    Case(
        "stage-later",
        "FROM scratch\nCOPY --from=later /a.txt /\nFROM scratch AS later\nCOPY a.txt /\n",
        options=("--target=later",),
    ),
    Case("stage-copy-itself", "FROM scratch AS me\nCOPY --from=me / /\n", fails=True),
    Case("stage-unused-broken", "FROM busybox AS bad\nRUN false\nFROM scratch\nCOPY a.txt /\n"),
    Case(
        "stage-named-as-image",
        "FROM scratch AS busybox\nCOPY a.txt /\nFROM busybox\nCOPY b.txt /\n",
    ),
    Case(
        "from-platform",
        "FROM --platform=linux/arm64 busybox AS a\nRUN uname -m > /m\nFROM busybox\nCOPY --from=a /m /bin/busybox /x/\n",
    ),
    Case(
        "from-build-platform",
        "FROM --platform=$BUILDPLATFORM busybox AS a\nRUN uname -m > /m\nFROM busybox\nCOPY --from=a /m /x\n",
    ),
    Case("from-target-platform", "FROM --platform=$TARGETPLATFORM busybox\nRUN uname -m > /m\n"),
    Case(
        "from-wrong-platform-last",
        "FROM --platform=linux/arm64 busybox\nCOPY a.txt /\n",
        platforms=("linux/amd64",),
    ),
    Case(
        "from-arch-copy",
        "FROM scratch\nARG TARGETARCH\nCOPY bin-$TARGETARCH /x\n",
        {"bin-amd64": text("1"), "bin-arm64": text("2")},
        fast=True,
    ),
    Case(
        "from-arch-stage",
        "FROM scratch AS s-amd64\nCOPY a.txt /\nFROM scratch AS s-arm64\nCOPY b.txt /\nARG TARGETARCH\nFROM s-$TARGETARCH\nENV x=1\n",
    ),
    Case("from-argument-unset", "FROM $nothing\n", fails=True, fast=True),
    Case("from-nothing", "COPY a.txt /\n", fails=True, fast=True),
    Case("from-words", "FROM scratch a b\n", fails=True, fast=True),
    Case(
        "context-folder",
        "FROM scratch\nCOPY --from=n . /x\nCOPY --from=n n.txt /y\n",
        _NAMED,
        options=("--build-context=n={context}/named",),
    ),
    Case(
        "context-over-image",
        "FROM alpine\nCOPY a.txt /\n",
        options=("--build-context=alpine={context}/named",),
        files=_NAMED,
    ),
    Case(
        "context-over-stage",
        "FROM scratch AS s\nCOPY a.txt /\nFROM scratch\nCOPY --from=s / /x\n",
        _NAMED,
        options=("--build-context=s={context}/named",),
    ),
    Case(
        "context-mount",
        "FROM busybox\nRUN --mount=from=n,target=/c ls -A /c > /x\n",
        _NAMED,
        options=("--build-context=n={context}/named",),
    ),
    Case(
        "copy-between",
        "FROM busybox AS a\nRUN echo 1 > /1\nFROM busybox AS b\nCOPY --from=a /1 /2\nRUN echo 2 >> /2\nFROM scratch\nCOPY --from=b /2 /3\nCOPY --from=a /1 /\n",
    ),
    Case(
        "many-layers",
        "FROM scratch\n" + "".join(f"COPY a.txt /f{number}\n" for number in range(40)),
    ),
    Case(
        "file-option",
        "FROM scratch\nCOPY a.txt /\n",
        {"sub/My.Dockerfile": text("FROM scratch\nCOPY b.txt /\n")},
        options=("--file={context}/sub/My.Dockerfile",),
    ),
)
