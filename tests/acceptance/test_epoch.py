"""SOURCE_DATE_EPOCH from the Dockerfile, and from what is fetched."""

from __future__ import annotations

import datetime as dt
import io
import json
import tarfile
from pathlib import Path

import pytest
from tests.acceptance.test_contexts import archive
from tests.support.git_server import DATE_S, Repository
from tests.support.web_server import Site
from tests.support.workshop import Workshop

pytestmark = pytest.mark.real

TELLING = """\
FROM busybox
ARG SOURCE_DATE_EPOCH
RUN echo "seen ${SOURCE_DATE_EPOCH-nothing}" > /seen
"""
SERVED_S = 1_600_000_000
"""The Last-Modified of tests' web server."""


def told(shop: Workshop, *words: str | Path) -> tuple[str, int]:
    """What a step saw, and the time of the config in seconds."""
    shop.build("-o", "type=tar,dest=out.tar", "-o", "type=oci,dest=image.tar", *words)
    with tarfile.open(shop.folder / "out.tar") as made:
        seen = made.extractfile("seen")
        assert seen is not None
        saw = seen.read().decode().split()[1]
    config = json.loads(shop.ok("inspect", "--config", "oci-archive:image.tar").stdout)
    return saw, int(dt.datetime.fromisoformat(config["created"]).timestamp())


def test_an_arg_before_the_first_from_gives_it(shop: Workshop) -> None:
    context = shop.context(f"ARG SOURCE_DATE_EPOCH=17000\n{TELLING}")
    assert told(shop, context) == ("17000", 17000)
    assert told(shop, "--build-arg", "SOURCE_DATE_EPOCH=5000", context) == ("5000", 5000)
    shop.write("context/Dockerfile", f"ARG SOURCE_DATE_EPOCH=context\n{TELLING}")
    saw, created = told(shop, context)  # a local folder has no time
    assert (saw, created == 17000) == ("nothing", False)
    said = shop.refused("--build-arg", "SOURCE_DATE_EPOCH=soon", context)
    assert "invalid SOURCE_DATE_EPOCH: soon" in said


def test_a_fetched_context_gives_its_time(shop: Workshop, site: Site, tmp_path: Path) -> None:
    files = {"Dockerfile": f"ARG SOURCE_DATE_EPOCH=context\n{TELLING}"}
    made = Repository(tmp_path / "work", tmp_path, "r")
    made.commit({"sub/Dockerfile": files["Dockerfile"]})
    assert told(shop, f"{site.url}/r.git#main:sub") == (str(DATE_S), DATE_S)
    site.files["/c.tar"] = aged(archive(files), 86_400)
    assert told(shop, f"{site.url}/c.tar") == (str(SERVED_S), SERVED_S)
    site.mtime_s = None
    site.files["/d.tar"] = aged(archive(files), 86_400)
    assert told(shop, f"{site.url}/d.tar") == ("86400", 86_400)
    given = shop.write("given", site.files["/d.tar"])
    shop.build("-o", "type=oci,dest=stdin.tar", "-", stdin=given)
    config = json.loads(shop.ok("inspect", "--config", "oci-archive:stdin.tar").stdout)
    assert config["created"] == "1970-01-02T00:00:00Z"


def test_a_stage_or_a_named_context_gives_it(shop: Workshop, site: Site, tmp_path: Path) -> None:
    Repository(tmp_path / "work", tmp_path, "r").commit({"a": "1"})
    site.files["/file"] = b"x"
    stages = f"""\
FROM scratch AS repo
ARG NAME=r
ADD {site.url}/$NAME.git /
FROM scratch AS file
ADD {site.url}/file /
"""
    context = shop.context(f"ARG SOURCE_DATE_EPOCH=repo\n{stages}{TELLING}")
    assert told(shop, context) == (str(DATE_S), DATE_S)
    value = ("--build-arg", "SOURCE_DATE_EPOCH=file")
    assert told(shop, *value, context) == (str(SERVED_S), SERVED_S)
    named = ("--build-context", f"src={site.url}/r.git", "--build-arg", "SOURCE_DATE_EPOCH=src")
    assert told(shop, *named, context) == (str(DATE_S), DATE_S)


def aged(raw: bytes, seconds: int) -> bytes:
    """The same archive with files of that time."""
    buffer = io.BytesIO()
    with (
        tarfile.open(fileobj=io.BytesIO(raw)) as old,
        tarfile.open(fileobj=buffer, mode="w") as new,
    ):
        for member in old.getmembers():
            member.mtime = seconds
            new.addfile(member, old.extractfile(member))
    return buffer.getvalue()
