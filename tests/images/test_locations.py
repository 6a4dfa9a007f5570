from __future__ import annotations

from pathlib import Path

import pytest

from trimaran.errors import InvalidReferenceError, UsageError
from trimaran.images import locations
from trimaran.images.locations import (
    InDaemon,
    InDockerArchive,
    InLayout,
    InLayoutArchive,
    InRegistry,
    InStore,
    Location,
    Named,
)
from trimaran.references import parse

DIGEST = "sha256:" + "a" * 64


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("docker://busybox", InRegistry(parse("busybox"))),
        ("store:team/app:1", InStore(parse("team/app:1"))),
        ("docker-daemon:app:2", InDaemon(parse("app:2"))),
        ("oci:/a/b", InLayout(Path("/a/b"), "")),
        ("oci:/a/b:1.0", InLayout(Path("/a/b"), "1.0")),
        (f"oci:/a/b@{DIGEST}", InLayout(Path("/a/b"), DIGEST)),
        ("oci-archive:/a.tar:host:5000/x:1", InLayoutArchive(Path("/a.tar"), "host:5000/x:1")),
        ("docker-archive:/a.tar", InDockerArchive(Path("/a.tar"), "")),
        ("docker:1", Named(parse("docker:1"), "docker:1")),
    ],
)
def test_a_location(text: str, expected: Location) -> None:
    assert locations.parse(text) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("busybox", False),
        ("team/app", False),
        ("localhost/app", True),
        ("host:5000/app", True),
        ("docker.io/app", True),
    ],
)
def test_a_name_that_is_written_with_its_registry(text: str, expected: bool) -> None:
    location = locations.parse(text)
    assert isinstance(location, Named)
    assert location.has_registry == expected


def test_what_is_no_location() -> None:
    with pytest.raises(UsageError, match="has no path"):
        locations.parse("oci::tag")
    with pytest.raises(InvalidReferenceError):
        locations.parse("store:UPPER")
