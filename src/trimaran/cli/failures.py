"""An error as the user sees it: once, at the end, on standard error."""

from __future__ import annotations

import sys

from trimaran.dockerfile.excerpt import excerpt
from trimaran.errors import DockerfileError, StepError, StepsError, TrimaranError


def show(error: TrimaranError) -> None:
    """Print `error`."""
    print(text(error), file=sys.stderr)


def text(error: TrimaranError) -> str:
    """The error's message, its lines or its output, and the way out."""
    if isinstance(error, StepsError):
        return "\n\n".join(text(each) for each in error.errors)
    lines = [f"ERROR: {_subject(error)}{error.message}"]
    cause = error.__cause__
    if isinstance(error, DockerfileError):
        lines += _excerpt(error)
    if isinstance(error, StepError):
        lines += [f"  | {line}" for line in error.output]
        if isinstance(cause, DockerfileError):
            lines += _excerpt(cause)
    if error.hint:
        lines += [f"hint: {error.hint}"]
    return "\n".join(lines)


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
