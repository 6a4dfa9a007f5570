"""The config.json of a step's or a container's bundle (OCI runtime-spec, config.md).

Pure: values in, a JSON object out. What is left out is left out on purpose: no user namespace (the
build is in one already), no network namespace but for `--network=none`, no cgroup (a step is not
limited), no devices beyond the runtime's default ones, no oom_score_adj (an ordinary user may not
lower it).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from trimaran.executor import seccomp
from trimaran.executor.users import ProcessUser
from trimaran.request import SHM_SIZE_BYTES, Ulimit

HOSTNAME = "trimaran"
DEFAULT_PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
"""Docker's PATH for an image whose environment has none."""

CAPABILITIES = (
    *("CAP_AUDIT_WRITE", "CAP_CHOWN", "CAP_DAC_OVERRIDE", "CAP_FOWNER", "CAP_FSETID", "CAP_KILL"),
    *("CAP_MKNOD", "CAP_NET_BIND_SERVICE", "CAP_NET_RAW", "CAP_SETFCAP", "CAP_SETGID"),
    *("CAP_SETPCAP", "CAP_SETUID", "CAP_SYS_CHROOT"),
)
"""Docker's default set, which Dockerfiles are written for."""

_ALL = (
    *CAPABILITIES,
    *("CAP_AUDIT_CONTROL", "CAP_AUDIT_READ", "CAP_BLOCK_SUSPEND", "CAP_BPF"),
    *("CAP_CHECKPOINT_RESTORE", "CAP_DAC_READ_SEARCH", "CAP_IPC_LOCK", "CAP_IPC_OWNER"),
    *("CAP_LEASE", "CAP_LINUX_IMMUTABLE", "CAP_MAC_ADMIN", "CAP_MAC_OVERRIDE", "CAP_NET_ADMIN"),
    *("CAP_NET_BROADCAST", "CAP_PERFMON", "CAP_SYSLOG", "CAP_SYS_ADMIN", "CAP_SYS_BOOT"),
    *("CAP_SYS_MODULE", "CAP_SYS_NICE", "CAP_SYS_PACCT", "CAP_SYS_PTRACE", "CAP_SYS_RAWIO"),
    *("CAP_SYS_RESOURCE", "CAP_SYS_TIME", "CAP_SYS_TTY_CONFIG", "CAP_WAKE_ALARM"),
)
"""Every capability (capabilities(7)); they count in the build's user namespace only."""

_MASKED_PATHS = (
    *("/proc/acpi", "/proc/asound", "/proc/interrupts", "/proc/kcore", "/proc/keys"),
    *("/proc/latency_stats", "/proc/sched_debug", "/proc/scsi", "/proc/timer_list"),
    *("/proc/timer_stats", "/sys/devices/virtual/powercap", "/sys/firmware"),
)
_READONLY_PATHS = ("/proc/bus", "/proc/fs", "/proc/irq", "/proc/sys", "/proc/sysrq-trigger")
# As systemd starts services. A high soft limit makes programs slow that close every possible
# descriptor before an exec, all the more in an emulator.
_SOFT_FILES, _HARD_FILES = 1024, 524_288


@dataclass(frozen=True, slots=True)
class BindMount:
    """A file or folder of the machine that a container sees.

    Attributes:
        options: of the mount. A read-only one must repeat the flags of the file system that the
            source is on: a user namespace cannot take them away (mount_namespaces(7)), and runc
            does not look.
        follows: what is mounted below the source later appears here too (MS_SLAVE).
    """

    source: Path
    destination: str
    options: tuple[str, ...] = ("ro", "nosuid", "nodev", "noexec")
    follows: bool = False


@dataclass(frozen=True, slots=True)
class TmpfsMount:
    """An empty file system in memory; a size of 0 sets no limit."""

    destination: str
    size_bytes: int = 0


@dataclass(frozen=True, slots=True)
class Container:
    """What runs, and on what.

    Attributes:
        root: the merged file system.
        arguments: the argument vector.
        environment: NAME=value.
        directory: absolute.
        user: as whom it runs.
        mounts: shown beside the usual /proc, /dev and /sys.
        show_sys: whether /sys can be shown (it must be read-only on the machine's side).
        terminal: whether the program gets a terminal of its own.
        size: that terminal's lines and columns from the start; 0 for not known.
        machine: the host's uname, for the seccomp profile.
        hard_files: the highest number of open files that this process may pass on.
        isolated: it has no network but a loopback of its own.
        insecure: it has every capability in the user namespace, and nothing is refused or hidden.
        shm_size_bytes: of /dev/shm.
        ulimits: over the usual limits.
    """

    root: Path
    arguments: tuple[str, ...]
    environment: tuple[str, ...]
    directory: str
    user: ProcessUser
    mounts: tuple[BindMount | TmpfsMount, ...] = ()
    show_sys: bool = True
    terminal: bool = False
    size: tuple[int, int] = (0, 0)
    machine: str = ""
    hard_files: int = _HARD_FILES
    isolated: bool = False
    insecure: bool = False
    shm_size_bytes: int = SHM_SIZE_BYTES
    ulimits: tuple[Ulimit, ...] = ()


