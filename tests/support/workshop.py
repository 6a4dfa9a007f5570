"""A folder of the ordinary user with a store of its own, and trimaran's command line in it."""

from __future__ import annotations

import dataclasses
import hashlib
import json
import subprocess
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from tests.support.users import (
    as_ordinary_user,
    base_environment,
    identity,
    ordinary_folder,
    trimaran_program,
)

FOUR = "linux/amd64,linux/arm64,linux/arm/v7,linux/s390x"
EPOCH = "1700000000"
Done = subprocess.CompletedProcess[str]


@dataclasses.dataclass(frozen=True)
class Workshop:
    """Where one test, or one file of tests, builds.

    Attributes:
        folder: the ordinary user's, the working folder of every command.
        busybox: a base for the platforms of `FOUR`: what `--build-context busybox=` takes.
        store: the store's name below `folder`.
    """

    folder: Path
    busybox: str = ""
    store: str = "store"

    @property
    def store_path(self) -> Path:
        return self.folder / self.store

    def with_store(self, name: str) -> Workshop:
        return dataclasses.replace(self, store=name)

    def write(self, name: str, content: str | bytes = "", mode: int = 0o644) -> Path:
        """A file below the folder, with its parents."""
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content.encode() if isinstance(content, str) else content)
        path.chmod(mode)
        return path

    def context(self, dockerfile: str, name: str = "context") -> Path:
        """A build context that holds this Dockerfile."""
        return self.write(f"{name}/Dockerfile", dockerfile).parent

    def run(
        self, *words: str | Path, environment: Mapping[str, str] | None = None, **options: Any
    ) -> Done:
        """Run a command to its end, whatever that is."""
        return as_ordinary_user(
            [*trimaran_program(), *words],
            folder=self.folder,
            environment={**self._environment(), **(environment or {})},
            **options,
        )

    def run_by(self, launcher: Sequence[str | Path], *words: str | Path) -> Done:
        """Run a command by way of another program, which gets its words at the end of its own."""
        return as_ordinary_user(
            [*launcher, *trimaran_program(), *words],
            folder=self.folder,
            environment=self._environment(),
        )

    def ok(
        self, *words: str | Path, environment: Mapping[str, str] | None = None, **options: Any
    ) -> Done:
        """Run a command that must succeed."""
        done = self.run(*words, environment=environment, **options)
        assert done.returncode == 0, done.stdout + done.stderr
        return done

    def build(
        self, *words: str | Path, environment: Mapping[str, str] | None = None, **options: Any
    ) -> Done:
        """Build with `FROM busybox` served by the base; it must succeed."""
        return self.ok(*self.build_words(*words), environment=environment, **options)

    def refused(self, *words: str | Path, status: int = 1, **options: Any) -> str:
        """Build what must fail with `status`; what it said to standard error."""
        done = self.run(*self.build_words("--progress", "quiet", *words), **options)
        assert done.returncode == status, done.stdout + done.stderr
        assert done.stdout == ""
        return done.stderr

    def digest(self, *words: str | Path, environment: Mapping[str, str] | None = None) -> str:
        """Build and give back what -q prints."""
        return self.build("-q", *words, environment=environment).stdout.strip()

    def events(self, *words: str | Path, **options: Any) -> list[dict[str, Any]]:
        """Build and give back the events of its progress."""
        return read_events(self.build("--progress", "rawjson", *words, **options))

    def build_words(self, *words: str | Path) -> tuple[str | Path, ...]:
        base = ("--build-context", f"busybox={self.busybox}") if self.busybox else ()
        return ("build", *base, *words)

    def start(self, *words: str | Path, **options: Any) -> subprocess.Popen[str]:
        """Start a command whose output and errors are pipes."""
        return subprocess.Popen(
            [str(word) for word in (*trimaran_program(), *words)],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            cwd=self.folder,
            env={**base_environment(), **self._environment(), **options},
            **identity(),
        )

    def damaged_blobs(self) -> list[str]:
        """The blobs of the store that are not what their name says."""
        blobs = [path for path in self.store_path.glob("blobs/sha256/*") if path.is_file()]
        return [path.name for path in blobs if _sha256(path) != path.name]

    def _environment(self) -> dict[str, str]:
        return {"HOME": str(self.folder), "TRIMARAN_STORE": str(self.store_path)}


@contextmanager
def workshop(busybox: str = "") -> Iterator[Workshop]:
    """A new workshop, removed with all that is in it."""
    with ordinary_folder() as folder:
        yield Workshop(folder, busybox)


def read_events(done: Done) -> list[dict[str, Any]]:
    """The events that `--progress rawjson` wrote."""
    return [json.loads(line) for line in done.stderr.splitlines() if line.startswith("{")]


def labels(events: list[dict[str, Any]], kind: str) -> list[str]:
    """The labels of the steps that were `step-started` or `step-cached`."""
    return [event["label"] for event in events if event["event"] == kind]


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
