"""How a stand-in is started, in the interpreter's words."""

from __future__ import annotations

import posixpath
from collections.abc import Sequence

import msgspec

from trimaran.accelerator.kits import CONTROL, Stock

CONDITIONS = "nmbqzhLUgtw"
_CHOICES = "io"
"""Fields that say when those behind them count."""
_END = "o"
"""From here on, all fields count."""
_LOADER = ("zLD_PRELOAD", "zLD_AUDIT", "zLD_TRACE_LOADED_OBJECTS", "zLD_DEBUG")
"""What the emulated program's loader would do, and the stand-in's cannot or must not."""
_C_LIBRARY = ("libc.so.", "ld-linux", "libm.so.", "libdl.so.", "libpthread.so.", "librt.so.")


class Start(msgspec.Struct, frozen=True):
    """What is started.

    Attributes:
        stock: the kit.
        stand_in: the true path of its program.
        seen: where the container sees that, or a changed copy.
        folders: of changed libraries, which come before the kit's.
        preload: a library that only this program loads; its children know nothing of it.
        judged: what each call would load by LD_LIBRARY_PATH is looked at elsewhere.
    """

    stock: Stock
    stand_in: str
    seen: str
    folders: tuple[str, ...] = ()
    preload: str = ""
    judged: bool = False


def launch(
    start: Start, fields: Sequence[str], behind: Sequence[str] = ()
) -> tuple[str, ...] | str:
    """The fields that start a kit's program, or why it cannot be started.

    A program that names a loader is started through the kit's own one, because the container has
    none of that name, and with the kit's libraries. `--argv0` came with glibc 2.33, `--preload`
    with 2.30.

    Args:
        start: what is started.
        fields: conditions, and arguments before the caller's.
        behind: arguments behind the caller's.
    """
    program = start.stock.program(start.stand_in)
    if program is None:
        return f"the kit's {start.stand_in} is no program of this host"
    chosen = [_END] if any(one[0] in _CHOICES for one in fields) else []
    conditions = [one for one in fields if one[0] in (*CONDITIONS, *_CHOICES)] + chosen
    arguments = [one for one in fields if one[0] not in CONDITIONS] + chosen
    if not program.interpreter:
        if start.preload:
            return "it loads no library, which would tell it the machine"
        return (*conditions, _execute(start.seen), "0", *arguments, "*", *behind)
    through = _through_loader(start, start.stock.real(program.interpreter))
    if not through:
        return "the kit's dynamic loader cannot give a program another name"
    safe = start.judged or _needs_c_library_alone(program.needed)
    own = [] if safe else ["zLD_LIBRARY_PATH"]
    return (*conditions, *_LOADER, *own, *through, *arguments, "*", *behind)


def _through_loader(start: Start, loader: str) -> tuple[str, ...]:
    stock = start.stock
    content = stock.content(loader) if loader else b""
    if b"--argv0" not in content or (start.preload and b"--preload" not in content):
        return ()
    seen = f"{stock.view}{loader}"
    inhibit = ("a--inhibit-cache",) if b"--inhibit-cache" in content else ()
    found = dict.fromkeys((*stock.folders, *_own_folders(start)))
    folders = ":".join((*start.folders, *(f"{stock.view}{one}" for one in found)))
    preload = ("a--preload", f"a{start.preload}") if start.preload else ()
    names = ("a--argv0", "0", "a--library-path", f"a{folders}", *preload, f"a{start.seen}")
    return (_execute(seen), f"a{seen}", *inhibit, *names)


def _own_folders(start: Start) -> tuple[str, ...]:
    """Where libraries are that are a program's own (DT_RUNPATH), and not among all others."""
    found = start.stock.libraries(start.stand_in)
    if isinstance(found, str):
        return ()
    return tuple(posixpath.dirname(one.path) for one in found)


def _execute(path: str) -> str:
    """The field that names what to exec, relative to the build's folder."""
    return "x" + path.removeprefix(f"{CONTROL}/")


def _needs_c_library_alone(needed: Sequence[str]) -> bool:
    return all(name.startswith(_C_LIBRARY) for name in needed)
