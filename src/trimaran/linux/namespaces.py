"""Move this process into its own user and mount namespace, where it is root.

A holder process makes the namespaces, their ids are mapped from outside, and only then does this
process join them: whatever is refused is refused before this process has changed.
Rules: user_namespaces(7), mount_namespaces(7), newuidmap(1).
"""

from __future__ import annotations

import os
import pwd
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from trimaran.errors import HostError
from trimaran.linux import distribution, obstacles, process, subids, syscalls
from trimaran.linux.obstacles import Facts
from trimaran.linux.subids import Row

_entered = threading.Event()
_owns_users = threading.Event()
_SEARCH_PATH = f"/run/wrappers/bin:{process.SYSTEM_PATH}"  # NixOS keeps setuid programs apart


def entered() -> bool:
    """Whether this process went through `enter`."""
    return _entered.is_set()


def owns_users() -> bool:
    """Whether `enter` made a user namespace; else the machine's own tables are in force."""
    return _owns_users.is_set()


def enter() -> None:
    """Make this process root of new user and mount namespaces; a second call does nothing.

    An ordinary user's id becomes 0 and the subordinate ids follow from 1; for root every id stays
    itself. Mounts no longer reach the host, nor come from it. Descriptors of folders opened before
    still mean the old mounts. Supplementary groups are dropped.

    Raises:
        HostError: what the machine lacks and the command that mends it; nothing has changed then.
        RuntimeError: the process has threads already.
    """
    if entered():
        return
    if len(os.listdir("/proc/self/task")) > 1:
        raise RuntimeError("namespaces must be entered before the first thread starts")
    facts = gather()
    try:
        _enter_users(facts)
    except HostError:
        if facts.uid != 0:
            raise
        _enter_mounts()
    else:
        _owns_users.set()
    _entered.set()


def gather() -> Facts:
    """The facts of this machine and process that decide whether `enter` works."""
    newuidmap, newgidmap = (
        str(process.find(name, _SEARCH_PATH) or "") for name in ("newuidmap", "newgidmap")
    )
    uid, name = os.geteuid(), _user_name(os.geteuid())
    subuid, subgid = _read("/etc/subuid"), _read("/etc/subgid")
    return Facts(
        uid=uid,
        user=name,
        family=distribution.family(),
        executable=os.path.realpath(sys.executable),
        userns_clone=_number("/proc/sys/kernel/unprivileged_userns_clone"),
        max_user_namespaces=_number("/proc/sys/user/max_user_namespaces"),
        apparmor_restricts=_number("/proc/sys/kernel/apparmor_restrict_unprivileged_userns") == 1,
        no_new_privs="\nNoNewPrivs:\t1\n" in _read("/proc/self/status"),
        newuidmap=newuidmap,
        newgidmap=newgidmap,
        powerless=next((path for path in (newuidmap, newgidmap) if not _powerful(path)), ""),
        subuids=subids.parse(subuid, (name, str(uid))),
        subgids=subids.parse(subgid, (name, str(uid))),
        taken=(*subids.parse(subuid), *subids.parse(subgid)),
    )


def _enter_users(facts: Facts) -> None:
    error = obstacles.before(facts)
    if error is not None:
        raise error
    folder = _working_folder()
    with _held(facts) as pid:
        _map(pid, facts)
        _join(pid, folder)


def _enter_mounts() -> None:
    try:
        syscalls.unshare(syscalls.CLONE_NEWNS)
        syscalls.mount("none", "/", "", syscalls.MS_REC | syscalls.MS_PRIVATE)
    except OSError as error:
        reason = os.strerror(error.errno or 0)
        hint = "a container needs the right to mount: --cap-add SYS_ADMIN, or --privileged"
        raise HostError(f"root may make neither namespaces nor mounts: {reason}", hint) from error


@contextmanager
def _held(facts: Facts) -> Iterator[int]:
    """The id of a process that sits in the new namespaces until the block ends."""
    argv = (sys.executable, "-I", "-S", Path(__file__).with_name("holder.py"))
    with process.start(argv, stdin=subprocess.PIPE, stderr=None) as holder:
        if holder.stdout is None:
            raise RuntimeError(argv)
        step, _, number = holder.stdout.read().decode().partition(" ")
        if not step:
            raise HostError(f"cannot run {process.show([str(word) for word in argv])}")
        if step != "ready":
            raise obstacles.refused(facts, step, int(number))
        yield holder.pid


def _map(pid: int, facts: Facts) -> None:
    if facts.uid == 0:
        for kind in ("uid_map", "gid_map"):
            _write_map(f"/proc/{pid}/{kind}", subids.identity_rows(_read(f"/proc/self/{kind}")))
        return
    _run_map(facts.newuidmap, pid, subids.user_rows(facts.uid, facts.subuids))
    _run_map(facts.newgidmap, pid, subids.user_rows(os.getegid(), facts.subgids))


def _write_map(path: str, rows: tuple[Row, ...]) -> None:
    text = "".join(f"{row.inside} {row.outside} {row.count}\n" for row in rows)
    try:
        # The kernel takes a map in one write only.
        descriptor = os.open(path, os.O_WRONLY | os.O_CLOEXEC)
        try:
            os.write(descriptor, text.encode())
        finally:
            os.close(descriptor)
    except OSError as error:
        raise obstacles.unmapped(f"writing {path}", os.strerror(error.errno or 0)) from error


def _run_map(program: str, pid: int, rows: tuple[Row, ...]) -> None:
    numbers = [str(number) for row in rows for number in (row.inside, row.outside, row.count)]
    done = process.run([program, str(pid), *numbers], check=False)
    if done.returncode != 0:
        raise obstacles.unmapped(program, done.stderr.decode(errors="replace").strip())


def _join(pid: int, folder: str) -> None:
    flags = os.O_RDONLY | os.O_CLOEXEC
    user = os.open(f"/proc/{pid}/ns/user", flags)
    mount = os.open(f"/proc/{pid}/ns/mnt", flags)
    may_set_groups = _read(f"/proc/{pid}/setgroups").strip() == "allow"
    try:
        syscalls.setns(user, syscalls.CLONE_NEWUSER)
        syscalls.setns(mount, syscalls.CLONE_NEWNS)
    finally:
        os.close(user)
        os.close(mount)
    os.chdir(folder)  # joining a mount namespace goes to its root
    if may_set_groups:
        os.setgroups([])
    os.setresgid(0, 0, 0)
    os.setresuid(0, 0, 0)
    syscalls.set_dumpable()


def _working_folder() -> str:
    try:
        return os.getcwd()
    except OSError as error:
        raise HostError("the working directory does not exist any more", "cd to one") from error


def _user_name(uid: int) -> str:
    try:
        return pwd.getpwuid(uid).pw_name
    except KeyError:
        return str(uid)


def _powerful(path: str) -> bool:
    """Whether a program gains rights: setuid root, or file capabilities (Fedora's way)."""
    if not path:
        return True
    status = os.stat(path)
    if status.st_mode & 0o4000 and status.st_uid == 0:
        return True
    return "security.capability" in os.listxattr(path)


def _read(path: str) -> str:
    try:
        return Path(path).read_text(encoding="utf-8", errors="replace")
    except OSError:
        return ""


def _number(path: str) -> int:
    text = _read(path).strip()
    return int(text) if text.isdecimal() else -1
