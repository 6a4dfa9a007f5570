"""The files that bring entries back at boot: pure texts, by what starts the host."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from trimaran.emulation.handlers import Handler
from trimaran.host.boot import Boot, System, file_of
from trimaran.host.changes import Change, Link, RemoveFile, WriteFile
from trimaran.host.record import MARK, is_marked
from trimaran.machines import Machine

_MOUNT_UNIT = "etc/systemd/system/proc-sys-fs-binfmt_misc.mount"
_MOUNT_WANT = "etc/systemd/system/sysinit.target.wants/proc-sys-fs-binfmt_misc.mount"
_MOUNT_TEXT = f"""{MARK}
[Unit]
Description=Table of binary formats
DefaultDependencies=no
ConditionPathExists=/proc/sys/fs/binfmt_misc
Before=systemd-binfmt.service sysinit.target

[Mount]
What=binfmt_misc
Where=/proc/sys/fs/binfmt_misc
Type=binfmt_misc
Options=nosuid,nodev,noexec

[Install]
WantedBy=sysinit.target
"""
_SERVICE = "etc/init.d/trimaran-binfmt"
_SERVICE_WANT = "etc/runlevels/boot/trimaran-binfmt"
_SERVICE_TEXT = f"""#!/sbin/openrc-run
{MARK}

description="Handlers for programs of other CPUs"

depend() {{
	# Later entries win, so the others' come first.
	after procfs binfmt qemu-binfmt
	use modules
}}

start() {{
	ebegin "Registering handlers for programs of other CPUs"
	table=/proc/sys/fs/binfmt_misc
	if [ ! -e "$table/register" ]; then
		modprobe -q binfmt_misc 2> /dev/null
		mount -t binfmt_misc -o nosuid,nodev,noexec binfmt_misc "$table"
	fi
	failed=0
	for file in /etc/trimaran-binfmt.d/*.conf; do
		while IFS= read -r line; do
			case "$line" in
				''|'#'*) continue ;;
			esac
			printf '%s' "$line" > "$table/register" || failed=1
		done < "$file"
	done
	eend "$failed"
}}
"""


def machine_file(
    root: Path, system: System, machine: Machine, entries: Iterable[Handler]
) -> WriteFile:
    """The file that brings one CPU's entries back."""
    lines = (MARK, *(one.line() for one in entries))
    return WriteFile(file_of(root, system, machine), "".join(f"{line}\n" for line in lines))


def common_files(root: Path, boot: Boot) -> tuple[WriteFile | Link, ...]:
    """What must be there once, whatever the CPUs, for their files to be read at boot."""
    if boot.system == "openrc":
        return (
            WriteFile(root / _SERVICE, _SERVICE_TEXT, 0o755),
            Link(root / _SERVICE_WANT, f"/{_SERVICE}"),
        )
    if boot.system == "systemd" and (not boot.mounts or is_marked(root / _MOUNT_UNIT)):
        return (
            WriteFile(root / _MOUNT_UNIT, _MOUNT_TEXT),
            Link(root / _MOUNT_WANT, f"/{_MOUNT_UNIT}"),
        )
    return ()


def missing(wanted: Iterable[WriteFile | Link]) -> tuple[Change, ...]:
    """Those of the files and links that are not there as they should be."""
    return tuple(one for one in wanted if not _is_there(one))


def removal(root: Path, gone: Iterable[Path]) -> tuple[Change, ...]:
    """What takes the common files away once the last CPU's file is among `gone`."""
    left = set(machine_files(root)) - set(gone)
    if left:
        return ()
    pairs = ((root / _SERVICE, root / _SERVICE_WANT), (root / _MOUNT_UNIT, root / _MOUNT_WANT))
    own = [(file, link) for file, link in pairs if is_marked(file)]
    return (
        *(RemoveFile(link) for file, link in own if _leads_to(link, file, root)),
        *(RemoveFile(file) for file, _ in own),
    )


def machine_files(root: Path) -> tuple[Path, ...]:
    """Every CPU's file that setup wrote, whatever starts the host now."""
    folders = (("etc/binfmt.d", "trimaran-*.conf"), ("etc/trimaran-binfmt.d", "*.conf"))
    found = (path for folder, name in folders for path in sorted((root / folder).glob(name)))
    return tuple(path for path in found if is_marked(path))


def _is_there(wanted: WriteFile | Link) -> bool:
    if isinstance(wanted, Link):
        return wanted.path.is_symlink() and wanted.path.readlink() == Path(wanted.target)
    try:
        text = wanted.path.read_text(encoding="utf-8", errors="surrogateescape")
        return text == wanted.text and wanted.path.stat().st_mode & 0o777 == wanted.mode
    except OSError:
        return False


def _leads_to(link: Path, file: Path, root: Path) -> bool:
    return link.is_symlink() and link.readlink() == Path("/") / file.relative_to(root)
