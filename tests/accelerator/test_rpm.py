"""rpm's database: real ones at any moment, damaged ones, and programs of a root that rpm made."""

from __future__ import annotations

import hashlib
import json
from contextlib import suppress
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.accelerator import rpm_scenarios as scenarios
from tests.accelerator.samples import BASE
from tests.support import rpms
from tests.support.inside import run_inside
from tests.support.rpm_database import ndb

from trimaran.accelerator import databases
from trimaran.accelerator.packages import Database
from trimaran.accelerator.trees import Tree

pytestmark = pytest.mark.real

SQLITE = f"{rpms.FOLDER}/rpmdb.sqlite".lstrip("/")
KIT = "sed is 2-1.fc99 in the image and 1-1.fc99 in the kit"
NATIVE = "native coreutils 1-1.fc99"


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    """A package with a file in several folders, of which one needs an epoch and an old digest."""
    place = tmp_path_factory.mktemp("built")
    found = []
    for name, more, algorithm in (("one", "Epoch: 3", "1"), ("two", "BuildArch: noarch", "8")):
        tree = place / name
        for folder in ("bin", "opt/bin"):
            (tree / folder).mkdir(parents=True)
            (tree / folder / "tool").write_text(f"{name} in {folder}\n")
        (tree / "opt" / name).symlink_to("bin/tool")
        defines = {"_binary_filedigest_algorithm": algorithm}
        architecture = "noarch" if name == "two" else "aarch64"
        found.append(rpms.build(place, name, "1.2", architecture, tree, more=more, defines=defines))
    return found


@pytest.fixture
def root(built: list[Path], tmp_path: Path) -> Path:
    """What rpm writes in a root where /bin is /usr/bin, without the files."""
    made = tmp_path / "root"
    (made / "usr/bin").mkdir(parents=True)
    (made / "bin").symlink_to("usr/bin")
    words = ("--dbpath", made / rpms.FOLDER.lstrip("/"), "--define", "_db_backend sqlite")
    flags = ("--justdb", "--nodeps", "--ignorearch", "--ignoreos", "--force-debian", "--force")
    rpms.run("rpm", *words, "-i", *flags, *built)
    return made


def read(root: Path, memory: databases.Memory | None = None) -> Database:
    found = databases.read(Tree(root), memory or databases.Memory())
    assert found
    return found


def as_ndb(root: Path) -> None:
    database = root / SQLITE
    database.with_name("Packages.db").write_bytes(ndb(database))
    database.unlink()


def forget_two(root: Path) -> None:
    rpms.run("rpm", "--dbpath", root / rpms.FOLDER.lstrip("/"), "-e", "--justdb", "two")


@pytest.mark.parametrize("form", ["sqlite", "ndb"])
def test_a_package_has_its_version_and_its_source(root: Path, form: str) -> None:
    if form == "ndb":
        as_ndb(root)
    database = read(root)
    assert (database.manager, database.busy) == ("rpm", False)
    assert database.package("one") is None  # no package says that the root is aarch64's
    two = database.package("two")
    assert two
    assert (two.version, two.architecture, two.source) == ("1.2-1.fc99", "noarch", "two")


def test_a_file_is_found_by_its_true_path(root: Path) -> None:
    database = read(root)
    assert database.owner("/usr/bin/tool") is None  # it is in both
    assert database.owner("/opt/one") is None  # a link has no digest
    assert database.owner("/opt/bin/tool") is None
    assert database.owner("/bin/tool") is None  # no true path
    assert database.owner("/usr/bin/too") is None
    forget_two(root)
    owned = read(root).owner("/usr/bin/tool")
    assert owned
    assert (owned.package.version, owned.algorithm) == ("3:1.2-1.fc99", "md5")
    assert owned.digest == hashlib.md5(b"one in bin\n", usedforsecurity=False).hexdigest()


def test_what_changed_is_read_again(root: Path) -> None:
    memory = databases.Memory()
    assert read(root, memory).package("two")
    forget_two(root)
    assert read(root, memory).package("two") is None
    (root / SQLITE).write_bytes(b"")
    with pytest.raises(OSError, match="damaged"):
        read(root, memory)


@settings(
    max_examples=80, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(data=st.data(), form=st.sampled_from(("sqlite", "ndb", "log")))
def test_a_damaged_database_is_refused_or_read(
    data: st.DataObject, form: str, root: Path, tmp_path: Path
) -> None:
    content = ndb(root / SQLITE) if form == "ndb" else (root / SQLITE).read_bytes()
    damaged = bytearray(content)
    for _ in range(data.draw(st.integers(1, 8))):
        damaged[data.draw(st.integers(0, len(damaged) - 1))] = data.draw(st.integers(0, 255))
    folder = tmp_path / f"damaged-{form}" / rpms.FOLDER.lstrip("/")
    folder.mkdir(parents=True, exist_ok=True)
    place = folder / ("Packages.db" if form == "ndb" else "rpmdb.sqlite")
    place.write_bytes(content if form == "log" else damaged)
    if form == "log":
        place.with_name("rpmdb.sqlite-wal").write_bytes(damaged[:5000])
    with suppress(OSError):
        database = read(tmp_path / f"damaged-{form}")
        database.owner("/usr/bin/tool")
        database.package("one")


def test_a_half_written_header_is_refused(root: Path) -> None:
    as_ndb(root)
    place = root / rpms.FOLDER.lstrip("/") / "Packages.db"
    content = bytearray(place.read_bytes())
    content[5000] ^= 1
    place.write_bytes(content)
    with pytest.raises(OSError, match="header of package 1 is half written"):
        read(root)


def test_programs_are_judged_at_any_moment(tmp_path: Path) -> None:
    found = run_inside(scenarios.judged, "self", tmp_path, *scenarios.folders(), timeout_s=300)

    tells = "it tells the machine that it runs on"
    elsewhere = "nothing is known of it where rpm installed it"
    assert found["fresh"] == [
        *("rpm aarch64 False", NATIVE, "native sed 1-1.fc99", tells, "native bash 1-1.fc99"),
        elsewhere,
    ]
    assert found["replaced"] == ["it is not the file that coreutils brought"]
    others = "it is other's, of which nothing is known"
    assert found["shared"] == ["no package owns it", others, NATIVE]
    assert found["upgrading"] == found["killed"] == found["upgraded"] == [NATIVE, KIT]
    assert found["equal"] == ["native sed 2-1.fc99"]
    cannot = "cannot be judged: [Errno {}] rpm's database {} (now)"
    assert found["half_written"] == [cannot.format(16, "cannot be read now"), NATIVE]
    malformed = "is damaged: database disk image is malformed"
    assert found["unreadable"] == [cannot.format(5, malformed), NATIVE]
    several = "cannot be judged: [Errno 22] there is more than one database of rpm's (now)"
    assert found["doubled"] == [several]


def test_programs_of_a_root_that_rpm_made(tmp_path: Path) -> None:
    samples = {name: BASE[name] for name in ("cat", "sort", "dash", "grep", "sed", "mawk", "bash")}
    arguments = (tmp_path, *scenarios.folders(), json.dumps(samples))
    plain, fast = (
        run_inside(scenarios.compared, "self", *arguments, how, timeout_s=600)
        for how in ("no", "yes")
    )
    assert plain["found"] == fast["found"]
    assert {f"/usr/bin/{name}" for name in samples} <= set(fast["native"])
    assert not set(fast["native"]) & {"/usr/bin/uname", "/usr/bin/arch", "/usr/bin/od"}
