from __future__ import annotations

import gzip
import shutil
from pathlib import Path

import pytest
from tests.audit.binaries import (
    HARD_FLOAT,
    PIE,
    SOFT_FLOAT,
    arm_attributes,
    elf_file,
    go_program,
    riscv_attributes,
    x86_note,
)
from tests.audit.pictures import Layer, audit, put_image, put_index, tar, told

from trimaran import digests
from trimaran.audit import allowances
from trimaran.audit.allowances import Allowance
from trimaran.audit.audit import Audit
from trimaran.errors import LayerError, UsageError
from trimaran.images.local import StoreImages
from trimaran.oci import media_types
from trimaran.oci.models import Descriptor, ImageConfig, Manifest, RunConfig, encode
from trimaran.store.store import Store

AMD64 = elf_file("amd64")
ARM64 = elf_file("arm64")


def test_honest_images_have_no_finding(store: Store) -> None:
    loader = "/lib/ld-linux-aarch64.so.1"
    program = elf_file("arm64", interpreter=loader)
    arm: Layer = {
        "usr": None,
        "usr/lib": None,
        "lib": "usr/lib",
        "usr/lib/ld-linux-aarch64.so.1": elf_file("arm64", e_type=3),
        "usr/bin/app": program,
        "bin": "usr/bin",
        "usr/bin/run": b"#!/bin/app -x\n",
    }
    config = RunConfig(entrypoint=("run",), cmd=("--help",))
    report = audit(
        store,
        put_image(store, "linux/arm64", arm, config=config),
        put_image(store, "linux/amd64", {"bin/app": AMD64}, config=RunConfig(cmd=("/bin/app",))),
    )
    assert not report.findings
    assert [(one.platform, one.binaries) for one in report.images] == [
        ("linux/arm64", 2),
        ("linux/amd64", 1),
    ]


def test_a_foreign_program_is_named_with_layer_step_and_twin(store: Store) -> None:
    layers: list[Layer] = [{"bin/tool": ARM64}, {"app": AMD64}]
    lying = put_image(store, "linux/arm64", *layers, steps=("COPY tool", "COPY app /app"))
    honest = put_image(store, "linux/amd64", {"app": AMD64})
    report = audit(store, honest, lying)
    assert told(report) == [("error", "machine", "/app")]
    (finding,) = report.findings
    assert finding.platform == "linux/arm64"
    assert finding.message == "is for amd64"
    assert finding.step == "COPY app /app"
    assert finding.layer == digests.of(gzip.compress(tar(layers[1]), 1, mtime=0))
    assert finding.also_in == ("linux/amd64",)
    assert "made or fetched once" in finding.cause


def test_a_file_that_a_later_layer_hides_does_not_count(store: Store) -> None:
    for later in (
        {"opt/tool": ARM64},
        {"opt/.wh.tool": b""},
        {".wh.opt": b""},
        {"opt/.wh..wh..opq": b""},
        {"opt": b"a file\n"},
    ):
        image = put_image(
            store, "linux/arm64", {"bin/a": ARM64, "opt": None, "opt/tool": AMD64}, later
        )
        assert not told(audit(store, image)), later


def test_a_whole_image_under_the_wrong_name_is_called_that(store: Store) -> None:
    tree: Layer = {f"bin/{name}": elf_file("arm64", salt=name.encode()) for name in "abcd"}
    report = audit(store, put_image(store, "linux/amd64", tree))
    assert told(report)[0] == ("error", "platform", "")
    assert "all its 4 programs are for arm64" in report.findings[0].message
    assert len(report.errors) == 5


def test_a_config_that_contradicts_the_index_is_an_error(store: Store) -> None:
    image = put_image(store, "linux/amd64", {"bin/a": ARM64}, claims="linux/arm64")
    report = audit(store, image)
    assert told(report) == [("error", "config", "")]
    assert report.findings[0].message == "its config says linux/amd64"


