"""Which programs have a native stand-in, and how it is started: a row for each group of programs.

A row counts only for files that are a package's own and unchanged (`equality`), in the places where
packages put them; what no row names is emulated. Kinds:

neutral   tells nothing of the CPU: the same program, started as it is
told      would tell the host's CPU, and is told the target's by an argument, or by what it asks
cross     a compiler's part, of the distribution's own cross package for the target
patched   has the name of a CPU compiled in, and runs as a copy with that name changed
scripts   an interpreter, for scripts that load nothing compiled for the target (`perl`, `python`)
never     is emulated, with the reason that people are shown
"""

from __future__ import annotations

from typing import Literal

import msgspec

Kind = Literal["neutral", "told", "cross", "patched", "scripts", "never"]


class Rule(msgspec.Struct, frozen=True):
    """A row.

    Attributes:
        packages: whose the programs are, in the distributions' words; `{triplet}` is the target's.
        programs: their true paths without /usr, to which the same prefixes apply.
        why: why the kind is right, or why there is no stand-in.
        stand_in: its path in the kit, if that is another than the program's.
        fields: conditions and arguments, in the interpreter's words (`answers`).
        behind: arguments behind those of the caller.
        texts: of patched programs: forms of C strings in the stand-in, and of what they are in the
            target's own program (`patching.texts`).
        specs: of patched drivers of gcc: names of specs, and their new texts (`driver_specs`).
        unprefixed: whether it looks for others by the target's name and a dash before theirs, and
            its copy by theirs alone (`unprefixed`).
        libraries: of patched programs: the beginnings of the names of libraries, and their texts.
        otherwise: fields if the target's name is of another length, for which C++ has no room.
        byte_order: why it is emulated for a CPU of another byte order; empty if it is not.
        width: the same for one whose pointers have another size.
        numbers: more fields for CPUs of another byte order or width.
        converts: whether it may convert texts between character sets, which it then has to have.
        preload: whether it asks for the machine and for its own path, and is told the emulated
            program's (`interpreter.told`).
        targets: the folders of libraries of the only CPUs that the row is for; of all if empty.
        managers: the package managers of the only distributions that it is for; of all if empty.
        optional: packages of libraries that the stand-in may load and the root may lack.
        plugin: whether it loads gcc's plug-in that it is told of, or one that it finds.
        offloading: of gcc's drivers: the language that they link for, which matters where there are
            compilers for accelerators (`offloading`).
        options: of interpreters of scripts: fields that tell which argument is the script.
        language: of interpreters: which module here judges scripts.
        calls: who judges each call, by all of its arguments (`calls`); nobody if empty. Calls of
            ld are judged only where pointers have another size.
    """

    kind: Kind
    packages: tuple[str, ...]
    programs: tuple[str, ...]
    why: str
    stand_in: str = ""
    fields: tuple[str, ...] = ()
    behind: tuple[str, ...] = ()
    texts: tuple[tuple[str, str], ...] = ()
    specs: tuple[tuple[str, str], ...] = ()
    unprefixed: bool = False
    libraries: tuple[tuple[str, tuple[tuple[str, str], ...]], ...] = ()
    otherwise: tuple[str, ...] = ()
    byte_order: str = ""
    width: str = ""
    numbers: tuple[str, ...] = ()
    converts: bool = False
    preload: bool = False
    targets: tuple[str, ...] = ()
    managers: tuple[str, ...] = ()
    optional: tuple[str, ...] = ()
    plugin: Literal["", "named", "found"] = ""
    offloading: Literal["", "c", "c++"] = ""
    options: tuple[str, ...] = ()
    language: Literal["", "perl", "python"] = ""
    calls: Literal["", "bash", "ld", "rust", "sort"] = ""


def inside(folder: str, names: str) -> tuple[str, ...]:
    """The true paths of programs of one folder, by their names in a line."""
    return tuple(f"{folder}/{name}" for name in names.split())
