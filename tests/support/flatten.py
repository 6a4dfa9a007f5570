"""An OCI archive's images as files and config, in words that can be compared line by line."""

from __future__ import annotations

import gzip
import hashlib
import io
import json
import tarfile
import zlib
from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Any

_KINDS = {
    tarfile.REGTYPE: "file",
    tarfile.AREGTYPE: "file",
    tarfile.DIRTYPE: "folder",
    tarfile.SYMTYPE: "link",
    tarfile.CHRTYPE: "character device",
    tarfile.BLKTYPE: "block device",
    tarfile.FIFOTYPE: "fifo",
}


@dataclass(frozen=True)
class File:
    """What a layer says of a path; one object for all names of a hard link."""

    kind: str
    mode: int
    owner: tuple[int, int]
    content: bytes = b""
    target: str = ""
    xattrs: Mapping[str, str] = field(default_factory=dict)
    device: tuple[int, int] | None = None
    mtime: float = 0

    def lines(self) -> Iterator[str]:
        yield self.kind
        yield f"mode {self.mode:04o}"
        yield f"owner {self.owner[0]}:{self.owner[1]}"
        if self.kind == "file":
            yield f"size {len(self.content)}"
            yield f"content {_shown(self.content)}"
        if self.target:
            yield f"-> {self.target}"
        yield from (f"xattr {name}={value!r}" for name, value in sorted(self.xattrs.items()))
        if self.device:
            yield f"device {self.device[0]}:{self.device[1]}"


@dataclass(frozen=True)
class Image:
    """One platform's: files by path, and the config document."""

    files: dict[str, File]
    config: dict[str, Any]

    def lines(self) -> dict[str, list[str]]:
        """Each path with what is said of it; other names of its hard link included."""
        names: dict[int, list[str]] = defaultdict(list)
        for path, file in self.files.items():
            names[id(file)].append(path)
        described = {}
        for path, file in self.files.items():
            others = sorted(set(names[id(file)]) - {path})
            described[path] = [*file.lines(), *(f"hard link of {other}" for other in others)]
        return described


class _Archive:
    def __init__(self, tar: tarfile.TarFile) -> None:
        self._tar = tar

    def read(self, name: str) -> bytes:
        member = self._tar.extractfile(name)
        assert member is not None
        return member.read()

    def blob(self, digest: str) -> bytes:
        content = self.read(f"blobs/{digest.replace(':', '/')}")
        assert hashlib.sha256(content).hexdigest() == digest.partition(":")[2]
        return content


def images(path: Path) -> dict[str, Image]:
    """The images of an archive by `type=oci`, by platform; attestations are left out."""
    found: dict[str, Image] = {}
    with tarfile.open(path) as tar:
        archive = _Archive(tar)
        for manifest in _manifests(archive, json.loads(archive.read("index.json"))):
            config = json.loads(archive.blob(manifest["config"]["digest"]))
            # BuildKit writes null where there are none.
            layers = [archive.blob(layer["digest"]) for layer in manifest["layers"] or ()]
            platform = f"{config['os']}/{config['architecture']}"
            found[platform] = Image(flatten(layers), config)
    return found


def saved(path: Path) -> Image:
    """The image of an archive by `docker save`."""
    with tarfile.open(path) as tar:
        archive = _Archive(tar)
        (image,) = json.loads(archive.read("manifest.json"))
        layers = [archive.read(name) for name in image["Layers"]]
        return Image(flatten(layers), json.loads(archive.read(image["Config"])))


def _manifests(archive: _Archive, index: Any) -> Iterator[Any]:
    for entry in index["manifests"]:
        if "vnd.docker.reference.type" in entry.get("annotations", {}):
            continue
        document = json.loads(archive.blob(entry["digest"]))
        if "manifests" in document:
            yield from _manifests(archive, document)
        else:
            yield document


def flatten(layers: list[bytes]) -> dict[str, File]:
    """Apply layers in their order, whiteouts included (image-spec, layer.md)."""
    files: dict[str, File] = {}
    for layer in layers:
        _apply(files, _unpacked(layer))
    return files


def _unpacked(layer: bytes) -> bytes:
    return gzip.decompress(layer) if layer[:2] == b"\x1f\x8b" else layer


def _apply(files: dict[str, File], layer: bytes) -> None:
    with tarfile.open(fileobj=io.BytesIO(layer)) as tar:
        members = [(_path(member.name), member) for member in tar]
        for path, _ in members:
            _white_out(files, path)
        for path, member in members:
            if not path.rpartition("/")[2].startswith(".wh."):
                _add(files, path, member, tar)


def _white_out(files: dict[str, File], path: str) -> None:
    parent, _, name = path.rpartition("/")
    if name == ".wh..wh..opq":
        _remove(files, parent, itself=False)
    elif name.startswith(".wh."):
        _remove(files, f"{parent}/{name[4:]}", itself=True)


def _remove(files: dict[str, File], path: str, *, itself: bool) -> None:
    for found in [each for each in files if each.startswith(f"{path}/")]:
        del files[found]
    if itself:
        files.pop(path, None)


def _add(files: dict[str, File], path: str, member: tarfile.TarInfo, tar: tarfile.TarFile) -> None:
    if not member.isdir():
        _remove(files, path, itself=True)
    if member.islnk():
        files[path] = files[_path(member.linkname)]
        return
    source: IO[bytes] | None = tar.extractfile(member) if member.isreg() else None
    marker = "SCHILY.xattr."
    files[path] = File(
        kind=_KINDS[member.type],
        mode=member.mode & 0o7777,  # docker save writes the kind into it, too
        owner=(member.uid, member.gid),
        content=source.read() if source else b"",
        target=member.linkname if member.issym() else "",
        xattrs={
            name.removeprefix(marker): value
            for name, value in member.pax_headers.items()
            if name.startswith(marker)
        },
        device=(member.devmajor, member.devminor)
        if member.isdev() and not member.isfifo()
        else None,
        mtime=member.mtime,
    )


def _path(name: str) -> str:
    return "/" + "/".join(part for part in name.split("/") if part not in ("", "."))


def _shown(content: bytes) -> str:
    if len(content) < 200:
        return repr(content)[1:]
    return f"crc {zlib.crc32(content):08x}, sha256 {hashlib.sha256(content).hexdigest()}"