@pytest.mark.parametrize(
    ("platform", "content", "expected"),
    [
        ("linux/arm/v6", elf_file("arm", attributes=arm_attributes(10)), ("error", "arm-level")),
        ("linux/arm/v5", elf_file("arm", attributes=arm_attributes(6)), ("error", "arm-level")),
        ("linux/arm/v7", elf_file("arm", attributes=arm_attributes(14)), ("warning", "arm-level")),
        (
            "linux/arm/v6",
            elf_file("arm", attributes=arm_attributes(10), e_type=3),
            ("warning", "arm-level"),
        ),
        (
            "linux/arm/v6",
            elf_file("arm", attributes=arm_attributes(10), e_type=3, dynamic=PIE),
            ("error", "arm-level"),
        ),
        ("linux/arm/v5", elf_file("arm", e_flags=HARD_FLOAT), ("error", "abi")),
        (
            "linux/arm/v5",
            elf_file("arm", attributes=arm_attributes(4, hard_float=True)),
            ("error", "abi"),
        ),
        ("linux/amd64", elf_file("amd64", note=x86_note(3)), ("error", "x86-level")),
        ("linux/amd64/v2", elf_file("amd64", note=x86_note(3)), ("error", "x86-level")),
        ("linux/amd64", elf_file("amd64", note=x86_note(2)), ("warning", "x86-level")),
        (
            "linux/riscv64",
            elf_file("riscv64", attributes=riscv_attributes("rv64i2p1_m2p0_zba1p0")),
            ("warning", "riscv-profile"),
        ),
        (
            "linux/riscv64/rva22u64",
            elf_file("riscv64", attributes=riscv_attributes("rv64i2p1_v1p0_zba1p0")),
            ("error", "riscv-profile"),
        ),
        ("linux/ppc64le", elf_file("ppc64le", e_flags=1), ("error", "abi")),
        ("linux/amd64", elf_file("386"), ("warning", "machine")),
        ("linux/arm64", elf_file("amd64", e_type=1), ("warning", "machine")),
        ("linux/arm/v6", go_program("arm", "GOARM=7"), ("error", "arm-level")),
        ("linux/arm/v5", go_program("arm", "GOARM=6,softfloat"), ("error", "arm-level")),
        ("linux/amd64", go_program("amd64", "GOAMD64=v3"), ("error", "x86-level")),
        ("linux/amd64", go_program("amd64", "GOAMD64=v2"), ("warning", "x86-level")),
        ("linux/arm64", go_program("arm64", "GOARM64=v8.1,lse"), ("error", "arm-level")),
        ("linux/ppc64le", go_program("ppc64le", "GOPPC64=power9"), ("warning", "power-level")),
        ("linux/ppc64le/power8", go_program("ppc64le", "GOPPC64=power9"), ("error", "power-level")),
        (
            "linux/riscv64",
            go_program("riscv64", "GORISCV64=rva22u64"),
            ("warning", "riscv-profile"),
        ),
    ],
)
def test_levels(store: Store, platform: str, content: bytes, expected: tuple[str, str]) -> None:
    other = elf_file(platform.split("/")[1])
    report = audit(store, put_image(store, platform, {"bin/ok": other, "bin/it": content}))
    assert told(report) == [(*expected, "/bin/it")]


