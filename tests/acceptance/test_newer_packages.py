"""Stand-ins where the distribution brings newer packages than the kits were made of."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.acceptance.lua_words import PLATFORMS
from tests.support import apt_repository
from tests.support.ahead import Ahead
from tests.support.own_workshop import OwnWorkshop
from tests.support.web_server import Site, serve_site
from tests.support.workshop import read_events

pytestmark = [pytest.mark.real, pytest.mark.last]

LIMIT_S = 1800.0
FOREIGN = "linux/arm64"
BASE = """
FROM debian
RUN rm -rf /etc/apt/sources.list.d/* \\
 && echo 'deb [trusted=yes] {url} ./' >/etc/apt/sources.list \\
 && apt-get -q update && apt-get -qy install patch
"""
# Of a step that says make, a compilers' kit is thought to be worth it.
MAKES = """
FROM {base}
RUN apt-get -q update && apt-get -qy install patch && patch --version || make
"""
UPGRADES = """
FROM {base}
RUN apt-get -q update && apt-get -qy upgrade && patch --version
"""
DAYS = dt.timedelta(days=2)


@pytest.fixture(scope="module")
def shop(lua_ahead: Ahead) -> OwnWorkshop:
    lua_ahead.finished(LIMIT_S)
    return lua_ahead.shop


@pytest.fixture
def site(tmp_path: Path) -> Iterator[Site]:
    """A repository with the first version of a package."""
    with serve_site(Site(tmp_path / "repository", mtime_s=None)) as served:
        yield served


def version_of_patch(shop: OwnWorkshop, words: str) -> tuple[str, str]:
    """How `patch` ran, by the explanation, and all notices."""
    context = shop.context(words, "newer")
    flags = ("--platform", FOREIGN, "--no-cache", "--progress", "rawjson", "--explain-acceleration")
    events = read_events(shop.ok("build", *flags, context, timeout_s=LIMIT_S))
    said = [f"{it['message']} {it.get('hint', '')}" for it in events if it["event"] == "notice"]
    found = re.search(r"/usr/bin/patch: \d+ (\w+), .*", "\n".join(said))
    assert found, said
    return found[1], "\n".join(said)


def make_older(shop: OwnWorkshop) -> None:
    """Let every step of the store have run some days ago."""
    for record in (shop.store_path / "records/step").iterdir():
        text = re.sub(
            r'"created":"([^"]*)"',
            lambda it: f'"created":"{(dt.datetime.fromisoformat(it[1]) - DAYS).isoformat()}"',
            record.read_text(),
        )
        record.write_text(text)


def test_a_kit_that_has_become_old_is_made_anew_once(
    shop: OwnWorkshop, site: Site, tmp_path: Path
) -> None:
    assert FOREIGN in PLATFORMS
    assert site.folder
    site.folder.mkdir()
    archives = [
        apt_repository.fetched(tmp_path, "patch", "trixie", architecture)
        for architecture in ("amd64", "arm64")
    ]
    apt_repository.publish(site.folder, archives, "99-1")
    base = shop.context(BASE.format(url=site.url), "base-of-newer")
    shop.ok("build", "--platform", ",".join(PLATFORMS), "-t", "older", base, timeout_s=LIMIT_S)
    makes, upgrades = MAKES.format(base="older"), UPGRADES.format(base="older")
    assert version_of_patch(shop, makes)[0] == "native"

    apt_repository.publish(site.folder, archives, "99-2")
    # A step that upgrades has its kit upgraded from the beginning.
    assert version_of_patch(shop, upgrades)[0] == "native"
    way, said = version_of_patch(shop, makes)
    assert way == "emulated"
    assert "patch is 99-2 in the image and 99-1 in the kit" in said
    assert "makes the stand-ins anew" not in said  # they are of today

    make_older(shop)
    way, said = version_of_patch(shop, makes)
    assert way == "emulated"
    assert "older than its packages: patch 99-2 the next build makes the stand-ins anew" in said
    way, said = version_of_patch(shop, makes)
    assert way == "native"
    assert "makes the stand-ins anew" not in said
