"""What brings handlers back at boot on this host, and the files that it reads.

systemd: systemd-binfmt reads binfmt.d(5), whose files of one name override each other and are
taken in the order of their names; the mount is its automount unit. Debian's binfmt-support, where
it is installed, comes after it and has records of its own. OpenRC: its service `binfmt` reads the
same folders, but through shells that take the backslashes away, so a service of trimaran's own
reads files of its own. Elsewhere nothing is known that would.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from trimaran.emulation import handlers
from trimaran.emulation.handlers import Handler
from trimaran.machines import Machine

System = Literal["systemd", "openrc", "none"]

_BINFMT_FOLDERS = ("etc", "run", "usr/local/lib", "usr/lib", "lib")
_UNIT_FOLDERS = ("etc/systemd/system", "run/systemd/system", "usr/lib/systemd/system")
_UNIT_FOLDERS_OLD = "lib/systemd/system"
_TOOLS = ("usr/lib/systemd/systemd-binfmt", "lib/systemd/systemd-binfmt")
_SUPPORT_FIELDS = 10  # package type offset magic mask interpreter detector, and three switches
_OPENRC_FILES = "etc/trimaran-binfmt.d"


@dataclass(frozen=True, slots=True)
class Configured:
    """An entry that the host registers at boot, and the file that says so.

    Attributes:
        late: binfmt-support registers it, after systemd did its own.
    """

    path: Path
    handler: Handler
    late: bool = False


@dataclass(frozen=True, slots=True)
class Boot:
    """How the host starts.

    Attributes:
        system: what starts services.
        obstacle: why entries cannot be brought back at boot; empty if they can.
        mounts: something mounts binfmt_misc at boot.
        configured: the entries of its files, in the order in which they are registered.
    """

    system: System
    obstacle: str = ""
    mounts: bool = True
    configured: tuple[Configured, ...] = ()


def read(root: Path) -> Boot:
    """Find out how the host whose files are below `root` starts."""
    match _system(root):
        case "systemd":
            return Boot(
                "systemd",
                _systemd_obstacle(root),
                _systemd_mounts(root),
                (*_configured(root), *_binfmt_support(root)),
            )
        case "openrc":
            return Boot("openrc", "", mounts=True, configured=_openrc_configured(root))
        case _:
            return Boot("none", "neither systemd nor OpenRC starts this host", mounts=False)


def file_of(root: Path, system: System, machine: Machine) -> Path:
    """The file that brings a CPU's entries back."""
    if system == "openrc":
        return root / _OPENRC_FILES / f"{machine.name}.conf"
    return root / "etc/binfmt.d" / f"{handlers.PREFIX}{machine.name}.conf"


def _system(root: Path) -> System:
    if (root / "run/systemd/system").is_dir():
        return "systemd"
    if (root / "run/openrc").is_dir():
        return "openrc"
    # Not started, as a root folder that an image is made of, or a container.
    if any((root / tool).exists() for tool in _TOOLS):
        return "systemd"
    return "openrc" if (root / "etc/runlevels").is_dir() else "none"


def _systemd_obstacle(root: Path) -> str:
    if not any((root / tool).exists() for tool in _TOOLS):
        return "systemd was installed without systemd-binfmt"
    return "systemd-binfmt.service is masked" if _masked(root, "systemd-binfmt.service") else ""


def _systemd_mounts(root: Path) -> bool:
    units = [f"proc-sys-fs-binfmt_misc.{kind}" for kind in ("automount", "mount")]
    folders = [root / folder for folder in (*_UNIT_FOLDERS, _UNIT_FOLDERS_OLD)]
    there = [unit for unit in units if any((folder / unit).exists() for folder in folders)]
    return any(not _masked(root, unit) for unit in there) or _in_fstab(root)


def _masked(root: Path, unit: str) -> bool:
    """systemctl(1): a unit is masked by a link to /dev/null, or by an empty file."""
    for folder in _UNIT_FOLDERS[:2]:
        path = root / folder / unit
        if path.is_symlink():
            return os.readlink(path) == os.devnull
        if path.is_file():
            return path.stat().st_size == 0
    return False


def _in_fstab(root: Path) -> bool:
    try:
        lines = (root / "etc/fstab").read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError:
        return False
    fields = (line.split() for line in lines if not line.lstrip().startswith("#"))
    return any(len(words) > 2 and words[2] == "binfmt_misc" for words in fields)  # noqa: PLR2004


def _configured(root: Path) -> tuple[Configured, ...]:
    files: dict[str, Path] = {}
    for folder in _BINFMT_FOLDERS:
        for path in sorted((root / folder / "binfmt.d").glob("*.conf")):
            files.setdefault(path.name, path)
    ordered = (files[name] for name in sorted(files))
    return tuple(one for path in ordered for one in _entries(path, root))


def _binfmt_support(root: Path) -> Iterator[Configured]:
    """What update-binfmts --enable registers: a file for each entry, a line for each field."""
    if not (root / "usr/sbin/update-binfmts").exists():
        return
    for path in sorted((root / "var/lib/binfmts").glob("*")):
        try:
            lines = path.read_text(encoding="utf-8", errors="surrogateescape").splitlines()
        except OSError:
            continue
        if len(lines) < _SUPPORT_FIELDS or lines[1] != "magic":
            continue
        switches = dict(zip("CPF", lines[7:10], strict=True))
        flags = "".join(flag for flag, value in switches.items() if value == "yes")
        handler = handlers.parse_line("\0".join(("", path.name, "M", *lines[2:6], flags)))
        if handler:
            yield Configured(Path("/") / path.relative_to(root), handler, late=True)


def _openrc_configured(root: Path) -> tuple[Configured, ...]:
    files = sorted((root / _OPENRC_FILES).glob("*.conf"))
    return tuple(one for path in files for one in _entries(path, root))


def _entries(path: Path, root: Path) -> Iterator[Configured]:
    try:
        text = path.read_text(encoding="utf-8", errors="surrogateescape")
    except OSError:
        return  # a link to nothing, or a file that only root may read
    shown = Path("/") / path.relative_to(root)
    for line in map(str.strip, text.splitlines()):
        handler = handlers.parse_line(line) if line[:1] not in ("", "#", ";") else None
        if handler:
            yield Configured(shown, handler)
