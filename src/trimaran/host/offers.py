"""`platforms`: every platform that images have a name for, and how its programs run here."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from trimaran import machines, platforms
from trimaran.emulation.prepare import prepare
from trimaran.host.doctor import PlatformReport, report
from trimaran.linux import namespaces
from trimaran.platforms import Platform

_VARIANTS = {"arm": ("v5", "v6", "v7")}


def offers(search_path: str, emulators: Mapping[str, Path]) -> tuple[PlatformReport, ...]:
    """The platforms, those that run first, the machine's own at the head.

    Enters the namespaces of builds, as emulation needs.

    Args:
        search_path: where emulators are looked for.
        emulators: a CPU's name to the emulator that the user named for it.

    Raises:
        HostError: the namespaces are refused, and so is every build.
    """
    namespaces.enter()
    supports = prepare(every(), search_path, overrides=emulators)
    found = [report(platform, support) for platform, support in supports.items()]
    own = str(platforms.host())
    order = ("native", "emulated", "no")
    return tuple(
        sorted(found, key=lambda one: (one.platform != own, order.index(one.runs), one.platform))
    )


def every() -> tuple[Platform, ...]:
    """All platforms of Linux; arm's variants one by one, as images are made for each."""
    named = [row.architecture for row in machines.MACHINES if row.architecture]
    return tuple(
        Platform("linux", name, variant).normalised()
        for name in named
        for variant in _VARIANTS.get(name, ("",))
    )
