"""Functions of the tests in a process of their own that has entered its namespaces.

A scenario takes strings and gives back what JSON can hold; the test judges that.
"""

from __future__ import annotations

import functools
import json
import subprocess
import sys
import sysconfig
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from tests.support.users import as_ordinary_user, identity

import trimaran

USERS = ("self", "ordinary")
_ROOT = Path(__file__).parents[2]
_SOURCE = Path(trimaran.__path__[0]).parent  # as installed: with what was compiled for it
_START = """
import importlib, json, sys
from trimaran.linux import namespaces
namespaces.enter()
module, name, *arguments = sys.argv[1:]
print(json.dumps(getattr(importlib.import_module(module), name)(*arguments)))
"""


def run_inside(
    scenario: Callable[..., Any], user: str, *arguments: str | Path, timeout_s: float = 120
) -> Any:
    """Call a module's function in a namespace and give back its result.

    Args:
        scenario: its module is imported anew by the other process.
        user: "self", or "ordinary" for the one of `tests.support.users`.
        arguments: the function's.
        timeout_s: after which it is killed.
    """
    done = subprocess.run(
        command(scenario, user, *arguments),
        check=False,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=timeout_s,
        env=environment(),
        cwd="/",
        **(identity() if user == "ordinary" else {}),
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return json.loads(done.stdout)


def command(scenario: Callable[..., Any], user: str, *arguments: str | Path) -> Sequence[str]:
    """The words that run a scenario, to be started with `environment()`."""
    words = (scenario.__module__, scenario.__name__, *map(str, arguments))
    return (sys.executable if user == "self" else _python_for_all(), "-c", _START, *words)


def environment() -> dict[str, str]:
    places = (_ROOT, _SOURCE, sysconfig.get_path("purelib"))
    return {
        "PATH": "/usr/local/bin:/usr/bin:/bin",
        "LANG": "C.UTF-8",
        "PYTHONPATH": ":".join(map(str, places)),
        "PYTHONDONTWRITEBYTECODE": "1",
    }


@functools.cache
def _python_for_all() -> str:
    """This interpreter where the ordinary user may run it, else the distribution's."""
    try:
        if as_ordinary_user([sys.executable, "-c", ""], folder=Path("/")).returncode == 0:
            return sys.executable
    except PermissionError:
        pass
    return f"/usr/bin/python{sys.version_info.major}.{sys.version_info.minor}"