@pytest.mark.parametrize(
    ("platform", "name", "content"),
    [
        ("linux/arm/v6", "bin/a", elf_file("arm", attributes=arm_attributes(7))),
        ("linux/arm/v7", "bin/a", elf_file("arm", attributes=arm_attributes(10, hard_float=True))),
        ("linux/arm/v8", "bin/a", elf_file("arm", attributes=arm_attributes(14))),
        ("linux/arm/v6", "usr/lib/neon/a.so", elf_file("arm", attributes=arm_attributes(10))),
        (
            "linux/arm/v5",
            "usr/lib/arm-linux-gnueabi/libatomic.so.1",
            elf_file("arm", attributes=arm_attributes(10), e_type=3),
        ),
        ("linux/arm/v5", "lib/a.so", elf_file("arm", attributes=arm_attributes(14), e_type=3)),
        ("linux/amd64/v3", "bin/a", elf_file("amd64", note=x86_note(3))),
        ("linux/amd64", "lib/glibc-hwcaps/x86-64-v3/a.so", elf_file("amd64", note=x86_note(3))),
        (
            "linux/riscv64",
            "bin/a",
            elf_file("riscv64", attributes=riscv_attributes("rv64i2p1_m2p0_a2p1_f2p2_d2p2_c2p0")),
        ),
        ("linux/arm64", "usr/lib/firmware/gpu.elf", elf_file("386")),
        ("linux/arm64", "usr/x86_64-linux-gnu/lib/libc.so.6", elf_file("amd64", e_type=3)),
        ("linux/amd64", "core", elf_file("s390x", e_type=4)),
        ("linux/amd64", "data.txt", b"\x7fELF and no more"),
        ("linux/arm/v7", "bin/a", go_program("arm", "GOARM=7")),
        ("linux/arm/v6", "bin/a", go_program("arm", "GOARM=5")),
        ("linux/amd64/v3", "bin/a", go_program("amd64", "GOAMD64=v3")),
        ("linux/arm64/v9", "bin/a", go_program("arm64", "GOARM64=v8.2")),
        ("linux/ppc64le/power9", "bin/a", go_program("ppc64le", "GOPPC64=power9")),
        ("linux/mipsle", "bin/a", go_program("mipsle", "GOMIPS=softfloat")),
    ],
)
def test_what_is_no_lie(store: Store, platform: str, name: str, content: bytes) -> None:
    assert not told(audit(store, put_image(store, platform, {name: content})))


def test_attributes_are_found_behind_much_code(store: Store) -> None:
    big = elf_file("arm", attributes=arm_attributes(10), filler_bytes=3 << 20)
    report = audit(store, put_image(store, "linux/arm/v6", {"bin/it": big}))
    assert told(report) == [("error", "arm-level", "/bin/it")]


def test_a_loader_must_be_there_and_of_the_same_machine(store: Store) -> None:
    program = elf_file("arm64", interpreter="/lib/ld.so")
    missing = put_image(store, "linux/arm64", {"bin/a": program})
    assert told(audit(store, missing)) == [("error", "loader", "/bin/a")]
    other = put_image(store, "linux/arm64", {"bin/a": program, "lib/ld.so": elf_file("arm")})
    assert ("error", "loader", "/bin/a") in told(audit(store, other))
    hard = elf_file("arm", interpreter="/lib/ld.so", e_flags=HARD_FLOAT)
    soft = elf_file("arm", e_flags=SOFT_FLOAT, e_type=3)
    mixed = put_image(store, "linux/arm/v7", {"bin/a": hard, "lib/ld.so": soft})
    assert told(audit(store, mixed)) == [("error", "abi", "/bin/a")]


def test_a_library_that_can_be_run_may_lack_its_loader(store: Store) -> None:
    library = elf_file("arm64", interpreter="/lib/ld.so", e_type=3)
    image = put_image(store, "linux/arm64", {"usr/lib/libc.so.6": library})
    assert told(audit(store, image)) == [("warning", "loader", "/usr/lib/libc.so.6")]


def test_scripts_need_their_interpreter(store: Store) -> None:
    tree: Layer = {
        "bin/sh": ARM64,
        "usr/bin/env": ARM64,
        "bin/good": b"#!/bin/sh\n",
        "bin/envgood": b"#! /usr/bin/env -S sh -x\n",
        "bin/bad": b"#!/usr/bin/perl -w\n",
        "bin/envbad": b"#!/usr/bin/env python3\n",
        "data.txt": b"#!/nowhere\n",
    }
    report = audit(store, put_image(store, "linux/arm64", tree))
    assert told(report) == [
        ("warning", "interpreter", "/bin/bad"),
        ("warning", "interpreter", "/bin/envbad"),
    ]


