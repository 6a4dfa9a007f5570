"""Python snippets in a process of their own, as this user and as an ordinary one."""

from __future__ import annotations

import functools
import json
import os
import subprocess
import sys
import sysconfig
import textwrap
from pathlib import Path
from typing import Any

from tests.support.users import as_ordinary_user

import trimaran

USERS = ("self", "ordinary")
_SOURCE = str(Path(trimaran.__path__[0]).parent)
# With the libraries of this environment, which another interpreter does not find by itself.
_SOURCE_AND_LIBRARIES = f"{_SOURCE}:{sysconfig.get_path('purelib')}"


def run_snippet(code: str, user: str = "self", *arguments: str | Path) -> Any:
    """Run a snippet that calls `answer(value)` once, and give that value back.

    Args:
        code: the snippet; `sys` and `json` are imported.
        user: "self", or "ordinary" for the one of `tests.support.users`.
        arguments: sys.argv[1:].
    """
    start = "import json, sys\n\ndef answer(value):\n    print(json.dumps(value))\n\n"
    words = ["-c", start + textwrap.dedent(code), *map(str, arguments)]
    if user == "self":
        environment = {**os.environ, "PYTHONPATH": _SOURCE}
        done = subprocess.run(
            [sys.executable, *words],
            check=False,
            capture_output=True,
            text=True,
            env=environment,
            timeout=120,
        )
    else:
        argv = [_python_for_all(), *words]
        done = as_ordinary_user(
            argv, environment={"PYTHONPATH": _SOURCE_AND_LIBRARIES}, folder=Path("/")
        )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


@functools.cache
def _python_for_all() -> str:
    """This interpreter where the ordinary user may run it, else the distribution's."""
    try:
        if as_ordinary_user([sys.executable, "-c", ""], folder=Path("/")).returncode == 0:
            return sys.executable
    except PermissionError:
        pass
    return f"/usr/bin/python{sys.version_info.major}.{sys.version_info.minor}"
