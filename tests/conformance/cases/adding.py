"""ADD: archives, and what is no archive."""

from __future__ import annotations

from tests.conformance.case import Case, archive, folder, hard, link, text

_MEMBERS = {
    "one": text("1\n", 0o640),
    "d": folder(0o711),
    "d__two": text("2\n", 0o4755),
    "link": link("d/two"),
    "second": hard("one"),
    "deep__er__file": text("3\n"),
}

CASES = (
    Case("add-file", "FROM scratch\nADD a.txt dir /x/\n", fast=True),
    Case("add-flags", "FROM scratch\nADD --chown=3:4 --chmod=640 a.txt dir /x/\n"),
    *(
        Case(
            f"add-archive-{suffix or 'plain'}",
            "FROM scratch\nADD box /x/y\nADD box /\n",
            {"box": archive(suffix, **_MEMBERS)},
            fast=suffix == "gz",
        )
        for suffix in ("", "gz", "bz2")
    ),
    Case(
        "add-archive-chown",
        "FROM busybox\nADD --chown=worker:tools --chmod=600 box /x/y/\n",
        {"box": archive("gz", **_MEMBERS)},
    ),
    Case(
        "add-archive-dot",
        "FROM busybox\nRUN mkdir -m 711 /x\nADD box /x\n",
        {"box": archive("", **{".": folder(0o700), ".__one": text("1\n")})},
    ),
    Case(
        "add-archive-over",
        "FROM busybox\nRUN mkdir -p /x/d && echo old > /x/one && echo old > /x/link\nADD box /x\n",
        {"box": archive("", **_MEMBERS)},
    ),
    Case(
        "add-archive-and-files",
        "FROM scratch\nADD box a.txt dir /x/\n",
        {"box": archive("gz", **_MEMBERS)},
    ),
    Case(
        "add-archive-link",
        "FROM scratch\nADD alias /x/\n",
        {"box": archive("gz", **_MEMBERS), "alias": link("box")},
    ),
    Case("add-not-an-archive", "FROM scratch\nADD x.tar.gz /x/\n", {"x.tar.gz": text("no\n")}),
    Case(
        "add-archive-xz",
        "FROM scratch\nADD box /x/y\n",
        {"box": archive("xz", **_MEMBERS), "plain": archive("", **_MEMBERS)},
        same_as="FROM scratch\nADD plain /x/y\n",
        source="Dockerfile reference, ADD: xz; the engine's root has no program for it",
    ),
    Case("add-empty-archive", "FROM scratch\nADD box /x/\n", {"box": archive("")}),
    Case(
        "copy-archive",
        "FROM scratch\nCOPY box /x/\n",
        {"box": archive("gz", **_MEMBERS)},
        fast=True,
    ),
    Case(
        "add-unpack-false",
        "FROM scratch\nADD --unpack=false box /x/\n",
        {"box": archive("gz", **_MEMBERS)},
        same_as="FROM scratch\nCOPY box /x/\n",
        source="Dockerfile reference, ADD --unpack: false keeps a local archive as it is",
    ),
    Case("add-link", "FROM busybox\nADD --link box /tmp/x/\n", {"box": archive("gz", **_MEMBERS)}),
    Case("add-json", 'FROM scratch\nADD ["with space.txt", "/x/"]\n', fast=True),
    Case("add-wildcard", "FROM scratch\nADD b*x /x/\n", {"box": archive("gz", **_MEMBERS)}),
)
