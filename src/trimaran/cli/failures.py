"""An error as the user sees it: once, at the end, on standard error."""

from __future__ import annotations

import sys
from collections.abc import Sequence

from trimaran.dockerfile.excerpt import excerpt
from trimaran.errors import (
    DockerfileError,
    PlatformsError,
    StepError,
    StepsError,
    TrimaranError,
)
from trimaran.ui.tables import plain_table


def show(error: TrimaranError) -> None:
    """Print `error`."""
    print(text(error), file=sys.stderr)


def text(error: TrimaranError) -> str:
    """The error's message, its lines or its output, and the way out."""
    if isinstance(error, StepsError):
        return "\n\n".join(text(each) for each in error.errors)
    if isinstance(error, PlatformsError):
        return _platforms_text(error, "ERROR")
    lines = [f"ERROR: {_subject(error)}{error.message}"]
    cause = error.__cause__
    if isinstance(error, DockerfileError):
        lines += _excerpt(error)
    if isinstance(error, StepError):
        lines += [f"  | {line}" for line in error.output]
        if isinstance(cause, DockerfileError):
            lines += _excerpt(cause)
    lines += [f"note: {note}" for note in getattr(error, "__notes__", ())]
    if error.hint:
        lines += [f"hint: {error.hint}"]
    return "\n".join(lines)


def show_missing(error: PlatformsError) -> None:
    """Print what a result lacks with the user's leave."""
    print(_platforms_text(error, "WARNING"), file=sys.stderr)


def _platforms_text(error: PlatformsError, word: str) -> str:
    """Each failure once, a table of all platforms, and what it means."""
    found = [cause for causes in error.causes.values() for cause in causes]
    rows = [_row(*item) for item in error.causes.items()]
    table = plain_table(("PLATFORM", "RESULT", "CAUSE"), rows)
    lines = [f"{word}: {error.message}", *([f"hint: {error.hint}"] if error.hint else [])]
    return "\n\n".join([*dict.fromkeys(map(text, found)), table.rstrip(), "\n".join(lines)])


def _row(platform: str, causes: Sequence[TrimaranError]) -> tuple[str, str, str]:
    if not causes:
        return platform, "built", ""
    first = f"{_subject(causes[0])}{causes[0].message}".partition("\n")[0]
    return platform, "failed", first + (f" (and {len(causes) - 1} more)" if causes[1:] else "")


def _subject(error: TrimaranError) -> str:
    match error:
        case StepError():
            return f"{error.step}: "
        case DockerfileError(lines=(first, _)) if first:
            return f"{error.path}:{first}: "
        case _:
            return ""


def _excerpt(error: DockerfileError) -> list[str]:
    if not error.source or not error.lines[0]:
        return []
    return [f"{error.path}:{error.lines[0]}", excerpt(error.source, error.lines)]
