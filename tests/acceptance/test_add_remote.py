"""ADD of URLs and of git repositories, from servers on loopback."""

from __future__ import annotations

import base64
import hashlib
import stat
import tarfile
from pathlib import Path

import pytest
from tests.support.certificates import issue_certificate
from tests.support.git_server import DATE_S, Repository, git, serve_git
from tests.support.web_server import Site, serve_site
from tests.support.workshop import Workshop

pytestmark = pytest.mark.real
_LARGE = b"0123456789abcdef" * 200_000


def built(shop: Workshop, dockerfile: str) -> dict[str, tarfile.TarInfo]:
    """What the image holds, by path without a slash at its end."""
    shop.ok("build", "-q", "-o", "type=tar,dest=out.tar", shop.context(dockerfile))
    with tarfile.open(shop.folder / "out.tar") as archive:
        return {member.name.strip("./"): member for member in archive.getmembers()}


def content(shop: Workshop, path: str) -> bytes:
    with tarfile.open(shop.folder / "out.tar") as archive:
        names = {member.name.strip("./"): member for member in archive.getmembers()}
        file = archive.extractfile(names[path])
        assert file is not None
        return file.read()


def test_downloads_have_the_names_modes_and_times_of_buildkits(
    bare_shop: Workshop, site: Site
) -> None:
    site.files = {"/a/large.bin": _LARGE, "/b": b"b", "/c.tar.gz": b"", "/[d]*": b"d", "/": b"root"}
    site.headers["/b"] = {"Content-Disposition": 'attachment; filename="other"'}
    site.redirects["/moved"] = "/b"
    site.cuts["/a/large.bin"] = 2_000_000
    site.statuses["/c.tar.gz"] = [503]
    text = f"""\
FROM scratch
ARG FROM={site.url}
ADD $FROM/a/large.bin?version=1 $FROM/b /new/
ADD --chmod=755 --chown=7:8 $FROM/moved $FROM/c.tar.gz /new/
ADD $FROM/b /file
ADD {site.url}/[d]* {site.url}/ /new/
"""
    found = built(bare_shop, text)
    expected = {"large.bin", "b", "moved", "c.tar.gz", "[d]*", "__unnamed__"}
    assert {name for name in found if name.startswith("new/")} == {f"new/{n}" for n in expected}
    plain, given = found["new/b"], found["new/moved"]
    assert (stat.S_IMODE(plain.mode), plain.uid, plain.gid) == (0o600, 0, 0)
    assert (stat.S_IMODE(given.mode), given.uid, given.gid) == (0o755, 7, 8)
    assert {entry.mtime for name, entry in found.items() if entry.isfile()} == {site.mtime_s}
    assert content(bare_shop, "new/large.bin") == _LARGE
    assert content(bare_shop, "file") == b"b"
    assert site.statuses_of("/a/large.bin") == [200, 206]
    assert site.statuses_of("/c.tar.gz") == [503, 200]


def test_a_cached_build_asks_once_and_downloads_nothing(bare_shop: Workshop, site: Site) -> None:
    site.files = {"/etag": b"1", "/time": b"2"}
    bare_shop.context(f"FROM scratch\nADD {site.url}/etag {site.url}/time /\n")
    bare_shop.ok("build", "context")
    site.asked.clear()
    again = bare_shop.ok("build", "--progress", "rawjson", "context")
    assert '"step-started"' not in again.stderr
    assert site.asked == [("GET", "/etag", 304), ("GET", "/time", 304)]
    site.etags = False  # by the time alone
    bare_shop.ok("build", "--no-cache", "context")
    site.files["/etag"], site.mtime_s = b"3", None
    site.asked.clear()
    changed = bare_shop.ok("build", "--progress", "rawjson", "context")
    assert '"step-started"' in changed.stderr
    assert site.asked == [("GET", "/etag", 200), ("GET", "/time", 200)]


