"""Which versions are the same."""

from __future__ import annotations

import hashlib
import os
import subprocess
from collections.abc import Collection
from pathlib import Path

import pytest
from tests.accelerator.test_dpkg import SUM, grep, make, read

from trimaran.accelerator.equality import (
    Equal,
    Unequal,
    compare,
    same_source,
    same_upstream,
    unchanged,
)
from trimaran.accelerator.kits import Kit, Stock
from trimaran.accelerator.packages import Package


def package(version: str, source: str = "gcc-12", source_version: str = "") -> Package:
    return Package("cpp-12", version, "arm64", source, source_version or version)


LIBRARY = """Package: libseccomp2
Status: install ok installed
Architecture: arm64
Version: """
CROSS = package("14.2.0-19cross1", "gcc-14-cross", "9")


@pytest.mark.parametrize(
    ("image", "kit", "same", "upstream"),
    [
        (package("3.11-4+b1", "grep", "3.11-4"), package("3.11-4", "grep"), True, True),
        (package("14.2.0-19", "gcc-14"), CROSS, True, True),
        (package("14.2.0-19+b2", "gcc-14", "14.2.0-19"), CROSS, True, True),
        (package("14.2.0-18", "gcc-14"), CROSS, False, True),
        (package("14.3.0-1", "gcc-14"), CROSS, False, False),
        (package("12.2.0-14+deb12u1"), package("12.2.0-14cross1", "gcc-12-cross"), False, True),
        (package("1:2.1-1", "a"), package("2.1-1", "a"), False, False),
        (package("2.1-1", "a"), package("2.1-1", "b"), False, False),
        (package("1.2.5-r9", "musl"), package("1.2.5-r8", "musl"), False, True),
        (package("1.22.22", "dpkg"), package("1.22.21", "dpkg"), False, False),
    ],
    ids=str,
)
def test_versions(image: Package, kit: Package, *, same: bool, upstream: bool) -> None:
    assert same_source(image, kit) is same
    assert same_upstream(image, kit) is upstream


def test_a_program_is_its_packages_own_or_not(tmp_path: Path) -> None:
    program = tmp_path / "usr/bin/grep"
    program.parent.mkdir(parents=True)
    program.write_bytes(b"x")
    folder = make(tmp_path, grep(), sums={"grep": f"{SUM}  bin/grep\n"})
    descriptor = os.open(program, os.O_RDONLY)
    replaced = unchanged(read(tmp_path), "/usr/bin/grep", descriptor)
    assert isinstance(replaced, Unequal)
    assert replaced.reason == "it is not the file that grep brought"
    assert replaced.settled
    (folder / "updates/0000").write_text(grep("half-installed"))
    changing = unchanged(read(tmp_path), "/usr/bin/grep", descriptor)
    assert isinstance(changing, Unequal)
    assert not changing.settled
    (folder / "updates/0000").unlink()
    (folder / "info/grep.md5sums").write_text("9dd4e461268c8034f5c8564e155c67a6  bin/grep\n")
    found = unchanged(read(tmp_path), "/usr/bin/grep", descriptor)
    assert isinstance(found, Package)
    assert found.version == "3.11-4+b1"
    foreign = unchanged(read(tmp_path), "/usr/local/bin/grep", descriptor)
    assert isinstance(foreign, Unequal)
    assert foreign.reason == "no package owns it"
    os.close(descriptor)


def kit_of_grep(root: Path) -> Stock:
    """A kit whose grep loads a library of another package."""
    (root / "usr/lib").mkdir(parents=True)
    (root / "usr/bin").mkdir()
    (root / "lib").symlink_to("usr/lib")
    source = root / "a.c"
    source.write_text("int answer(void) { return 42; }\n")
    bare = ("cc", "-nostdlib", "-shared", "-fPIC", source)
    library, program = root / "usr/lib/libseccomp.so.2", root / "usr/bin/grep"
    subprocess.run((*bare, "-Wl,-soname,libseccomp.so.2", "-o", library), check=True)
    subprocess.run((*bare, "-Wl,--no-as-needed", library, "-o", program), check=True)
    sums = {
        owner: f"{hashlib.md5(path.read_bytes()).hexdigest()}  {path.relative_to(root)}\n"  # noqa: S324 - dpkg's own sums
        for owner, path in (("grep", program), ("libseccomp2", library))
    }
    make(root, grep(), f"{LIBRARY}3.11-4\n", sums=sums)
    return Stock(Kit("base", root), "x86_64-linux-gnu")


@pytest.mark.parametrize(
    ("installed", "optional", "equal"),
    [
        ("", (), False),
        ("", ("libseccomp2",), True),
        ("3.11-4", (), True),
        ("3.11-4", ("libseccomp2",), True),
        ("3.11-5", ("libseccomp2",), False),
    ],
)
def test_a_library_that_the_root_may_lack(
    tmp_path: Path, installed: str, optional: Collection[str], *, equal: bool
) -> None:
    image = tmp_path / "image"
    make(image, grep(), *([f"{LIBRARY}{installed}\n"] if installed else []))
    database = read(image)
    package = database.package("grep")
    assert package
    stock = kit_of_grep(tmp_path / "kit")
    found = compare(database, package, stock, "/usr/bin/grep", compatible=False, optional=optional)
    assert isinstance(found, Equal) is equal
