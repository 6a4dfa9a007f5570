"""Contexts, archives and layers that reach out of their roots: nothing outside is touched."""

from __future__ import annotations

import gzip
import hashlib
import io
import json
import tarfile
from collections.abc import Iterable, Iterator
from pathlib import Path

import pytest
from tests.support.workshop import Workshop, workshop

pytestmark = pytest.mark.real

SECRET = "the host's own\n"  # noqa: S105 - no password


@pytest.fixture(scope="module")
def trap(busybox_base: str) -> Iterator[Workshop]:
    """A workshop with `outside/`, which the ordinary user may read and write."""
    with workshop(busybox_base) as shop:
        (shop.folder / "outside").mkdir()
        shop.write("outside/secret", SECRET, mode=0o666)
        (shop.folder / "outside").chmod(0o777)
        yield shop
        assert outside(shop) == {"secret": SECRET}


def outside(shop: Workshop) -> dict[str, str]:
    return {path.name: path.read_text() for path in (shop.folder / "outside").iterdir()}


def root_of(shop: Workshop, context: Path, *words: str) -> dict[str, tarfile.TarInfo | bytes]:
    """The image's files by name: contents of regular files, entries of all others."""
    tar = shop.folder / "root.tar"
    shop.build("-o", f"type=tar,dest={tar}", *words, context)
    found: dict[str, tarfile.TarInfo | bytes] = {}
    with tarfile.open(tar) as root:
        for member in root:
            file = root.extractfile(member) if member.isreg() else None
            found[member.name] = file.read() if file else member
    return found


def make_tar(entries: Iterable[tuple[str, str, str]]) -> bytes:
    """A tar of (name, kind, content or target)."""
    kinds = {"link": tarfile.SYMTYPE, "hard": tarfile.LNKTYPE, "folder": tarfile.DIRTYPE}
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w", format=tarfile.PAX_FORMAT) as tar:
        for name, kind, value in entries:
            member = tarfile.TarInfo(name)
            member.type = kinds.get(kind, tarfile.REGTYPE)
            member.mode = 0o755 if kind == "folder" else 0o644
            if kind in {"link", "hard"}:
                member.linkname = value
            data = value.encode() if kind == "file" else b""
            member.size = len(data)
            tar.addfile(member, io.BytesIO(data))
    return buffer.getvalue()


def make_layout(shop: Workshop, name: str, layers: Iterable[bytes]) -> str:
    """An OCI layout with one image of these tars, as the value of a build context."""
    folder = shop.folder / name

    def blob(data: bytes, media_type: str) -> dict[str, object]:
        digest = hashlib.sha256(data).hexdigest()
        shop.write(f"{name}/blobs/sha256/{digest}", data)
        return {"mediaType": media_type, "digest": f"sha256:{digest}", "size": len(data)}

    kind = "application/vnd.oci.image"
    tars = list(layers)
    diff_ids = [f"sha256:{hashlib.sha256(data).hexdigest()}" for data in tars]
    config = {
        "architecture": "amd64",
        "os": "linux",
        "config": {},
        "rootfs": {"type": "layers", "diff_ids": diff_ids},
    }
    manifest = {
        "schemaVersion": 2,
        "mediaType": f"{kind}.manifest.v1+json",
        "config": blob(json.dumps(config).encode(), f"{kind}.config.v1+json"),
        "layers": [blob(gzip.compress(data), f"{kind}.layer.v1.tar+gzip") for data in tars],
    }
    entry = blob(json.dumps(manifest).encode(), f"{kind}.manifest.v1+json")
    entry["annotations"] = {"org.opencontainers.image.ref.name": "latest"}
    index = {"schemaVersion": 2, "manifests": [entry]}
    shop.write(f"{name}/index.json", json.dumps(index))
    shop.write(f"{name}/oci-layout", '{"imageLayoutVersion": "1.0.0"}')
    return f"oci-layout://{folder}:latest"


def test_a_link_out_of_the_context_as_the_source_is_refused(trap: Workshop) -> None:
    context = trap.context("FROM scratch\nCOPY link /stolen\n")
    (context / "link").symlink_to("/etc/passwd")
    said = trap.refused("--platform", "linux/amd64", context)
    assert "link" in said
    assert "root:" not in said


