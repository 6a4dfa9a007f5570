"""Which calls of rustc a native one does as the emulated one would.

The metadata of a crate is not the same on every machine: a few entries may stand in another order,
presumably that of a hash table, which is probed by as many bytes as a CPU compares at once. What is
compiled does not depend on it, but the file does: what writes metadata is emulated, unless equal
bits are not asked for.

What loads macros is always emulated. A procedural macro is a library of the target's that rustc
loads into itself, and a crate needs those that its dependencies use, too. Metadata names every
crate that was loaded, each with the hash that cargo puts behind its name (rustc's `CrateDep`); so a
macro of the folders that are searched is needed only if a crate that is given names its hash.
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterator, Sequence

from trimaran.accelerator.trees import Tree

_LIBRARY = ".so"
_OWN = re.compile(r"lib(?:rustc_driver|std|LLVM)[-.].*|.*\.so\..*")
"""The libraries that rustc itself loads."""
_OTHER_KINDS = ("native", "framework")
_ONLY_NAMED = "dependency"
"""The kind of folder in which nothing is looked for that no crate names."""
_LINKED = {"bin", "cdylib", "staticlib"}
_CODE = {"asm", "dep-info", "link", "llvm-bc", "llvm-ir", "obj"}


def writes_metadata(tree: Tree, folder: str, arguments: Sequence[str]) -> bool:
    """Whether a call may write a crate's metadata: programs and libraries for C have none.

    Args:
        tree: the container's root.
        folder: the caller's working directory.
        arguments: of the call, without argv[0].
    """
    emitted = {one.partition("=")[0] for one in _listed(arguments, "--emit")}
    if not emitted <= _CODE:
        return True
    if "--test" in arguments:
        return False
    if types := _listed(arguments, "--crate-type"):
        return not types <= _LINKED
    # Then the source may say, and says nothing if it is to be a program.
    sources = [one for one in arguments if one.endswith(".rs")]
    found = [tree.read(posixpath.join(folder, one)) for one in sources]
    return not found or any(one is None or b"crate_type" in one[1] for one in found)


def refusal(
    tree: Tree, program: str, folder: str, arguments: Sequence[str], library_path: str
) -> str:
    """Why a call is to be emulated; empty if it loads nothing of the target's.

    Args:
        tree: the container's root.
        program: rustc's true path there.
        folder: the caller's working directory.
        arguments: of the call, without argv[0].
        library_path: LD_LIBRARY_PATH of the call.
    """
    own = posixpath.join(posixpath.dirname(posixpath.dirname(program)), "lib")
    for place in filter(None, library_path.split(":")):
        path = posixpath.normpath(posixpath.join(folder, place))
        found = filter(_OWN.fullmatch, tree.entries(path) if path != own else ())
        if name := next(found, ""):
            return f"LD_LIBRARY_PATH has its {name}"
    crates = [posixpath.join(folder, one) for one in _crates(arguments)]
    if loaded := next((one for one in crates if one.endswith(_LIBRARY)), ""):
        return f"it loads {posixpath.basename(loaded)}"
    return _searched(tree, folder, arguments, crates)


def _searched(tree: Tree, folder: str, arguments: Sequence[str], crates: Sequence[str]) -> str:
    """Which macro of the folders that are searched is needed, in words."""
    hashes: dict[bytes, str] = {}
    for kind, place in _folders(arguments):
        names = tree.entries(posixpath.join(folder, place))
        for name in (one for one in names if one.endswith(_LIBRARY)):
            _, dash, digits = name.removesuffix(_LIBRARY).rpartition("-")
            if kind != _ONLY_NAMED or not dash:
                return f"it may load {name}"
            hashes[f"-{digits}".encode()] = name
    return _needed(tree, crates, hashes)


def _needed(tree: Tree, crates: Sequence[str], hashes: dict[bytes, str]) -> str:
    """The macro that a crate names, in words."""
    if not hashes:
        return ""
    anyone = re.compile(b"|".join(map(re.escape, hashes)))
    for crate in crates:
        found = tree.read(crate)
        if found is None:
            return f"{posixpath.basename(crate)} cannot be read"
        if named := anyone.search(found[1]):
            return f"it loads {hashes[named[0]]}"
    return ""


def _crates(arguments: Sequence[str]) -> Iterator[str]:
    """The files of the crates that are given: `--extern [options:]name=path`."""
    for value in _values(arguments, "--extern"):
        _, given, path = value.partition("=")
        if given:
            yield path


def _folders(arguments: Sequence[str]) -> Iterator[tuple[str, str]]:
    """The folders in which crates are looked for, each with its kind: `-L [kind=]path`."""
    for value in _values(arguments, "-L"):
        kind, given, path = value.partition("=")
        if not given:
            yield "all", value
        elif kind not in _OTHER_KINDS:
            yield kind, path


def _listed(arguments: Sequence[str], option: str) -> set[str]:
    """The words of an option's values, which commas separate."""
    return {word for value in _values(arguments, option) for word in value.split(",")}


def _values(arguments: Sequence[str], option: str) -> Iterator[str]:
    """The values of an option: behind it, or the next argument."""
    for index, argument in enumerate(arguments):
        if argument == option:
            yield from arguments[index + 1 : index + 2]
        elif argument.startswith(option):
            yield argument.removeprefix(option).removeprefix("=")
