"""Platforms: normalised once at the edge, then three questions: same, runs on, which is better.

The names are those of the OCI image-spec (image-index.md, platform) and Go's GOARCH; what people
and distributions type instead is normalised as containerd's users are used to, and a name that may
mean several platforms is refused with the list.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterable

import msgspec

from trimaran import machines
from trimaran.errors import PlatformError

# What is typed for an architecture, and the architecture and variant that it means.
_ALIASES: dict[str, tuple[str, str]] = {
    "aarch64": ("arm64", ""),
    "arm64v8": ("arm64", ""),
    "armv8": ("arm64", ""),
    "x86_64": ("amd64", ""),
    "x86-64": ("amd64", ""),
    "x64": ("amd64", ""),
    "i386": ("386", ""),
    "i486": ("386", ""),
    "i586": ("386", ""),
    "i686": ("386", ""),
    "armhf": ("arm", "v7"),
    "armel": ("arm", "v6"),
    "armv5tel": ("arm", "v5"),
    "armv5l": ("arm", "v5"),
    "armv6l": ("arm", "v6"),
    "armv7l": ("arm", "v7"),
    "armv8l": ("arm", "v8"),
    "arm32v5": ("arm", "v5"),
    "arm32v6": ("arm", "v6"),
    "arm32v7": ("arm", "v7"),
    "armv5": ("arm", "v5"),
    "armv6": ("arm", "v6"),
    "armv7": ("arm", "v7"),
    "powerpc": ("ppc", ""),
    "powerpc64": ("ppc64", ""),
    "powerpc64le": ("ppc64le", ""),
    "ppc64el": ("ppc64le", ""),
    "mipsel": ("mipsle", ""),
    "mips64el": ("mips64le", ""),
    "loongarch64": ("loong64", ""),
    "riscv32": ("riscv", ""),
}
# Names that may mean several platforms; each is an error that lists them.
_AMBIGUOUS: dict[str, tuple[str, ...]] = {
    "x86": ("linux/386", "linux/amd64"),
    "arm32": ("linux/arm/v5", "linux/arm/v6", "linux/arm/v7"),
    "risc-v": ("linux/riscv64", "linux/riscv"),
    "riscv": ("linux/riscv64", "linux/riscv"),
    "mips": ("linux/mips", "linux/mipsle", "linux/mips64le"),
    "power": ("linux/ppc64le", "linux/ppc64"),
}
# Of these, the ones that are no architecture's own name as well.
_NO_ARCHITECTURES = ("x86", "arm32", "risc-v", "power")
_PART = re.compile(r"[a-z0-9][a-z0-9._-]*")
# The variant that an absent one means, and the ones that run below another, oldest first.
_DEFAULT_VARIANTS = {"arm": "v7", "arm64": "v8", "amd64": "v1"}
_LEVELS = {
    "arm": ("v5", "v6", "v7", "v8"),
    "arm64": ("v8", "v9"),
    "amd64": ("v1", "v2", "v3", "v4"),
}
# arm64 and amd64 are written without their first variant (containerd's normal form).
_IMPLIED = {("arm64", "v8"), ("amd64", "v1")}


class Platform(msgspec.Struct, frozen=True, order=True):
    """An operating system and a CPU.

    Attributes:
        architecture: a GOARCH such as amd64, arm64, arm, 386, riscv64.
        variant: such as v7 for arm; empty for the architecture's usual one.
    """

    os: str
    architecture: str
    variant: str = ""
    os_version: str = ""
    os_features: tuple[str, ...] = ()

    def normalised(self) -> Platform:
        """The same platform in its usual spelling."""
        system = self.os.lower()
        architecture, alias_variant = _ALIASES.get(
            self.architecture.lower(), (self.architecture.lower(), "")
        )
        variant = self.variant.lower() or alias_variant
        if variant.isdigit():
            variant = f"v{variant}"
        if architecture == "arm" and not variant:
            variant = "v7"
        if (architecture, variant) in _IMPLIED:
            variant = ""
        return msgspec.structs.replace(self, os=system, architecture=architecture, variant=variant)

    @property
    def machine(self) -> machines.Machine | None:
        """The CPU's row in the table."""
        return machines.by_architecture(self.architecture)

    @property
    def slug(self) -> str:
        """The platform as a file's or folder's name: `linux_arm_v7`."""
        return str(self).replace("/", "_")

    def __str__(self) -> str:
        parts = (self.os, self.architecture, self.variant)
        return "/".join(part for part in parts if part)


