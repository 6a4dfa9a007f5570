"""COPY and ADD to a step."""

from __future__ import annotations

from trimaran.dockerfile import history, inline, values
from trimaran.dockerfile import instructions as df
from trimaran.dockerfile.around import Surroundings
from trimaran.dockerfile.copy_parts import copy_parts
from trimaran.dockerfile.read_copy import check_source
from trimaran.dockerfile.state import StageState, clean
from trimaran.dockerfile.words import Expander
from trimaran.errors import DockerfileError
from trimaran.graph import steps
from trimaran.graph.steps import ContextFiles


def apply_copy(copy: df.Copy, state: StageState, around: Surroundings, expand: Expander) -> None:
    """Let a COPY or ADD add its step and its line of the history.

    Raises:
        DockerfileError: a word cannot be expanded, or a value is wrong after expansion.
    """
    owner, mode = expand.word(copy.owner), expand.word(copy.mode)
    if mode and not values.is_mode(mode):
        hint = "a mode is octal up to 7777, or symbolic such as u=rwX,go=rX"
        raise copy.line.error(f"--chmod={mode} is not a mode", hint)
    paths = tuple(_path(word, expand) for word in copy.sources)
    for path in paths:
        check_source(copy, path)
    written = _path(copy.destination, expand)
    local = around.origin(copy) if copy.origin else ContextFiles("")
    destination = _destination(state.directory, written)
    parts = copy_parts(copy, local, paths, expand.word(copy.checksum))
    state.step = steps.Copy(
        state.step,
        (*parts, *inline.parts(copy, expand)),
        destination,
        owner=owner,
        mode=mode,
        # BuildKit passes over --link beside --chmod.
        link=copy.link and not mode,
        keep_parents=copy.keep_parents,
        excludes=copy.excludes,
    )
    state.record(history.layer(_created_by(copy, owner, mode, (*paths, written))))


def _path(word: str, expand: Expander) -> str:
    try:
        return expand.word(word)
    except DockerfileError as error:
        if not error.hint and word.strip("'\"") != word:
            error.hint = 'write paths with spaces as a JSON list: COPY ["a b", "/c/"]'
        raise


def _created_by(copy: df.Copy, owner: str, mode: str, paths: tuple[str, ...]) -> str:
    words = ["ADD" if copy.is_add else "COPY"]
    words += ["--parents"] if copy.keep_parents else []
    words += [f"--chown={owner}"] if owner else []
    words += [f"--chmod={mode}"] if mode else []
    documents = [f"<<{heredoc.name}" for heredoc in copy.contents]
    return " ".join([*words, *paths[:-1], *documents, paths[-1]])


def _destination(directory: str, path: str) -> str:
    """Absolute and clean; what names a folder by its end keeps a slash there."""
    found = clean(path if path.startswith("/") else f"{directory}/{path}")
    is_folder = path in ("", ".") or path.endswith(("/", "/."))
    return f"{found}/" if is_folder and found != "/" else found
