"""What `--chmod` means: octal digits, or symbolic clauses as chmod(1) has them."""

from __future__ import annotations

import re
import stat

import msgspec

from trimaran.errors import ContextError

_NEW_FOLDER = 0o755
_OCTAL_LIMIT = 0o7777
_CLAUSE = re.compile(r"([ugoa]*)((?:[-+=](?:[ugo]|[rwxXst]*))+)")
_ACTION = re.compile(r"([-+=])([ugo]|[rwxXst]*)")
_SHIFTS = {"u": 6, "g": 3, "o": 0}
_SET_ID = {"u": stat.S_ISUID, "g": stat.S_ISGID, "o": 0}
_BITS = {"r": 4, "w": 2, "x": 1}


class Keep(msgspec.Struct, frozen=True):
    """The source's own mode."""

    def of(self, mode: int, *, folder: bool) -> int:  # noqa: ARG002 - one interface
        return mode

    def of_new_folder(self) -> int:
        return _NEW_FOLDER


class Octal(msgspec.Struct, frozen=True):
    """The same mode for everything, and for the folders made on the way, as BuildKit does."""

    mode: int

    def of(self, mode: int, *, folder: bool) -> int:  # noqa: ARG002 - one interface
        return self.mode

    def of_new_folder(self) -> int:
        return self.mode & 0o777


class Symbolic(msgspec.Struct, frozen=True):
    """Changes to the source's mode; folders made on the way stay out of them.

    Attributes:
        actions: who (of u, g, o, all if none was written), operator, and permissions.
    """

    actions: tuple[tuple[str, str, str], ...]

    def of(self, mode: int, *, folder: bool) -> int:
        for who, operator, permissions in self.actions:
            mode = _act(mode, who, operator, permissions, folder=folder)
        return mode

    def of_new_folder(self) -> int:
        return _NEW_FOLDER


Mode = Keep | Octal | Symbolic


def parse(text: str) -> Mode:
    """Read a `--chmod` value; empty keeps the source's mode.

    Raises:
        ContextError: it is neither octal up to 7777 nor symbolic.
    """
    if not text:
        return Keep()
    if re.fullmatch("[0-7]+", text) and int(text, 8) <= _OCTAL_LIMIT:
        return Octal(int(text, 8))
    actions: list[tuple[str, str, str]] = []
    for part in text.split(","):
        clause = _CLAUSE.fullmatch(part)
        if clause is None:
            raise ContextError(
                f"invalid --chmod={text}", "write octal digits such as 755, or such as u=rwX,go=rX"
            )
        who = clause[1].replace("a", "ugo") or "ugo"
        actions += ((who, operator, names) for operator, names in _ACTION.findall(clause[2]))
    return Symbolic(tuple(actions))


def _act(mode: int, who: str, operator: str, permissions: str, *, folder: bool) -> int:
    bits, whole = 0, 0
    for one in who:
        bits |= _bits(mode, permissions, folder=folder) << _SHIFTS[one]
        bits |= _SET_ID[one] if "s" in permissions else 0
        whole |= 0o7 << _SHIFTS[one] | _SET_ID[one]
    if "o" in who:
        bits |= stat.S_ISVTX if "t" in permissions else 0
        whole |= stat.S_ISVTX
    if operator == "+":
        return mode | bits
    if operator == "-":
        return mode & ~bits
    return mode & ~whole | bits


def _bits(mode: int, permissions: str, *, folder: bool) -> int:
    """The read, write and execute bits (0 to 7) that `permissions` name."""
    if permissions in _SHIFTS and permissions:
        return mode >> _SHIFTS[permissions] & 0o7
    bits = sum(_BITS[name] for name in set(permissions) & _BITS.keys())
    if "X" in permissions and (folder or mode & 0o111):
        bits |= 1
    return bits
