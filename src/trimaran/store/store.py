"""The local store: blobs, image names, snapshots and records in one folder.

ROOT/
├── version             "trimaran-store 1": the layout of all below
├── blobs/ALGORITHM/HEX content by digest: layers, configs, manifests, indexes
├── refs/NAME           one image name (percent-encoded) and its descriptor, as JSON
├── referrers/ALGORITHM-HEX  what refers to that image, as an OCI index; goes with the image
├── records/KIND/KEY    memos: results of steps, hashes of files; KEY is a sha256
├── snapshots/NAME/     one step's layer as files; NAME is 16 characters of its identity's sha256
│   ├── fs/             the layer, an overlay's former upper folder
│   ├── boot            the kernel's boot id when it was made
│   └── synced          there once the whole of it is on the disk
├── caches/NAME/        a folder that outlives builds (RUN --mount=type=cache); see caches.py
├── locks/
│   ├── lease           shared by every command that needs content, exclusive for `alone`
│   ├── collect         shared while a command notes what it relies on, exclusive for a collector
│   └── NAME.lock       named locks, removed by their last holder
├── partial/ALGORITHM-HEX  the first bytes of a blob whose download was cut short
└── tmp/OWNER/          unfinished things of one open store, which holds a flock on the folder

Rules:
- Whole or not there: everything is written below tmp/OWNER, synced, renamed to its name, and the
  name's folder synced. Snapshots alone are synced later, in one go (`sync`); until then they count
  only for the boot in which they were made. So a kill or a crash at any point leaves a good store.
- tmp/OWNER of a dead owner (its flock is free) is swept when a store is opened.
- Who reads or adds content holds the lease (`use`) for as long as it relies on it. What it looks
  for or writes is then written down in tmp/OWNER/used, and a collector leaves that alone (uses.py,
  collector.py). Who removes names' content holds the lease `alone`, and does without removal if
  another holds it. A holder of `use` must not ask for `alone`: both are flocks, and it would be
  refused by itself.
- Order: lease, then named locks, then the short lock "snapshots" (taken inside `commit` only).
- Files in snapshots belong to ids of the user namespace: who removes them has entered it.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from contextlib import AbstractContextManager, contextmanager, suppress
from functools import cached_property
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, BinaryIO, Self

from trimaran.errors import StoreError
from trimaran.oci.models import MANIFEST_LIMIT_BYTES, Descriptor, Index
from trimaran.references import Reference
from trimaran.store import files, garbage, trees
from trimaran.store.blobs import Blobs, BlobWriter
from trimaran.store.caches import Caches
from trimaran.store.locks import Locks
from trimaran.store.partials import PartialBlob, Partials
from trimaran.store.records import Records
from trimaran.store.referrers import Referrers
from trimaran.store.refs import NamedImage, Refs
from trimaran.store.scratch import Scratch, sweep
from trimaran.store.snapshots import PendingSnapshot, Snapshots
from trimaran.store.uses import Uses

if TYPE_CHECKING:
    from trimaran.store.collector import Collector

_VERSION = "trimaran-store 1"
_FOLDERS = ("blobs", "refs", "records", "snapshots", "caches", "locks", "partial", "tmp")


class Store:
    """An open store; threads may share it. `open` makes one; `close` it, or use it in a `with`.

    Attributes:
        caches: the folders that outlive builds.
    """

    def __init__(self, root: Path) -> None:
        self.root = root
        self._scratch = Scratch(root / "tmp")
        self._locks = Locks(root / "locks")
        self._uses = Uses(root, self._scratch)
        self._blobs = Blobs(root / "blobs", self._scratch, self._uses)
        self._partials = Partials(root / "partial", self._blobs, self._locks)
        self._refs = Refs(root / "refs", self._scratch)
        self._referrers = Referrers(root / "referrers", self._scratch)
        self._records = Records(root / "records", self._scratch, self._uses)
        self._snapshots = Snapshots(root / "snapshots", self._scratch, self._locks, self._uses)
        self.caches = Caches(root / "caches", self._scratch, self._uses)

    @classmethod
    def open(cls, root: Path) -> Self:
        """Open the store at `root`, made if it is missing, and sweep what dead owners left.

        Raises:
            StoreError: `root` holds another layout or other files, or cannot be used.
        """
        root = root.absolute()
        with files.guarded(root, f"open the store {root}"):
            _prepare(root)
            sweep(root / "tmp")
        return cls(root)

    def close(self) -> None:
        """Remove this store's unfinished things."""
        self._scratch.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()

    def guarded(self, action: str) -> AbstractContextManager[None]:
        """Turns an OSError of writing below the root into a StoreError, as "ACTION: … is full"."""
        return files.guarded(self.root, action)

    @contextmanager
    def working_folder(self, kind: str) -> Iterator[Path]:
        """An empty folder on the store's file system, removed at the end. Raises StoreError."""
        with self.guarded("write into the store"):
            path = self._scratch.new_path(kind)
            path.mkdir(mode=0o700)
        try:
            yield path
        finally:
            with suppress(OSError):  # what cannot be removed is left for a sweep
                trees.remove(path.parent, path.name)

    # Blobs

    def has_blob(self, digest: str) -> bool:
        return self._blobs.has(digest)

    def blob_path(self, digest: str) -> Path:
        """Where the blob is, or would be. Raises ImageError if `digest` is none."""
        return self._blobs.path(digest)

    def read_blob(self, digest: str, limit_bytes: int = MANIFEST_LIMIT_BYTES) -> bytes:
        """The blob's bytes, checked. Raises NotFoundError, StoreError."""
        return self._blobs.read(digest, limit_bytes)

    def open_blob(self, digest: str) -> BinaryIO:
        """The blob's bytes as a file, not checked. Raises NotFoundError."""
        return self._blobs.open_file(digest)

    def put_blob(self, data: bytes) -> str:
        """Store `data`; gives its sha256 digest. Raises StoreError."""
        return self._blobs.put(data)

    def blob_writer(self, algorithm: str = "sha256") -> AbstractContextManager[BlobWriter]:
        """A new blob, discarded at the end unless committed. Raises StoreError."""
        return self._blobs.writer(algorithm)

    def partial_blob(self, digest: str) -> AbstractContextManager[PartialBlob | None]:
        """What is there of a blob, kept unless committed; None if it became whole meanwhile."""
        return self._partials.open(digest)

    def remove_blob(self, digest: str) -> int:
        """Remove a blob, and the list of what refers to it; gives the bytes freed.

        Hold `alone` meanwhile. Raises StoreError.
        """
        self._referrers.remove(digest)
        return self._blobs.remove(digest)

    def garbage(self, keep: Iterable[str] = ()) -> list[str]:
        """The digests of blobs that no reference reaches, no record names, `keep` lacks.

        Hold `alone` from here to the removal. Raises StoreError, ImageError.
        """
        return garbage.garbage(self._blobs, self._refs, self._records, self._referrers, keep)

    # Names of images

    def tag(self, reference: Reference, descriptor: Descriptor) -> None:
        """Let `reference` stand for `descriptor` from now on. Raises StoreError."""
        self._refs.tag(reference, descriptor)

    def resolve(self, reference: Reference) -> Descriptor | None:
        """What exactly this reference stands for; None if nothing. Raises StoreError."""
        return self._refs.resolve(reference)

    def untag(self, reference: Reference) -> bool:
        """Forget `reference`; gives whether there was one. Raises StoreError."""
        return self._refs.untag(reference)

    def names(self) -> list[NamedImage]:
        """Every (reference, descriptor, created in seconds), sorted. Raises StoreError."""
        return self._refs.names()

    # What refers to images

    def referrers(self, subject: str) -> tuple[Descriptor, ...]:
        """What is listed as referring to a digest. Raises ImageError if the list is damaged."""
        return self._referrers.get(subject)

    def put_referrers(self, subject: str, index: Index) -> None:
        """List in `index` what refers to a digest, which is there. Raises StoreError."""
        self._referrers.put(subject, index)

    # Records

    def record(self, kind: str, key: str) -> bytes | None:
        """What was put last under `kind` and `key`; None if nothing was."""
        return self._records.get(kind, key)

    def put_record(self, kind: str, key: str, data: bytes, *, durable: bool = True) -> None:
        """Keep `data`; digests in it keep their blobs. Raises StoreError."""
        self._records.put(kind, key, data, durable=durable)

    def expire_records(self, kind: str, age_s: float) -> None:
        """Forget the records of a kind that were put longer ago."""
        self._records.expire(kind, age_s)

    def remove_record(self, kind: str, key: str) -> bool:
        """Forget a record; gives whether there was one."""
        return self._records.remove(kind, key)

    # Snapshots

    def snapshot(self, identity: str) -> Path | None:
        """The finished snapshot's `fs` folder; None if there is none that counts."""
        return self._snapshots.get(identity)

    def new_snapshot(self, identity: str) -> AbstractContextManager[PendingSnapshot]:
        """A snapshot to be filled, discarded at the end unless committed. Raises StoreError."""
        return self._snapshots.new(identity)

    def sync(self) -> None:
        """Make all snapshots durable: once, at the end of a build. Raises StoreError."""
        marks = self.caches.marks()
        if self._snapshots.sync():
            self.caches.unmark(marks)

    # Locks

    def lock(self, name: str) -> AbstractContextManager[None]:
        """Hold `name` alone among all processes and threads; waits for it."""
        return self._locks.lock(name)

    @contextmanager
    def use(self) -> Iterator[None]:
        """The shared lease: while it is held, nothing that is looked for or written is removed."""
        with self._locks.lease(), self._uses.holding():
            yield

    @cached_property
    def collector(self) -> Collector:
        """What lists the store's content, and removes what nobody needs, beside `use`."""
        from trimaran.store.collector import Collector  # noqa: PLC0415 - slow to load
        from trimaran.store.inventory import Places  # noqa: PLC0415

        places = Places(
            self._blobs,
            self._refs,
            self._referrers,
            self._records,
            self._snapshots,
            self._partials,
            self.caches,
        )
        return Collector(self.root, places, self._uses)

    def alone(self) -> AbstractContextManager[bool]:
        """The exclusive lease, for removal; gives False, at once, if another command has one."""
        return self._locks.alone()


def _prepare(root: Path) -> None:
    try:
        found = (root / "version").read_bytes().decode("utf-8", "replace").strip()
    except FileNotFoundError:
        _create(root)
        return
    if found != _VERSION:
        raise StoreError(
            f"{root} is a store of another layout: {found!r}, this program knows {_VERSION!r}",
            "choose another folder with --store, or remove this one",
        )


def _create(root: Path) -> None:
    root.mkdir(mode=0o700, parents=True, exist_ok=True)
    foreign = sorted(set(os.listdir(root)) - {*_FOLDERS, "version"})
    if foreign:
        raise StoreError(
            f"{root} is no store: it holds {foreign[0]!r}", "choose an empty folder with --store"
        )
    for name in _FOLDERS:
        with suppress(FileExistsError):
            (root / name).mkdir(mode=0o700)
    scratch = Scratch(root / "tmp")
    try:
        files.write_whole(root / "version", f"{_VERSION}\n".encode(), scratch.folder)
    finally:
        scratch.close()
