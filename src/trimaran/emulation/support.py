"""How the programs of a platform run on this machine: a closed union, and never None."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Emulator:
    """A static QEMU user-mode program.

    Attributes:
        path: where it lies; for a host's handler, what that handler names.
        machine: the name of the CPU that it emulates, as `machines` has it.
        version: numbers of its version; empty if it is not known.
    """

    path: Path
    machine: str
    version: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class Native:
    """The kernel runs the platform's programs itself."""


@dataclass(frozen=True, slots=True)
class Emulated:
    """The kernel hands the platform's programs to `emulator`."""

    emulator: Emulator


@dataclass(frozen=True, slots=True)
class Missing:
    """The platform's programs cannot run.

    Attributes:
        reason: why, without a full stop.
        hint: what mends it; empty if nothing is known.
    """

    reason: str
    hint: str = ""


Support = Native | Emulated | Missing
