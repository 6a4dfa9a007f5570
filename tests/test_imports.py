"""The import rule of docs/architecture.md, and which room may use which outside part."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

PACKAGE = Path(__file__).parents[1] / "src" / "trimaran"
RANKS: tuple[tuple[str, ...], ...] = (
    ("errors", "events", "machines"),
    ("digests", "platforms", "elf", "rpm", "linux", "ui"),
    ("references", "oci", "emulation"),
    ("request", "graph", "accelerator", "layers", "store", "registry", "images"),
    ("audit", "dockerfile", "compose", "engines", "scheduler", "executor"),
    ("host", "build"),
    ("cli",),
)
# A room's place: rank first, then the place within it. It imports from lower places alone.
ORDER = [room for rank in RANKS for room in rank]
# An outside part, and the only rooms or files that may load it.
OWNERS: dict[str, tuple[str, ...]] = {
    "click": ("cli",),
    "ctypes": ("linux",),
    "e2b_dockerfile_utils": ("dockerfile", "executor"),
    "isal": ("layers",),
    "multiprocessing": (),
    "rich": ("ui/drawing.py", "ui/terminal.py", "cli"),
    "urllib3": ("registry",),
    "yaml": ("compose",),
    "zstandard": ("layers", "images"),
}
FOR_CLI_ALONE = ("print", "input", "sys.exit", "sys.argv", "os.environ", "os.getenv")
FOR_LINUX_ALONE = (
    *("subprocess.run", "subprocess.Popen", "subprocess.check_output", "subprocess.check_call"),
    *("os.fork", "os.system", "os.popen", "os.posix_spawn"),
)
# Programs of their own, which the package starts and never imports to run them.
SCRIPTS = ("linux/holder.py", "linux/steady.py", "linux/tether.py")
FILES = sorted(PACKAGE.rglob("*.py"))


def imported(path: Path) -> Iterator[str]:
    """The dotted names of the modules that a file imports, at any depth of its code."""
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}: imports are absolute"
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def room_of(path: Path) -> str:
    return path.relative_to(PACKAGE).parts[0].removesuffix(".py")


def rooms_imported(path: Path) -> set[str]:
    names = {name.split(".")[1] for name in imported(path) if name.startswith("trimaran.")}
    return names - {"__version__"}


def name_of(path: Path) -> str:
    return path.relative_to(PACKAGE).as_posix()


def test_every_room_has_a_rank() -> None:
    assert {room_of(path) for path in FILES} - {"__init__"} <= set(ORDER)


def test_a_room_imports_from_lower_rooms_alone() -> None:
    wrong = [
        f"{name_of(path)} imports {other}"
        for path in FILES
        for other in sorted(rooms_imported(path) - {room_of(path)})
        if room_of(path) == "__init__" or ORDER.index(other) > ORDER.index(room_of(path))
    ]
    assert not wrong


def test_an_outside_part_is_loaded_by_its_owner_alone() -> None:
    wrong = [
        f"{name_of(path)} imports {part}"
        for path in FILES
        for part in sorted({name.split(".")[0] for name in imported(path)} & OWNERS.keys())
        if not {name_of(path), room_of(path)} & set(OWNERS[part])
    ]
    assert not wrong


def test_only_cli_prints_exits_and_reads_the_environment() -> None:
    wrong = [
        f"{name_of(path)} uses {name}"
        for path in FILES
        if room_of(path) != "cli" and name_of(path) not in SCRIPTS
        for node in ast.walk(ast.parse(path.read_text("utf-8")))
        if isinstance(node, ast.Attribute | ast.Name)
        and (name := ast.unparse(node)) in FOR_CLI_ALONE
    ]
    assert not wrong


def test_only_linux_starts_programs() -> None:
    wrong = [
        f"{name_of(path)} calls {name}"
        for path in FILES
        if room_of(path) != "linux"
        for node in ast.walk(ast.parse(path.read_text("utf-8")))
        if isinstance(node, ast.Call) and (name := ast.unparse(node.func)) in FOR_LINUX_ALONE
    ]
    assert not wrong


def test_files_of_a_room_do_not_import_each_other_in_a_circle() -> None:
    names = {
        ".".join(("trimaran", *path.relative_to(PACKAGE).with_suffix("").parts)) for path in FILES
    }
    edges = {
        ".".join(("trimaran", *path.relative_to(PACKAGE).with_suffix("").parts)): {
            found
            for name in imported(path)
            for found in (name, name.rpartition(".")[0])
            if found in names
        }
        for path in FILES
    }
    while leaves := {name for name, needs in edges.items() if not needs & edges.keys()}:
        edges = {name: needs for name, needs in edges.items() if name not in leaves}
    assert not edges
