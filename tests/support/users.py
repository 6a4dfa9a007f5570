"""Programs run as an ordinary user, also when the tests run as root.

scripts/test makes such a user and names it in TRIMARAN_TEST_USER. Without it the first account that
has a range of subordinate ids serves, so that one test can be run by hand.
"""

from __future__ import annotations

import atexit
import functools
import os
import pwd
import shutil
import subprocess
import sys
import sysconfig
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TypedDict

_SHARED = Path("/var/tmp")  # below /tmp, pytest's folders are closed to other users


@functools.cache
def ordinary_user() -> pwd.struct_passwd:
    """The account: this process's own if it is not root's. Raises LookupError if there is none."""
    if os.getuid() != 0:
        return pwd.getpwuid(os.getuid())
    if name := os.environ.get("TRIMARAN_TEST_USER"):
        return pwd.getpwnam(name)
    for line in Path("/etc/subuid").read_text().splitlines():
        name = line.partition(":")[0]
        if name != "root" and not name.isdigit():
            return pwd.getpwnam(name)
    raise LookupError("no ordinary user with subordinate ids; scripts/test makes one")


def as_ordinary_user(
    argv: Sequence[str | Path],
    *,
    folder: Path | None = None,
    environment: Mapping[str, str] | None = None,
    timeout_s: float = 300.0,
    stdin: Path | None = None,
) -> subprocess.CompletedProcess[str]:
    """Run a program as the ordinary user and give back its status, output and errors.

    Args:
        argv: the program and its arguments; `trimaran_program()` is the one under test.
        folder: the working folder, readable by the user; its home if None.
        environment: added to a clean environment of HOME, USER, PATH and LANG.
        timeout_s: after which the program is killed and subprocess.TimeoutExpired is raised.
        stdin: the file that it reads from standard input; nothing if None.
    """
    with open(stdin or os.devnull, "rb") as given:
        return subprocess.run(
            [os.fspath(word) for word in argv],
            check=False,
            capture_output=True,
            text=True,
            timeout=timeout_s,
            cwd=folder or ordinary_user().pw_dir,
            env={**base_environment(), **(environment or {})},
            stdin=given,
            **identity(),
        )


class Identity(TypedDict, total=False):
    """The arguments of subprocess that make a program another user's."""

    user: int
    group: int
    extra_groups: list[int]


def identity() -> Identity:
    """What subprocess needs to run a program as the ordinary user; empty if the tests run as it."""
    if os.getuid() != 0:
        return {}
    user = ordinary_user()
    return {"user": user.pw_uid, "group": user.pw_gid, "extra_groups": []}


@contextmanager
def ordinary_folder() -> Iterator[Path]:
    """A new folder that the ordinary user owns and can reach, removed with all that is in it.

    What a build leaves there may belong to subordinate ids: only the user's namespace, or root, can
    remove it.
    """
    folder = Path(tempfile.mkdtemp(prefix="trimaran-test-", dir=_SHARED))
    if os.getuid() == 0:
        os.chown(folder, ordinary_user().pw_uid, ordinary_user().pw_gid)
    try:
        yield folder
    finally:
        _remove(folder)


@functools.cache
def trimaran_program() -> tuple[str, ...]:
    """The words that start trimaran such that the ordinary user can read all of it.

    That is this environment's program where the user may run it (scripts/test sees to it); else the
    distribution's Python of the same version, with a copy of the package.
    """
    program = os.fspath(Path(sys.executable).with_name("trimaran"))
    if _can_run((program, "--version")):
        return (program,)
    version = f"{sys.version_info.major}.{sys.version_info.minor}"
    python = f"/usr/bin/python{version}"
    copied = _copy_of_package()
    start = (
        f"import sys; sys.path[:0] = [{str(copied)!r}, {sysconfig.get_path('purelib')!r}];"
        "from trimaran.cli.main import main; sys.argv[0] = 'trimaran'; main()"
    )
    return (python, "-c", start)


def _can_run(argv: Sequence[str]) -> bool:
    try:
        return as_ordinary_user(argv, timeout_s=30).returncode == 0
    except PermissionError:
        return False


def _copy_of_package() -> Path:
    import trimaran  # noqa: PLC0415  # only its place is asked, and only here

    folder = Path(tempfile.mkdtemp(prefix="trimaran-test-package-", dir=_SHARED))
    atexit.register(shutil.rmtree, folder)
    folder.chmod(0o755)
    shutil.copytree(Path(trimaran.__path__[0]), folder / "trimaran")
    return folder


def base_environment() -> dict[str, str]:
    """HOME, USER, PATH and LANG of the ordinary user, and nothing of this process but its PATH."""
    user = ordinary_user()
    return {
        "HOME": user.pw_dir,
        "USER": user.pw_name,
        "LOGNAME": user.pw_name,
        "PATH": os.environ.get("PATH", os.defpath),
        "LANG": "C.UTF-8",
    }


def _remove(folder: Path) -> None:
    if os.getuid() != 0:
        enter = ("unshare", "--user", "--map-root-user", "--map-auto")
        subprocess.run([*enter, "find", folder, "-mindepth", "1", "-delete"], check=True)
    shutil.rmtree(folder)
