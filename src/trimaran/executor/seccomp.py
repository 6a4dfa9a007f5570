"""Which system calls a step may not make: a list of refusals, each with its reason.

A list of permissions, as container engines ship it, must know every call that a program of any CPU
may make, and fails new ones in odd ways. The user namespace already takes a step's powers over the
host; what is refused here is what reaches the kernel itself, so that a step meets the same answers
as root, too. The calls are those of the host: an emulator makes them for its program.

The form is the OCI runtime-spec's (config-linux.md, seccomp). The runtime skips names that the
host's CPU lacks.
"""

from __future__ import annotations

import errno

import msgspec

CLONE_NEW_FLAGS = {
    "CLONE_NEWNS": 0x20000,
    "CLONE_NEWCGROUP": 0x2000000,
    "CLONE_NEWUTS": 0x4000000,
    "CLONE_NEWIPC": 0x8000000,
    "CLONE_NEWUSER": 0x10000000,
    "CLONE_NEWPID": 0x20000000,
    "CLONE_NEWNET": 0x40000000,
}
"""The flags of clone(2) that make a namespace (linux/sched.h); CLONE_NEWTIME is not clone's."""

_AF_VSOCK = 40  # linux/socket.h
_ABOVE_SOCKET_TYPES = 0x100000  # SOCK_CLOEXEC, 0x80000, is their highest bit; socket(2)


class Refusal(msgspec.Struct, frozen=True):
    """System calls that end with an error.

    Attributes:
        calls: their names.
        reason: why.
        errno: what the caller sees.
    """

    calls: tuple[str, ...]
    reason: str
    errno: int = errno.EPERM


REFUSALS: tuple[Refusal, ...] = (
    Refusal(
        (
            *("init_module", "finit_module", "delete_module", "create_module", "query_module"),
            *("get_kernel_syms", "kexec_load", "kexec_file_load"),
        ),
        "code for the kernel",
    ),
    Refusal(("reboot", "swapon", "swapoff"), "the machine's own state"),
    Refusal(("clock_settime", "clock_settime64", "settimeofday", "stime"), "the machine's clock"),
    Refusal(
        (
            *("mount", "umount", "umount2", "pivot_root", "move_mount", "open_tree"),
            *("open_tree_attr", "fsopen", "fsconfig", "fsmount", "fspick", "mount_setattr"),
        ),
        "they would take the masks off /proc, and hide files from the layer",
    ),
    Refusal(
        ("setns", "unshare"),
        "a new namespace gives its maker every capability in it, and more of the kernel to reach",
    ),
    Refusal(
        ("clone3",),
        "its flags lie in memory, where no filter sees them; ENOSYS sends libc back to clone",
        errno.ENOSYS,
    ),
    Refusal(
        ("bpf", "perf_event_open", "userfaultfd", "lookup_dcookie", "fanotify_init"),
        "tracing of the kernel and of other programs",
    ),
    Refusal(
        ("io_uring_setup", "io_uring_enter", "io_uring_register"),
        "its operations pass by every filter; ENOSYS sends libraries to their other way",
        errno.ENOSYS,
    ),
    Refusal(("add_key", "request_key", "keyctl"), "keyrings belong to no namespace"),
    Refusal(("open_by_handle_at",), "a handle opens files outside the root file system"),
    Refusal(("acct", "quotactl", "quotactl_fd"), "accounts and limits of whole file systems"),
    Refusal(("iopl", "ioperm", "pciconfig_read", "pciconfig_write", "pciconfig_iobase"), "devices"),
    Refusal(
        ("nfsservctl", "uselib", "ustat", "sysfs", "_sysctl", "vm86", "vm86old", "syslog"),
        "old calls that no build needs, and the kernel's log",
    ),
    Refusal(
        ("mbind", "set_mempolicy", "set_mempolicy_home_node", "move_pages", "migrate_pages"),
        "where memory lies is the machine's affair",
    ),
    Refusal(("kcmp", "pidfd_getfd"), "a look into, or a file out of, another program"),
    Refusal(("vhangup", "vserver"), "terminals and kernels that are not the step's own"),
)

# What one process of the host may run beside its own kind of programs.
_ARCHITECTURES = {
    "x86_64": ("SCMP_ARCH_X86_64", "SCMP_ARCH_X86", "SCMP_ARCH_X32"),
    "aarch64": ("SCMP_ARCH_AARCH64", "SCMP_ARCH_ARM"),
    "ppc64le": ("SCMP_ARCH_PPC64LE",),
    "s390x": ("SCMP_ARCH_S390X", "SCMP_ARCH_S390"),
    "riscv64": ("SCMP_ARCH_RISCV64",),
    "i686": ("SCMP_ARCH_X86",),
    "armv7l": ("SCMP_ARCH_ARM",),
}
# s390 takes clone's arguments in another order (clone(2), "C library/kernel differences").
_CLONE_FLAGS_SECOND = frozenset({"s390x"})


def profile(machine: str) -> dict[str, object]:
    """The `linux.seccomp` object for a host whose uname calls itself `machine`."""
    flags_index = 1 if machine in _CLONE_FLAGS_SECOND else 0
    found: dict[str, object] = {
        "defaultAction": "SCMP_ACT_ALLOW",
        "syscalls": [
            *(_refuse(row.calls, row.errno) for row in REFUSALS),
            *(_refuse_clone(flag, flags_index) for flag in CLONE_NEW_FLAGS.values()),
            _refuse_vsock(),
        ],
    }
    if machine in _ARCHITECTURES:
        found["architectures"] = list(_ARCHITECTURES[machine])
    return found


def _refuse(calls: tuple[str, ...], number: int) -> dict[str, object]:
    return {"names": list(calls), "action": "SCMP_ACT_ERRNO", "errnoRet": number}


def _refuse_clone(flag: int, index: int) -> dict[str, object]:
    test = {"index": index, "value": flag, "valueTwo": flag, "op": "SCMP_CMP_MASKED_EQ"}
    return {**_refuse(("clone",), errno.EPERM), "args": [test]}


def _refuse_vsock() -> dict[str, object]:
    """No namespace holds AF_VSOCK: it reaches the hypervisor's side of a virtual machine.

    The libc of i386 and of s390x has socketcall(2) for socket(2). For it libseccomp turns this rule
    into one of socketcall's, with the number of the call in place of the first test: alone, that
    refuses every socket. The second test is true for every type of a socket, and false for the
    pointer that socketcall has there, which no filter can look behind.
    """
    tests = [
        {"index": 0, "value": _AF_VSOCK, "op": "SCMP_CMP_EQ"},
        {"index": 1, "value": _ABOVE_SOCKET_TYPES, "op": "SCMP_CMP_LT"},
    ]
    return {**_refuse(("socket",), errno.EPERM), "args": tests}
