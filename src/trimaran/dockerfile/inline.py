"""Heredocs to files: what COPY copies, and what RUN runs."""

from __future__ import annotations

from trimaran.dockerfile import heredocs
from trimaran.dockerfile import instructions as df
from trimaran.dockerfile.words import Expander
from trimaran.graph.steps import BindMount, Copy, InlineFiles, Part

_FOLDER = "/dev/pipes"
_MODE = "0755"


def parts(copy: df.Copy, expand: Expander) -> tuple[Part, ...]:
    """The files that a COPY or ADD holds, one part each: they come after the other sources.

    Raises:
        DockerfileError: a variable in a text cannot be expanded.
    """
    return tuple(_part(heredoc, expand) for heredoc in copy.contents)


def script(run: df.Run) -> tuple[tuple[str, ...], tuple[BindMount, ...]]:
    """What the shell gets of a RUN, and what is mounted for it.

    A heredoc alone is the shell's script, or a file to run if it begins with `#!`. Beside other
    words the shell reads the heredocs itself. Nothing is expanded here.

    Raises:
        DockerfileError: a script's name cannot be a file's.
    """
    if not run.heredocs:
        return run.arguments, ()
    line = " ".join(run.arguments)
    if not _is_alone(line):
        texts = [f"\n{heredoc.text}{heredoc.name}" for heredoc in run.heredocs]
        return (line + "".join(texts),), ()
    heredoc = run.heredocs[0]
    text = heredoc.chomped()
    if not text.startswith("#!"):
        return (text,), ()
    if heredoc.name in (".", "..") or "/" in heredoc.name:
        raise run.line.error(f"the heredoc {heredoc.name!r} cannot be a file's name")
    file = Part(InlineFiles(((heredoc.name, text),)), (heredoc.name,))
    mount = BindMount(_FOLDER, Copy(None, (file,), "/", mode=_MODE))
    return (f"{_FOLDER}/{heredoc.name}",), (mount,)


def _part(heredoc: df.Heredoc, expand: Expander) -> Part:
    text = heredoc.chomped()
    if heredoc.expand:
        text = expand.text(text)
    return Part(InlineFiles(((heredoc.name, text),)), (heredoc.name,))


def _is_alone(line: str) -> bool:
    try:
        return heredocs.marked(line) is not None
    except ValueError:  # open quotes, which are the shell's to read
        return False