def test_a_link_to_a_folder_outside_lends_none_of_its_files(trap: Workshop) -> None:
    context = trap.context("FROM scratch\nCOPY way/secret /stolen\n", "way")
    (context / "way").symlink_to(trap.folder / "outside")
    assert SECRET not in trap.refused("--platform", "linux/amd64", context)
    trap.context("FROM scratch\nCOPY way/ /stolen/\n", "way")
    assert SECRET not in trap.refused("--platform", "linux/amd64", context)
    trap.context("FROM scratch\nCOPY w*/sec* Dockerfile /stolen/\n", "way")
    assert [name for name in root_of(trap, context) if "secret" in name] == []


def test_paths_with_dots_stay_in_the_context(trap: Workshop) -> None:
    context = trap.context("FROM scratch\nCOPY ../outside/secret /stolen\n", "dots")
    assert SECRET not in trap.refused("--platform", "linux/amd64", context)


def test_links_inside_a_copied_tree_stay_links(trap: Workshop) -> None:
    context = trap.context("FROM scratch\nCOPY tree/ /tree/\n", "tree")
    (context / "tree").mkdir()
    (context / "tree" / "passwd").symlink_to("/etc/passwd")
    (context / "tree" / "up").symlink_to("../../outside/secret")
    found = root_of(trap, context)
    passwd, up = found["tree/passwd"], found["tree/up"]
    assert isinstance(passwd, tarfile.TarInfo)
    assert isinstance(up, tarfile.TarInfo)
    assert (passwd.linkname, up.linkname) == ("/etc/passwd", "../../outside/secret")


def test_a_copy_follows_links_of_the_image_inside_its_root(trap: Workshop) -> None:
    layer = make_tar(
        [
            ("escape", "link", str(trap.folder / "outside")),
            ("up", "link", "../../../../../../.." + str(trap.folder / "outside")),
            ("file", "link", str(trap.folder / "outside" / "secret")),
        ]
    )
    base = make_layout(trap, "links", [layer])
    context = trap.context(
        "FROM base\nCOPY new /escape/new\nCOPY new /up/\nCOPY new /file\nWORKDIR /escape/made\n",
        "copies",
    )
    trap.write("copies/new", "new")
    found = root_of(trap, context, "--build-context", f"base={base}")
    inside = str(trap.folder / "outside").lstrip("/")
    assert found[f"{inside}/new"] == b"new"
    assert f"{inside}/made" in found
    assert outside(trap) == {"secret": SECRET}


ARCHIVE = [
    ("good", "file", "good"),
    ("../x", "file", "dots"),
    ("../../../../../../tmp/trimaran-dots", "file", "dots"),
    ("/absolute", "file", "absolute"),
]


def test_an_added_archive_never_leaves_its_destination(trap: Workshop) -> None:
    context = trap.context("FROM busybox\nADD archive.tar /deep/er/\n", "archive")
    for entry in ARCHIVE[1:3]:
        trap.write("archive/archive.tar", make_tar([ARCHIVE[0], entry]))
        done = trap.run(*trap.build_words("-o", f"{trap.folder}/unpacked", context))
        assert_inside(trap, done.returncode, done.stderr)
    trap.write("archive/archive.tar", make_tar([ARCHIVE[0], ARCHIVE[3]]))
    found = root_of(trap, context)
    assert found["deep/er/good"] == b"good"
    assert found["deep/er/absolute"] == b"absolute"
    assert not Path("/absolute").exists()
    assert not Path("/tmp/trimaran-dots").exists()


def assert_inside(shop: Workshop, status: int, said: str) -> None:
    """An archive that reaches out is refused by name, or all of it lands inside."""
    if status:
        assert status == 1
        assert said.splitlines()[-1]
        assert "Traceback" not in said
    assert outside(shop) == {"secret": SECRET}
    assert not (shop.folder / "x").exists()