def config(container: Container) -> dict[str, object]:
    """The bundle's config.json."""
    return {
        "ociVersion": "1.0.2",
        "root": {"path": str(container.root)},
        "hostname": HOSTNAME,
        "process": _process(container),
        "mounts": _mounts(container),
        "linux": {
            "namespaces": [{"type": kind} for kind in _namespaces(container)],
            **({} if container.insecure else _sandbox(container)),
        },
    }


def _namespaces(container: Container) -> tuple[str, ...]:
    usual = ("pid", "ipc", "uts", "mount")
    return (*usual, "network") if container.isolated else usual


def _sandbox(container: Container) -> dict[str, object]:
    return {
        "maskedPaths": list(_MASKED_PATHS),
        "readonlyPaths": list(_READONLY_PATHS),
        "seccomp": seccomp.profile(container.machine),
    }


def complete_environment(
    environment: Sequence[str], user: ProcessUser, extra: Mapping[str, str]
) -> tuple[str, ...]:
    """`environment` with PATH, HOME and `extra` where it lacks them.

    Args:
        environment: NAME=value of the step or image, which win.
        user: whose HOME it is.
        extra: such as the machine's proxies.
    """
    given = {entry.partition("=")[0] for entry in environment}
    defaults = {"PATH": DEFAULT_PATH, "HOME": user.home, **extra}
    return (*environment, *(f"{k}={v}" for k, v in defaults.items() if k not in given))


def _process(container: Container) -> dict[str, object]:
    user = container.user
    lines, columns = container.size
    return {
        "terminal": container.terminal,
        **({"consoleSize": {"height": lines, "width": columns}} if lines and columns else {}),
        "user": {"uid": user.uid, "gid": user.gid, "additionalGids": _groups(user)},
        "args": list(container.arguments),
        "env": list(container.environment),
        "cwd": container.directory,
        "capabilities": _capabilities(user, _ALL if container.insecure else CAPABILITIES),
        "rlimits": _limits(container),
        "noNewPrivileges": False,  # setuid programs must work
    }


def _groups(user: ProcessUser) -> list[int]:
    """As Docker and BuildKit have it since 2022, the process's own group is among the others."""
    return list(dict.fromkeys((user.gid, *user.groups)))


def _limits(container: Container) -> list[dict[str, object]]:
    hard = min(container.hard_files, _HARD_FILES)
    limits = {"nofile": (min(_SOFT_FILES, hard), hard)}
    limits |= {limit.name: (limit.soft, limit.hard) for limit in container.ulimits}
    return [
        {"type": f"RLIMIT_{name.upper()}", "soft": soft % 2**64, "hard": most % 2**64}
        for name, (soft, most) in limits.items()
    ]


def _capabilities(user: ProcessUser, names: Sequence[str]) -> dict[str, list[str]]:
    """Root has them; another user may get them, by a setuid program (capabilities(7))."""
    kept = list(names)
    held = kept if user.uid == 0 else []
    return {"bounding": kept, "effective": held, "permitted": held}


def _mounts(container: Container) -> list[dict[str, object]]:
    closed = ["nosuid", "noexec", "nodev"]
    shm_size = f"size={container.shm_size_bytes}"
    mounts = [
        _mount("/proc", "proc", "proc", closed),
        _mount("/dev", "tmpfs", "tmpfs", ["nosuid", "strictatime", "mode=755", "size=65536k"]),
        _mount(
            "/dev/pts",
            "devpts",
            "devpts",
            ["nosuid", "noexec", "newinstance", "ptmxmode=0666", "mode=0620", "gid=5"],
        ),
        _mount("/dev/shm", "tmpfs", "shm", [*closed, "mode=1777", shm_size]),  # noqa: S108
        _mount("/dev/mqueue", "mqueue", "mqueue", closed),
    ]
    if container.show_sys:
        mounts.append(_mount("/sys", "bind", "/sys", [*closed, "rbind", "ro"]))
    return mounts + [_shown(mount) for mount in container.mounts]


def _shown(mount: BindMount | TmpfsMount) -> dict[str, object]:
    if isinstance(mount, TmpfsMount):
        size = [f"size={mount.size_bytes}"] if mount.size_bytes else []
        return _mount(mount.destination, "tmpfs", "tmpfs", ["nosuid", *size])
    options = ["rbind", "rslave" if mount.follows else "rprivate", *mount.options]
    return _mount(mount.destination, "bind", str(mount.source), options)


def _mount(destination: str, kind: str, source: str, options: list[str]) -> dict[str, object]:
    return {"destination": destination, "type": kind, "source": source, "options": options}
