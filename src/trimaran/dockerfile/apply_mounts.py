"""RUN --mount to the mounts of a step."""

from __future__ import annotations

import posixpath
import re

from trimaran.dockerfile import instructions as df
from trimaran.dockerfile import mounts
from trimaran.dockerfile.around import Surroundings
from trimaran.dockerfile.bases import Origin
from trimaran.dockerfile.mounts import Given
from trimaran.dockerfile.state import StageState, clean, join
from trimaran.dockerfile.words import Expander
from trimaran.graph import steps
from trimaran.graph.steps import ContextFiles, Step

_FILES = "/files"
"""Where files of a context are in the file system that is made of them: a file or a folder."""
_SECRETS = "/run/secrets/"
_SSH_SOCKET = "/run/buildkit/ssh_agent."
_DEFAULT_AGENT = "default"
_SECRET_MODE, _SSH_MODE, _CACHE_MODE = 0o400, 0o600, 0o755


def apply_mounts(
    run: df.Run, state: StageState, around: Surroundings, expand: Expander
) -> tuple[steps.Mount, ...]:
    """The mounts of a RUN, parents before what is mounted below them, as BuildKit orders them.

    Raises:
        DockerfileError: a field is wrong.
    """
    found: list[steps.Mount] = []
    for fields in run.mounts:
        given = mounts.read(fields, run.line, expand)
        agents = sum(isinstance(mount, steps.SshMount) for mount in found)
        found.append(_Maker(run, given, state, around).make(agents))
    return tuple(sorted(found, key=lambda mount: mount.target.count("/")))


class _Maker:
    def __init__(self, run: df.Run, given: Given, state: StageState, around: Surroundings) -> None:
        self._run = run
        self._given = given
        self._state = state
        self._around = around

    def make(self, agents: int) -> steps.Mount:
        given = self._given
        match given.type:
            case "cache":
                return self._cache()
            case "tmpfs":
                return steps.TmpfsMount(self._target(given.target), given.size_bytes or 0)
            case "secret":
                return self._secret()
            case "ssh":
                return self._ssh(f"{_SSH_SOCKET}{agents}")
            case _:
                return self._bind()

    def _bind(self) -> steps.BindMount:
        step, path = self._files()
        writable = bool(self._given.writable)
        return steps.BindMount(self._target(self._given.target), step, path, writable)

    def _cache(self) -> steps.CacheMount:
        given = self._given
        step, path = self._files() if given.origin else (None, clean(given.source))
        return steps.CacheMount(
            self._target(given.target),
            self._cache_key(),
            given.sharing or "shared",
            step,
            path,
            _CACHE_MODE if given.mode is None else given.mode,
            given.uid or 0,
            given.gid or 0,
            given.writable is not False,
        )

    def _cache_key(self) -> str:
        """An id is one cache for all platforms; the target as written is one for each platform."""
        if self._given.id:
            return f"id {self._given.id}"
        return f"{posixpath.normpath(self._given.target)} {self._state.platform}"

    def _secret(self) -> steps.SecretMount:
        given = self._given
        id_ = given.source or given.id or posixpath.basename(given.target)
        default = "" if given.variable else f"{_SECRETS}{posixpath.basename(id_)}"
        written = given.target or default
        return steps.SecretMount(
            id_,
            self._target(written) if written else "",
            given.variable or "",
            given.required,
            _SECRET_MODE if given.mode is None else given.mode,
            given.uid or 0,
            given.gid or 0,
        )

    def _ssh(self, default: str) -> steps.SshMount:
        given = self._given
        return steps.SshMount(
            given.id or _DEFAULT_AGENT,
            self._target(given.target or default),
            given.required,
            _SSH_MODE if given.mode is None else given.mode,
            given.uid or 0,
            given.gid or 0,
        )

    def _target(self, written: str) -> str:
        target = clean(join(self._state.directory, written))
        if target == "/":
            hint = "add target=DIR" if not written else ""
            raise self._run.line.error("RUN --mount: nothing can be mounted on /", hint)
        return target

    def _files(self) -> tuple[Step | None, str]:
        """The file system that is shown, and what of it."""
        given = self._given
        files: ContextFiles | steps.StepFiles = ContextFiles("")
        if given.origin:
            files = self._around.place(_origin(given.origin, self._run.line))
        path = clean(given.source)
        if isinstance(files, steps.StepFiles):
            return files.step, path
        return steps.Copy(None, (steps.Part(files, (_literal(path),)),), _FILES), _FILES


def _literal(path: str) -> str:
    """A path as COPY takes it that means itself, wildcards included; `.` for the whole."""
    parts = path.strip("/").split("/")
    return "/".join(_quote(part) if re.search(r"[*?\[]", part) else part for part in parts) or "."


def _quote(part: str) -> str:
    return re.sub(r"[*?\[]", r"[\g<0>]", part.replace("\\", r"\\"))


def origins(run: df.Run) -> list[Origin]:
    """What the mounts of a RUN name with `from`."""
    named = [mounts.origin(fields) for fields in run.mounts]
    return [_origin(name, run.line) for name in named if name]


def _origin(name: str, line: df.Line) -> Origin:
    return Origin(name, line, f"RUN --mount=from={name}", numbered=False)
