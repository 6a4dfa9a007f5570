"""What must hold before the first step: emulators, namespaces, and the right to push."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from pathlib import Path

from trimaran.build.find import OpenRepository
from trimaran.emulation import cpus, probes, quirks
from trimaran.emulation.prepare import prepare
from trimaran.emulation.quirks import Choice, Quirks
from trimaran.emulation.support import Emulated, Missing, Support
from trimaran.errors import HostError, UsageError
from trimaran.linux import namespaces
from trimaran.platforms import Platform
from trimaran.references import Reference
from trimaran.request import BuildRequest, RegistryCache


def check_push(request: BuildRequest, open_repository: OpenRepository) -> None:
    """Prove that every target may be pushed to, by an upload that is opened and cancelled.

    Raises:
        RegistryError, UnauthorizedError: one may not.
    """
    caches = (cache.place for cache in request.cache_to if not cache.ignore_error)
    names = [place.reference for place in caches if isinstance(place, RegistryCache)]
    for output in request.outputs:
        if output.type == "registry":
            names += request.names(output)
    for reference in _repositories(names):
        open_repository(reference).check_push()


def check_daemon(request: BuildRequest, docker_host: str) -> None:
    """Make sure that Docker's daemon answers, where an image is to be loaded into it.

    Raises:
        HostError: it does not.
        UsageError: DOCKER_HOST is of an unknown kind.
    """
    for output in request.outputs:
        if output.type == "docker" and output.destination is None:
            from trimaran.images import docker_daemon  # noqa: PLC0415 - slow to load

            try:
                docker_daemon.Engine(docker_daemon.socket_path(docker_host)).check()
            except (HostError, UsageError) as error:
                hint = f"{error.hint}; or write a file: -o type=docker,dest=FILE"
                raise type(error)(error.message, hint) from error


def _repositories(tags: Iterable[Reference]) -> Iterable[Reference]:
    return {tag.name: tag for tag in tags}.values()


def prepare_platforms(
    platforms: Iterable[Platform],
    search_path: str,
    emulators: Mapping[str, Path] | None = None,
) -> Mapping[Platform, Support]:
    """Enter the namespaces and make the programs of every platform that needs it runnable.

    Args:
        platforms: normalised.
        search_path: where emulators are looked for.
        emulators: a CPU's name to the emulator that the user named for it.

    Raises:
        HostError: namespaces are refused, or emulators are missing; all platforms are named.
    """
    supports, gaps = prepare_what_runs(platforms, search_path, emulators)
    if gaps:
        raise together(gaps.values())
    return supports


def prepare_what_runs(
    platforms: Iterable[Platform],
    search_path: str,
    emulators: Mapping[str, Path] | None = None,
) -> tuple[Mapping[Platform, Support], Mapping[Platform, HostError]]:
    """As `prepare_platforms`, but gives what runs, and why the others do not.

    Raises:
        HostError: namespaces are refused.
    """
    namespaces.enter()
    supports = prepare(platforms, search_path, overrides=emulators)
    gaps = {
        platform: HostError(f"{platform}: {gap.reason}", gap.hint)
        for platform, gap in supports.items()
        if isinstance(gap, Missing)
    }
    return {name: one for name, one in supports.items() if name not in gaps}, gaps


def together(gaps: Collection[HostError]) -> HostError:
    """All that is missing in one error."""
    hints = dict.fromkeys(gap.hint for gap in gaps if gap.hint)
    return HostError("\n".join(gap.message for gap in gaps), "; ".join(hints))


def settings(supports: Mapping[Platform, Support], choice: Choice) -> Mapping[Platform, Quirks]:
    """What is done about the emulator's troubles on each platform that is emulated.

    To be called behind `prepare_platforms`: a CPU is shown to programs once a probe ran on it.

    Args:
        supports: from `prepare_platforms`.
        choice: the user's.
    """
    emulators = {p: one.emulator for p, one in supports.items() if isinstance(one, Emulated)}
    if not emulators or not choice.names:
        return {}
    with probes.scratch() as folder:
        return {
            platform: quirks.for_platform(
                choice,
                cpus.proven(cpus.cpu(platform, emulator.version), platform, folder),
                cpus.proven(cpus.quick_cpu(platform, emulator.version), platform, folder),
            )
            for platform, emulator in emulators.items()
        }
