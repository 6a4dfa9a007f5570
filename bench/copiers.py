"""The two that move images, under measurement."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from bench.runs import Command


@dataclass(frozen=True, slots=True)
class Way:
    """One transfer's ends.

    Attributes:
        layout: an OCI layout that holds the image under its name.
        full: a registry that holds it.
        empty: a registry that holds nothing.
        folder: empty, for what the transfer writes.
    """

    image: str
    layout: Path
    full: str
    empty: str
    folder: Path


class Copier(Protocol):
    """Gives the commands of a transfer; what they need is made before, unmeasured."""

    def push(self, way: Way) -> Command:
        """From where a build left the image, to an empty registry."""
        ...

    def upload(self, way: Way) -> Command:
        """From an OCI layout to an empty registry."""
        ...

    def pull(self, way: Way) -> Command:
        """From a registry to where images are kept."""
        ...

    def download(self, way: Way) -> Command:
        """From a registry to a new OCI layout."""
        ...

    def copy(self, way: Way) -> Command:
        """From one registry to another."""
        ...

    def mount(self, way: Way) -> Command:
        """From one repository to a new one of the same registry."""
        ...

    def verify(self, way: Way) -> Command:
        """Read every byte of an image in a registry."""
        ...


class Trimaran:
    def __init__(self, stage: Path) -> None:
        self.program = str(Path(sys.executable).with_name("trimaran"))
        self._built = stage / "built"
        # As an installed program has it: compiled once.
        self.environment = {
            "PYTHONDONTWRITEBYTECODE": "",
            "PYTHONPYCACHEPREFIX": str(stage / "bytecode"),
        }

    def push(self, way: Way) -> Command:
        store = way.folder / "store"
        # Links, so that what the first push of an image remembers is not there for the second.
        shutil.copytree(self._built, store, copy_function=os.link)
        name = f"{way.empty}/{way.image}"
        tag = [self.program, f"--store={store}", "tag", f"localhost/{way.image}", name]
        subprocess.run(tag, env={**os.environ, **self.environment}, check=True, capture_output=True)
        return self._command(way, "push", name)

    def upload(self, way: Way) -> Command:
        return self._copy(way, f"oci:{way.layout}:{way.image}", f"docker://{way.empty}/{way.image}")

    def pull(self, way: Way) -> Command:
        return self._command(way, "pull", f"{way.full}/{way.image}")

    def download(self, way: Way) -> Command:
        return self._copy(way, f"docker://{way.full}/{way.image}", f"oci:{way.folder}/out:latest")

    def copy(self, way: Way) -> Command:
        name = f"docker://{way.empty}/{way.image}"
        return self._copy(way, f"docker://{way.full}/{way.image}", name)

    def mount(self, way: Way) -> Command:
        name = f"docker://{way.full}/{way.folder.name}/trimaran"
        return self._copy(way, f"docker://{way.full}/{way.image}", name)

    def verify(self, way: Way) -> Command:
        return self._command(way, "verify", f"{way.full}/{way.image}")

    def _copy(self, way: Way, source: str, target: str) -> Command:
        # skopeo looks into no image; what trimaran's look costs, `push` and `verify` show.
        return self._command(way, "copy", "--no-verify", source, target)

    def _command(self, way: Way, *arguments: str) -> Command:
        argv = (self.program, f"--store={way.folder}/store", *arguments)
        return Command(argv, environment=self.environment)


class Skopeo:
    """It keeps no images: an OCI layout stands for trimaran's store."""

    def push(self, way: Way) -> Command:
        return self.upload(way)

    def upload(self, way: Way) -> Command:
        return self._copy(f"oci:{way.layout}:{way.image}", f"docker://{way.empty}/{way.image}")

    def pull(self, way: Way) -> Command:
        return self.download(way)

    def download(self, way: Way) -> Command:
        return self._copy(f"docker://{way.full}/{way.image}", f"oci:{way.folder}/out:latest")

    def copy(self, way: Way) -> Command:
        name = f"docker://{way.empty}/{way.image}"
        return self._copy(f"docker://{way.full}/{way.image}", name)

    def mount(self, way: Way) -> Command:
        name = f"docker://{way.full}/{way.folder.name}/skopeo"
        return self._copy(f"docker://{way.full}/{way.image}", name)

    def verify(self, way: Way) -> Command:
        return self._copy(f"docker://{way.full}/{way.image}", f"dir:{way.folder}/out")

    def _copy(self, source: str, target: str) -> Command:
        secure = ("--src-tls-verify=false", "--dest-tls-verify=false")
        return Command(("skopeo", "--insecure-policy", "copy", *secure, source, target))
