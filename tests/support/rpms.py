"""rpm packages of Debian's own programs, for two architectures with the same names and versions.

No distribution of rpm's is within reach of the tests, but its programs are: what rpmbuild, rpm and
the database do is real, and so are the programs.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path

from tests.support.apt import CACHE
from tests.support.debs import debian_root

FOLDER = "/usr/lib/sysimage/rpm"
_DEBIAN = {"aarch64": "arm64", "x86_64": "amd64"}
_NAMES = ("bash", "coreutils", "dash", "grep", "sed", "make", "mawk")
_SPEC = """\
Name: {name}
Version: {version}
Release: 1.fc99
Summary: A test
License: MIT
AutoReqProv: no
{more}
%description
A test.
%install
cp -a {tree}/. %{{buildroot}}/
%files -f {tree}.list
"""
_INSTALL = ("-U", "--ignorearch", "--ignoreos")
_DEFINES = {
    "debug_package": "%{nil}",
    "__os_install_post": "%{nil}",
    "_build_id_links": "none",
    "_binary_payload": "w0.gzdio",
    "_unpackaged_files_terminate_build": "0",
}


def packages(architecture: str) -> Path:
    """A folder of a package `filesystem` of all links, one of all libraries, and the programs'.

    sed's lists /bin/sed, as many did before all had followed the merge of /usr.

    Args:
        architecture: as rpm names it.
    """
    folder = CACHE / f"rpms-{architecture}"
    if not folder.exists():
        CACHE.mkdir(exist_ok=True)
        with tempfile.TemporaryDirectory(dir=CACHE) as scratch:
            place = Path(scratch)
            for name, tree in _trees(place / "trees", architecture).items():
                build(place, name, "1", architecture, tree)
            os.replace(place / "rpms", folder)
    return folder


def archives(folder: Path) -> Sequence[Path]:
    """Its packages, `filesystem` first, which the others need."""
    return sorted(folder.glob("*.rpm"), key=lambda path: not path.name.startswith("filesystem"))


def build(
    place: Path,
    name: str,
    version: str,
    architecture: str,
    tree: Path,
    *,
    more: str = "",
    defines: Mapping[str, str] | None = None,
) -> Path:
    """Build a package of a folder's content below `place`/rpms.

    Args:
        more: lines of the spec file, such as a script.
        defines: macros.
    """
    listed = [path for path in sorted(tree.rglob("*")) if path.is_symlink() or not path.is_dir()]
    lines = (f"/{path.relative_to(tree)}\n".replace("[", "[[]") for path in listed)
    tree.with_name(f"{tree.name}.list").write_text("".join(lines))
    spec = place / f"{name}.spec"
    spec.write_text(_SPEC.format(name=name, version=version, tree=tree, more=more))
    macros = {
        **_DEFINES,
        "_topdir": f"{place}/top",
        "_tmppath": str(place),
        "_rpmdir": f"{place}/rpms",
        "_build_name_fmt": "%{NAME}-%{VERSION}.%{ARCH}.rpm",
        **(defines or {}),
    }
    words = [word for key, value in macros.items() for word in ("--define", f"{key} {value}")]
    run("rpmbuild", "--quiet", "-bb", "--target", f"{architecture}-linux", *words, spec)
    return place / "rpms" / f"{name}-{version}.{architecture}.rpm"


def install(root: Path, packages: Sequence[Path], *words: str) -> None:
    """Have rpm install packages into a root; by a process that may change its root."""
    run(*command(root), *_INSTALL, *words, *packages)


def remove(root: Path, name: str) -> None:
    """As `install`; its files go, too."""
    run(*command(root), "-e", name)


def command(root: Path) -> Sequence[str | Path]:
    """The words that run rpm on a root."""
    define = ("--define", f"_dbpath {FOLDER}", "--define", "_db_backend sqlite")
    return ("rpm", "--root", root, *define, "--nodeps", "--force-debian", "--nosignature")


def run(*words: str | Path) -> str:
    done = subprocess.run(words, check=False, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return done.stdout


def _trees(place: Path, architecture: str) -> Mapping[str, Path]:
    """The folders of the packages, from roots of Debian's."""
    root = debian_root("trixie", _DEBIAN[architecture], _NAMES)
    owners = {
        f"/{line.split('  ', 1)[1]}": listing.name.removesuffix(".md5sums").partition(":")[0]
        for listing in (root / "var/lib/dpkg/info").glob("*.md5sums")
        for line in listing.read_text().splitlines()
    }
    trees = {}
    for path in sorted((*root.rglob("usr/*/**/*"), *root.glob("*"))):
        name = _package(path, f"/{path.relative_to(root)}", owners)
        if not name:
            continue
        trees[name] = place / name
        below = str(path.relative_to(root))
        target = trees[name] / (below.removeprefix("usr/") if name == "sed" else below)
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy2(path, target, follow_symlinks=False)
    return trees


def _package(path: Path, seen: str, owners: Mapping[str, str]) -> str:
    if path.is_symlink():
        return "filesystem"
    if path.is_dir() or not seen.startswith(("/usr/bin/", "/usr/lib")):
        return ""
    owner = owners.get(seen, "")
    return owner if owner in _NAMES or not owner else "libraries"
