"""Whether what programs name is there: loaders, interpreters of scripts, and the image's own."""

from __future__ import annotations

import posixpath
from collections.abc import Iterator, Sequence

from trimaran.audit.facts import Binary, Entry
from trimaran.audit.findings import Severity
from trimaran.audit.requirements import Judgement, is_compatible, machine_name
from trimaran.audit.tree import Place, Tree
from trimaran.oci.models import RunConfig
from trimaran.platforms import Platform

DEFAULT_PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
_EXECUTABLES = (2, 3)
_DEPTH_LIMIT = 4
"""The kernel gives up on interpreters of interpreters after five (bprm's BINPRM depth)."""
_DOCUMENTS = (b"usr/share/doc/", b"usr/share/examples/", b"usr/src/")


def check_loader(entry: Entry, binary: Binary, tree: Tree) -> Iterator[Judgement]:
    """The dynamic loader that a program names: there, and of the program's machine."""
    name = binary.elf.interpreter
    if not name or binary.elf.e_type not in _EXECUTABLES:
        return
    place = tree.resolve(name.encode(errors="surrogateescape"))
    if place is None or place.entry.kind != "file":
        library = b".so" in entry.path.rpartition(b"/")[2] or not entry.executable
        severity: Severity = "warning" if library else "error"
        yield severity, "loader", f"needs the dynamic loader {name}, which is not in the image"
        return
    loader = place.entry.binary
    if loader is None:
        yield "error", "loader", f"needs the dynamic loader {name}, which is no program"
    elif not _same(loader, binary):
        yield "error", "loader", f"is for {machine_name(binary)}, its dynamic loader {name} is not"
    elif _floats(loader) != _floats(binary) and 0 not in (_floats(loader), _floats(binary)):
        yield "error", "abi", f"differs from its dynamic loader {name} in how floats are passed"


def check_script(entry: Entry, tree: Tree, path_variable: str) -> Iterator[Judgement]:
    """The interpreter behind a script's `#!`, and what env(1) is to run."""
    if entry.path.startswith(_DOCUMENTS):
        return
    missing = _missing_interpreter(entry, tree, path_variable)
    if missing:
        yield "warning", "interpreter", f"needs {missing}, which is not in the image"


def entrypoint(config: RunConfig) -> tuple[str, ...]:
    """The words that a container of the image runs; empty if it says nothing."""
    return (*(config.entrypoint or ()), *(config.cmd or ()))


def check_entrypoint(
    config: RunConfig, tree: Tree, platform: Platform
) -> tuple[Place | None, list[Judgement]]:
    """What the image runs: where it is, and what keeps it from running."""
    words = entrypoint(config)
    if not words or not words[0]:
        return None, []
    variables = dict(word.partition("=")[::2] for word in config.env or ())
    path_variable = variables.get("PATH", DEFAULT_PATH)
    place = find(words[0], tree, path_variable, config.working_dir or "/")
    if place is None:
        return None, [("error", "entrypoint", f"runs {words[0]}, which is not in the image")]
    problem = _unable(place.entry, tree, platform, path_variable, _DEPTH_LIMIT)
    if not problem:
        return place, []
    return place, [("error", "entrypoint", f"is what the image runs, but {problem}")]


def path_of(config: RunConfig) -> str:
    """The PATH that the image's programs have."""
    variables = dict(word.partition("=")[::2] for word in config.env or ())
    return variables.get("PATH", DEFAULT_PATH)


def find(name: str, tree: Tree, path_variable: str, directory: str = "/") -> Place | None:
    """The file that a name means; an executable one wins over others, as in execvp(3)."""
    if "/" in name:
        candidates = [posixpath.join("/", directory, name)]
    else:
        candidates = [posixpath.join("/", each, name) for each in path_variable.split(":")]
    found = [tree.resolve(one.encode(errors="surrogateescape")) for one in candidates]
    files = [place for place in found if place is not None and place.entry.kind == "file"]
    return next((place for place in files if place.entry.executable), next(iter(files), None))


def _unable(entry: Entry, tree: Tree, platform: Platform, path_variable: str, depth: int) -> str:
    """What keeps a file from being run; empty if nothing is known to."""
    if not entry.executable:
        return "may not be executed"
    if entry.binary is not None:
        return _unable_binary(entry, entry.binary, tree, platform)
    if not entry.interpreter:
        return "is neither a program nor a script that names its interpreter with #!"
    missing = _missing_interpreter(entry, tree, path_variable)
    if missing:
        return f"is a script that needs {missing}, which is not in the image"
    next_place = tree.resolve(entry.interpreter[0])
    if depth == 0 or next_place is None:
        return ""
    inner = _unable(next_place.entry, tree, platform, path_variable, depth - 1)
    return f"is a script whose interpreter {inner}" if inner else ""


def _unable_binary(entry: Entry, binary: Binary, tree: Tree, platform: Platform) -> str:
    if not is_compatible(platform, binary):
        return f"is for {machine_name(binary)}"
    errors = [
        text for severity, _, text in check_loader(entry, binary, tree) if severity == "error"
    ]
    return errors[0] if errors else ""


def _missing_interpreter(entry: Entry, tree: Tree, path_variable: str) -> str:
    if not entry.interpreter:
        return ""
    program, *arguments = entry.interpreter
    if not program.startswith(b"/"):
        return ""
    place = tree.resolve(program)
    if place is None or place.entry.kind != "file":
        return program.decode(errors="backslashreplace")
    words: Sequence[bytes] = arguments[0].split() if arguments else ()
    if program.rpartition(b"/")[2] == b"env":
        name = next((word for word in words if not word.startswith(b"-") and b"=" not in word), b"")
        text = name.decode(errors="surrogateescape")
        if name and find(text, tree, path_variable) is None:
            return name.decode(errors="backslashreplace")
    return ""


def _same(left: Binary, right: Binary) -> bool:
    first, second = left.elf, right.elf
    return (first.elf_class, first.big_endian, first.e_machine) == (
        second.elf_class,
        second.big_endian,
        second.e_machine,
    )


def _floats(binary: Binary) -> int:
    """1 for hard, 2 for soft floats, 0 where ARM's flags say nothing."""
    if binary.levels.arm_hard_float:
        return 1
    return 2 if binary.levels.arm_soft_float else 0
