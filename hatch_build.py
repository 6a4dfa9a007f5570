"""Compile native/ for the package: hatchling's build hook.

A wheel gets the programs without a change of the source tree; an editable install has them in it.
Without a C compiler the package is whole but for them, and builds do not use native stand-ins.
"""

from __future__ import annotations

import os
import platform
import shutil
import subprocess
import sysconfig
import tempfile
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

_PROGRAMS = "trimaran/accelerator/native"
_COMMON = (
    *("-std=c11", "-Os", "-Wall", "-Wextra", "-ffreestanding", "-nostdlib"),
    *("-fno-stack-protector", "-fno-asynchronous-unwind-tables", "-fvisibility=hidden"),
    "-Wl,--build-id=none",
)
# Vector registers are QEMU's to find as the kernel left them; tables of addresses need relocations.
_INTERPRETER = (
    *("-static", "-fPIE", "-mgeneral-regs-only", "-fno-builtin", "-fno-jump-tables"),
    *("-Wl,-T,interpreter.ld", "interpreter.c", "asking.c", "answer.c", "words.c", "memory.c"),
)
_TOLD = ("-shared", "-fPIC", "-Wl,--hash-style=both", "-Wl,-soname,told.so", "told.c")
# The CPUs of hosts. Atomic instructions are in place, not in a library that chooses them.
_HOSTS = {"x86_64": (), "aarch64": ("-mno-outline-atomics",)}
_BUILT = {"interpreter": _INTERPRETER, "told.so": _TOLD}


class Hook(BuildHookInterface):  # type: ignore[type-arg]
    """What hatchling calls before it packs, and after."""

    _scratch: str = ""

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        if self.target_name != "wheel":
            return
        if version == "editable":
            self._compile(Path(self.root, "src", _PROGRAMS))
            return
        self._scratch = tempfile.mkdtemp(prefix="trimaran-native-")
        folder = Path(self._scratch)
        if self._compile(folder):
            build_data["force_include"].update(
                {str(folder / name): f"{_PROGRAMS}/{name}" for name in _BUILT}
            )
            tag = sysconfig.get_platform().replace("-", "_").replace(".", "_")
            build_data.update(pure_python=False, tag=f"py3-none-{tag}")

    def finalize(self, *_: object) -> None:
        if self._scratch:
            shutil.rmtree(self._scratch, ignore_errors=True)

    def _compile(self, folder: Path) -> bool:
        """Whether every program is there; what an earlier build left does not stay."""
        compiler = next(filter(shutil.which, (os.environ.get("CC", ""), "cc", "gcc", "clang")), "")
        shutil.rmtree(folder, ignore_errors=True)
        if not compiler or platform.machine() not in _HOSTS:
            reason = "native/ is not for this CPU" if compiler else "no C compiler"
            self.app.display_warning(f"{reason}: built without native/")
            return False
        folder.mkdir(parents=True)
        for name, words in _BUILT.items():
            flags = (*_COMMON, *_HOSTS[platform.machine()])
            argv = [compiler, *flags, *words, "-o", str(folder / name)]
            done = subprocess.run(argv, cwd=Path(self.root, "native"), check=False)
            if done.returncode != 0:
                self.app.display_warning(f"the C compiler failed: built without native/{name}")
                shutil.rmtree(folder)
                return False
        return True
