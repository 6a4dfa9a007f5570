"""Which scripts of Python run natively, by what a root holds."""

from __future__ import annotations

import hashlib
import os
from pathlib import Path

import pytest
from tests.accelerator.test_dpkg import make

from trimaran.accelerator.dpkg import Dpkg, Memory
from trimaran.accelerator.python import Scripts
from trimaran.accelerator.trees import Tree

COMPILE = "usr/bin/py3compile"
MODULE = "usr/share/python3/debpython/files.py"
OWN = "usr/lib/python3.13/py_compile.py"


def root(folder: Path) -> Path:
    """A root with the scripts of one package, all of them unchanged."""
    sums = ""
    for name in (COMPILE, MODULE, OWN):
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(f"# {name}\n")
        digest = hashlib.md5(path.read_bytes()).hexdigest()  # noqa: S324 - dpkg's own sums
        sums += f"{digest}  {name}\n"
    text = "Package: p\nStatus: install ok installed\nArchitecture: arm64\nVersion: 1\n"
    make(folder, text, sums={"p": sums})
    return folder


def refusal(folder: Path, name: str) -> str:
    tree = Tree(folder)
    file = os.open(folder / name, os.O_RDONLY)
    try:
        return Scripts(tree, Dpkg(tree, Memory()), "3.13").refusal(f"/{name}", file)
    finally:
        os.close(file)
        tree.close()


@pytest.mark.parametrize("name", [COMPILE, OWN])
def test_the_scripts_that_compile_modules_are_taken(name: str, tmp_path: Path) -> None:
    assert refusal(root(tmp_path), name) == ""


def test_another_script_is_refused(tmp_path: Path) -> None:
    (root(tmp_path) / "app.py").touch()
    assert "not known" in refusal(tmp_path, "app.py")


@pytest.mark.parametrize("name", [COMPILE, MODULE])
def test_a_changed_one_is_refused(name: str, tmp_path: Path) -> None:
    (root(tmp_path) / name).write_text("import platform\n")
    assert refusal(tmp_path, COMPILE) == f"/{name}: it is not the file that p brought"


@pytest.mark.parametrize(
    ("name", "text", "refused"),
    [
        ("usr/lib/python3/dist-packages/sitecustomize.py", "", True),
        ("usr/local/lib/python3.13/dist-packages/usercustomize.py", "", True),
        ("usr/lib/python3/dist-packages/a.pth", "/folder\nimport a; a.run()\n", True),
        ("usr/lib/python3/dist-packages/a.pth", "/important/folder\n", False),
        ("usr/lib/python3/dist-packages/module.py", "import a\n", False),
    ],
)
def test_what_runs_before_a_script_refuses_it(
    name: str, text: str, *, refused: bool, tmp_path: Path
) -> None:
    path = root(tmp_path) / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    assert refusal(tmp_path, COMPILE) == (f"/{name} runs before every script" if refused else "")
