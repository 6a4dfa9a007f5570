"""Commands that take minutes of one processor, run while the other tests go on.

`begun` starts them before the first test; tests marked `last` come after all others and take the
result.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.support.own_workshop import OwnWorkshop

# It reaps its own orphans (PR_SET_CHILD_SUBREAPER is 36): `tests.support.processes` would take them
# for those of the test that runs meanwhile.
_RUNNER = """
import ctypes, json, subprocess, sys
ctypes.CDLL(None).prctl(36, 1, 0, 0, 0)
for words in json.loads(sys.argv[1]):
    if status := subprocess.run(words).returncode:
        sys.exit(status)
"""


@dataclass(frozen=True)
class Ahead:
    """What was begun in a workshop, and the file that takes its errors and progress."""

    shop: OwnWorkshop
    process: subprocess.Popen[bytes]
    log: Path

    def finished(self, limit_s: float) -> str:
        """Wait for the end, which must be a good one, and give what was written to the log."""
        status = self.process.wait(limit_s)
        text = self.log.read_text()
        assert status == 0, text[-20000:]
        return text


@contextmanager
def begun(shop: OwnWorkshop, commands: Sequence[Sequence[str | Path]]) -> Iterator[Ahead]:
    """Start trimaran's commands, one after the other, ended with the block if they still run."""
    words = [shop.command(*command) for command in commands]
    log = shop.folder / "ahead.log"
    with log.open("wb") as sink:
        process = subprocess.Popen(
            ["nice", sys.executable, "-c", _RUNNER, json.dumps(words)],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=sink,
            cwd=shop.folder,
            env=shop.environment(),
            start_new_session=True,
        )
    try:
        yield Ahead(shop, process, log)
    finally:
        _end(process)


def _end(process: subprocess.Popen[bytes]) -> None:
    if process.poll() is None:
        os.killpg(process.pid, signal.SIGTERM)
        process.wait()
