"""How the programs of a platform run on this machine: a closed union, and never None."""

from __future__ import annotations

from pathlib import Path

import msgspec


class Emulator(msgspec.Struct, frozen=True):
    """A static QEMU user-mode program.

    Attributes:
        path: where it lies; for a host's handler, what that handler names.
        machine: the name of the CPU that it emulates, as `machines` has it.
        version: numbers of its version; empty if it is not known.
    """

    path: Path
    machine: str
    version: tuple[int, ...] = ()


class Native(msgspec.Struct, frozen=True):
    """The kernel runs the platform's programs itself."""


class Emulated(msgspec.Struct, frozen=True):
    """The kernel hands the platform's programs to `emulator`.

    Attributes:
        private: the table that says so is this user namespace's own, so that what is added to it
            concerns nobody else.
    """

    emulator: Emulator
    private: bool = False


class Missing(msgspec.Struct, frozen=True):
    """The platform's programs cannot run.

    Attributes:
        reason: why, without a full stop.
        hint: what mends it; empty if nothing is known.
    """

    reason: str
    hint: str = ""


Support = Native | Emulated | Missing
