"""`trimaran build`: what its flags ask to be written."""

from __future__ import annotations

import sys
from collections.abc import Iterable

import msgspec

from trimaran.cli import output_values
from trimaran.errors import UsageError
from trimaran.references import DEFAULT_TAG, Reference
from trimaran.request import Annotation, Output


def find(
    items: Iterable[str], tags: tuple[Reference, ...], *, push: bool, load: bool
) -> tuple[Output, ...]:
    """The outputs of -o, --push and --load.

    As in buildx, --push pushes the images among them, or one more.

    Raises:
        UsageError: an output is wrong, or two of them are to go to standard output.
        InvalidReferenceError: a name is wrong.
    """
    outputs = tuple(output_values.output(item) for item in items if item)
    if push:
        outputs = tuple(map(_pushed, outputs))
    if push and not any(output.type == "registry" for output in outputs):
        outputs += (Output("registry"),)
    if load and not any(_is_loaded(output) for output in outputs):
        outputs += (Output("docker"),)
    _check(outputs, tags)
    return outputs


def _pushed(output: Output) -> Output:
    if output.type != "image":
        return output
    return msgspec.structs.replace(output, type="registry")


def _is_loaded(output: Output) -> bool:
    return output.type == "docker" and output.destination is None


def all_annotations(items: Iterable[str]) -> tuple[Annotation, ...]:
    """Those of --annotation. Raises UsageError."""
    return tuple(one for item in items if item for one in output_values.of_annotation(item))


def _check(outputs: tuple[Output, ...], tags: tuple[Reference, ...]) -> None:
    named = (*tags, *(name for output in outputs for name in output.names))
    if any(name.digest for name in named):
        raise UsageError("a name with a digest cannot be given to a result", "write -t NAME:TAG")
    for output in outputs:
        names = tags or output.names
        if output.type == "registry" and not names:
            raise UsageError("--push needs a name", "add -t HOST/NAME:TAG")
        if output.by_digest and (tagged := next((n for n in names if n.tag != DEFAULT_TAG), None)):
            raise UsageError(
                f"{tagged.familiar} has a tag, and push-by-digest=true gives none",
                "write the name without a tag",
            )
    to_stdout = [output for output in outputs if output.destination == "-"]
    if len(to_stdout) > 1:
        raise UsageError("two outputs cannot both go to standard output", "add dest=FILE")
    if to_stdout and sys.stdout.isatty():
        raise UsageError("the output would be written to a terminal", "add dest=FILE, or redirect")