def parse(text: str) -> Platform:
    """Read OS/ARCHITECTURE[/VARIANT], or an architecture alone, meaning Linux.

    Raises:
        PlatformError: the name is unknown or may mean several platforms.
    """
    parts = text.strip().lower().split("/")
    if len(parts) > 3 or not all(_PART.fullmatch(part) for part in parts):  # noqa: PLR2004
        raise PlatformError(
            f"{text!r} is not a platform", "write OS/ARCHITECTURE[/VARIANT], such as linux/arm/v7"
        )
    for part in parts[:2]:
        if part in _NO_ARCHITECTURES or (len(parts) == 1 and part in _AMBIGUOUS):
            raise _ambiguous(text, _AMBIGUOUS[part])
    if len(parts) == 1 or (len(parts) == 2 and parts[0] != "linux" and _knows(parts[0])):  # noqa: PLR2004
        parts = ["linux", *parts]
    system, architecture, variant = (*parts, "")[:3]
    platform = Platform(system, architecture, variant).normalised()
    _check_alias(architecture, platform, text)
    _check(platform, text)
    return platform


def parse_list(text: str) -> tuple[Platform, ...]:
    """Read a comma-separated list; a platform named twice is kept once.

    Raises:
        PlatformError: as `parse`.
    """
    return tuple(dict.fromkeys(parse(part) for part in text.split(",")))


def host() -> Platform:
    """This machine's own platform.

    Raises:
        LookupError: the machine table has no row for its CPU.
    """
    # The row knows the byte order, which uname's name may not tell; the alias knows the variant.
    variant = _ALIASES.get(os.uname().machine, ("", ""))[1]
    row = machines.host()
    return Platform("linux", row.architecture or row.name, variant).normalised()


def same(left: Platform, right: Platform) -> bool:
    """Whether both mean the same CPU and system; OS versions and features are left aside."""
    first, second = left.normalised(), right.normalised()
    return (first.os, first.architecture, _variant(first)) == (
        second.os,
        second.architecture,
        _variant(second),
    )


def runs_on(image: Platform, node: Platform) -> bool:
    """Whether an image of platform `image` runs on a CPU of platform `node` without emulation.

    arm64 nodes are not taken to run 32-bit arm, nor amd64 nodes 386: the first lack it in part, and
    for the second no one expects it to be picked.
    """
    left, right = image.normalised(), node.normalised()
    if (left.os, left.architecture) != (right.os, right.architecture):
        return False
    levels = _LEVELS.get(left.architecture, ())
    have, need = _variant(right), _variant(left)
    if have in levels and need in levels:
        return levels.index(need) <= levels.index(have)
    return have == need


def best(wanted: Platform, offered: Iterable[Platform]) -> Platform | None:
    """The offered platform that serves `wanted` best: the same, else the highest it can run."""
    usable = [platform for platform in offered if runs_on(platform, wanted)]
    levels = _LEVELS.get(wanted.normalised().architecture, ())

    def rank(platform: Platform) -> int:
        variant = _variant(platform.normalised())
        return levels.index(variant) if variant in levels else -1

    return max(usable, key=rank, default=None)


def _variant(platform: Platform) -> str:
    return platform.variant or _DEFAULT_VARIANTS.get(platform.architecture, "")


def _knows(architecture: str) -> bool:
    name = _ALIASES.get(architecture, (architecture, ""))[0]
    return machines.by_architecture(name) is not None


def _check(platform: Platform, text: str) -> None:
    known = ", ".join(sorted(row.architecture for row in machines.MACHINES if row.architecture))
    if platform.os != "linux":
        raise PlatformError(f"unknown platform {text!r}: only linux images can be built", "")
    if platform.machine is None:
        raise PlatformError(
            f"unknown platform {text!r}: no architecture {platform.architecture!r}",
            f"known architectures: {known}",
        )
    levels = _LEVELS.get(platform.architecture)
    if platform.variant and levels and platform.variant not in levels:
        raise PlatformError(
            f"unknown platform {text!r}: {platform.architecture} has no variant"
            f" {platform.variant!r}",
            f"its variants: {', '.join(levels)}",
        )


def _check_alias(architecture: str, platform: Platform, text: str) -> None:
    """Refuse a variant beside a name that means another one, such as armhf/v6."""
    name, meant = _ALIASES.get(architecture, (architecture, ""))
    if meant and meant != platform.variant:
        alias = Platform(platform.os, name, meant)
        raise PlatformError(f"{text!r} names two variants", f"say {alias} or {platform}")


def _ambiguous(text: str, meanings: tuple[str, ...]) -> PlatformError:
    return PlatformError(f"{text!r} may mean several platforms", f"say {' or '.join(meanings)}")
