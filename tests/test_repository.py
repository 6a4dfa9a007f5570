"""What every file of the repository keeps to."""

from __future__ import annotations

import ast
import re
import subprocess
from pathlib import Path

import pytest

import trimaran

ROOT = Path(__file__).parents[1]
FOLDERS = (".ci", "bench", "docs", "examples", "native", "scripts", "src", "tests")
FILES = sorted(
    path
    for path in (*ROOT.glob("*"), *(path for name in FOLDERS for path in (ROOT / name).rglob("*")))
    if path.is_file() and "__pycache__" not in path.parts
)
MODULES = [path for path in FILES if path.suffix == ".py" and "src" in path.relative_to(ROOT).parts]
PROGRAMS = [
    *(path for path in FILES if path.parent == ROOT / "scripts" and not path.suffix),
    *(
        path
        for path in FILES
        if "examples" in path.parts and path.parent.name in {"bin", "cgi-bin"}
    ),
]
# The checkout's own place, as a log or a generated file would leave it behind.
MACHINE_PATHS = re.compile(rf"{re.escape(str(ROOT))}\b|/Users/\w+/")


def name_of(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


def test_the_packages_are_found() -> None:
    assert {"trimaran", "ui", "linux"} <= {path.parent.name for path in MODULES}


def test_an_init_is_empty_but_the_roots_version() -> None:
    inits = [path for path in MODULES if path.name == "__init__.py"]
    full = {name_of(path): path.read_text("utf-8") for path in inits if path.stat().st_size}
    assert full == {"src/trimaran/__init__.py": f'__version__ = "{trimaran.__version__}"\n'}


def test_a_module_begins_with_its_docstring() -> None:
    modules = [path for path in MODULES if path.name != "__init__.py"]
    assert not [
        name_of(path)
        for path in modules
        if not ast.get_docstring(ast.parse(path.read_text("utf-8")))
    ]


def test_a_module_can_be_read_in_one_sitting() -> None:
    long = {name_of(path) for path in MODULES if path.read_text("utf-8").count("\n") > 320}
    assert long <= {"src/trimaran/machines.py"}  # one table


def test_no_file_names_a_path_of_one_machine() -> None:
    assert not [
        name_of(path)
        for path in FILES
        if MACHINE_PATHS.search(path.read_bytes().decode("utf-8", "replace"))
    ]


@pytest.mark.parametrize("path", PROGRAMS, ids=name_of)
def test_a_script_is_plain_sh_and_executable(path: Path) -> None:
    assert path.read_text("utf-8").startswith("#!/bin/sh\n")
    assert path.stat().st_mode & 0o111 == 0o111
    assert subprocess.run(["/bin/sh", "-n", path], check=False).returncode == 0


def test_the_readme_opens_with_the_two_commands() -> None:
    opening = (ROOT / "README.md").read_text("utf-8")[:1200]
    assert "scripts/demo" in opening
    assert "scripts/test" in opening


def test_the_version_has_its_place_in_the_changelog() -> None:
    text = (ROOT / "CHANGELOG.md").read_text("utf-8")
    assert "## [Unreleased]" in text or f"## [{trimaran.__version__}]" in text


def test_links_in_documents_lead_to_files() -> None:
    broken = [
        f"{name_of(path)}: {target}"
        for path in FILES
        if path.suffix == ".md"
        for target in re.findall(r"\]\(([^)#:\s]+)(?:#[^)]*)?\)", path.read_text("utf-8"))
        if not (path.parent / target).exists()
    ]
    assert not broken


def test_no_test_is_skipped() -> None:
    words = re.compile(
        r"pytest\.(?:mark\.)?(?:ski" + r"p|skipi" + r"f|xfai" + r"l|importorski" + "p)"
    )
    tests = [path for path in FILES if path.suffix == ".py" and "tests" in path.parts]
    assert not [name_of(path) for path in tests if words.search(path.read_text("utf-8"))]
