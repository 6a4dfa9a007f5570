"""Go's and Rust's own releases in a base image, which no package owns."""

from __future__ import annotations

import hashlib
import os
import subprocess
from pathlib import Path

import pytest
from tests.accelerator.foreign import write
from tests.accelerator.test_dpkg import make

from trimaran import machines
from trimaran.accelerator.answers import Answer, Emulate, Native
from trimaran.accelerator.judge import Judge, Question
from trimaran.accelerator.kits import Kit
from trimaran.accelerator.releases import Releases

FOREIGN = b"a compiler of another CPU"
VERSION = "go1.24.4\ntime 2025-05-29T19:37:36Z\n"
TOOL = "usr/local/go/pkg/tool/linux_{}/compile"
TOOLCHAIN = "usr/local/rustup/toolchains/1.85.0-{}-unknown-linux-gnu"
CHANNEL = """manifest-version = "2"
date = "{}"
[pkg.cargo]
version = "0.86.0 (d73d2caf9 2024-12-31)"
[pkg.rustc]
version = "1.85.0 (4d91de4e4 2025-02-17)"
"""


def release(folder: Path, architecture: str, compiler: bytes, version: str = VERSION) -> Path:
    """A folder with a release for an architecture, of which only the compiler is there."""
    tool = folder / TOOL.format(architecture)
    tool.parent.mkdir(parents=True)
    tool.write_bytes(compiler)
    tool.chmod(0o755)
    if version:
        (folder / "usr/local/go/VERSION").write_text(version)
    return folder


@pytest.fixture
def kit(tmp_path: Path) -> Path:
    write(str(tmp_path / "static"), "user", 0o755)
    root = release(tmp_path / "kit", "amd64", (tmp_path / "static").read_bytes())
    make(root)
    return root


def answered(
    image: Path, layers: tuple[Path, ...], kit: Path, path: str = "/" + TOOL.format("arm64")
) -> Answer:
    """What becomes of the compiler of an image whose base has these layers."""
    target = machines.by_name("aarch64")
    assert target
    make(image)
    own = image.parent / "own"
    own.mkdir()

    def kits(name: str) -> Kit | None:
        return Kit(name, kit) if name == "base" else None

    judge = Judge(target, machines.host(), kits, own, base=layers)
    program = os.open(f"{image}{path}", os.O_RDONLY)
    try:
        return judge.answer(Question(path, program, "compile", image))
    finally:
        os.close(program)


def test_the_bases_own_compiler_is_that_of_its_sibling(tmp_path: Path, kit: Path) -> None:
    image = release(tmp_path / "image", "arm64", FOREIGN)
    found = answered(image, (release(tmp_path / "layer", "arm64", FOREIGN),), kit)

    assert isinstance(found, Native)
    assert found.stand_in == f"/dev/.trimaran/kit/base/{TOOL.format('amd64')}"
    assert found.package == "go go1.24.4"
    assert "qGOARCH=arm64" in found.fields


def test_another_compiler_in_its_place_is_emulated(tmp_path: Path, kit: Path) -> None:
    image = release(tmp_path / "image", "arm64", FOREIGN + b", changed")
    found = answered(image, (release(tmp_path / "layer", "arm64", FOREIGN),), kit)

    assert isinstance(found, Emulate)
    assert found.reason == "it is not the file that go brought"


def test_a_release_that_the_base_did_not_bring_is_emulated(tmp_path: Path, kit: Path) -> None:
    found = answered(release(tmp_path / "image", "arm64", FOREIGN), (), kit)

    assert isinstance(found, Emulate)
    assert found.reason == "no package owns it"


@pytest.mark.parametrize(
    "version", ["go1.24.3\ntime 2025-05-06T19:37:36Z\n", "go1.24.4\ntime 2026-01-01T00:00:00Z\n"]
)
def test_another_release_is_not_equal(tmp_path: Path, kit: Path, version: str) -> None:
    image = release(tmp_path / "image", "arm64", FOREIGN)
    found = answered(image, (release(tmp_path / "layer", "arm64", FOREIGN, version),), kit)

    assert isinstance(found, Emulate)
    assert found.unequal


def test_the_topmost_layer_counts_and_brings_its_version(tmp_path: Path) -> None:
    old = release(tmp_path / "old", "arm64", b"old", "go1.23.1\n")
    new = release(tmp_path / "new", "arm64", b"new")
    found = Releases((old, new)).owner("/" + TOOL.format("arm64"))

    assert found
    assert found.digest == hashlib.sha256(b"new").hexdigest()
    assert found.package.source_version == "go1.24.4 time 2025-05-29T19:37:36Z"
    patched = release(tmp_path / "patched", "arm64", b"patched", version="")
    assert Releases((old, new, patched)).owner("/" + TOOL.format("arm64")) is None
    assert Releases((old, new)).owner("/usr/bin/compile") is None


def toolchain(folder: Path, cpu: str, date: str = "2025-02-20") -> Path:
    """A folder with Rust's compiler, which loads a library beside it."""
    root = folder / TOOLCHAIN.format(cpu)
    for name in ("bin", "lib/rustlib"):
        (root / name).mkdir(parents=True)
    (root / "lib/rustlib/multirust-channel-manifest.toml").write_text(CHANNEL.format(date))
    (root / "bin/rustc").write_bytes(FOREIGN)
    return folder


@pytest.fixture
def rust(tmp_path: Path) -> Path:
    kit = toolchain(tmp_path / "rust", "x86_64")
    root = kit / TOOLCHAIN.format("x86_64")
    source = tmp_path / "a.c"
    source.write_text("int answer(void) { return 42; }\n")
    bare = ("cc", "-nostdlib", "-shared", "-fPIC", source)
    library = root / "lib/librustc_driver-0123.so"
    subprocess.run((*bare, f"-Wl,-soname,{library.name}", "-o", library), check=True)
    beside = ("-Wl,--no-as-needed", "-Wl,-rpath,$ORIGIN/../lib", library)
    subprocess.run((*bare, *beside, "-o", root / "bin/rustc"), check=True)
    make(kit)
    return kit


def test_the_bases_own_toolchain_of_rust_is_that_of_its_sibling(tmp_path: Path, rust: Path) -> None:
    image = toolchain(tmp_path / "image", "aarch64")
    path = f"/{TOOLCHAIN.format('aarch64')}/bin/rustc"
    found = answered(image, (toolchain(tmp_path / "layer", "aarch64"),), rust, path)

    assert isinstance(found, Native)
    assert found.stand_in == f"/dev/.trimaran/kit/base/{TOOLCHAIN.format('x86_64')}/bin/rustc"
    assert (found.package, found.calls) == ("rust 1.85.0", "rust")
    assert f"a--sysroot=/{TOOLCHAIN.format('aarch64')}" in found.fields
    assert "a--target=aarch64-unknown-linux-gnu" in found.fields


@pytest.mark.parametrize(
    ("channel", "reason"),
    [
        (CHANNEL.format("2025-02-19"), "rust is 1.85.0 in the image and 1.85.0 in the kit"),
        ("", "no package owns it"),
    ],
)
def test_another_channel_of_rust_is_not_equal(
    tmp_path: Path, rust: Path, channel: str, reason: str
) -> None:
    image, layer = (toolchain(tmp_path / name, "aarch64") for name in ("image", "layer"))
    root = TOOLCHAIN.format("aarch64")
    (layer / root / "lib/rustlib/multirust-channel-manifest.toml").write_text(channel)
    found = answered(image, (layer,), rust, f"/{root}/bin/rustc")

    assert isinstance(found, Emulate)
    assert found.reason == reason
