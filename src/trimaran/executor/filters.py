"""What of a copied folder is left out: by an ignore file, by --exclude, by no match of --parents.

Patterns are those of ignore files; the last that matches a path or a folder above it decides.
"""

from __future__ import annotations

import posixpath
from collections.abc import Iterable, Sequence

from e2b_dockerfile_utils import PatternMatcher


class Filter:
    """Decides about the entries of one folder of a source root.

    Args:
        ignore: the ignore file's patterns, for paths relative to the root; None leaves out nothing.
        base: the copied folder's path below the root.
        includes: a pattern relative to `base`: only what it matches is taken; None takes all.
        excludes: patterns relative to `base`.
    """

    def __init__(
        self,
        ignore: PatternMatcher | None,
        base: str = "",
        *,
        includes: str | None = None,
        excludes: Sequence[str] = (),
    ) -> None:
        self._ignore = ignore
        self._lead = len(base) + 1 if base else 0
        self._includes = None if includes is None else _matcher([includes])
        self._beside = None if includes is None else _matcher([f"!{includes}"])
        self._excludes = _matcher(excludes) if excludes else None
        self.below: dict[str, bool] = {}
        """What was found out of folders that are left out: whether something in them is not."""

    def leaves_out(self, path: str) -> bool:
        """Whether `path`, relative to the root, is left out."""
        return self.is_partial(path) or self._ignored(path)

    def is_partial(self, path: str) -> bool:
        """Whether `path` is left out as such: a folder then counts for what is taken of it."""
        own = path[self._lead :]
        return not self._takes(own) or self._excluded(own)

    def may_keep_below(self, folder: str) -> bool:
        """Whether something below a folder that is left out may be taken."""
        own = folder[self._lead :]
        return (
            (self._takes(own) or _may_match_under(self._beside, own))
            and (not self._excluded(own) or _may_match_under(self._excludes, own))
            and (not self._ignored(folder) or _may_match_under(self._ignore, folder))
        )

    def _takes(self, own: str) -> bool:
        return self._includes is None or self._includes.matches(own)

    def _excluded(self, own: str) -> bool:
        return self._excludes is not None and self._excludes.matches(own)

    def _ignored(self, path: str) -> bool:
        return self._ignore is not None and self._ignore.matches(path)


def _may_match_under(patterns: PatternMatcher | None, folder: str) -> bool:
    return patterns is not None and patterns.may_match_under(folder)


def _matcher(patterns: Iterable[str]) -> PatternMatcher:
    """A matcher in which `#` begins no comment and a leading slash matches nothing, as in COPY."""
    found: list[str] = []
    for pattern in map(str.strip, patterns):
        mark = "!" if pattern.startswith("!") else ""
        body = pattern.removeprefix("!")
        if body and not posixpath.normpath(body).startswith("/"):
            found.append(f"{mark}./{body}")
    return PatternMatcher(found)
