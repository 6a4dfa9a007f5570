"""Rust's compiler and cargo: of the distribution's package, and of official images' toolchains.

Every rustc knows every CPU. Which of its calls a native one can do, `rust` judges: it loads
procedural macros into itself, and those are compiled for the target. cargo asks rustc what machine
it is on.
"""

from __future__ import annotations

from trimaran.accelerator.table.rule import Rule

_TELLS = ("n-V", "n-vV", "n-Vv", "n--version", "m--print", "n--help", "n-h")
_HOSTS_CPU = (
    *("m-Ctarget-cpu=native", "mtarget-cpu=native", "m-Ctune-cpu=native", "mtune-cpu=native"),
    *("m--codegen=target-cpu=native", "m--codegen=tune-cpu=native"),
)
_LOADED = ("m-Z", "m-Cllvm-args=-load", "mllvm-args=-load", "m@")
_TARGET = ("o--target,--target=*", "a--target={rust}", "o")
_TOOLCHAIN = "/local/rustup/toolchains/{toolchain}"
_OTHER_HASHES = "its names for what it compiles are sums of numbers as its CPU has them"


def _rustc(package: str, root: str, native: str = "") -> Rule:
    return Rule(
        "told",
        (package,),
        (f"{root}/bin/rustc",),
        "it compiles for the target that it is told, with the libraries of the container",
        stand_in=f"/usr{native or root}/bin/rustc",
        fields=(
            *(*_TELLS, *_HOSTS_CPU, *_LOADED, *_TARGET),
            *("o--sysroot,--sysroot=*", f"a--sysroot=/usr{root}", "o"),
        ),
        numbers=("m-Cincremental", "mincremental="),
        calls="rust",
    )


def _cargo(package: str, root: str, native: str = "") -> Rule:
    return Rule(
        "told",
        (package,),
        (f"{root}/bin/cargo",),
        "it asks rustc for the machine; its version tells the host's",
        stand_in=f"/usr{native or root}/bin/cargo",
        fields=_TELLS,
        preload=True,
        byte_order=_OTHER_HASHES,
        width=_OTHER_HASHES,
    )


_RELEASE = f"{_TOOLCHAIN}-{{rust}}", f"{_TOOLCHAIN}-{{host_rust}}"
RUST: tuple[Rule, ...] = (
    *(_rustc("rustc", ""), _cargo("cargo", "")),
    *(_rustc("rust", *_RELEASE), _cargo("rust", *_RELEASE)),
)
