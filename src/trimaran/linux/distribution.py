"""Which distribution this is, for hints that name its own package and command.

os-release(5) gives ID and, for derived distributions, ID_LIKE.
"""

from __future__ import annotations

import shlex
from collections.abc import Mapping
from pathlib import Path

_FILES = (Path("/etc/os-release"), Path("/usr/lib/os-release"))
_INSTALL = {
    "debian": "sudo apt-get install",
    "fedora": "sudo dnf install",
    "alpine": "sudo apk add",
    "arch": "sudo pacman -S",
    "suse": "sudo zypper install",
}
_FAMILIES = {
    "ubuntu": "debian",
    "rhel": "fedora",
    "centos": "fedora",
    "opensuse": "suse",
    "opensuse-tumbleweed": "suse",
    "opensuse-leap": "suse",
    "archlinux": "arch",
}


def family(files: tuple[Path, ...] = _FILES) -> str:
    """debian, fedora, alpine, arch or suse; empty if it is none of these."""
    for file in files:
        try:
            text = file.read_text(encoding="utf-8", errors="replace")
        except OSError:
            continue
        return family_of(text)
    return ""


def family_of(os_release: str) -> str:
    """The family that the text of an os-release file means; empty if it is not a known one."""
    fields = dict(
        line.split("=", 1) for line in os_release.splitlines() if "=" in line and line[0] != "#"
    )
    words = [_unquoted(fields.get("ID", "")), *_unquoted(fields.get("ID_LIKE", "")).split()]
    for word in words:
        name = _FAMILIES.get(word, word)
        if name in _INSTALL:
            return name
    return ""


def install_hint(packages: Mapping[str, str], family_name: str, otherwise: str) -> str:
    """The command that installs a package here.

    Args:
        packages: a family's name to its package's name.
        family_name: from `family`.
        otherwise: what to say where the family or its package is not known.
    """
    package = packages.get(family_name)
    return f"{_INSTALL[family_name]} {package}" if package else otherwise


def _unquoted(value: str) -> str:
    try:
        return " ".join(shlex.split(value))
    except ValueError:
        return value.strip("\"'")
