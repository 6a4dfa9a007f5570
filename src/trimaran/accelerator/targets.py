"""What a target and a host are called by compilers and distributions."""

from __future__ import annotations

import msgspec

from trimaran.machines import Machine

# Compilers' triplets where an architecture of a distribution has another one than its row's first.
_BY_ARCHITECTURE = {
    "armel": "arm-linux-gnueabi",
    "armhf": "arm-linux-gnueabihf",
    "armv7": "armv7-alpine-linux-musleabihf",
}
# Folders of libraries and headers where they are not named by the compiler's triplet.
_MULTIARCH = {"i686-linux-gnu": "i386-linux-gnu"}
# Of what Go's compiler generates, where the default was chosen when the compiler was built. GOARM64
# has one default everywhere, and Go before 1.23 does not know it.
_GO_VARIABLES = {
    "386": "GO386",
    "arm": "GOARM",
    "mips": "GOMIPS",
    "mipsle": "GOMIPS",
    "mips64": "GOMIPS64",
    "mips64le": "GOMIPS64",
    "ppc64": "GOPPC64",
    "ppc64le": "GOPPC64",
    "riscv64": "GORISCV64",
}
# What rustc calls a CPU where Debian calls its compiler's triplet otherwise than by one more word.
_RUST = {
    "arm-linux-gnueabi": "armv5te-unknown-linux-gnueabi",
    "arm-linux-gnueabihf": "armv7-unknown-linux-gnueabihf",
    "riscv64-linux-gnu": "riscv64gc-unknown-linux-gnu",
}


class Names(msgspec.Struct, frozen=True):
    """What a target is called.

    Attributes:
        words: what the templates of the rules mean.
        triplets: of compilers, each with the name of its folders of libraries.
    """

    words: dict[str, str]
    triplets: dict[str, str]


def triplet_of(target: Machine, architecture: str = "") -> str:
    """The compiler's triplet of a target in a distribution that calls it `architecture`."""
    own = _BY_ARCHITECTURE.get(architecture or target.debian)
    return own or (target.triplets[0] if target.triplets else "")


def names_of(target: Machine, host: Machine, architecture: str) -> Names:
    """The names of a target in a root whose distribution calls it `architecture`."""
    triplet = triplet_of(target, architecture)
    return Names(
        {
            "debian": architecture or target.debian,
            "native": host.debian,
            "native_cpu": host.uname_names[0],
            "machine": target.uname_names[0],
            "folder": _MULTIARCH.get(triplet, triplet),
            "host_folder": host.triplets[0],
            "goarch": target.architecture,
            "host_goarch": host.architecture,
            "rust": rust_triple(triplet),
            "host_rust": rust_triple(host.triplets[0]),
            "goarch_variable": _GO_VARIABLES.get(target.architecture, "GOARCH"),
        },
        {triplet: _MULTIARCH.get(triplet, triplet)},
    )


def rust_triple(triplet: str) -> str:
    """What rustc calls a target, with the vendor."""
    return _RUST.get(triplet) or triplet.replace("-", "-unknown-", 1)
