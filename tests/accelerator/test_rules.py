"""Every row of the table on real inputs: the stand-in prints and writes what the emulated one does.

The roots are real Debian packages. A row without a sample fails; so does a program of a row that
was not run, or was run and stayed emulated.
"""

from __future__ import annotations

import json
import os
import re
from pathlib import Path
from typing import Any

import pytest
from tests.accelerator import rules_scenarios as scenarios
from tests.accelerator.compiler_samples import BUILDERS, CLANG, COMPILERS, PROJECTS
from tests.accelerator.golang_samples import GOLANG
from tests.accelerator.linking_samples import LINKING
from tests.accelerator.rust_samples import RUST
from tests.accelerator.samples import BASE, PYTHON, SETUP, TOOLS
from tests.support.debs import debian_root
from tests.support.inside import run_inside

from trimaran.accelerator.rules import NEVER, RULES, Rule

PROGRAMS = (
    *("apt", "apt-utils", "base-passwd", "bash", "bsdutils", "coreutils", "dash", "debianutils"),
    *("diffutils", "dpkg", "findutils", "gpgv", "grep", "gzip", "hostname", "libc-bin"),
    *("make", "mawk", "passwd", "sed", "tar", "util-linux"),
)
MORE = (
    *(
        "adduser",
        "autoconf",
        "automake",
        "init-system-helpers",
        "liblocale-gettext-perl",
        "desktop-file-utils",
        "install-info",
        "libpam-runtime",
        "libtool",
        "locales",
        "openssh-client",
        "openssl",
        "perl",
        "python3",
        "shared-mime-info",
    ),
    *("bison", "bzip2", "cpio", "file", "flex", "gawk", "gettext", "git", "gperf", "lz4", "m4"),
    *("ninja-build", "patch", "re2c", "rsync", "unzip", "xz-utils", "zip", "zstd"),
)
BUILDING = (
    *("bash", "cmake", "coreutils", "dash", "gettext", "grep", "libexpat1-dev", "ninja-build"),
    *("pkgconf", "sed", "zlib1g-dev"),
)
NATIVE = ("gcc", "g++", "libc6-dev")
CLANGS = ("clang", "lld", "llvm")
ELSEWHERE = ("busybox",)  # Alpine's
GO = ("bash", "coreutils", "dash", "findutils", "grep", "golang-go", "mawk", "sed")
RUSTC = ("bash", "coreutils", "dash", "gcc", "libc6-dev", "mawk", "rustc", "sed", "cargo")
QUICKEST = ("apt-get", "bash", "dash", "dpkg", "make", "sed")
QUICK = (*QUICKEST, "cat", "iconv")
SAMPLES = {
    **BASE,
    **TOOLS,
    **SETUP,
    **PYTHON,
    **BUILDERS,
    **COMPILERS,
    **LINKING,
    **CLANG,
    **PROJECTS,
}


def compare(root: Path, kit: Path, cpu: str, samples: dict[str, str], folder: Path) -> set[str]:
    """Run the samples both ways; gives the programs that were native."""
    text = json.dumps(samples)
    plain, fast = (
        run_inside(scenarios.compared, "self", folder, root, kit, cpu, text, how, timeout_s=1800)
        for how in ("no", "yes")
    )
    different = {name for name in samples if plain["found"][name] != fast["found"][name]}
    assert not different, json.dumps([_difference(plain, fast, name) for name in different])
    return set(fast["native"])


def _difference(plain: Any, fast: Any, name: str) -> list[Any]:
    one, other = plain["found"][name], fast["found"][name]
    files = {path for path in {*one[2], *other[2]} if one[2].get(path) != other[2].get(path)}
    return [name, sorted(files), one[:2], other[:2]]


def names_of(rule: Rule) -> set[str]:
    return {
        re.sub(r"\{triplet\}-|-\{gcc\}|\{python\}", "", os.path.basename(one))
        for one in rule.programs
    }


@pytest.mark.parametrize("rule", [one for one in RULES if one not in NEVER], ids=str)
def test_every_row_has_a_sample_and_a_reason(rule: Rule) -> None:
    assert rule.why
    assert names_of(rule) & {*SAMPLES, *GOLANG, *RUST, *ELSEWHERE}


@pytest.mark.parametrize("rule", NEVER, ids=str)
def test_what_is_never_native_says_why(rule: Rule) -> None:
    assert rule.why


@pytest.mark.real
@pytest.mark.parametrize(
    ("architecture", "cpu", "names"),
    [
        ("arm64", "aarch64", QUICK),
        ("armhf", "arm", QUICKEST),  # of 32 bits
        ("s390x", "s390x", QUICKEST),  # of another byte order
    ],
)
def test_programs_of_a_base(
    architecture: str, cpu: str, names: tuple[str, ...], tmp_path: Path
) -> None:
    root = debian_root("trixie", architecture, PROGRAMS)
    kit = debian_root("trixie", "amd64", PROGRAMS)
    native = compare(root, kit, cpu, {name: SAMPLES[name] for name in names}, tmp_path)
    assert {f"/usr/bin/{name}" for name in names} <= native
    assert not native & {"/usr/bin/uname", "/usr/bin/arch", "/usr/bin/od", "/usr/bin/seq"}


