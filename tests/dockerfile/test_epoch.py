from __future__ import annotations

import pytest

from trimaran.dockerfile import epoch
from trimaran.dockerfile.parse import parse
from trimaran.errors import DockerfileError
from trimaran.graph.steps import ContextFiles, Download, GitTree

TEXT = """\
ARG SOURCE_DATE_EPOCH=7
ARG HOST=a.test
FROM scratch AS Repo
ARG NAME=x
ADD https://$HOST/$NAME.git#main /
FROM scratch AS file
ADD https://a.test/file.tar /
FROM scratch AS copies
COPY a /
FROM scratch AS two
ADD https://a.test/1 /
ADD https://a.test/2 /
FROM scratch AS local
ADD a /
FROM scratch AS several
ADD https://a.test/1 https://a.test/2 /
FROM scratch AS nothing
FROM busybox AS based
ADD https://a.test/1 /
FROM scratch
"""
SCOPE = {"HOST": "b.test", "SOURCE_DATE_EPOCH": "7"}


def find(value: str) -> epoch.EpochSource:
    return epoch.find(parse(TEXT, "Dockerfile"), value, SCOPE, ["spare"])


def test_a_value_is_seconds_a_context_or_a_stages_source() -> None:
    assert find("1700000000") == 1_700_000_000
    main, spare = find("context"), find("spare")
    assert isinstance(main, ContextFiles)
    assert isinstance(spare, ContextFiles)
    assert (main.context, spare.context) == ("", "spare")
    repo, file = find("REPO"), find("file")
    assert isinstance(repo, GitTree)
    assert (repo.remote, repo.ref) == ("https://b.test/x.git", "main")
    assert isinstance(file, Download)
    assert file.url == "https://a.test/file.tar"


@pytest.mark.parametrize(
    ("value", "said"),
    [
        ("yesterday", "invalid SOURCE_DATE_EPOCH: yesterday"),
        ("-5", "invalid SOURCE_DATE_EPOCH: -5"),
        ("copies", "unsupported COPY instruction"),
        ("two", "must contain exactly one remote ADD"),
        ("several", "must contain exactly one remote ADD source"),
        ("local", r"must be a single HTTP\(S\) or Git ADD"),
        ("nothing", "must contain exactly one remote ADD"),
        ("based", "must use FROM scratch"),
    ],
)
def test_what_has_no_time_is_told_with_its_line(value: str, said: str) -> None:
    with pytest.raises(DockerfileError, match=said) as caught:
        find(value)
    assert caught.value.lines != (0, 0)


def test_the_default_becomes_the_number_or_goes() -> None:
    made = parse("ARG A=1 SOURCE_DATE_EPOCH=context\nFROM scratch\n", "Dockerfile")
    (arg,) = epoch.settled(made, "9").arguments
    assert arg.variables == (("A", "1"), ("SOURCE_DATE_EPOCH", "9"))
    (arg,) = epoch.settled(made, None).arguments
    assert arg.variables == (("A", "1"), ("SOURCE_DATE_EPOCH", None))
