"""What one part of a COPY takes: its sources, and of folders among them which entries."""

from __future__ import annotations

import posixpath
from collections.abc import Iterator
from typing import NamedTuple

from trimaran.executor import globs, sources
from trimaran.executor.filters import Filter
from trimaran.executor.sources import Source, SourceRoot
from trimaran.graph.steps import Copy, InlineFiles, Part


class Selected(NamedTuple):
    """A source; `chosen` says what of a folder is taken, and is never asked about a file."""

    source: Source
    chosen: Filter


def select(step: Copy, part: Part, root: SourceRoot) -> list[Selected]:
    """What `part` of `step` takes, in the order written; a wildcard that matches nothing, nothing.

    Raises:
        ContextError: a path that is missing, ignored, unreadable or malformed.
    """
    if isinstance(part.source, InlineFiles):
        found = sources.select(root, part.paths, literally=True)
        return [Selected(source, Filter(None)) for source in found]
    if step.keep_parents:
        return [one for path in part.paths for one in _with_parents(step, path, root)]
    return [
        Selected(source, Filter(root.ignore, source.path, excludes=step.excludes))
        for source in sources.select(root, part.paths)
    ]


def _with_parents(step: Copy, written: str, root: SourceRoot) -> Iterator[Selected]:
    """`--parents`: what stands before `/./` is copied, of it what the rest matches.

    The rest is a pattern of ignore files. That something matches is asked only of a path without
    wildcards.
    """
    before, pivot, after = written.partition("/./")
    start, rest = (before, after) if pivot else ("/", written)
    pattern = posixpath.normpath(f"/{rest}").strip("/")
    if not any(map(globs.has_wildcard, f"{start}/{pattern}".split("/"))):
        sources.select(root, (f"{start}/{pattern}",))
    for source in sources.select(root, (start,)):
        chosen = Filter(root.ignore, source.path, includes=pattern, excludes=step.excludes)
        yield Selected(source, chosen)
