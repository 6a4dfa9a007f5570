from __future__ import annotations

import pytest

from trimaran import references
from trimaran.build.arch_tags import arch_tags
from trimaran.platforms import parse_list


@pytest.mark.parametrize(
    ("name", "platforms", "expected"),
    [
        ("whoami", "arm/v6,arm64,amd64", ["arm32", "arm64", "amd64"]),
        ("whoami:1.0", "arm/v7,s390x", ["1.0-arm32", "1.0-s390x"]),
        ("whoami", "arm/v6,arm/v7", ["arm32v6", "arm32v7"]),
        ("whoami", "amd64,amd64/v3,386", ["amd64", "amd64v3", "386"]),
    ],
)
def test_a_platforms_tag(name: str, platforms: str, expected: list[str]) -> None:
    found = arch_tags([references.parse(name)], parse_list(platforms))
    assert [reference.tag for (reference,) in found.values()] == expected


def test_every_name_gets_one() -> None:
    names = [references.parse("a"), references.parse("localhost:5000/b:2")]
    (tags,) = arch_tags(names, parse_list("arm64")).values()
    assert [tag.familiar for tag in tags] == ["a:arm64", "localhost:5000/b:2-arm64"]
