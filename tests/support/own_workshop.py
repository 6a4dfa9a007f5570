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

from tests.support.workshop import Done, Workshop, workshop


class OwnWorkshop(Workshop):
    """Root's: trimaran comes from the tests' own environment."""

    def run(
        self, *words: str | Path, environment: Mapping[str, str] | None = None, **options: Any
    ) -> Done:
        """Run a command to its end, whatever that is; `timeout_s` may be given."""
        path = os.environ.get("PATH", os.defpath)
        return subprocess.run(
            [Path(sys.executable).with_name("trimaran"), *words],
            check=False,
            capture_output=True,
            text=True,
            timeout=options.get("timeout_s", 300.0),
            cwd=self.folder,
            env={"PATH": path, "LANG": "C.UTF-8", **self._environment(), **(environment or {})},
            stdin=subprocess.DEVNULL,
        )


@contextmanager
def own_workshop() -> Iterator[Workshop]:
    """A new workshop of this user, removed with all that is in it."""
    if os.getuid() != 0:
        with workshop() as made:
            yield made
        return
    with tempfile.TemporaryDirectory(prefix="trimaran-test-", dir="/var/tmp") as folder:
        yield OwnWorkshop(Path(folder))
