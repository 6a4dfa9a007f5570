"""A source root and a merged root, and COPY between them."""

from __future__ import annotations

import os
import stat
from pathlib import Path

from e2b_dockerfile_utils import PatternMatcher

from trimaran.executor import copying
from trimaran.executor.sources import SourceRoot
from trimaran.graph.steps import ContextFiles, Copy, MakeFolder, Part, StepFiles

BASE = MakeFolder(None, "/", "")


class Sides:
    """A source root and a merged root, and COPY between them."""

    def __init__(self, folder: Path) -> None:
        self.source = folder / "source"
        self.merged = folder / "merged"
        self.source.mkdir(mode=0o755)
        self.merged.mkdir(mode=0o755)

    def file(self, name: str, text: str = "", mode: int = 0o644) -> Path:
        path = self.source / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text or name)
        path.chmod(mode)
        return path

    def copy(
        self,
        *words: str,
        owner: str = "",
        mode: str = "",
        unpack: bool = False,
        local: bool = True,
        scratch: bool = False,
        ignore: PatternMatcher | None = None,
    ) -> None:
        source = ContextFiles("") if local else StepFiles(BASE)
        part = Part(source, words[:-1], unpack)
        step = Copy(None if scratch else BASE, (part,), words[-1], owner, mode)
        name = "the build context" if local else "stage build"
        root = SourceRoot(self.source, name, ignore, local=local)
        copying.copy_part(step, part, root, self.merged)

    def names(self) -> list[str]:
        found = (path.relative_to(self.merged) for path in self.merged.rglob("*"))
        return sorted(f"{path}/" if (self.merged / path).is_dir() else str(path) for path in found)

    def owner(self, name: str) -> tuple[int, int]:
        status = os.lstat(self.merged / name)
        return status.st_uid, status.st_gid

    def mode(self, name: str) -> int:
        return stat.S_IMODE(os.lstat(self.merged / name).st_mode)
