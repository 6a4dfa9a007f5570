"""Which steps compile, and what a kit for them holds."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.accelerator.test_dpkg import BASE, make, read

from trimaran import machines
from trimaran.accelerator.apk import Apk, Memory
from trimaran.accelerator.compilers import likely, packages, upgrades
from trimaran.accelerator.trees import Tree

LIKELY = (
    "apt-get update && apt-get install -y git curl ca-certificates",
    "apt-get update && apt-get install -y gcc make libc6-dev",
    "apt-get install -y --no-install-recommends build-essential",
    "apk add --no-cache build-base",
    "cd /src && ./configure && make -j2",
    "cmake -G Ninja .. && ninja",
    "apt-get install -y golang-1.24-go",
    "CGO_ENABLED=0 go build -o /app .",
    "cargo build --release",
    "pip install -r requirements.txt",
    "npm ci",
    "dnf install -y gcc-c++ zlib-devel",
    "g++-13 -O2 a.cc",
    "docker-php-ext-install gd",
)
UNLIKELY = (
    "echo hello > /makefile.txt",
    "ln -s /usr/lib/go /go",
    "useradd app && mkdir /configured",
    "cp /dev/null /x",
    "rm -rf /var/lib/apt/lists/*",
)


@pytest.mark.parametrize("text", LIKELY)
def test_a_step_that_compiles_or_installs_is_known(text: str) -> None:
    assert likely(text)


@pytest.mark.parametrize("text", UNLIKELY)
def test_another_step_is_not_taken_for_one(text: str) -> None:
    assert not likely(text)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("apt-get update && apt-get upgrade -y", True),
        ("apt-get update && apt-get -y -o Dpkg::Use-Pty=0 dist-upgrade && true", True),
        ("apt update; apt full-upgrade --yes", True),
        ("apk -U upgrade", True),
        ("apt-get update && apt-get install -y git", False),
        ("apt-get install -y --only-upgrade git", False),
        ("apt-get install upgrade-tools && pip install --upgrade pip", False),
        ("my-apt upgrade", False),
    ],
)
def test_a_step_that_upgrades_the_base_is_known(text: str, *, expected: bool) -> None:
    assert upgrades(text) is expected


def names(tmp_path: Path, architecture: str, *texts: str, extra: str = "") -> tuple[str, ...]:
    make(tmp_path, extra)
    target = machines.by_architecture(architecture)
    assert target
    return packages(target, read(tmp_path), texts)


def test_cross_packages_are_the_targets(tmp_path: Path) -> None:
    found = names(tmp_path, "arm64", "apt-get install -y build-essential")
    cross = {name for name in found if name.endswith("linux-gnu")}
    assert cross == {f"{name}-aarch64-linux-gnu" for name in ("binutils", "gcc", "g++")}
    assert "gcc-arm-linux-gnueabihf" in names(tmp_path, "arm", "make")
    assert "gcc-powerpc64le-linux-gnu" in names(tmp_path, "ppc64le", "make")


def test_versions_that_are_named_or_installed_come_too(tmp_path: Path) -> None:
    installed = BASE.replace("dpkg", "gcc-12")
    found = names(tmp_path, "arm64", "apt-get install g++-13", extra=installed)
    assert {"gcc-13-aarch64-linux-gnu", "g++-13-aarch64-linux-gnu"} <= set(found)
    assert {"gcc-12-aarch64-linux-gnu", "g++-12-aarch64-linux-gnu"} <= set(found)


def test_tools_that_steps_name_come_too(tmp_path: Path) -> None:
    found = names(
        tmp_path, "riscv64", "apt-get install -y cmake ninja-build clang-19", "autoreconf"
    )
    assert {"cmake", "ninja-build", "clang-19", "m4", "make", "automake", "patch"} <= set(found)
    assert "rsync" not in found


def test_a_base_with_a_compiler_is_enough(tmp_path: Path) -> None:
    assert names(tmp_path, "arm64", "./build.sh") == ()
    installed = BASE.replace("dpkg", "gcc-12")
    assert "gcc-12-aarch64-linux-gnu" in names(tmp_path, "arm64", "./build.sh", extra=installed)


def test_packages_are_set_up_without_compilers(tmp_path: Path) -> None:
    found = names(tmp_path, "arm64", "apt-get update && apt-get install -y curl python3")
    assert "python3-minimal" in found
    assert not [name for name in found if name.endswith("linux-gnu")]
    assert names(tmp_path, "arm64", "python3 app.py") == ()


@pytest.mark.parametrize(
    ("word", "package"),
    [
        ("golang", "golang-go"),
        ("golang-go", "golang-go"),
        ("golang-any", "golang-go"),
        ("golang-1.24", "golang-1.24-go"),
        ("golang-1.24-go", "golang-1.24-go"),
    ],
)
def test_go_comes_in_the_version_that_is_asked_for(tmp_path: Path, word: str, package: str) -> None:
    found = names(tmp_path, "arm64", f"apt-get install -y {word}", "go build")
    assert [name for name in found if name.startswith("golang")] == [package]


def test_rustc_comes_where_a_package_of_it_is_installed(tmp_path: Path) -> None:
    assert {"cargo", "rustc"} <= set(names(tmp_path, "arm64", "apt-get install -y cargo gcc"))
    assert "rustc" in names(tmp_path / "b", "arm64", "apt-get install -y rustc", "cargo build")
    texts = ("apt-get install -y gcc", "cargo build --release")  # as with an official base
    assert "rustc" not in names(tmp_path / "c", "arm64", *texts)


def test_alpine_has_no_cross_packages(tmp_path: Path) -> None:
    database = tmp_path / "lib/apk/db"
    database.mkdir(parents=True)
    (database / "installed").write_text("P:musl\nV:1.2.5-r0\nA:x86_64\n")
    target = machines.by_architecture("arm64")
    assert target
    found = packages(target, Apk(Tree(tmp_path), Memory()), ["apk add build-base bison"])
    assert {"bison", "make"} <= set(found)
    assert not any("aarch64" in name for name in found)


@pytest.mark.parametrize(
    ("word", "package"),
    [
        ("ffmpeg", "shared-mime-info"),
        ("default-jre", "shared-mime-info"),
        ("libgtk-3-dev", "shared-mime-info"),
        ("libgdk-pixbuf-2.0-0", "shared-mime-info"),
        ("openssh-server", "openssh-client"),
    ],
)
def test_what_sets_packages_up_is_asked_for_with_them(
    tmp_path: Path, word: str, package: str
) -> None:
    assert package in names(tmp_path, "arm64", f"apt-get install -y {word}")
    assert package not in names(tmp_path, "arm64", "apt-get install -y default-jre-headless")
