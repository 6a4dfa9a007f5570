"""rpm's databases: real ones, made by rpm, and damaged and hostile ones."""

from __future__ import annotations

import sqlite3
import subprocess
from contextlib import closing
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.audit.pictures import audit, put_image, told
from tests.support.rpm_database import ndb

from trimaran.audit import databases
from trimaran.store.store import Store

pytestmark = pytest.mark.real

_SPEC = """\
Name: {name}
Version: 1
Release: 1
Summary: A test
License: MIT
{more}
%description
A test.
%files
"""


@pytest.fixture(scope="module")
def database(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What rpm writes when a package for aarch64 and an independent one are installed."""
    folder = tmp_path_factory.mktemp("rpm")
    for name, more, words in (
        ("tiny", "", ("--target", "aarch64-linux")),
        ("common", "BuildArch: noarch", ()),
    ):
        spec = folder / f"{name}.spec"
        spec.write_text(_SPEC.format(name=name, more=more))
        define = ("--define", f"_topdir {folder}/top", "--define", f"_tmppath {folder}")
        _run("rpmbuild", "--quiet", "-bb", *words, *define, spec)
    options = ("--dbpath", folder / "db", "--define", "_db_backend sqlite")
    flags = ("--justdb", "--nodeps", "--ignorearch", "--ignoreos", "--force-debian")
    _run("rpm", *options, "-i", *flags, *sorted(folder.glob("top/RPMS/*/*.rpm")))
    return folder / "db" / "rpmdb.sqlite"


def _run(*words: str | Path) -> None:
    done = subprocess.run(words, check=False, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr


def test_rpms_packages_are_compared(store: Store, database: Path) -> None:
    content = database.read_bytes()
    for path in ("var/lib/rpm/rpmdb.sqlite", "usr/lib/sysimage/rpm/rpmdb.sqlite"):
        assert not told(audit(store, put_image(store, "linux/arm64", {path: content})))
        for platform in ("linux/amd64", "linux/arm/v7", "linux/s390x"):
            report = audit(store, put_image(store, platform, {path: content}))
            assert told(report) == [("error", "packages", f"/{path}")]
            assert report.findings[0].message == "lists rpm packages for aarch64 alone"


def test_ndb_holds_the_same_headers(store: Store, database: Path) -> None:
    content = ndb(database)
    path = "usr/lib/sysimage/rpm/Packages.db"
    assert not told(audit(store, put_image(store, "linux/arm64", {path: content})))
    report = audit(store, put_image(store, "linux/riscv64", {path: content}))
    assert told(report) == [("error", "packages", f"/{path}")]


def test_a_query_without_end_ends(tmp_path: Path) -> None:
    path = tmp_path / "rpmdb.sqlite"
    with closing(sqlite3.connect(path)) as connection:
        connection.execute(
            "CREATE VIEW Packages AS WITH RECURSIVE n(blob) AS"
            " (VALUES(1) UNION ALL SELECT blob+1 FROM n) SELECT blob FROM n WHERE blob < 0"
        )
        connection.commit()
    assert databases.read_rpm(path).installed == {}


@settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(data=st.data())
def test_damaged_databases_never_raise(data: st.DataObject, database: Path, tmp_path: Path) -> None:
    whole = data.draw(st.sampled_from((database.read_bytes(), ndb(database))))
    damaged = bytearray(whole)
    for _ in range(data.draw(st.integers(1, 8))):
        damaged[data.draw(st.integers(0, len(damaged) - 1))] = data.draw(st.integers(0, 255))
    path = tmp_path / "damaged"
    path.write_bytes(damaged[: data.draw(st.integers(0, len(damaged)))])
    databases.read_rpm(path)
