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


class Names(msgspec.Struct, frozen=True):
    """What a target is called.

    Attributes:
        words: what the templates of the rules mean.
        triplets: of compilers, each with the name of its folders of libraries.
    """

    words: dict[str, str]
    triplets: dict[str, str]


def names_of(target: Machine, host: Machine, architecture: str) -> Names:
    """The names of a target in a root whose distribution calls it `architecture`."""
    own = _BY_ARCHITECTURE.get(architecture)
    triplets = (own,) if own else target.triplets[:1]
    return Names(
        {"debian": architecture or target.debian, "native": host.debian},
        {triplet: _MULTIARCH.get(triplet, triplet) for triplet in triplets},
    )
