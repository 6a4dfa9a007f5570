"""What Debian serves: suites, architectures, and the mirror that this machine uses.

Architectures are those of each suite's Release file; names of platforms map to them by the machine
table. arm is three ports in one name: armhf is for ARMv7, armel runs from ARMv5 on.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from trimaran.errors import PlatformError
from trimaran.platforms import Platform

KEYRING = Path("/usr/share/keyrings/debian-archive-keyring.gpg")

_COMMON = frozenset({"amd64", "arm64", "armhf", "i386", "ppc64el", "s390x"})
# Oldest first: where no suite is asked for, the first that serves a platform is taken.
_SERVED: Mapping[str, frozenset[str]] = {
    "bookworm": _COMMON | {"armel", "mips64el", "mipsel"},
    "trixie": _COMMON | {"armel", "riscv64"},
    "forky": _COMMON - {"armel"} | {"loong64", "riscv64"},
    "sid": _COMMON - {"armel"} | {"loong64", "riscv64"},
}
_WITH_SECURITY = frozenset({"bookworm", "trixie"})
_ARCHIVE, _SECURITY = "http://deb.debian.org/debian", "http://deb.debian.org/debian-security"
_ONE_LINE = re.compile(r"deb\s+(?:\[[^]]*\]\s*)?(\S+)\s+\S+")


@dataclass(frozen=True, slots=True)
class Port:
    """The suite and architecture of Debian that a platform's packages come from."""

    suite: str
    architecture: str


@dataclass(frozen=True, slots=True)
class Mirror:
    """Where packages are fetched from: URIs without a slash at the end."""

    archive: str = _ARCHIVE
    security: str = _SECURITY

    def lines(self, suite: str) -> tuple[str, ...]:
        """A suite's lines for sources.list(5), with updates and security where it has them."""
        lines = [f"deb {self.archive} {suite} main"]
        if suite in _WITH_SECURITY:
            lines.append(f"deb {self.archive} {suite}-updates main")
            lines.append(f"deb {self.security} {suite}-security main")
        return tuple(lines)


def ports(platforms: Iterable[Platform], suite: str = "") -> dict[Platform, Port]:
    """Where each platform's packages come from.

    Args:
        platforms: normalised.
        suite: a code name; one that is not known here is taken to serve everything. Empty lets
            each platform have the oldest suite that serves it.

    Raises:
        PlatformError: some platforms are not served; all of them are named.
    """
    found = {platform: _port(platform, suite) for platform in platforms}
    missing = [platform for platform, port in found.items() if port is None]
    if missing:
        where = f"Debian {suite}" if suite else "Debian"
        names = ", ".join(str(platform) for platform in missing)
        raise PlatformError(f"{where} does not serve {names}", _hint(missing, suite))
    return {platform: port for platform, port in found.items() if port}


def later_suite(suite: str, architectures: Iterable[str]) -> str:
    """The next suite after `suite` that serves all of the architectures; empty if there is none."""
    wanted, names = set(architectures), list(_SERVED)
    later = names[names.index(suite) + 1 :] if suite in names else []
    return next((name for name in later if wanted <= _SERVED[name]), "")


def architecture_of(platform: Platform) -> str:
    """Debian's name for a platform; empty if it has none."""
    if platform.architecture == "arm" and platform.variant in ("v5", "v6"):
        return "armel"
    return platform.machine.debian if platform.machine else ""


def mirror(
    folder: Path = Path("/etc/apt/sources.list.d"), file: Path = Path("/etc/apt/sources.list")
) -> Mirror:
    """The Debian mirror of this machine's own apt, or Debian's where it has none.

    Args:
        folder: with sources in both forms of sources.list(5).
        file: in the one-line form.
    """
    uris = [uri.rstrip("/") for uri in _uris(folder, file) if uri.startswith(("http:", "https:"))]
    return Mirror(
        next((uri for uri in uris if uri.endswith("/debian")), _ARCHIVE),
        next((uri for uri in uris if uri.endswith("/debian-security")), _SECURITY),
    )


def _port(platform: Platform, suite: str) -> Port | None:
    architecture = architecture_of(platform)
    if not architecture:
        return None
    if suite:
        served = architecture in _SERVED.get(suite, {architecture})
        return Port(suite, architecture) if served else None
    suites = (name for name, served in _SERVED.items() if architecture in served)
    name = next(suites, "")
    return Port(name, architecture) if name else None


def _hint(missing: Iterable[Platform], suite: str) -> str:
    others = [
        f"{platform} is served by {', '.join(suites)}"
        for platform in missing
        if (suites := [s for s, served in _SERVED.items() if architecture_of(platform) in served])
    ]
    served = _SERVED[suite] if suite else frozenset().union(*_SERVED.values())
    return "; ".join(others) or f"it serves the architectures {', '.join(sorted(served))}"


def _uris(folder: Path, file: Path) -> Iterator[str]:
    for path in (*sorted(folder.glob("*.sources")), file, *sorted(folder.glob("*.list"))):
        try:
            text = path.read_text(encoding="utf-8", errors="replace")
        except OSError:
            continue
        yield from _deb822(text) if path.suffix == ".sources" else _one_line(text)


def _one_line(text: str) -> Iterator[str]:
    for line in text.splitlines():
        if match := _ONE_LINE.match(line.strip()):
            yield match[1]


def _deb822(text: str) -> Iterator[str]:
    """The URIs of every enabled paragraph that is of type deb (deb822(5))."""
    lines = "\n".join(line for line in text.splitlines() if not line.startswith("#"))
    for paragraph in re.split(r"\n\s*\n", lines):
        unfolded = re.sub(r"\n[ \t]+", " ", paragraph)
        pairs = (line.split(":", 1) for line in unfolded.splitlines() if ":" in line)
        fields = {name.strip().lower(): value.split() for name, value in pairs}
        if "deb" in fields.get("types", ()) and fields.get("enabled") != ["no"]:
            yield from fields.get("uris", ())