@pytest.mark.parametrize(
    ("words", "problem"),
    [
        (("nothing",), "runs nothing, which is not in the image"),
        (("/opt",), "runs /opt, which is not in the image"),
        (("plain.txt",), "may not be executed"),
        (("text",), "names its interpreter with #!"),
        (("script",), "needs /bin/bash, which is not in the image"),
        (("dynamic",), "needs the dynamic loader /lib/ld.so"),
        (("loop",), "runs loop, which is not in the image"),
    ],
)
def test_an_entrypoint_must_run(store: Store, words: tuple[str, ...], problem: str) -> None:
    tree: Layer = {
        "opt": None,
        "usr/bin/plain.txt": b"",
        "usr/bin/text": b"echo hello\n",
        "usr/bin/script": b"#!/bin/bash\n",
        "usr/bin/dynamic": elf_file("arm64", interpreter="/lib/ld.so"),
        "usr/bin/loop": "loop",
    }
    image = put_image(store, "linux/arm64", tree, config=RunConfig(entrypoint=words))
    messages = [one.message for one in audit(store, image).errors if one.rule == "entrypoint"]
    assert len(messages) == 1
    assert problem in messages[0]


def test_what_no_linux_runs_is_not_judged(store: Store) -> None:
    layer = gzip.compress(tar({"Windows/a": ARM64}), mtime=0)
    config = encode(ImageConfig("amd64", "windows", config=RunConfig(cmd=("cmd.exe",))))
    manifest = Manifest.make(
        Descriptor(media_types.CONFIG, store.put_blob(config), len(config)),
        (Descriptor(media_types.LAYER_GZIP, store.put_blob(layer), len(layer)),),
    )
    store.put_blob(manifest.raw)
    report = Audit(StoreImages(store), store).run(manifest.descriptor)
    assert not report.findings
    assert report.images[0].platform == "windows/amd64"


@pytest.mark.parametrize(
    "media_type",
    [
        f"{media_types.LAYER_GZIP}+encrypted",
        "application/vnd.oci.image.layer.nondistributable.v1.tar+gzip",
        "application/vnd.docker.image.rootfs.foreign.diff.tar.gzip",
    ],
)
def test_what_is_missing_may_be_in_a_layer_that_is_not_read(store: Store, media_type: str) -> None:
    config = RunConfig(entrypoint=("elsewhere",))
    tree: Layer = {"bin/a": elf_file("arm64", interpreter="/ld.so"), "bin/b": AMD64}
    made = put_image(store, "linux/arm64", tree, config=config)
    manifest = Manifest.parse(StoreImages(store).read_manifest(made))
    hidden = store.put_blob(b"secret")
    layers = (*manifest.layers, Descriptor(media_type, hidden, len(b"secret")))
    more = Manifest.make(manifest.config, layers)
    store.put_blob(more.raw)
    assert told(Audit(StoreImages(store), store).run(more.descriptor)) == [
        ("error", "machine", "/bin/b")
    ]


