"""Runs a command in namespaces of its own, where programs of the given platforms run.

`python -m bench.inside PLATFORMS COMMAND…`. So other builders emulate too, with the same emulators,
and the host's table of handlers stays as it is.
"""

from __future__ import annotations

import os
import sys
from typing import NoReturn

from trimaran import platforms
from trimaran.emulation.prepare import prepare
from trimaran.emulation.support import Missing
from trimaran.linux import namespaces


def main() -> NoReturn:
    wanted, *argv = sys.argv[1:]
    namespaces.enter()
    supports = prepare(platforms.parse_list(wanted), os.environ.get("PATH", os.defpath))
    for platform, support in supports.items():
        if isinstance(support, Missing):
            sys.exit(f"{platform}: {support.reason}")
    os.execvp(argv[0], argv)  # noqa: S606 - an argument list is what it is for


if __name__ == "__main__":
    main()