def test_what_a_checksum_names_is_not_asked_for_again(bare_shop: Workshop, site: Site) -> None:
    site.files["/a"] = _LARGE
    long = f"sha512:{hashlib.sha512(_LARGE).hexdigest()}"
    short = f"sha256:{hashlib.sha256(_LARGE).hexdigest()}"
    for checksum in (short, long, long):
        bare_shop.context(f"FROM scratch\nARG S={checksum}\nADD --checksum=$S {site.url}/a /\n")
        bare_shop.ok("build", "context")
    assert site.statuses_of("/a") == [200, 200]
    wrong = f"sha256:{hashlib.sha256(b'').hexdigest()}"
    bare_shop.context(f"FROM scratch\nADD --checksum={wrong} {site.url}/a /\n")
    said = bare_shop.refused("context")
    assert f"context/Dockerfile:2: {site.url}/a holds other bytes: {short}, --checksum" in said


def test_archives_are_unpacked_where_that_is_asked_for(bare_shop: Workshop, site: Site) -> None:
    path = bare_shop.write("inner")
    with tarfile.open(bare_shop.folder / "a.tgz", "w:gz") as archive:
        archive.add(path, "inner")
    site.files["/a.tgz"] = (bare_shop.folder / "a.tgz").read_bytes()
    url = f"{site.url}/a.tgz"
    found = built(bare_shop, f"FROM scratch\nADD --unpack {url} /x/\nADD {url} /y/\n")
    assert {name for name in found if "/" in name} == {"x/inner", "y/a.tgz"}


def test_what_cannot_be_downloaded_is_said_with_its_line(
    bare_shop: Workshop, site: Site, tmp_path: Path
) -> None:
    def said(source: str, **environment: str) -> str:
        bare_shop.context(f"FROM scratch\nADD {source} /x\n")
        return bare_shop.refused("context", environment=environment)

    site.tokens["/locked"] = "Bearer x"
    assert f"Dockerfile:2: cannot download {site.url}/none: the server answered 404" in said(
        f"{site.url}/none?secret=word"
    )
    assert "hint: give its token: --secret id=HTTP_AUTH_TOKEN_127.0.0.1" in said(
        f"{site.url}/locked"
    )
    site.redirects["/round"] = "/round"
    assert "redirects more than 10 times" in said(f"{site.url}/round")
    assert "cannot connect" in said("http://127.0.0.1:9/x")
    files = issue_certificate(tmp_path, "authority", also="DNS:localhost")
    secure = Site(files={"/a": b"a"})
    with serve_site(secure, (files.certificate, files.key)) as served:
        assert "is not trusted" in said(f"{served.url}/a")
        trusted = bare_shop.write("authority.pem", files.certificate.read_bytes())
        bare_shop.ok("build", "context", environment={"SSL_CERT_FILE": str(trusted)})


def test_repositories_by_branch_tag_commit_and_folder(
    bare_shop: Workshop, site: Site, tmp_path: Path
) -> None:
    made = Repository(tmp_path / "work", tmp_path, "r")
    first = made.commit({"a": "1", "sub/run": "#!x", ".gitattributes": "a text"}, tag="v1")
    second = made.commit({"a": "2"})
    url = f"{site.url}/r.git"
    found = built(
        bare_shop,
        f"""\
FROM scratch
ADD {url} /head
ADD {url}#v1 /tag/
ADD {url}#main:sub /folder
ADD --chown=7:8 --checksum={first} {url}?tag=v1&subdir=sub /query
ADD --keep-git-dir=true --chmod=700 {url}#{first} /kept
""",
    )
    assert content(bare_shop, "head/a") == b"2"
    assert content(bare_shop, "tag/a") == b"1"
    assert content(bare_shop, "kept/.git/HEAD").decode().strip() == first
    assert url in content(bare_shop, "kept/.git/config").decode()
    assert not [n for n in found if ".git/" in n and not n.startswith("kept/")]
    modes = {n: (stat.S_IMODE(found[n].mode), found[n].uid, found[n].mtime) for n in found}
    assert modes["head/a"] == (0o644, 0, DATE_S)
    assert modes["folder/run"] == (0o755, 0, DATE_S)
    assert modes["query/run"] == (0o755, 7, DATE_S)
    site.asked.clear()
    again = bare_shop.ok("build", "--progress", "rawjson", "context")
    assert '"step-started"' not in again.stderr
    assert {path for _, path, _ in site.asked} <= {"/r.git/info/refs", "/r.git/HEAD"}
    bare_shop.context(f"FROM scratch\nADD --checksum={second} {url}#v1 /\n")
    assert f"Dockerfile:2: {url} v1 is {first}, the checksum says" in bare_shop.refused("context")
    bare_shop.context(f"FROM scratch\nADD {url}#gone /\n")
    assert f"Dockerfile:2: {url} has no ref 'gone'" in bare_shop.refused("context")
    bare_shop.context(f"FROM scratch\nADD {url}#:gone /\n")
    assert f"{url} has no folder 'gone'" in bare_shop.refused("context")


