"""Runs one command and prints its wall time in seconds, its peak RSS in KiB and its exit status.

The command's output goes to standard error. To be started with `python -I -S`: a child's peak
begins with that of the process it was started from, so this one stays as small as Python can be.
"""

from __future__ import annotations

import os
import sys
import time


def main() -> None:
    argv = sys.argv[1:]
    began = time.perf_counter()
    pid = os.posix_spawnp(argv[0], argv, os.environ, file_actions=[(os.POSIX_SPAWN_DUP2, 2, 1)])
    _, status, usage = os.wait4(pid, 0)
    seconds = time.perf_counter() - began
    print(seconds, usage.ru_maxrss, os.waitstatus_to_exitcode(status))


if __name__ == "__main__":
    main()
