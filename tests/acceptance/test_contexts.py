"""Contexts and Dockerfiles from everywhere: standard input, the web, git, beside the context."""

from __future__ import annotations

import io
import tarfile
from collections.abc import Mapping
from pathlib import Path

import pytest
import zstandard
from tests.support.git_server import Repository
from tests.support.web_server import Site
from tests.support.workshop import Workshop

pytestmark = pytest.mark.real
_COPY_ALL = "FROM scratch\nCOPY . /all/\n"
_IGNORE_A = {"Dockerfile": _COPY_ALL, ".dockerignore": "a\n", "a": "a", "b/c": "c"}
_OUT = ("-q", "-o", "type=tar,dest=out.tar")


def archive(files: Mapping[str, str], mode: str = "w", uid: int = 0) -> bytes:
    """A tar archive; `mode` is tarfile's."""
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode=mode) as made:  # type: ignore[call-overload]
        for name, text in files.items():
            member = tarfile.TarInfo(name)
            member.size, member.uid, member.gid = len(text), uid, uid
            made.addfile(member, io.BytesIO(text.encode()))
    return buffer.getvalue()


def built(shop: Workshop) -> dict[str, tarfile.TarInfo]:
    """The files and links of the last image."""
    with tarfile.open(shop.folder / "out.tar") as made:
        return {m.name.removeprefix("./"): m for m in made.getmembers() if not m.isdir()}


def write_tree(shop: Workshop, folder: str, files: Mapping[str, str]) -> None:
    for name, text in files.items():
        shop.write(f"{folder}/{name}", text)


def left_over(shop: Workshop) -> list[Path]:
    """What a build put aside for itself alone."""
    return list(shop.store_path.glob("tmp/*/sources-*"))


@pytest.mark.parametrize("kind", ["w", "w:gz", "w:bz2", "w:xz", "zstd"])
def test_an_archive_on_standard_input_is_the_context(bare_shop: Workshop, kind: str) -> None:
    files = {**_IGNORE_A, "other/file": "FROM scratch\nCOPY b /\n"}
    raw = archive(files, "w" if kind == "zstd" else kind)
    if kind == "zstd":
        raw = zstandard.ZstdCompressor().compress(raw)
    given = bare_shop.write("given", raw)
    bare_shop.ok("build", *_OUT, "-", stdin=given)
    # Its ignore file does not count.
    assert set(built(bare_shop)) == {f"all/{name}" for name in files}
    bare_shop.ok("build", *_OUT, "-f", "other/file", "-", stdin=given)
    assert set(built(bare_shop)) == {"c"}
    said = bare_shop.refused("-f", "gone", "-", stdin=given)
    assert "no Dockerfile at gone" in said
    assert not left_over(bare_shop)


def test_files_of_an_archive_keep_their_owners(bare_shop: Workshop, site: Site) -> None:
    files = {
        "Dockerfile": "FROM scratch\nCOPY a b /kept/\nCOPY --chown=5 a /given\n",
        "a": "",
        "b/c": "",
    }
    site.files["/c.tar"] = archive(files, uid=7)
    given = bare_shop.write("given", site.files["/c.tar"])
    for context in ("-", f"{site.url}/c.tar", f"{site.url}/c.tar"):
        bare_shop.ok("build", *_OUT, context, stdin=given)
        owners = {name: (member.uid, member.gid) for name, member in built(bare_shop).items()}
        assert owners == {"kept/a": (7, 7), "kept/c": (7, 7), "given": (5, 5)}
    given.write_bytes(archive(files, uid=8))
    bare_shop.ok("build", *_OUT, "-", stdin=given)
    assert built(bare_shop)["kept/a"].uid == 8


def test_a_dockerfile_on_standard_input(shop: Workshop) -> None:
    given = shop.write("given", "FROM busybox\nRUN echo made > /made\n")
    shop.build(*_OUT, "-", stdin=given)
    assert "made" in built(shop)
    copying = shop.write("copying", "FROM scratch\nCOPY a /\n")
    assert "-:2: no 'a' in the build context" in shop.refused("-", stdin=copying)
    write_tree(shop, "context", _IGNORE_A)
    shop.ok("build", *_OUT, "-f", "-", "context", stdin=shop.write("all", _COPY_ALL))
    assert set(built(shop)) == {"all/Dockerfile", "all/.dockerignore", "all/b/c"}
    both = shop.refused("-f", "-", "-", stdin=given, status=2)
    assert "context and Dockerfile cannot both come from standard input" in both
    assert "-f names another one" in shop.refused("-f", "x", "-", stdin=given, status=2)


def test_an_archive_reaches_nothing_outside(bare_shop: Workshop) -> None:
    for name, said in (("../escaped", "leads out of the root"), ("a/../../escaped", "leads out")):
        given = bare_shop.write("given", archive({"Dockerfile": _COPY_ALL, name: "x"}))
        assert said in bare_shop.refused("-", stdin=given)
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w") as made:
        for name, kind, target in (
            ("link", tarfile.SYMTYPE, "/etc"),
            ("link/passwd", tarfile.REGTYPE, ""),
            ("device", tarfile.CHRTYPE, ""),
            ("/absolute", tarfile.REGTYPE, ""),
        ):
            member = tarfile.TarInfo(name)
            member.type, member.linkname = kind, target
            made.addfile(member)
        text = _COPY_ALL.encode()
        member = tarfile.TarInfo("Dockerfile")
        member.size = len(text)
        made.addfile(member, io.BytesIO(text))
    given = bare_shop.write("given", buffer.getvalue())
    bare_shop.ok("build", *_OUT, "-", stdin=given)
    found = built(bare_shop)
    assert "all/device" not in found
    assert "all/absolute" in found
    cut = bare_shop.write("cut", archive({"Dockerfile": _COPY_ALL, "a": "a" * 9999}, "w:gz")[:-40])
    assert "cannot unpack the archive on standard input" in bare_shop.refused("-", stdin=cut)
    assert not left_over(bare_shop)


