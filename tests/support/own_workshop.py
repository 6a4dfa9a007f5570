"""A workshop whose commands run as the user that the tests run as, which may be root."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from tests.support.users import ordinary_folder
from tests.support.workshop import Done, Workshop


class OwnWorkshop(Workshop):
    """Its trimaran is that of the tests' own environment."""

    def run(
        self, *words: str | Path, environment: Mapping[str, str] | None = None, **options: Any
    ) -> Done:
        """Run a command to its end, whatever that is; `timeout_s` may be given."""
        return subprocess.run(
            self.command(*words),
            check=False,
            capture_output=True,
            text=True,
            timeout=options.get("timeout_s", 300.0),
            cwd=self.folder,
            env={**self.environment(), **(environment or {})},
            stdin=subprocess.DEVNULL,
        )

    def command(self, *words: str | Path) -> list[str]:
        """The words that run a command, in `folder` and with `environment`."""
        return [str(Path(sys.executable).with_name("trimaran")), *map(str, words)]

    def environment(self) -> dict[str, str]:
        path = os.environ.get("PATH", os.defpath)
        return {"PATH": path, "LANG": "C.UTF-8", **self._environment()}


@contextmanager
def own_workshop() -> Iterator[OwnWorkshop]:
    """A new workshop of this user, removed with all that is in it."""
    if os.getuid() != 0:
        with ordinary_folder() as folder:
            yield OwnWorkshop(folder)
        return
    with tempfile.TemporaryDirectory(prefix="trimaran-test-", dir="/var/tmp") as name:
        yield OwnWorkshop(Path(name))
