"""Names of images: one file per reference, with the descriptor that it stands for."""

from __future__ import annotations

import hashlib
import time
from pathlib import Path
from typing import NamedTuple
from urllib.parse import quote

import msgspec

from trimaran import references
from trimaran.errors import InvalidReferenceError, StoreError
from trimaran.oci.models import Descriptor
from trimaran.references import Reference
from trimaran.store import files
from trimaran.store.scratch import Scratch

_LONGEST_NAME = 200
"""File names have at most 255 bytes (NAME_MAX); references may be longer."""


class NamedImage(NamedTuple):
    """An image's name; `created` is when it was given, in seconds since the epoch."""

    reference: Reference
    descriptor: Descriptor
    created: int


class _File(msgspec.Struct, frozen=True):
    reference: str
    descriptor: Descriptor
    created: int


class Refs:
    """The references in `folder`."""

    def __init__(self, folder: Path, scratch: Scratch) -> None:
        self._folder = folder
        self._scratch = scratch

    def tag(self, reference: Reference, descriptor: Descriptor) -> None:
        """Let `reference` stand for `descriptor` from now on. Raises StoreError."""
        data = msgspec.json.encode(_File(str(reference), descriptor, int(time.time())))
        with files.guarded(self._folder.parent, f"tag {reference.familiar}"):
            files.write_whole(self._path(reference), data, self._scratch.folder)

    def resolve(self, reference: Reference) -> Descriptor | None:
        """What `reference` stands for; None if nothing. Raises StoreError if it is damaged."""
        found = self._read(self._path(reference))
        return None if found is None else found.descriptor

    def untag(self, reference: Reference) -> bool:
        """Forget `reference`; gives whether there was one. Raises StoreError."""
        with files.guarded(self._folder.parent, f"untag {reference.familiar}"):
            try:
                self._path(reference).unlink()
            except FileNotFoundError:
                return False
            files.sync_folder(self._folder)
        return True

    def names(self) -> list[NamedImage]:
        """Every reference, sorted by name. Raises StoreError if one is damaged."""
        found = (self._read(path) for path in self._folder.iterdir())
        return sorted((each for each in found if each is not None), key=lambda it: str(it[0]))

    def changed_ns(self) -> int:
        """When a name was given or forgotten last, in nanoseconds since the epoch."""
        return self._folder.stat().st_mtime_ns

    def _read(self, path: Path) -> NamedImage | None:
        try:
            file = msgspec.json.decode(path.read_bytes(), type=_File)
            return NamedImage(references.parse(file.reference), file.descriptor, file.created)
        except FileNotFoundError:
            return None
        except (msgspec.DecodeError, UnicodeDecodeError, InvalidReferenceError) as error:
            hint = "remove that file, then tag the image again"
            raise StoreError(f"the image name in {path} is damaged", hint) from error

    def _path(self, reference: Reference) -> Path:
        return self._folder / file_name(str(reference))


def file_name(reference: str) -> str:
    """The reference as one file's name; long ones end in a digest, after a `~` that none has."""
    name = quote(reference, safe="")
    if len(name) <= _LONGEST_NAME:
        return name
    return f"{name[:100]}~{hashlib.sha256(reference.encode()).hexdigest()}"
