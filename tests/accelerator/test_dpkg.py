"""dpkg's database, as dpkg leaves it at any moment."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from trimaran.accelerator import databases
from trimaran.accelerator.dpkg import Dpkg, Memory
from trimaran.accelerator.trees import Tree

SUM = "0123456789abcdef0123456789abcdef"
BASE = "Package: dpkg\nStatus: install ok installed\nArchitecture: arm64\nVersion: 1.22\n"
GREP = """Package: grep
Status: install ok {state}
Architecture: arm64
Source: {source}
Version: {version}
Conffiles:
 /etc/x 0123
Description: a
 Version: 9
"""


def grep(
    state: str = "installed", source: str = "grep (3.11-4)", version: str = "3.11-4+b1"
) -> str:
    return GREP.format(state=state, source=source, version=version)


def make(root: Path, *paragraphs: str, sums: dict[str, str] | None = None) -> Path:
    folder = root / "var/lib/dpkg"
    (folder / "info").mkdir(parents=True, exist_ok=True)
    (folder / "updates").mkdir(exist_ok=True)
    (folder / "status").write_text("\n".join((BASE, *paragraphs)))
    for name, text in (sums or {}).items():
        (folder / "info" / f"{name}.md5sums").write_text(text)
    return folder


def read(root: Path, memory: Memory | None = None) -> Dpkg:
    return Dpkg(Tree(root), memory or Memory())


def test_a_package_has_the_source_that_it_was_built_from(tmp_path: Path) -> None:
    make(tmp_path, grep())
    found = read(tmp_path).package("grep")
    assert found
    assert (found.version, found.source, found.source_version) == ("3.11-4+b1", "grep", "3.11-4")
    assert found.whole


def test_without_a_source_field_it_is_the_package_itself(tmp_path: Path) -> None:
    make(tmp_path, "Package: sed\nStatus: install ok installed\nArchitecture: arm64\nVersion: 4+b2")
    found = read(tmp_path).package("sed")
    assert found
    assert (found.source, found.source_version) == ("sed", "4")


def test_the_root_is_of_its_dpkgs_architecture(tmp_path: Path) -> None:
    make(tmp_path, grep().replace("arm64", "armhf"))
    database = read(tmp_path)
    assert database.architecture == "arm64"
    assert database.package("grep") is None
    assert database.package("grep:armhf")


@pytest.mark.parametrize("state", ["not-installed", "config-files"])
def test_a_removed_package_is_not_there(tmp_path: Path, state: str) -> None:
    make(tmp_path, grep(state))
    assert read(tmp_path).package("grep") is None


def test_a_later_change_of_the_journal_counts(tmp_path: Path) -> None:
    folder = make(tmp_path, grep())
    assert not read(tmp_path).busy
    (folder / "updates/0001").write_text(grep("half-installed"))
    found = read(tmp_path).package("grep")
    assert found
    assert not found.whole
    (folder / "updates/0002").write_text(grep("unpacked", version="3.12-1", source="grep"))
    (folder / "updates/tmp.i").write_text(grep("half-installed"))
    database = read(tmp_path)
    found = database.package("grep")
    assert database.busy
    assert found
    assert (found.version, found.source_version, found.whole) == ("3.12-1", "3.12-1", True)


def test_owners_are_found_in_either_spelling_of_a_merged_path(tmp_path: Path) -> None:
    make(tmp_path, grep(), sums={"grep": f"{SUM}  bin/grep\n{SUM[::-1]}  usr/bin/egrep\n"})
    database = read(tmp_path)
    owned = database.owner("/usr/bin/grep")
    assert owned
    assert (owned.package.name, owned.algorithm, owned.digest) == ("grep", "md5", SUM)
    assert database.owner("/usr/bin/egrep")
    assert database.owner("/usr/bin/rep") is None
    assert database.owner("/usr/local/bin/grep") is None


def test_a_package_with_its_architecture_in_the_name(tmp_path: Path) -> None:
    make(tmp_path, grep(), sums={"grep:arm64": f"{SUM}  usr/bin/grep\n"})
    assert read(tmp_path).owner("/usr/bin/grep")


def test_a_diverted_path_is_the_diverting_packages(tmp_path: Path) -> None:
    sums = {"grep": f"{SUM}  usr/bin/grep\n", "dpkg": f"{SUM[::-1]}  usr/bin/grep\n"}
    folder = make(tmp_path, grep(), sums=sums)
    assert read(tmp_path).owner("/usr/bin/grep") is None  # two, and nothing says which
    (folder / "diversions").write_text("/usr/bin/grep\n/usr/bin/grep.old\ndpkg\n")
    owned = read(tmp_path).owner("/usr/bin/grep")
    assert owned
    assert owned.package.name == "dpkg"
    assert read(tmp_path).owner("/usr/bin/grep.old") is None
    (folder / "diversions").write_text("/bin/grep\n/bin/grep.old\n:\n")
    assert read(tmp_path).owner("/usr/bin/grep") is None


def test_what_changed_is_read_again_and_nothing_else(tmp_path: Path) -> None:
    memory = Memory()
    folder = make(tmp_path, grep(), sums={"grep": f"{SUM}  usr/bin/grep\n"})
    assert read(tmp_path, memory).owner("/usr/bin/grep")
    (folder / "status").write_text("\n".join((BASE, grep(version="3.12-1", source="grep"))))
    (folder / "info/new").write_text(f"{SUM[::-1]}  usr/bin/grep\n")
    (folder / "info/new").rename(folder / "info/grep.md5sums")
    owned = read(tmp_path, memory).owner("/usr/bin/grep")
    assert owned
    assert (owned.package.version, owned.digest) == ("3.12-1", SUM[::-1])


@given(st.binary(max_size=400), st.binary(max_size=200))
def test_nothing_in_a_hostile_database_breaks_it(
    tmp_path_factory: pytest.TempPathFactory, status: bytes, sums: bytes
) -> None:
    root = tmp_path_factory.mktemp("root")
    folder = make(root)
    (folder / "status").write_bytes(status)
    (folder / "updates/0000").write_bytes(status[::-1])
    (folder / "info/a.md5sums").write_bytes(sums)
    (folder / "diversions").write_bytes(sums)
    database = read(root)
    database.owner("/usr/bin/grep")
    database.package("grep")


def test_traps_are_no_database(tmp_path: Path) -> None:
    folder = tmp_path / "var/lib/dpkg"
    folder.mkdir(parents=True)
    (folder / "status").symlink_to("/etc/passwd")
    with Tree(tmp_path) as tree:
        assert databases.read(tree, databases.Memory()) is None
    (folder / "status").unlink()
    (folder / "status").symlink_to("/proc/self/mem")
    (tmp_path / "proc").mkdir()
    with Tree(tmp_path) as tree:
        assert databases.read(tree, databases.Memory()) is None
