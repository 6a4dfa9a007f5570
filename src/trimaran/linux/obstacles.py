"""Why a user namespace cannot be had, and the command that mends it: pure functions of facts.

Limits are from the kernel's admin-guide/sysctl (user.rst, and Debian's and Ubuntu's additions),
needs from newuidmap(1).
"""

from __future__ import annotations

import errno
import os

import msgspec

from trimaran.errors import HostError
from trimaran.linux import distribution, subids
from trimaran.linux.subids import Range

_PACKAGES = {
    "debian": "uidmap",
    "fedora": "shadow-utils",
    "alpine": "shadow-uidmap",
    "arch": "shadow",
    "suse": "shadow",
}
_PROFILE = "/etc/apparmor.d/trimaran"


class Facts(msgspec.Struct, frozen=True):
    """What decides whether a user namespace can be had.

    Attributes:
        uid: of this process.
        user: its name, or its id if it has none.
        family: the distribution, from `distribution.family`.
        executable: the real path of the running program, which AppArmor's profiles name.
        userns_clone: kernel.unprivileged_userns_clone; -1 where the kernel has no such switch.
        max_user_namespaces: user.max_user_namespaces; -1 if unknown.
        apparmor_restricts: kernel.apparmor_restrict_unprivileged_userns is on.
        no_new_privs: setuid programs gain nothing in this process.
        newuidmap: path; empty if it is not installed. The same for `newgidmap`.
        powerless: of these, the path of one that is neither setuid root nor has capabilities.
        subuids: the user's ranges. The same for `subgids`.
        taken: every user's ranges of both kinds.
    """

    uid: int
    user: str
    family: str
    executable: str
    userns_clone: int = -1
    max_user_namespaces: int = -1
    apparmor_restricts: bool = False
    no_new_privs: bool = False
    newuidmap: str = "/usr/bin/newuidmap"
    newgidmap: str = "/usr/bin/newgidmap"
    powerless: str = ""
    subuids: tuple[Range, ...] = ()
    subgids: tuple[Range, ...] = ()
    taken: tuple[Range, ...] = ()


def before(facts: Facts) -> HostError | None:
    """What is missing before anything is tried; None if nothing is known to be."""
    if facts.max_user_namespaces == 0:
        return HostError(
            "user namespaces are switched off: user.max_user_namespaces is 0",
            "sudo sysctl -w user.max_user_namespaces=15000",
        )
    return None if facts.uid == 0 else _before_as_user(facts)


def _before_as_user(facts: Facts) -> HostError | None:
    if facts.userns_clone == 0:
        return HostError(
            "user namespaces are for root only: kernel.unprivileged_userns_clone is 0",
            "sudo sysctl -w kernel.unprivileged_userns_clone=1",
        )
    missing = [
        name
        for name, path in (("newuidmap", facts.newuidmap), ("newgidmap", facts.newgidmap))
        if not path
    ]
    if missing:
        otherwise = "install shadow's newuidmap and newgidmap"
        return HostError(
            f"{' and '.join(missing)} not found",
            distribution.install_hint(_PACKAGES, facts.family, otherwise),
        )
    if facts.powerless:
        return HostError(
            f"{facts.powerless} is not setuid root", f"sudo chmod u+s {facts.powerless}"
        )
    if facts.no_new_privs:
        return HostError(
            "no_new_privs is set on this process, so newuidmap has no power",
            "start it without NoNewPrivileges= (systemd) or no-new-privileges (containers)",
        )
    return _without_subids(facts)


def _without_subids(facts: Facts) -> HostError | None:
    missing = [
        (kind, option)
        for kind, option, ranges in (
            ("uids", "--add-subuids", facts.subuids),
            ("gids", "--add-subgids", facts.subgids),
        )
        if not ranges
    ]
    if not missing:
        return None
    free = subids.free(facts.taken)
    options = " ".join(f"{option} {free.first}-{free.end - 1}" for _, option in missing)
    kinds = " and ".join(kind for kind, _ in missing)
    return HostError(
        f"user {facts.user} has no subordinate {kinds}", f"sudo usermod {options} {facts.user}"
    )


def refused(facts: Facts, step: str, number: int) -> HostError:
    """Why the kernel refused to make the namespaces.

    Args:
        facts: as gathered before.
        step: "unshare" or "mount", the first call that failed.
        number: its errno.
    """
    if step == "unshare" and number == errno.ENOSPC:
        return HostError(
            "the limit of user namespaces is reached",
            f"sudo sysctl -w user.max_user_namespaces={max(facts.max_user_namespaces, 7500) * 2}",
        )
    if step == "unshare" and number == errno.EINVAL:
        return HostError("this kernel has no user namespaces", "it needs CONFIG_USER_NS=y")
    if facts.uid != 0 and facts.apparmor_restricts and number in (errno.EPERM, errno.EACCES):
        return HostError(
            "AppArmor refuses user namespaces to programs without a profile"
            " (kernel.apparmor_restrict_unprivileged_userns is 1)",
            _profile_command(facts.executable),
        )
    what = "user namespaces are" if step == "unshare" else "mounts in a user namespace are"
    return HostError(
        f"{what} refused here: {os.strerror(number)}",
        "in a chroot there are none; a container needs --security-opt seccomp=unconfined"
        " --security-opt apparmor=unconfined, or --privileged",
    )


def unmapped(program: str, detail: str) -> HostError:
    """The ids could not be mapped: `program` said `detail`."""
    return HostError(
        f"{program} could not map the ids: {detail}",
        "compare /etc/subuid and /etc/subgid with /proc/self/uid_map and /proc/self/gid_map",
    )


def apparmor_profile(executable: str) -> str:
    """A profile that lets one program make user namespaces and restricts it in nothing."""
    return (
        "abi <abi/4.0>,\n"
        "include <tunables/global>\n"
        f'profile trimaran "{executable}" flags=(unconfined) {{\n'
        "  userns,\n"
        "}\n"
    )


def _profile_command(executable: str) -> str:
    return (
        f"sudo tee {_PROFILE} <<'END'\n{apparmor_profile(executable)}END\n"
        f"sudo apparmor_parser --replace {_PROFILE}"
    )
