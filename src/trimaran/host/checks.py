"""What `host doctor` finds out: a check's result as a value."""

from __future__ import annotations

from collections.abc import Callable
from typing import Literal

import msgspec

from trimaran.errors import TrimaranError

State = Literal["ok", "failed", "note", "not checked"]
Place = Literal["host", "private"]


class Check(msgspec.Struct, frozen=True, rename="camel", omit_defaults=True):
    """One thing that was tried.

    Attributes:
        name: what was tried.
        place: `host` for the machine as it is, `private` for the namespaces that builds run in.
        state: `note` is for what does not work and that builds can do without.
        detail: what was found: a version, a fault.
        breaks: what does not work where this does not; empty if it is ok.
        hint: the command that mends it; empty if nothing is known or needed.
    """

    name: str
    place: Place
    state: State
    detail: str = ""
    breaks: str = ""
    hint: str = ""


def attempt(name: str, place: Place, breaks: str, action: Callable[[], str]) -> Check:
    """Do something that gives back what it found, or raises TrimaranError if it does not work."""
    try:
        return Check(name, place, "ok", action())
    except TrimaranError as error:
        return Check(name, place, "failed", error.message, breaks, error.hint)
    except OSError as error:
        subject = f"{error.filename}: " if error.filename else ""
        return Check(name, place, "failed", f"{subject}{error.strerror or error}", breaks)


def not_checked(name: str, place: Place, why: str) -> Check:
    """A check that could not be made."""
    return Check(name, place, "not checked", why)