def test_a_dockerfile_outside_of_the_context_has_its_own_ignore_file(bare_shop: Workshop) -> None:
    write_tree(bare_shop, "context", _IGNORE_A)
    bare_shop.write("beside/my.file", _COPY_ALL)
    bare_shop.write("beside/my.file.dockerignore", "b\nDockerfile\n.dockerignore\n")
    bare_shop.ok("build", *_OUT, "-f", "beside/my.file", "context")
    assert set(built(bare_shop)) == {"all/a"}
    bare_shop.write("lower/dockerfile", _COPY_ALL)
    bare_shop.write("lower/dockerfile.dockerignore", "d*\n")
    bare_shop.write("lower/a")
    bare_shop.ok("build", *_OUT, "lower")
    assert set(built(bare_shop)) == {"all/a"}


def test_a_context_from_the_web(bare_shop: Workshop, site: Site) -> None:
    site.files["/c.tgz"] = archive({**_IGNORE_A, "sub/D": "FROM scratch\nCOPY a /\n"}, "w:gz")
    site.files["/plain"] = b"FROM scratch\nCOPY . /all/\n"
    bare_shop.ok("build", *_OUT, f"{site.url}/c.tgz")
    assert {"all/a", "all/b/c", "all/.dockerignore"} <= set(built(bare_shop))
    done = bare_shop.ok("build", "--progress", "plain", *_OUT[1:], f"{site.url}/c.tgz")
    assert "CACHED" in done.stderr
    assert site.statuses_of("/c.tgz") == [200, 304]
    bare_shop.ok("build", *_OUT, "-f", "sub/D", f"{site.url}/c.tgz")
    assert set(built(bare_shop)) == {"a"}
    bare_shop.ok(
        "build",
        *_OUT,
        "-f",
        "-",
        f"{site.url}/c.tgz",
        stdin=bare_shop.write("d", "FROM scratch\nCOPY b /\n"),
    )
    assert set(built(bare_shop)) == {"c"}
    bare_shop.ok("build", *_OUT, f"{site.url}/plain")
    assert set(built(bare_shop)) == {"all/context"}
    assert "the server answered 404" in bare_shop.refused(f"{site.url}/gone")
    assert not left_over(bare_shop)


def test_a_context_from_git(bare_shop: Workshop, site: Site, tmp_path: Path) -> None:
    made = Repository(tmp_path / "work", tmp_path, "r")
    inner = {f"inner/{name}": text for name, text in _IGNORE_A.items()}
    made.commit({**inner, "Dockerfile": "FROM scratch\nCOPY inner/b /\n"}, tag="v1")
    made.commit({"inner/a": "changed"})
    url = f"{site.url}/r.git"
    bare_shop.ok("build", *_OUT, url)
    assert set(built(bare_shop)) == {"c"}
    # What is copied is what counts, not the commit.
    done = bare_shop.ok("build", "--progress", "plain", *_OUT[1:], f"{url}#v1")
    assert "CACHED" in done.stderr
    bare_shop.ok("build", *_OUT, f"{url}#v1:inner")
    assert set(built(bare_shop)) == {"all/a", "all/b/c", "all/.dockerignore", "all/Dockerfile"}
    bare_shop.ok("build", *_OUT, f"{url}?tag=v1&subdir=inner")
    keep = ("--build-arg", "BUILDKIT_CONTEXT_KEEP_GIT_DIR=1", "-f", "inner/Dockerfile")
    bare_shop.ok("build", *_OUT, *keep, url)
    assert "all/.git/HEAD" in built(bare_shop)
    assert "has no folder 'gone'" in bare_shop.refused(f"{url}#v1:gone")
    assert "unknown query 'x'" in bare_shop.refused(f"{url}?x=1")


def test_named_contexts_from_elsewhere(shop: Workshop, site: Site, tmp_path: Path) -> None:
    made = Repository(tmp_path / "work", tmp_path, "r")
    made.commit({"a": "git", ".dockerignore": "a\n"})
    write_tree(shop, "folder", {"a": "folder", "b": "b", ".dockerignore": "b\n"})
    site.files["/a.tgz"] = archive({"x": "x"}, "w:gz")
    dockerfile = """\
FROM nobody/base:latest AS first
COPY Dockerfile /replaced
FROM docker.io/library/web
COPY --from=repository . /git/
COPY --from=local . /local/
COPY --from=first . /first/
RUN --mount=from=repository,target=/m cat /m/a > /mounted
"""
    names = {
        "repository": f"{site.url}/r.git#main",
        "web": shop.busybox,
        "local": "folder",
        "first": "folder",
        "unused": f"{site.url}/gone",
    }
    flags = [
        word for name, value in names.items() for word in ("--build-context", f"{name}={value}")
    ]
    shop.ok("build", *_OUT, *flags, shop.context(dockerfile))
    found = built(shop)
    assert {"git/a", "git/.dockerignore", "local/a", "first/a", "mounted"} <= set(found)
    assert not {"local/b", "replaced"} & set(found)
    # A file from the web is that file, as in BuildKit: nothing unpacks it.
    shop.context("FROM scratch\nCOPY --from=file . /\n", "second")
    shop.ok("build", *_OUT, "--build-context", f"file={site.url}/a.tgz", "second")
    assert set(built(shop)) == {"context"}
    assert built(shop)["context"].size == len(site.files["/a.tgz"])
    assert "the server answered 404" in shop.refused(
        "--build-context", f"file={site.url}/gone", "second"
    )
