"""Checks of the machine as it is: what decides whether a user namespace can be had, and the disk.

Each is `obstacles`' judgement of the facts with everything else assumed to be well, so that one
fault does not hide the next.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from pathlib import Path

from msgspec.structs import replace

from trimaran.accelerator import interpreter
from trimaran.errors import HostError
from trimaran.host.checks import Check, attempt
from trimaran.host.facts import Table
from trimaran.linux import namespaces, obstacles
from trimaran.linux.obstacles import Facts
from trimaran.linux.subids import Range
from trimaran.ui import words

_BUILDS = "every build and run"
_SOME = (Range(100_000, 65_536),)
_ENOUGH_IDS = 65_536
_LOW_BYTES = 2_000_000_000


def of_facts(facts: Facts) -> tuple[Check, ...]:
    """The checks that only read: switches, newuidmap's rights, ranges of ids."""
    well = replace(
        facts,
        newuidmap="newuidmap",
        newgidmap="newgidmap",
        powerless="",
        no_new_privs=False,
        subuids=_SOME,
        subgids=_SOME,
    )
    rights = replace(facts, subuids=_SOME, subgids=_SOME)
    ranges = replace(well, subuids=facts.subuids, subgids=facts.subgids)
    for_users = "not needed by root" if facts.uid == 0 else ""
    return (
        _judged("user namespaces allowed", well, _apparmor(facts)),
        _judged("newuidmap and newgidmap", _on(rights), for_users or facts.newuidmap),
        _judged("subordinate ids", _on(ranges), for_users or _counted(facts)),
    )


def of_namespaces() -> Check:
    """Enter the namespaces, as every build does; for the rest of this process."""

    def enter() -> str:
        namespaces.enter()
        return "entered" if namespaces.owns_users() else "mounts alone: root without users' own"

    return attempt("user and mount namespace", "private", _BUILDS, enter)


def of_table(table: Table) -> Check:
    """The host's own binfmt_misc, which builds do not need."""
    if table.state == "mounted" and table.enabled:
        entries = sum(one.enabled for one in table.entries)
        return Check("binfmt_misc", "host", "ok", f"{entries} entries")
    said = "switched off" if table.state == "mounted" else table.state
    breaks = "foreign programs outside of trimaran, such as docker run of a foreign image"
    return Check("binfmt_misc", "host", "note", said, breaks, "sudo trimaran host setup")


def of_stand_ins() -> Check:
    """What native stand-ins need of trimaran itself; builds emulate everything without it."""
    if interpreter.available():
        return Check("native stand-ins", "host", "ok", "the interpreter is there")
    breaks = "emulated steps at close to native speed"
    said = interpreter.UNAVAILABLE
    return Check("native stand-ins", "host", "note", said, breaks, interpreter.HINT)


def of_disk(store: Path) -> Check:
    """How much room is left where the store is, or will be."""

    def measure() -> str:
        there = next(path for path in (store, *store.parents) if path.is_dir())
        if not os.access(there, os.W_OK):
            raise HostError(f"{there} may not be written", "give another folder: --store DIR")
        free = shutil.disk_usage(there).free
        if free < _LOW_BYTES:
            said = f"{words.size(free)} free on the disk of {there}"
            raise HostError(said, "trimaran prune, or give a folder on another disk: --store DIR")
        return f"{words.size(free)} free"

    return attempt("disk space of the store", "host", "builds with large layers", measure)


def _on(facts: Facts) -> Facts:
    """With the switches on, which have a check of their own."""
    return replace(facts, max_user_namespaces=-1, userns_clone=-1)


def _judged(name: str, facts: Facts, detail: str) -> Check:
    def judge() -> str:
        error = obstacles.before(facts)
        if error:
            raise error
        return detail

    return attempt(name, "host", _BUILDS, judge)


def _apparmor(facts: Facts) -> str:
    """Whether it lets this program do it, only doing it tells."""
    return "AppArmor asks for a profile" if facts.apparmor_restricts else ""


def _counted(facts: Facts) -> str:
    uids, gids = (sum(one.count for one in ranges) for ranges in (facts.subuids, facts.subgids))
    few = f": images may use ids up to {_ENOUGH_IDS - 1}" if min(uids, gids) < _ENOUGH_IDS else ""
    return f"{uids} uids, {gids} gids{few}"


def lines(checks: tuple[Check, ...]) -> Iterator[str]:
    """What each check that is not ok breaks, and what mends it."""
    for one in checks:
        if one.state in ("failed", "note"):
            yield f"{one.name} ({one.place}): {one.detail}; needed for {one.breaks}"
            if one.hint:
                yield f"  hint: {one.hint}"
