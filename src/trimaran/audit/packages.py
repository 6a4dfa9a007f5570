"""The packages that an image's databases list, against its platform."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from trimaran.audit.facts import Packages
from trimaran.audit.requirements import Judgement
from trimaran.machines import Machine
from trimaran.platforms import Platform

_APK = {
    "amd64": ("x86_64",),
    "386": ("x86",),
    "arm64": ("aarch64",),
    "ppc64le": ("ppc64le",),
    "s390x": ("s390x",),
    "riscv64": ("riscv64",),
    "loong64": ("loongarch64",),
    "mips64": ("mips64",),
}
_APK_ARM = {"v6": ("armhf", "armel"), "v5": ("armel",)}
_DPKG_ARM = {"v5": ("armel",), "v6": ("armel", "armhf")}
# rpm's own table of architectures (rpmrc): a CPU's older ones included.
_RPM = {
    "amd64": ("x86_64", "x86_64_v2", "x86_64_v3", "x86_64_v4", "amd64", "ia32e"),
    "386": ("i386", "i486", "i586", "i686", "geode", "pentium3", "pentium4", "athlon"),
    "arm64": ("aarch64",),
    "ppc64": ("ppc64", "ppc64p7"),
    "ppc64le": ("ppc64le",),
    "s390x": ("s390x",),
    "riscv64": ("riscv64",),
    "loong64": ("loongarch64",),
    "mipsle": ("mipsel",),
    "mips64le": ("mips64el",),
}
_RPM_ARM5 = ("armv3l", "armv4b", "armv4l", "armv4tl", "armv5tl", "armv5tel", "armv5tejl")
_RPM_ARM6 = (*_RPM_ARM5, "armv6l", "armv6hl")
_RPM_ARM7 = (*_RPM_ARM6, "armv7l", "armv7hl", "armv7hnl", "armv8l", "armv8hl")
_RPM_ARM = {"v5": _RPM_ARM5, "v6": _RPM_ARM6}


def judge(found: Sequence[Packages], platform: Platform, wanted: Machine) -> Judgement | None:
    """All packages of other architectures, or some for which the database is not set up.

    Args:
        found: what the files of one manager's database say.
        platform: the image's.
        wanted: its CPU.
    """
    manager = found[0].manager
    installed: Counter[str] = Counter()
    for one in found:
        installed.update(one.installed)
    declared = {name for one in found for name in one.declared}
    own = _architectures(manager, platform, wanted)
    if not own:
        return None
    others = {name: count for name, count in installed.items() if name not in own}
    if installed and not any(name in own for name in installed):
        listed = ", ".join(sorted(others))
        return "error", "packages", f"lists {manager} packages for {listed} alone"
    if not installed and declared and not declared & set(own):
        return "error", "packages", f"{manager} is set up for {', '.join(sorted(declared))}"
    undeclared = sorted(others.keys() - declared)
    if undeclared:
        counts = ", ".join(f"{others[name]} for {name}" for name in undeclared)
        return "warning", "packages", f"lists {manager} packages: {counts}"
    return None


def _architectures(manager: str, platform: Platform, wanted: Machine) -> tuple[str, ...]:
    variant = platform.variant if platform.architecture == "arm" else None
    match manager:
        case "apk" if variant is not None:
            return _APK_ARM.get(variant, ("armv7", "armhf", "armel"))
        case "apk":
            return _APK.get(platform.architecture, ())
        case "rpm" if variant is not None:
            return _RPM_ARM.get(variant, _RPM_ARM7)
        case "rpm":
            return _RPM.get(platform.architecture, ())
        case _ if variant is not None:
            return _DPKG_ARM.get(variant, ("armhf", "armel"))
        case _:
            return (wanted.debian,) if wanted.debian else ()
