"""Fetch Debian's static busybox for several architectures, from a later suite where one fails.

A mirror may serve an architecture of a suite in a state that apt rightly refuses, such as an index
whose size is not the signed one, for as long as nobody repairs it.
"""

from __future__ import annotations

import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from trimaran.build import apt, busybox, debian
from trimaran.build.apt import FetchError, Programs
from trimaran.build.debian import Mirror
from trimaran.events import Emit, Notice


@dataclass(frozen=True, slots=True)
class Batch:
    """The programs of one suite.

    Attributes:
        own: the one that this machine can run and ask for the names of its links.
        programs: each architecture's.
    """

    own: Path
    programs: Mapping[str, Path]


@dataclass(frozen=True, slots=True)
class Source:
    """Where packages come from and what fetches them.

    Attributes:
        suite: a code name.
        own: Debian's name for this machine's own architecture.
        folder: for apt's state and the packages; the caller's to remove.
        may_move: a later suite may serve what this one does not.
    """

    suite: str
    own: str
    mirror: Mirror
    programs: Programs
    folder: Path
    emit: Emit
    may_move: bool

    def fetch(self, architectures: Sequence[str]) -> tuple[Batch, ...]:
        """The programs of all architectures, in as few batches as possible.

        The foreign ones are not asked for the names of their links: they could not always be run,
        and the result must not depend on that. Debian builds all of a suite's with one
        configuration.

        Raises:
            FetchError: a download failed, and there is no later suite to take it from.
            HostError: apt-get, dpkg-deb or the keyring is missing.
        """
        try:
            return (self._batch(architectures),)
        except FetchError as error:
            others = [name for name in architectures if name != self.own]
            if not self.may_move or not others:
                raise
            if len(architectures) == 1:
                return self._later(architectures[0], error)
        own = (self._batch((self.own,)),) if self.own in architectures else ()
        return (*own, *(batch for name in others for batch in self.fetch((name,))))

    def _later(self, architecture: str, error: FetchError) -> tuple[Batch, ...]:
        suite = debian.later_suite(self.suite, (architecture, self.own))
        if not suite or not self._serves_own():
            raise error
        self.emit(Notice("warning", f"{error.message}; taking {suite}'s instead"))
        return replace(self, suite=suite).fetch((architecture,))

    def _serves_own(self) -> bool:
        """Whether the fault is the architecture's, and not the network's or the mirror's."""
        try:
            self._batch((self.own,))
        except FetchError:
            return False
        return True

    def _batch(self, architectures: Sequence[str]) -> Batch:
        every = tuple(dict.fromkeys((*architectures, self.own)))
        folder = Path(tempfile.mkdtemp(prefix="apt-", dir=self.folder))
        packages = apt.download(
            busybox.PACKAGE,
            every,
            self.suite,
            mirror=self.mirror,
            programs=self.programs,
            folder=folder,
        )
        unpacked = {
            name: busybox.unpack(package, folder / f"unpacked-{name}", self.programs)
            for name, package in packages.items()
        }
        return Batch(unpacked[self.own], {name: unpacked[name] for name in architectures})
