"""The two builders under measurement, each with stores that can be thrown away."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from bench.runs import Command

from trimaran import platforms

BASE = "localhost/busybox"
_NAME = "localhost/bench"


@dataclass(frozen=True, slots=True)
class Build:
    """What both build.

    Attributes:
        context: a folder with a Dockerfile whose ARG BASE names its base.
        archive: where an OCI archive of the result is written; None to leave it in the store.
    """

    context: Path
    platforms: tuple[str, ...]
    archive: Path | None = None

    @property
    def emulates(self) -> bool:
        host = platforms.host()
        return any(platforms.parse(name) != host for name in self.platforms)


class Tool(Protocol):
    """A builder with a store."""

    name: str

    def version(self) -> list[Command]: ...

    def reset(self, build: Build) -> None:
        """Empty the store, down to the base where the builder cannot read it in a build."""
        ...

    def build(self, build: Build) -> list[Command]: ...


class Trimaran:
    name = "trimaran"

    def __init__(self, stage: Path, layout: Path) -> None:
        self._program = str(Path(sys.executable).with_name("trimaran"))
        self._store = stage / "trimaran"
        self._layout = layout
        # As an installed program has it: compiled once.
        self._environment = {
            "PYTHONDONTWRITEBYTECODE": "",
            "PYTHONPYCACHEPREFIX": str(stage / "bytecode"),
        }

    def version(self) -> list[Command]:
        return [self._command("--version")]

    def reset(self, build: Build) -> None:
        del build
        shutil.rmtree(self._store, ignore_errors=True)

    def build(self, build: Build) -> list[Command]:
        out = [f"--output=type=oci,dest={build.archive}"] if build.archive else []
        return [
            self._command(
                f"--store={self._store}",
                "build",
                f"--tag={_NAME}",
                f"--platform={','.join(build.platforms)}",
                f"--build-arg=BASE={BASE}",
                f"--build-context={BASE}=oci-layout://{self._layout}:latest",
                *out,
                str(build.context),
            )
        ]

    def _command(self, *arguments: str) -> Command:
        return Command((self._program, *arguments), environment=self._environment)


class Buildah:
    name = "buildah"

    def __init__(self, stage: Path, layout: Path) -> None:
        self._stage = stage / "buildah"
        self._layout = layout

    def version(self) -> list[Command]:
        return [Command(("buildah", "--version"))]

    def reset(self, build: Build) -> None:
        shutil.rmtree(self._stage, ignore_errors=True)
        self._stage.mkdir()
        self._do(build, "manifest", "create", BASE)
        for name in build.platforms:
            wanted = ["--arch", platforms.parse(name).architecture]
            image = self._do(build, "pull", "--quiet", *wanted, f"oci:{self._layout}:latest")
            self._do(build, "manifest", "add", BASE, f"containers-storage:{image}")

    def build(self, build: Build) -> list[Command]:
        many = len(build.platforms) > 1
        commands = [
            self._command(
                build,
                "build",
                "--layers",
                "--pull-never",
                "--network=host",
                "--isolation=chroot",
                f"--platform={','.join(build.platforms)}",
                f"--build-arg=BASE={BASE}",
                f"--{'manifest' if many else 'tag'}={_NAME}",
                str(build.context),
            )
        ]
        if build.archive:
            build.archive.unlink(missing_ok=True)
            commands.append(self._command(build, "push", _NAME, f"oci-archive:{build.archive}"))
        return commands

    def _command(self, build: Build, *arguments: str) -> Command:
        """In a mount namespace that takes its mounts along, or one where foreign programs run."""
        storage = ("--root", f"{self._stage}/root", "--runroot", f"{self._stage}/run")
        argv = ("buildah", *storage, "--storage-driver=overlay", *arguments)
        return Command(argv, wrapper=_wrapper(build))

    def _do(self, build: Build, *arguments: str) -> str:
        command = self._command(build, *arguments)
        argv = [*command.wrapper, *command.argv]
        done = subprocess.run(argv, stdout=subprocess.PIPE, text=True, check=True)
        return done.stdout.split()[-1]


def _wrapper(build: Build) -> Sequence[str]:
    if build.emulates:
        return (sys.executable, "-m", "bench.inside", ",".join(build.platforms))
    return ("unshare", "--mount", "--propagation=private")


def make_base(stage: Path, wanted: Sequence[str]) -> Path:
    """Debian's busybox for the platforms, as an OCI layout that both read."""
    trimaran = str(Path(sys.executable).with_name("trimaran"))
    store, layout = f"--store={stage}/base", stage / "layout"
    listed = f"--platform={','.join(wanted)}"
    again = stage / "again"
    again.mkdir()
    (again / "Dockerfile").write_text(f"FROM {BASE}\n", encoding="utf-8")
    out = f"--output=type=oci,tar=false,dest={layout}"
    base = [trimaran, store, "base", "busybox", "--tag", BASE, listed]
    for argv in (base, [trimaran, store, "build", "--tag", BASE, listed, out, str(again)]):
        subprocess.run(argv, env=os.environ, check=True, capture_output=True)
    return layout
