"""Which package a file belongs to and whether it is unchanged, by a distribution's own database."""

from __future__ import annotations

from typing import Protocol

import msgspec


class Package(msgspec.Struct, frozen=True):
    """An installed package.

    Attributes:
        architecture: as the distribution names it.
        source: the source package that it was built from.
        source_version: of that source, without the number of a rebuild.
        whole: not being unpacked or removed right now.
    """

    name: str
    version: str
    architecture: str
    source: str
    source_version: str
    whole: bool = True


class Owned(msgspec.Struct, frozen=True):
    """A file that a package owns.

    Attributes:
        algorithm: of the digest, as hashlib names it.
        digest: of the content that the package brought, in hex.
    """

    package: Package
    algorithm: str
    digest: str


class Database(Protocol):
    """What the package manager of one root has installed, as it was when it was read."""

    @property
    def manager(self) -> str:
        """Its name: dpkg, apk or rpm."""

    @property
    def architecture(self) -> str:
        """The root's own architecture, in the distribution's words."""

    @property
    def busy(self) -> bool:
        """Packages are being changed, so what does not fit now may fit soon."""

    def package(self, name: str) -> Package | None:
        """An installed package of the root's own architecture, or of none."""

    def owner(self, path: str) -> Owned | None:
        """The one package that owns a path, which is absolute and has no links in it."""
