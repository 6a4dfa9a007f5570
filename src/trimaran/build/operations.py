"""BuildKit's operations as JSON, in the names and numbers of its LLB (solver/pb/ops.proto)."""

from __future__ import annotations

import base64
import posixpath
from collections.abc import Sequence
from typing import Any

from trimaran.build.git_program import shown
from trimaran.graph.steps import (
    BindMount,
    CacheMount,
    ContextFiles,
    Copy,
    Download,
    FileSource,
    GitTree,
    InlineFiles,
    Mount,
    Part,
    Run,
    SecretMount,
    SshMount,
    TmpfsMount,
)

_NETWORKS = {"default": 0, "host": 1, "none": 2}
_BIND, _SECRET, _SSH, _CACHE, _TMPFS = range(5)
_SHARING = {"shared": 0, "private": 1, "locked": 2}
_UNCHANGED = -1

Json = dict[str, Any]


def source(identifier: str, attributes: dict[str, str] | None = None) -> Json:
    """An operation that fetches."""
    attrs = {"attrs": attributes} if attributes else {}
    return {"Op": {"source": {"identifier": identifier, **attrs}}, "constraints": {}}


def outside(files: FileSource) -> tuple[str, dict[str, str]]:
    """The identifier and the attributes of what comes from outside, without any password."""
    match files:
        case ContextFiles(context=name):
            return f"local://{name or 'context'}", {}
        case Download(url=url, checksum=checksum):
            return shown(url), {"http.checksum": checksum} if checksum else {}
        case GitTree(remote=remote, ref=ref, subfolder=subfolder):
            whole = shown(remote)
            fragment = ref + (f":{subfolder}" if subfolder else "")
            identifier = f"git://{whole.partition('://')[2] or whole}"
            full = identifier + (f"#{fragment}" if fragment else "")
            return full, {"git.fullurl": whole}
        case _:
            raise AssertionError(files)


def run(step: Run, mounts: list[Json]) -> Json:
    """A program; `mounts` begin with its root."""
    meta: Json = {"args": step.arguments, "env": step.environment, "cwd": step.directory}
    found: Json = {"meta": meta | ({"user": step.user} if step.user else {}), "mounts": mounts}
    if step.network != "default":
        found["network"] = _NETWORKS[step.network]
    if step.security == "insecure":
        found["security"] = 1
    platform = {"Architecture": step.platform.architecture, "OS": step.platform.os}
    platform |= {"Variant": step.platform.variant} if step.platform.variant else {}
    return {"Op": {"exec": found}, "platform": platform, "constraints": {}}


def mount(wanted: Mount, number: int) -> Json:
    """A mount; `number` is that of the input that it shows, or -1. A secret is its id alone."""
    found: Json = {"input": number, "dest": wanted.target, "output": -1}
    match wanted:
        case BindMount():
            found |= {"selector": wanted.path, "mountType": _BIND, "readonly": not wanted.writable}
        case CacheMount():
            shared = {"ID": wanted.key, "sharing": _SHARING[wanted.sharing]}
            found |= {"mountType": _CACHE, "cacheOpt": shared, "readonly": not wanted.writable}
        case TmpfsMount():
            found |= {"mountType": _TMPFS, "TmpfsOpt": {"size": wanted.size_bytes}}
        case SecretMount():
            found |= {"mountType": _SECRET, "secretOpt": _lent(wanted)}
        case SshMount():
            found |= {"mountType": _SSH, "SSHOpt": _lent(wanted)}
    return found


def file(actions: list[Json], inputs: Sequence[str], others: Sequence[int], first: int = 0) -> Json:
    """Actions on files, each on the result of the one before.

    Args:
        actions: what is done.
        inputs: of the operation.
        others: the number of the input from which each action takes files; -1 for none.
        first: the number of the input that the first one changes; -1 for the empty one.
    """
    first = first if inputs else -1
    numbered = [
        {
            **action,
            "input": first if position == 0 else len(inputs) + position - 1,
            "secondaryInput": other,
            "output": 0 if position == len(actions) - 1 else -1,
        }
        for position, (action, other) in enumerate(zip(actions, others, strict=True))
    ]
    return {"Op": {"file": {"actions": numbered}}, "constraints": {}}


def copy(step: Copy, part: Part, path: str) -> Json:
    """One source of a COPY."""
    copied: Json = {"src": path, "dest": step.destination, "mode": _UNCHANGED, "timestamp": -1}
    copied |= _owner(step)
    if step.mode.isdigit():
        copied["mode"] = int(step.mode, 8)
    elif step.mode:
        copied["modeStr"] = step.mode
    if step.excludes:
        copied["excludePatterns"] = step.excludes
    if part.unpack:
        copied["attemptUnpackDockerCompatibility"] = True
    return {"Action": {"copy": copied}}


def mkfiles(step: Copy, files: InlineFiles) -> list[Json]:
    """The files of heredocs."""
    folder = step.destination if step.destination.endswith("/") else ""
    mode = int(step.mode, 8) if step.mode.isdigit() else 0o644
    return [
        {
            "Action": {
                "mkfile": {
                    "path": posixpath.join(folder, name) if folder else step.destination,
                    "mode": mode,
                    "data": base64.b64encode(text.encode()).decode("ascii"),
                    "timestamp": -1,
                    **_owner(step),
                }
            }
        }
        for name, text in files.files
    ]


def _lent(wanted: SecretMount | SshMount) -> Json:
    named = {"ID": wanted.id, "uid": wanted.uid, "gid": wanted.gid, "mode": wanted.mode}
    return named | ({} if wanted.required else {"optional": True})


def _owner(step: Copy) -> Json:
    user, _, group = step.owner.partition(":")
    given = {"user": user, "group": group}
    owner = {key: {"User": _who(value)} for key, value in given.items() if value}
    return {"owner": owner} if owner else {}


def _who(word: str) -> Json:
    is_id = word.isascii() and word.isdigit()
    return {"byID": int(word)} if is_id else {"byName": {"name": word, "input": 0}}
