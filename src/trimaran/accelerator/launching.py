"""How a stand-in is started, in the interpreter's words."""

from __future__ import annotations

from collections.abc import Sequence

from trimaran.accelerator.kits import CONTROL, Stock

CONDITIONS = "nmbqzLg"
_LOADER = ("zLD_PRELOAD", "zLD_AUDIT", "zLD_TRACE_LOADED_OBJECTS", "zLD_DEBUG")
"""What the emulated program's loader would do, and the stand-in's cannot or must not."""
_C_LIBRARY = ("libc.so.", "ld-linux", "libm.so.", "libdl.so.", "libpthread.so.", "librt.so.")


def launch(
    stock: Stock,
    stand_in: str,
    fields: Sequence[str],
    behind: Sequence[str] = (),
    copy: str = "",
) -> tuple[str, ...] | str:
    """The fields that start a kit's program, or why it cannot be started.

    A program that names a loader is started through the kit's own one, because the container has
    none of that name, and with the kit's libraries. `--argv0` came with glibc 2.33.

    Args:
        stock: the kit.
        stand_in: the true path of its program.
        fields: conditions, and arguments before the caller's.
        behind: arguments behind the caller's.
        copy: where the container sees a changed copy of it; empty if it runs as it is.
    """
    program = stock.program(stand_in)
    if program is None:
        return f"the kit's {stand_in} is no program of this host"
    conditions = [one for one in fields if one[0] in CONDITIONS]
    arguments = [one for one in fields if one[0] not in CONDITIONS]
    path = copy or f"{stock.view}{stand_in}"
    if not program.interpreter:
        return (*conditions, _execute(path), "0", *arguments, "*", *behind)
    loader = stock.real(program.interpreter)
    start = _through_loader(stock, loader, path)
    if not start:
        return "the kit's dynamic loader cannot give a program another name"
    own = [] if _needs_c_library_alone(program.needed) else ["zLD_LIBRARY_PATH"]
    return (*conditions, *_LOADER, *own, *start, *arguments, "*", *behind)


def _through_loader(stock: Stock, loader: str, path: str) -> tuple[str, ...]:
    content = stock.content(loader) if loader else b""
    if b"--argv0" not in content:
        return ()
    seen = f"{stock.view}{loader}"
    inhibit = ("a--inhibit-cache",) if b"--inhibit-cache" in content else ()
    folders = ":".join(f"{stock.view}{folder}" for folder in stock.folders)
    names = ("a--argv0", "0", "a--library-path", f"a{folders}", f"a{path}")
    return (_execute(seen), f"a{seen}", *inhibit, *names)


def _execute(path: str) -> str:
    """The field that names what to exec, relative to the build's folder."""
    return "x" + path.removeprefix(f"{CONTROL}/")


def _needs_c_library_alone(needed: Sequence[str]) -> bool:
    return all(name.startswith(_C_LIBRARY) for name in needed)
