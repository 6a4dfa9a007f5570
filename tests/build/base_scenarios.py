"""What the real tests of `trimaran base` do inside a namespace; see tests/support/inside.py."""

from __future__ import annotations

import os
import stat
import threading
from pathlib import Path
from typing import Any

from trimaran import events, platforms, references
from trimaran.build.base import BaseRequest, Kind, make_base
from trimaran.emulation.prepare import prepare
from trimaran.layers.apply import apply_layer
from trimaran.linux import process
from trimaran.oci.models import Descriptor, ImageConfig, Index, Manifest, platform_of
from trimaran.platforms import Platform
from trimaran.store.store import Store

_NAME = references.parse("base:test")


def busybox(folder: str) -> dict[str, Any]:
    wanted = platforms.parse_list("linux/amd64,linux/arm64,linux/arm/v7,linux/s390x")
    with Store.open(Path(folder, "store")) as store:
        index = _made(store, "busybox", "", wanted)
        again = _made(store, "busybox", "", wanted[:1])
        images = Index.parse(store.read_blob(index.digest)).manifests
        prepare(wanted, os.defpath)
        roots = [_extracted(store, image, Path(folder)) for image in images]
        return {
            "platforms": [str(platform_of(image)) for image in images],
            "said": [_said(root) for root in roots],
            "command": _config(store, images[0]).config.cmd,
            "listing": _listing(roots[0]),
            "times": [sorted({int(p.lstat().st_mtime) for p in r.rglob("*")}) for r in roots],
            "again": Index.parse(store.read_blob(again.digest)).manifests == images[:1],
            "named": store.resolve(_NAME) == again,
        }


def debian(folder: str) -> dict[str, Any]:
    with Store.open(Path(folder, "store")) as store:
        index = _made(store, "debian", "bookworm", (platforms.host(),))
        (image,) = Index.parse(store.read_blob(index.digest)).manifests
        root = _extracted(store, image, Path(folder))
        return {
            "command": _config(store, image).config.cmd,
            "release": (root / "etc/os-release").read_text(),
            "listing": _listing(root),
            "status": process.run(["/usr/sbin/chroot", root, "dpkg", "-s", "apt"]).stdout.decode(),
        }


def _made(store: Store, kind: Kind, suite: str, wanted: tuple[Platform, ...]) -> Descriptor:
    request = BaseRequest(kind, suite, (_NAME,), wanted)
    return make_base(
        request, store, events.ignore, search_path=os.defpath, cores=2, stop=threading.Event()
    )


def _config(store: Store, image: Descriptor) -> ImageConfig:
    manifest = Manifest.parse(store.read_blob(image.digest))
    return ImageConfig.parse(store.read_blob(manifest.config.digest))


def _extracted(store: Store, image: Descriptor, folder: Path) -> Path:
    (layer,) = Manifest.parse(store.read_blob(image.digest)).layers
    root = folder / image.digest.replace(":", "-")
    root.mkdir()
    with store.open_blob(layer.digest) as file:
        apply_layer(file, layer.media_type, root)
    return root


def _said(root: Path) -> list[str]:
    words = ["/usr/sbin/chroot", str(root), "/bin/sh", "-c", "id; uname -m"]
    return process.run(words).stdout.decode().splitlines()


def _listing(root: Path) -> list[str]:
    kinds = {stat.S_IFDIR: "d", stat.S_IFLNK: "l", stat.S_IFREG: "-"}
    lines = []
    for path in sorted(root.rglob("*")):
        status = path.lstat()
        kind = kinds.get(stat.S_IFMT(status.st_mode), "?")
        mode = stat.S_IMODE(status.st_mode)
        owner = f"{status.st_uid}:{status.st_gid}"
        lines.append(f"{kind} {mode:o} {owner} {path.relative_to(root)}")
    return lines
