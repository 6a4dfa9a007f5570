"""A small root file system around Debian's static busybox."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
from pathlib import Path

from trimaran.build.apt import Programs
from trimaran.errors import HostError
from trimaran.linux import process

PACKAGE = "busybox-static"

_PACKAGES = {"debian": "dpkg", "fedora": "dpkg", "arch": "dpkg", "alpine": "dpkg", "suse": "dpkg"}
# Debian has it below /bin, from the merged /usr on below /usr/bin.
_PROGRAMS = ("usr/bin/busybox", "bin/busybox")
_COPYRIGHT = Path(f"usr/share/doc/{PACKAGE}/copyright")
_FOLDERS: Mapping[str, int] = {
    **dict.fromkeys(("bin", "dev", "etc", "home", "proc", "sbin", "sys", "usr", "var"), 0o755),
    **dict.fromkeys(("usr/bin", "usr/sbin", "usr/share", "usr/share/doc", "var/spool"), 0o755),
    "root": 0o700,
    "tmp": 0o1777,
    "var/tmp": 0o1777,
}
_FILES: Mapping[str, str] = {
    "etc/passwd": (
        "root:x:0:0:root:/root:/bin/sh\n"
        "daemon:x:1:1:daemon:/usr/sbin:/bin/false\n"
        "bin:x:2:2:bin:/bin:/bin/false\n"
        "sys:x:3:3:sys:/dev:/bin/false\n"
        "www-data:x:33:33:www-data:/var/www:/bin/false\n"
        "nobody:x:65534:65534:nobody:/home:/bin/false\n"
    ),
    "etc/group": (
        "root:x:0:\ndaemon:x:1:\nbin:x:2:\nsys:x:3:\nadm:x:4:\ntty:x:5:\nstaff:x:50:\n"
        "www-data:x:33:\nusers:x:100:\nnogroup:x:65534:\n"
    ),
    "etc/shadow": "root:*:19000:0:99999:7:::\nnobody:*:19000:0:99999:7:::\n",
}
_FILE_MODES = {"etc/shadow": 0o640}


def unpack(package: Path, folder: Path, programs: Programs) -> Path:
    """Unpack a .deb file into a new folder; gives the busybox program in it.

    Raises:
        HostError: dpkg-deb is missing or failed, or there is no busybox in the package.
    """
    dpkg_deb = programs.find("dpkg-deb", _PACKAGES)
    process.run([dpkg_deb, "--extract", package, folder], environment=programs.environment)
    found = next((folder / name for name in _PROGRAMS if (folder / name).is_file()), None)
    if found is None:
        raise HostError(f"{package.name} holds no busybox")
    return found


def applets(program: Path) -> list[str]:
    """The names of the programs in a busybox that this machine can run, sorted.

    Raises:
        HostError: it does not run.
    """
    listed = process.run([program, "--list"], environment={}).stdout.decode("ascii").split()
    return sorted(name for name in listed if name != "busybox" and "/" not in name)


def make_root(root: Path, program: Path, names: Iterable[str]) -> int:
    """Fill an empty folder with a root file system.

    All in it carries the time of the program itself, so that one package gives one layer.

    Args:
        root: the folder.
        program: busybox, as `unpack` gave it.
        names: the programs in it that get a link in /bin.

    Returns:
        That time, in seconds since the epoch.

    Raises:
        OSError: it cannot be written.
    """
    for name, mode in _FOLDERS.items():
        (root / name).mkdir()
        (root / name).chmod(mode)
    _write(root / "bin/busybox", program.read_bytes(), 0o755)
    for name in names:
        (root / "bin" / name).symlink_to("busybox")
    (root / "usr/bin/env").symlink_to("../../bin/busybox")
    for name, text in _FILES.items():
        _write(root / name, text.encode("ascii"), _FILE_MODES.get(name, 0o644))
    _write_copyright(root, program)
    stamp = int(program.stat().st_mtime)
    _set_times(root, stamp)
    return stamp


def _write(path: Path, data: bytes, mode: int) -> None:
    path.write_bytes(data)
    path.chmod(mode)


def _write_copyright(root: Path, program: Path) -> None:
    unpacked = next(above for above in program.parents if (above / _COPYRIGHT).is_file())
    (root / _COPYRIGHT).parent.mkdir()
    (root / _COPYRIGHT).parent.chmod(0o755)
    _write(root / _COPYRIGHT, (unpacked / _COPYRIGHT).read_bytes(), 0o644)


def _set_times(root: Path, stamp: int) -> None:
    for folder, folders, files in os.walk(root):
        for name in (*folders, *files):
            os.utime(os.path.join(folder, name), (stamp, stamp), follow_symlinks=False)
