"""Whether a stand-in is the same program as the emulated one, made from the same source.

The emulated file must be its package's own and unchanged, the stand-in too, and both packages, and
those of all libraries that the stand-in loads, must come from the same version of the same source.
A rebuild of that (`+b1`) is the same; Debian's cross packages carry the version of the source that
they were built from, and `crossN` behind it.
"""

from __future__ import annotations

import re
from collections.abc import Collection

import msgspec

from trimaran.accelerator.kits import Stock
from trimaran.accelerator.packages import Database, Owned, Package
from trimaran.accelerator.trees import Tree, digest
from trimaran.accelerator.versions import is_older

_CROSS = re.compile(r"cross\d+(\+b\d+)?$")
_RUNTIME = ("glibc", "gcc-", "musl")
"""Sources of the C and C++ run time, whose fixes of one version do not change what is computed."""


class Equal(msgspec.Struct, frozen=True):
    """The same program.

    Attributes:
        package: the emulated program's.
        exact: the versions are the same; otherwise only upstream's are.
    """

    package: Package
    exact: bool


class Unequal(msgspec.Struct, frozen=True):
    """Not the same, or not known to be; `settled` and `outdated` as in `Emulate`."""

    reason: str
    settled: bool = True
    outdated: str = ""


def unchanged(database: Database, path: str, program: int) -> Package | Unequal:
    """The package whose own, unchanged file an open program is.

    Args:
        database: of the root that it is in.
        path: its true path there.
        program: its descriptor.

    Raises:
        OSError: it cannot be read.
    """
    owned = database.owner(path)
    if owned is None:
        return Unequal("no package owns it", settled=not database.busy)
    if not owned.package.whole:
        return Unequal(f"{owned.package.name} is being changed", settled=False)
    if digest(program, owned.algorithm) != owned.digest:
        reason = f"it is not the file that {owned.package.name} brought"
        return Unequal(reason, settled=not database.busy)
    return owned.package


def unchanged_at(database: Database, tree: Tree, path: str) -> Package | Unequal:
    """The package whose own, unchanged file is at a path, links followed.

    Args:
        database: of the root.
        tree: the root.
        path: absolute.
    """
    with tree.opened(path) as file:
        if file is None:
            return Unequal("it cannot be read")
        return unchanged(database, tree.real(path), file)


def compare(
    database: Database,
    package: Package,
    stock: Stock,
    stand_in: str,
    *,
    compatible: bool,
    optional: Collection[str] = (),
) -> Equal | Unequal:
    """Compare a program's package with that of its stand-in and of the stand-in's libraries.

    Args:
        database: of the root that the program is in.
        package: which owns it there.
        stock: the kit.
        stand_in: a true path in the kit.
        compatible: equal versions of upstream suffice.
        optional: packages of libraries that the stand-in may load and the root may lack.
    """
    owned = stock.owner(stand_in)
    if owned is None:
        return Unequal(f"the kit's {stand_in} is not a package's own file")
    if database.manager == "rpm" and owned.package.name != package.name:
        # coreutils and coreutils-single are one source, built in two ways.
        return Unequal(f"{package.name}'s is {owned.package.name}'s in the kit")
    exact = same_source(package, owned.package)
    if not exact and not (compatible and same_upstream(package, owned.package)):
        return _difference(package, owned.package)
    libraries = stock.libraries(stand_in)
    if isinstance(libraries, str):
        return Unequal(f"the kit lacks the library {libraries}")
    for library in libraries:
        owner = library.owned.package.name if library.owned else ""
        if owner in optional and database.package(owner) is None:
            continue
        verdict = _library(database, library.path, library.owned, owned.package)
        if isinstance(verdict, Unequal):
            if not compatible:
                return verdict
            exact = False
    return Equal(package, exact)


def same_source(one: Package, other: Package) -> bool:
    """Whether both were built from the same version of the same source package."""
    return _source(one) == _source(other)


def same_upstream(one: Package, other: Package) -> bool:
    """Whether both come from the same release of upstream's, whatever the distribution changed."""
    (source, version), (other_source, other_version) = _source(one), _source(other)
    return (source, _upstream(version)) == (other_source, _upstream(other_version))


def _library(
    database: Database, path: str, owned: Owned | None, stand_in: Package
) -> Unequal | None:
    """What is wrong with a library of the stand-in's, if anything is."""
    if owned is None:
        return Unequal(f"the kit's library {path} is not a package's own file")
    if owned.package.source == stand_in.source:
        return None
    installed = database.package(owned.package.name)
    if installed is None:
        return Unequal(
            f"the kit's {owned.package.name}, which the stand-in loads, is not in the image"
        )
    runtime = installed.source.startswith(_RUNTIME)
    same = same_upstream if runtime else same_source
    return None if same(installed, owned.package) else _difference(installed, owned.package)


def _source(package: Package) -> tuple[str, str]:
    if _CROSS.search(package.version):
        return package.source.removesuffix("-cross"), _CROSS.sub("", package.version)
    return package.source, package.source_version


def _upstream(version: str) -> str:
    """Without the distribution's revision: `-1` and what follows, apk's `-r1`."""
    return version.rpartition("-")[0] or version


def _difference(image: Package, kit: Package) -> Unequal:
    reason = f"{image.name} is {image.version} in the image and {kit.version} in the kit"
    (source, version), (kit_source, kit_version) = _source(image), _source(kit)
    older = source == kit_source and is_older(kit_version, version)
    return Unequal(reason, outdated=f"{image.name} {image.version}" if older else "")
