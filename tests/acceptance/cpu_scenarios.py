"""What the tests of CPUs do inside a namespace; see tests/support/inside.py."""

from __future__ import annotations

import os
import threading
from pathlib import Path

from trimaran import events, platforms, references
from trimaran.build import debian
from trimaran.build.base import BaseRequest, make_base
from trimaran.build.debian import Mirror
from trimaran.store.store import Store


class _Archive(Mirror):
    """Without updates and security: an emulated apt takes its time over each list."""

    def lines(self, suite: str) -> tuple[str, ...]:
        return (f"deb {self.archive} {suite} main",)


def debian_base(store_path: str, platform_text: str) -> str:
    """Name a base `debian` in a store: of the oldest suite that serves the platform."""
    (platform,) = platforms.parse_list(platform_text)
    suite = debian.ports([platform])[platform].suite
    request = BaseRequest("debian", suite, (references.parse("debian"),), (platform,))
    mirror = _Archive(debian.mirror().archive)
    with Store.open(Path(store_path)) as store:
        made = make_base(
            request,
            store,
            events.ignore,
            search_path=os.defpath,
            cores=1,
            stop=threading.Event(),
            mirror=mirror,
        )
    return made.digest
