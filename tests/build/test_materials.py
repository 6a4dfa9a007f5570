from __future__ import annotations

import pytest

from trimaran import platforms, references
from trimaran.build.materials import purl

DIGEST = "sha256:" + "a" * 64


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("alpine", "pkg:docker/alpine@latest?platform=linux%2Farm%2Fv6"),
        ("me/app:1", "pkg:docker/me/app@1?platform=linux%2Farm%2Fv6"),
        ("host.test:5000/a/b:x", "pkg:docker/host.test:5000/a/b@x?platform=linux%2Farm%2Fv6"),
        (f"alpine@{DIGEST}", f"pkg:docker/alpine?digest={DIGEST}&platform=linux%2Farm%2Fv6"),
        (f"alpine:3@{DIGEST}", f"pkg:docker/alpine@3?digest={DIGEST}&platform=linux%2Farm%2Fv6"),
    ],
)
def test_images_are_package_urls(name: str, said: str) -> None:
    assert purl(references.parse(name), platforms.parse("linux/arm/v6")) == said