def test_package_databases_are_compared(store: Store) -> None:
    status = b"Package: a\nStatus: install ok installed\nArchitecture: %s\n\n"
    removed = b"Package: b\nStatus: deinstall ok config-files\nArchitecture: s390x\n\n"
    common = b"Package: c\nStatus: install ok installed\nArchitecture: all\n\n"
    wrong = put_image(store, "linux/arm64", {"var/lib/dpkg/status": status % b"amd64" + common})
    assert told(audit(store, wrong)) == [("error", "packages", "/var/lib/dpkg/status")]
    right = put_image(store, "linux/arm64", {"var/lib/dpkg/status": status % b"arm64" + removed})
    assert not told(audit(store, right))
    both = status % b"amd64" + status % b"i386"
    foreign = put_image(store, "linux/amd64", {"var/lib/dpkg/status": both})
    assert told(audit(store, foreign)) == [("warning", "packages", "/var/lib/dpkg/status")]
    declared = {"var/lib/dpkg/status": both, "var/lib/dpkg/arch": b"amd64\ni386\n"}
    assert not told(audit(store, put_image(store, "linux/amd64", declared)))
    alpine = {"etc/apk/arch": b"x86_64\n", "lib/apk/db/installed": b"P:musl\nA:x86_64\n\n"}
    assert not told(audit(store, put_image(store, "linux/amd64", alpine)))
    assert told(audit(store, put_image(store, "linux/arm64", alpine))) == [
        ("error", "packages", "/lib/apk/db/installed")
    ]


def test_what_is_foreign_on_purpose_is_allowed_with_a_reason(store: Store) -> None:
    tree: Layer = {"bin/a": ARM64, "opt/x86/tool": AMD64}
    image = put_image(store, "linux/arm64", tree)
    given = (Allowance("/opt/**", "test data"),)
    report = audit(store, image, allowed=given)
    assert not report.errors
    assert [one.allowed for one in report.findings] == ["test data"]
    label = {allowances.LABEL: "# ours\n/opt/x86/=shown to users\n"}
    labelled = put_image(store, "linux/arm64", tree, config=RunConfig(labels=label))
    assert not audit(store, labelled).errors


@pytest.mark.parametrize("text", ["", "/opt", "=x", "/opt=", "/opt= "])
def test_an_allowance_needs_pattern_and_reason(text: str) -> None:
    with pytest.raises(UsageError):
        allowances.parse(text)


@pytest.mark.parametrize(
    ("pattern", "path", "matches"),
    [
        ("/a/*", "/a/b", True),
        ("/a/*", "/a/b/c", False),
        ("/a/**", "/a/b/c", True),
        ("/a/", "/a/b/c", True),
        ("a/?.so", "/a/b.so", True),
        ("/a/**/x", "/a/b/c/x", True),
        ("/a.b", "/aXb", False),
    ],
)
def test_patterns(pattern: str, path: str, matches: bool) -> None:
    assert Allowance(pattern, "x").matches(path) is matches


def test_what_was_read_is_not_read_again(store: Store) -> None:
    image = put_image(store, "linux/arm64", {"app": AMD64})
    index = put_index(store, image)
    first = Audit(StoreImages(store), store).run(index)
    shutil.rmtree(store.root / "blobs")
    assert Audit(StoreImages(store), store).run(index) == first


def test_a_record_of_the_audit_keeps_no_blob(store: Store) -> None:
    audit(store, put_image(store, "linux/arm64", {"app": AMD64}))
    assert len(store.garbage()) == 4


def test_a_damaged_layer_is_an_error(store: Store) -> None:
    raw = encode(ImageConfig("arm64", "linux"))
    broken = gzip.compress(b"no archive at all" * 100)
    manifest = Manifest.make(
        Descriptor(media_types.CONFIG, store.put_blob(raw), len(raw)),
        (Descriptor(media_types.LAYER_GZIP, store.put_blob(broken), len(broken)),),
    )
    store.put_blob(manifest.raw)
    with pytest.raises(LayerError, match="malformed tar"):
        Audit(StoreImages(store), store).run(manifest.descriptor)


def test_links_of_folders_lead_to_the_real_place(store: Store, tmp_path: Path) -> None:
    base: Layer = {"usr": None, "usr/bin": None, "bin": "usr/bin", "usr/bin/tool": AMD64}
    image = put_image(store, "linux/arm64", base, {"bin/tool": ARM64, "=bin/t2": "bin/tool"})
    report = audit(store, image)
    assert not told(report)
    assert report.images[0].binaries == 2
