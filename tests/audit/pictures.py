"""Images in the store, from what their layers are to hold."""

from __future__ import annotations

import gzip
import io
import tarfile
from collections.abc import Mapping, Sequence

from trimaran import digests
from trimaran.audit.allowances import Allowance
from trimaran.audit.audit import Audit
from trimaran.audit.findings import Report
from trimaran.images.local import StoreImages
from trimaran.oci import media_types
from trimaran.oci.models import (
    Descriptor,
    History,
    ImageConfig,
    Index,
    Manifest,
    RootFS,
    RunConfig,
    encode,
    platform_field,
)
from trimaran.platforms import parse
from trimaran.store.store import Store

Content = bytes | str | None
Layer = Mapping[str, Content]
"""Paths and what they hold: a file's bytes, a link's target, None for a folder."""


def tar(layer: Layer) -> bytes:
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w") as archive:
        for name, content in layer.items():
            info = tarfile.TarInfo(name.lstrip("="))
            info.mode = 0o755
            if content is None:
                info.type = tarfile.DIRTYPE
            elif isinstance(content, str):
                # A name that begins with = is a hard link's.
                info.type = tarfile.LNKTYPE if name.startswith("=") else tarfile.SYMTYPE
                info.linkname = content
            else:
                info.size = len(content)
                info.mode = 0o644 if name.endswith((".txt", "status", "arch")) else 0o755
            archive.addfile(info, io.BytesIO(content) if isinstance(content, bytes) else None)
    return out.getvalue()


def put_image(
    store: Store,
    platform: str,
    *layers: Layer,
    config: RunConfig | None = None,
    steps: Sequence[str] = (),
    claims: str = "",
) -> Descriptor:
    """One platform's image; its descriptor names the platform.

    Args:
        store: takes it.
        platform: what its config says.
        layers: base first.
        config: what it runs.
        steps: the history's lines, one for each layer.
        claims: what the index says, if not the same.
    """
    tars = [tar(layer) for layer in layers]
    blobs = [gzip.compress(each, 1, mtime=0) for each in tars]
    meant = parse(platform)
    image = ImageConfig(
        meant.architecture,
        meant.os,
        meant.variant,
        config=config or RunConfig(),
        rootfs=RootFS(diff_ids=tuple(digests.of(each) for each in tars)),
        history=tuple(History(created_by=step) for step in steps),
    )
    raw = encode(image)
    manifest = Manifest.make(
        Descriptor(media_types.CONFIG, store.put_blob(raw), len(raw)),
        tuple(Descriptor(media_types.LAYER_GZIP, store.put_blob(b), len(b)) for b in blobs),
    )
    store.put_blob(manifest.raw)
    described = manifest.descriptor
    return Descriptor(
        described.media_type,
        described.digest,
        described.size,
        platform_field(parse(claims or platform)),
    )


def put_index(store: Store, *images: Descriptor) -> Descriptor:
    index = Index.make(images)
    store.put_blob(index.raw)
    return index.descriptor


def audit(store: Store, *images: Descriptor, allowed: Sequence[Allowance] = ()) -> Report:
    """The audit of an index of these images."""
    return Audit(StoreImages(store), store, tuple(allowed)).run(put_index(store, *images))


def told(report: Report) -> list[tuple[str, str, str]]:
    """The severity, rule and path of each finding that is not allowed."""
    return [(one.severity, one.rule, one.path) for one in report.findings if not one.allowed]