def test_an_added_archive_writes_through_no_link_of_its_own(trap: Workshop) -> None:
    place = str(trap.folder / "outside")
    context = trap.context("FROM busybox\nADD archive.tar /\n", "through")
    for entries in (
        [("way", "link", place), ("way/new", "file", "written")],
        [("way", "link", place), ("way/deep", "folder", ""), ("way/deep/new", "file", "written")],
        [("file", "link", f"{place}/secret"), ("file", "file", "written")],
        [("hard", "hard", f"{place}/secret"), ("hard", "file", "written")],
        [("hard", "hard", f"../../../../../../..{place}/secret")],
        [("up", "link", "../../../../../../.." + place), ("up/secret", "file", "written")],
    ):
        trap.write("through/archive.tar", make_tar(entries))
        done = trap.run(*trap.build_words("-o", f"{trap.folder}/unpacked", context))
        assert_inside(trap, done.returncode, done.stderr)
        assert SECRET not in done.stderr


def test_layers_write_through_no_link_of_another_layer(trap: Workshop) -> None:
    place = str(trap.folder / "outside")
    first = make_tar([("way", "link", place), ("etc", "link", "/etc"), ("one", "file", "1")])
    second = make_tar([("way/new", "file", "written"), ("way/secret", "file", "written")])
    third = make_tar([("way/.wh.secret", "file", ""), ("way/.wh..wh..opq", "file", "")])
    base = make_layout(trap, "writing", [first, second, third])
    context = trap.context("FROM base\nCOPY Dockerfile /new\n", "layers")
    words = ("--build-context", f"base={base}", "-o", f"{trap.folder}/written", context)
    done = trap.run(*trap.build_words(*words))
    assert_inside(trap, done.returncode, done.stderr)


@pytest.mark.parametrize(
    "entry", [("../x", "file", "1"), ("..", "link", "/"), (".wh...", "file", "")]
)
def test_a_layer_with_names_out_of_its_root_harms_nothing(
    trap: Workshop, entry: tuple[str, str, str]
) -> None:
    base = make_layout(trap, "names", [make_tar([("good", "file", "1"), entry])])
    context = trap.context("FROM base\nCOPY Dockerfile /new\n", "layers")
    words = ("--build-context", f"base={base}", "-o", f"{trap.folder}/names-out", context)
    done = trap.run(*trap.build_words(*words))
    assert_inside(trap, done.returncode, done.stderr)


def test_a_layer_of_other_bytes_is_refused(trap: Workshop) -> None:
    base = make_layout(trap, "false", [make_tar([("good", "file", "1")])])
    blobs = trap.folder / "false" / "blobs" / "sha256"
    (layer,) = [path for path in blobs.iterdir() if path.read_bytes()[:2] == b"\x1f\x8b"]
    layer.write_bytes(gzip.compress(make_tar([("evil", "file", "1")])))
    context = trap.context("FROM base\nCOPY Dockerfile /new\n", "layers")
    said = trap.refused("--build-context", f"base={base}", "-t", "false", context)
    assert layer.name in said
    assert "false" not in trap.ok("images").stdout
    assert trap.damaged_blobs() == []


def test_a_copy_from_a_stage_reads_inside_that_stage_alone(trap: Workshop) -> None:
    place = trap.folder / "outside"
    context = trap.context(
        f"FROM busybox AS stage\nRUN ln -s {place} /way && ln -s {place}/secret /file\n"
        "FROM scratch\nCOPY --from=stage /file /stolen\n",
        "stage",
    )
    assert SECRET not in trap.refused(context)
    trap.context(
        f"FROM busybox AS stage\nRUN ln -s {place} /way && mkdir -p {place}"
        f" && printf inside > {place}/secret && ln -s /etc/passwd /passwd\n"
        "FROM scratch\nCOPY --from=stage /way/secret /secret\nCOPY --from=stage /passwd /passwd\n",
        "stage",
    )
    found = root_of(trap, context)
    assert found["secret"] == b"inside"
    assert b"worker" in as_bytes(found["passwd"])


def test_a_run_sees_nothing_of_the_host(trap: Workshop) -> None:
    place = trap.folder / "outside"
    context = trap.context(
        f"FROM busybox\nRUN ! ls {place} && ! cat /proc/1/root{place}/secret"
        " && ! touch /sys/trimaran && ! mount -t tmpfs none /mnt && grep -q worker /etc/passwd\n",
        "run",
    )
    trap.build(context)


def as_bytes(value: tarfile.TarInfo | bytes) -> bytes:
    assert isinstance(value, bytes)
    return value
