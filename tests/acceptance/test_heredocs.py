"""Heredocs and the newer flags of COPY, through the command line, for two CPUs."""

from __future__ import annotations

import json

import pytest
from tests.support.workshop import Workshop, labels

pytestmark = pytest.mark.real

DOCKERFILE = """\
FROM busybox AS maker
ONBUILD COPY --chmod=640 <<EOF /onbuild
for $TARGETARCH and "$USER"
EOF

FROM maker AS built
ARG TARGETARCH NAME=world
RUN <<EOF
echo "hello $NAME" > /plain
false
echo $TARGETARCH >> /plain
EOF
RUN <<-'EOF'
	#!/bin/sh -e
	stat -c '%A %n' /dev/pipes/* > /script
	touch /dev/pipes/new 2>/dev/null || echo read-only >> /script
	uname -m >> /script
	EOF
RUN cat <<A > /one && cat <<'B' > /two
$NAME
A
$NAME
B
COPY <<one file <<'two' /files/
for $TARGETARCH
one
for $TARGETARCH
two
ADD --unpack=false packed.tar /files/
RUN ln -s files /to-files
COPY --link file /to-files/linked
COPY --parents src/./**/*.h /parents/
COPY --exclude=**/*.h --exclude=!**/keep.h src /src/
"""
SHOW = """\
for file in /plain /script /one /two /onbuild /files/*; do echo "== $file"; cat $file; echo; done
ls -R /parents /src /to-files
"""
SHOWN = """\
== /plain
hello world
{name}

== /script
-rwxr-xr-x /dev/pipes/EOF
read-only
{machine}

== /one
world

== /two
$NAME

== /onbuild
for  and ""

== /files/file
file
== /files/one
for {name}

== /files/packed.tar
packed.tar
== /files/two
for $TARGETARCH

/parents:
a
b

/parents/a:
x.h

/parents/b:
c

/parents/b/c:
keep.h

/src:
a
b

/src/a:
x.c

/src/b:
c

/src/b/c:
keep.h

/to-files:
linked
"""


def test_heredocs_links_parents_and_excludes(shared_shop: Workshop) -> None:
    shop = shared_shop
    context = shop.context(DOCKERFILE, "heredocs")
    for name in ("file", "packed.tar", "src/a/x.h", "src/a/x.c", "src/b/c/keep.h"):
        shop.write(f"heredocs/{name}", name.rpartition("/")[2])
    shop.build("--platform", "linux/amd64,linux/arm64", "-t", "heredocs", context)
    for name, machine in (("amd64", "x86_64"), ("arm64", "aarch64")):
        done = shop.ok("run", "--platform", f"linux/{name}", "heredocs", "sh", "-c", SHOW)
        assert done.stdout == SHOWN.format(name=name, machine=machine)
    words = ("inspect", "--config", "--platform", "linux/amd64", "heredocs")
    history = json.loads(shop.ok(*words).stdout)["history"]
    lines = [entry["created_by"] for entry in history]
    assert "COPY file <<one <<two /files/ # buildkit" in lines
    assert "COPY --parents src/./**/*.h /parents/ # buildkit" in lines
    assert any(line.endswith("/bin/sh -c /dev/pipes/EOF # buildkit") for line in lines)


def test_what_is_left_out_or_linked_is_found_in_the_cache(shared_shop: Workshop) -> None:
    shop = shared_shop
    text = (
        "FROM busybox\nRUN echo {} > /base\nCOPY --link file /linked\n"
        "COPY --exclude=*.log . /all/\nRUN <<EOF\necho > /ran\nEOF\n"
    )
    context = shop.context(text.format("one"), "kept")
    shop.write("kept/file", "file")
    shop.write("kept/a.log", "1")
    shop.write("kept/.dockerignore", "Dockerfile\n")
    assert _keywords(shop, context) == ["COPY", "COPY", "RUN", "RUN"]
    shop.write("kept/a.log", "2")
    assert _keywords(shop, context) == []
    shop.context(text.format("two"), "kept")
    assert _keywords(shop, context) == ["COPY", "RUN", "RUN"]
    shop.context(text.format("two").replace("/ran", "/run"), "kept")
    assert _keywords(shop, context) == ["RUN"]


def _keywords(shop: Workshop, context: object) -> list[str]:
    """Of the steps that a build had to do."""
    started = labels(shop.events("-t", "kept", str(context)), "step-started")
    return sorted(label.partition("] ")[2].split()[0] for label in started)
