"""The `created_by` lines of an image's history, as BuildKit writes them.

Tools that show or rebuild a Dockerfile from an image read this form: shell forms after `/bin/sh
-c`, `|2 A=1 B=2` before a RUN that has arguments, and `# buildkit` behind what made a layer.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from trimaran.dockerfile import values
from trimaran.oci.models import Healthcheck, History

_COMMENT = "buildkit.dockerfile.v0"
_LAYER_MARK = " # buildkit"
_ESCAPES = {
    "\a": r"\a",
    "\b": r"\b",
    "\f": r"\f",
    "\n": r"\n",
    "\r": r"\r",
    "\t": r"\t",
    "\v": r"\v",
    "\\": r"\\",
    '"': r"\"",
}


def layer(text: str) -> History:
    """The entry of a step that made a layer and is marked so."""
    return History(created_by=text + _LAYER_MARK, comment=_COMMENT)


def folder(text: str) -> History:
    """The entry of a WORKDIR that made a layer; it bears no mark."""
    return History(created_by=text, comment=_COMMENT)


def setting(text: str) -> History:
    """The entry of an instruction that changed the config only."""
    return History(created_by=text, comment=_COMMENT, empty_layer=True)


def run(
    arguments: Iterable[str],
    declared: Iterable[tuple[str, str | None]],
    environment: Mapping[str, str],
) -> str:
    """RUN with the arguments that were declared so far and their values."""
    known = {name: environment.get(name, default or "") for name, default in declared}
    prefix = [f"|{len(known)}", *(f"{name}={value}" for name, value in known.items())]
    return " ".join(["RUN", *(prefix if known else ()), *arguments])


def quoted_list(words: Iterable[str]) -> str:
    """Words as Go's %q prints them: `["a" "b"]`."""
    return f"[{' '.join(_quote(word) for word in words)}]"


def plain_list(words: Iterable[str]) -> str:
    """Words as Go's %v prints them: `[a b]`."""
    return f"[{' '.join(words)}]"


def pairs(keyword: str, names_and_values: Iterable[tuple[str, str]]) -> str:
    """ENV and LABEL: `ENV A=1 B=2`."""
    return " ".join([keyword, *(f"{name}={value}" for name, value in names_and_values)])


def health_check(check: Healthcheck) -> str:
    """HEALTHCHECK as Go's %+v prints its values."""
    fields = (
        f"Test:{plain_list(check.test)}",
        f"Interval:{values.format_duration(check.interval)}",
        f"Timeout:{values.format_duration(check.timeout)}",
        f"StartPeriod:{values.format_duration(check.start_period)}",
        f"StartInterval:{values.format_duration(check.start_interval)}",
        f"Retries:{check.retries}",
    )
    return f"HEALTHCHECK {{{' '.join(fields)}}}"


def _quote(word: str) -> str:
    return f'"{"".join(_escape(ch) for ch in word)}"'


def _escape(character: str) -> str:
    if character in _ESCAPES:
        return _ESCAPES[character]
    if character.isprintable():
        return character
    code = ord(character)
    if code < 0x80:  # noqa: PLR2004 - ASCII
        return f"\\x{code:02x}"
    return f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"  # noqa: PLR2004 - one or two