@pytest.mark.real
def test_programs_that_are_told_of_the_target(tmp_path: Path) -> None:
    root = debian_root("trixie", "arm64", BUILDING)
    kit = debian_root("trixie", "amd64", BUILDING)
    samples = {**BUILDERS, "msgfmt": SAMPLES["msgfmt"]}
    native = compare(root, kit, "aarch64", samples, tmp_path)
    wanted = ("cmake", "cpack", "ctest", "msgfmt", "pkgconf")
    assert {f"/usr/bin/{name}" for name in wanted} <= native


@pytest.mark.real
@pytest.mark.parametrize(
    ("architecture", "cpu"),
    [
        ("arm64", "aarch64"),
        *(
            pytest.param(*one, marks=pytest.mark.slow)
            for one in (("armhf", "arm"), ("s390x", "s390x"))
        ),
    ],
)
def test_tools_of_go(architecture: str, cpu: str, tmp_path: Path) -> None:
    root, kit = (debian_root("trixie", one, GO) for one in (architecture, "amd64"))
    quick = {name: text for name, text in GOLANG.items() if name != "compile"}
    native = compare(root, kit, cpu, quick, tmp_path)
    assert {"asm", "compile", "gofmt", "pack"} <= {os.path.basename(one) for one in native}
    assert "/usr/lib/go-1.24/bin/go" not in native


@pytest.mark.real
@pytest.mark.slow
@pytest.mark.parametrize(
    ("suite", "architecture", "cpu"),
    [("trixie", "arm64", "aarch64"), ("trixie", "armhf", "arm"), ("bookworm", "arm64", "aarch64")],
)
def test_programs_that_go_builds(suite: str, architecture: str, cpu: str, tmp_path: Path) -> None:
    root = debian_root(suite, architecture, (*GO, *NATIVE))
    kit = debian_root(suite, "amd64", (*GO, f"gcc-{scenarios.triplet(cpu)}"))
    native = compare(root, kit, cpu, {"compile": GOLANG["compile"]}, tmp_path)
    tools = {os.path.basename(one) for one in native if "/pkg/tool/" in one}
    assert {"asm", "buildid", "cgo", "compile", "cover", "link", "nm", "vet"} >= tools
    assert {"asm", "cgo", "compile", "link", "vet"} <= tools


@pytest.mark.real
@pytest.mark.slow
@pytest.mark.parametrize(
    ("architecture", "cpu"),
    [
        *(("arm64", "aarch64"), ("armhf", "arm"), ("ppc64el", "ppc64le")),
        *(("riscv64", "riscv64"), ("s390x", "s390x")),
    ],
)
def test_what_rustc_compiles(architecture: str, cpu: str, tmp_path: Path) -> None:
    root = debian_root("trixie", architecture, RUSTC)
    kit = debian_root("trixie", "amd64", (*RUSTC, f"gcc-{scenarios.triplet(cpu)}"))
    assert "/usr/bin/rustc" in compare(root, kit, cpu, {"rustc": RUST["rustc"]}, tmp_path)


@pytest.mark.real
@pytest.mark.slow
@pytest.mark.parametrize(("architecture", "cpu"), [("arm64", "aarch64"), ("riscv64", "riscv64")])
def test_what_cargo_builds(architecture: str, cpu: str, tmp_path: Path) -> None:
    root = debian_root("trixie", architecture, RUSTC)
    kit = debian_root("trixie", "amd64", (*RUSTC, f"gcc-{scenarios.triplet(cpu)}"))
    native = compare(root, kit, cpu, {"cargo": RUST["cargo"]}, tmp_path)
    assert {"/usr/bin/cargo", "/usr/bin/rustc"} <= native


@pytest.mark.real
@pytest.mark.slow
@pytest.mark.parametrize(
    ("suite", "architecture", "cpu"),
    [
        ("trixie", "arm64", "aarch64"),
        ("trixie", "armhf", "arm"),
        ("trixie", "ppc64el", "ppc64le"),
        ("trixie", "riscv64", "riscv64"),
        ("trixie", "s390x", "s390x"),
        ("bookworm", "arm64", "aarch64"),
    ],
)
def test_all_programs(suite: str, architecture: str, cpu: str, tmp_path: Path) -> None:
    root = debian_root(suite, architecture, (*PROGRAMS, *MORE, *BUILDING, *CLANGS, *NATIVE))
    triplet = scenarios.triplet(cpu)
    cross = (f"gcc-{triplet}", f"g++-{triplet}")
    kit = debian_root(suite, "amd64", (*PROGRAMS, *MORE, *BUILDING, *CLANGS, *cross))
    native = compare(root, kit, cpu, SAMPLES, tmp_path)
    assert len(native) > 100
