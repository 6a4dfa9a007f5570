"""What an image is made of, found by a program of this machine: BuildKit's scanner protocol.

The program gets BUILDKIT_SCAN_SOURCE, the image's file system to be read, and writes in-toto
statements or plain SPDX or CycloneDX documents into the folder BUILDKIT_SCAN_DESTINATION
(BuildKit's sbom-protocol.md). It is the user's own program and runs with the user's own rights.
"""

from __future__ import annotations

import os
import stat
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, ExitStack
from pathlib import Path
from typing import Any

import msgspec

from trimaran.errors import HostError, StepError, UsageError
from trimaran.events import Emit, StepDone, StepFailed, StepStarted
from trimaran.executor.roots import opened_root
from trimaran.linux import process
from trimaran.platforms import Platform
from trimaran.request import Sbom
from trimaran.store.store import Store

CORE = "sbom"
"""What BuildKit calls the file system of the result, and so the document about it."""

SPDX = "https://spdx.dev/Document"
CYCLONE_DX = "https://cyclonedx.org/bom"
_PROVENANCE = "https://slsa.dev/provenance/"
_LIMIT_BYTES = 80 * 1024 * 1024  # BuildKit's


class Document(msgspec.Struct, frozen=True):
    """One statement of a generator; `predicate` is JSON."""

    file_name: str
    predicate_type: str
    predicate: bytes


def find_generator(sbom: Sbom, search_path: str) -> Path:
    """Where the generator is.

    Raises:
        UsageError: there is no such program.
    """
    found = process.find(sbom.generator, search_path)
    if found is None:
        raise UsageError(
            f"--sbom: {sbom.generator} is no program of this machine",
            "generator= names a program that reads the files below $BUILDKIT_SCAN_SOURCE and writes"
            " *.spdx.json into $BUILDKIT_SCAN_DESTINATION; generators that are images do not run",
        )
    return found.absolute()


class Scanner(msgspec.Struct, frozen=True):
    """Runs a generator on file systems in the store."""

    store: Store
    program: Path
    sbom: Sbom
    emit: Emit
    epoch: int | None = None

    def scan(
        self,
        platform: Platform,
        identities: Sequence[str],
        extras: Mapping[str, Sequence[str]] | None = None,
    ) -> tuple[Document, ...]:
        """What the generator states of an image.

        Args:
            platform: the image's, for messages.
            identities: of its chain of steps, base first.
            extras: more file systems that it may look at, by name.

        Raises:
            StepError: it fails, or what it wrote is no statement.
        """
        label = f"[{platform}] generating sbom using {self.program.name}"
        step, started = f"sbom-{platform}", time.time()
        self.emit(StepStarted(step, label, str(platform), "native", started))
        try:
            found = self._run(identities, extras or {})
        except HostError as error:
            self.emit(StepFailed(step, error.message, time.time()))
            raise StepError(
                error.message, step=label, platform=str(platform), hint=error.hint
            ) from error
        self.emit(StepDone(step, time.time() - started, time.time()))
        return found

    def _run(
        self, identities: Sequence[str], extras: Mapping[str, Sequence[str]]
    ) -> tuple[Document, ...]:
        with ExitStack() as stack:
            out, more = (stack.enter_context(self._folder()) for _ in range(2))
            root = stack.enter_context(opened_root(self.store, identities, name=CORE))
            for name, chain in extras.items():
                other = stack.enter_context(opened_root(self.store, chain))
                (more / f"{CORE}-{name}").symlink_to(other)
            found = (f"BUILDKIT_SCAN_SOURCE_EXTRAS={more}",) if extras else ()
            process.run(["env", *self._variables(root, out), *found, self.program])
            documents = tuple(_read(out))
        if not documents:
            raise HostError(
                f"{self.program} wrote no SBOM",
                "it is to write *.spdx.json into $BUILDKIT_SCAN_DESTINATION",
            )
        return documents

    def _folder(self) -> AbstractContextManager[Path]:
        return self.store.working_folder("scan")

    def _variables(self, root: Path, out: Path) -> Iterator[str]:
        """What is added to this process's own environment."""
        yield f"BUILDKIT_SCAN_SOURCE={root}"
        yield f"BUILDKIT_SCAN_DESTINATION={out}"
        if self.epoch is not None:
            yield f"SOURCE_DATE_EPOCH={self.epoch}"
        for name, value in self.sbom.parameters.items():
            yield f"BUILDKIT_SCAN_{name}={value}"


def _read(folder: Path) -> Iterator[Document]:
    """The statements, that about the result first.

    Raises:
        HostError: a file is none, or is too large.
    """
    names = sorted(os.listdir(folder), key=lambda name: (name.partition(".")[0] != CORE, name))
    for name in names:
        yield _document(name, _content(folder / name, name))


def _content(path: Path, name: str) -> bytes:
    try:
        with open(os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK), "rb") as file:
            facts = os.fstat(file.fileno())
            if stat.S_ISREG(facts.st_mode) and facts.st_size <= _LIMIT_BYTES:
                return file.read(_LIMIT_BYTES)
    except OSError as error:
        raise HostError(f"the SBOM {name}: {error.strerror}") from error
    raise HostError(f"the SBOM {name} is no file of at most {_LIMIT_BYTES >> 20} MiB")


def _document(name: str, raw: bytes) -> Document:
    """A statement, or a plain document whose kind its own fields tell."""
    try:
        fields = msgspec.json.decode(raw, type=dict[str, msgspec.Raw])
        kind = _text(fields, "predicateType")
        if kind and "predicate" in fields:
            raw = bytes(fields["predicate"])
        elif "spdxVersion" in fields or "@graph" in fields:
            kind = SPDX
        elif _text(fields, "bomFormat") == "CycloneDX":
            kind = CYCLONE_DX
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise HostError(f"the SBOM {name} is not JSON: {error}") from error
    if not kind or kind.startswith(_PROVENANCE):
        raise HostError(
            f"the SBOM {name} is neither an in-toto statement nor SPDX or CycloneDX",
            "a generator writes one JSON document a file",
        )
    return Document(name, kind, raw)


def _text(fields: Mapping[str, msgspec.Raw], name: str) -> str:
    value: Any = msgspec.json.decode(fields[name]) if name in fields else ""
    return value if isinstance(value, str) else ""
