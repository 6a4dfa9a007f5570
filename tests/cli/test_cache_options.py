from __future__ import annotations

from pathlib import Path

import pytest

from trimaran import references
from trimaran.cli.cache_options import exports, places, stages
from trimaran.errors import UsageError
from trimaran.request import CacheExport, FolderCache, RegistryCache

DIGEST = "sha256:" + "a" * 64
APP = RegistryCache(references.parse("host.test/user/app:cache"))


def test_values_are_read_as_buildx_reads_them() -> None:
    ref = "ref=host.test/user/app:cache"
    assert exports(
        [
            f"type=registry,{ref},mode=max,image-manifest=true,oci-mediatypes=true",
            "type=local,dest=/c,tag=t,compression=zstd,ignore-error=true",
            "type=inline",
            "host.test/user/app:cache",
        ]
    ) == (
        CacheExport(APP, all_steps=True),
        CacheExport(FolderCache(Path("/c"), "t"), compression="zstd", ignore_error=True),
        CacheExport(None),
        CacheExport(APP),
    )
    assert places(
        [
            f"type=registry,{ref}",
            "type=local,src=/c",
            f"type=local,src=/c,digest={DIGEST}",
            "host.test/user/app:cache,host.test/user/app:cache",
        ]
    ) == (APP, FolderCache(Path("/c")), FolderCache(Path("/c"), DIGEST), APP, APP)
    inline = CacheExport(None)
    assert exports([], {"BUILDKIT_INLINE_CACHE": "1"}) == (inline,)
    assert exports(["type=inline"], {"BUILDKIT_INLINE_CACHE": "true"}) == (inline,)
    assert exports([], {"BUILDKIT_INLINE_CACHE": "0"}) == ()
    assert stages(["Build,two", "three"], no_cache=False) == {"build", "two", "three"}


@pytest.mark.parametrize(
    ("value", "said"),
    [
        ("type=gha", "caches of the type 'gha' are not supported"),
        ("type=s3,region=x,bucket=y", "caches of the type 's3' are not supported"),
        ("type=registry", "needs ref="),
        ("type=local,mode=max", "needs dest="),
        ("mode=max", "has no type"),
        ("type=registry,max", "'max' is not NAME=VALUE"),
        ("type=inline,mode=all", "unknown mode 'all'"),
        ("type=inline,ref=x", "unknown field 'ref'"),
        ("type=local,dest=/c,compression=estargz", "no such compression as 'estargz'"),
        (f"type=registry,ref=host.test/app@{DIGEST}", "a digest cannot be written"),
        ("type=inline,ignore-error=maybe", "neither true nor false"),
    ],
)
def test_what_cannot_be_meant_is_refused(value: str, said: str) -> None:
    with pytest.raises(UsageError, match=said):
        exports([value])


def test_a_source_is_checked_too() -> None:
    for value, said in (
        ("type=inline", "caches of the type 'inline'"),
        ("type=local,src=/c,digest=x", "is no digest"),
        ("type=registry,ref=host.test/app,mode=max", "unknown field 'mode'"),
    ):
        with pytest.raises(UsageError, match=said):
            places([value])
    with pytest.raises(UsageError, match="nothing to --no-cache-filter"):
        stages(["build"], no_cache=True)