def test_submodules_come_by_the_network_alone_and_nobodys_settings_count(
    bare_shop: Workshop, tmp_path: Path
) -> None:
    served = tmp_path / "served"
    served.mkdir()
    inner = Repository(tmp_path, served, "inner")
    inner.commit({"i": "inner"})
    outer = Repository(tmp_path, served, "outer")
    with serve_git(served) as address:
        git(outer.folder, "submodule", "--quiet", "add", f"{address}/inner.git", "below")
        outer.commit({"o": "outer"})
        settings = f'[url "{address}/inner.git"]\n\tinsteadOf = {address}/outer.git\n'
        bare_shop.write(".gitconfig", settings)
        url = f"{address}/outer.git"
        found = built(bare_shop, f"FROM scratch\nADD {url} /a\nADD {url}?submodules=false /b\n")
        assert content(bare_shop, "a/below/i") == b"inner"
        assert {n for n in found if n.startswith("b/")} == {"b/o", "b/below", "b/.gitmodules"}
        assert not [name for name in found if name.endswith(".git")]
        git(
            outer.folder,
            "config",
            "-f",
            ".gitmodules",
            "submodule.below.url",
            f"file://{inner.bare}",
        )
        outer.commit({})
        assert "transport 'file' not allowed" in bare_shop.refused("context")


def test_secrets_log_in_and_are_kept_nowhere(
    bare_shop: Workshop, site: Site, tmp_path: Path
) -> None:
    made = Repository(tmp_path / "work", tmp_path, "r")
    made.commit({"a": "1"})
    site.files["/locked"] = b"locked"
    site.tokens["/locked"] = "Bearer web-word"
    login = base64.b64encode(b"x-access-token:git-word").decode()
    site.tokens["/r.git/info/refs"] = f"basic {login}"
    bare_shop.context(f"FROM scratch\nADD {site.url}/locked {site.url}/r.git /\n")
    assert "could not read Username" in bare_shop.refused(f"{site.url}/r.git")
    bare_shop.write("web", "web-word\n")
    secrets = ("--secret", "id=HTTP_AUTH_TOKEN_127.0.0.1,src=web", "--secret", "id=GIT_AUTH_TOKEN")
    bare_shop.ok("build", *secrets, "context", environment={"GIT_AUTH_TOKEN": "git-word"})
    for path in bare_shop.store_path.rglob("*"):
        if path.is_file():
            raw = path.read_bytes()
            assert b"web-word" not in raw
            assert b"git-word" not in raw
            assert login.encode() not in raw


def test_without_git_the_error_says_so(bare_shop: Workshop) -> None:
    bare_shop.context("FROM scratch\nADD git@127.0.0.1:a.git /\n")
    said = bare_shop.refused("context", environment={"PATH": "/nowhere"})
    assert "Dockerfile:2: git is not installed" in said


def test_another_platform_downloads_nothing_anew(bare_shop: Workshop, site: Site) -> None:
    site.files["/a"] = b"a"
    bare_shop.context(f"FROM scratch\nADD {site.url}/a /\n")
    words = ("--platform", "linux/amd64,linux/arm64", "--progress", "rawjson", "context")
    done = bare_shop.ok("build", *words)
    assert site.statuses_of("/a") == [200]
    assert done.stderr.count('"step-started"') == 1
