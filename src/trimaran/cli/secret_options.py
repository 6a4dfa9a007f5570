"""`--secret` and `--ssh`, read as buildx reads them."""

from __future__ import annotations

import csv
from collections.abc import Mapping
from pathlib import Path

from trimaran.dockerfile.suggest import did_you_mean
from trimaran.errors import UsageError
from trimaran.request import Secret

_FIELDS = {"id": "id", "src": "src", "source": "src", "env": "env", "type": "type"}
_LIMIT_BYTES = 500 * 1024  # BuildKit's
_FORM = "write --secret id=ID,src=FILE or --secret id=ID,env=VARIABLE"
_SOCKET = "SSH_AUTH_SOCK"


def secret(text: str, environment: Mapping[str, str]) -> tuple[str, Secret]:
    """Read `id=ID[,src=FILE][,env=VARIABLE][,type=file|env]`: its id and its value.

    With neither src nor env the id is that of a variable if there is one, else a file's name. The
    value is read at once: it may come by a pipe, and a missing file is found before the build.

    Raises:
        UsageError: a field is wrong, or the file cannot be read.
    """
    fields = _fields(text)
    id_, source, variable = (fields.get(name, "") for name in ("id", "src", "env"))
    kind = fields.get("type", "file")
    if kind not in ("file", "env"):
        raise UsageError(f"--secret type={kind}: there is no such type", "the types are file, env")
    if not id_:
        raise UsageError(f"--secret {text!r} has no id", _FORM)
    if kind == "env" and not variable:
        source, variable = "", source
    if not source and not variable:
        source, variable = ("", id_) if id_ in environment else (id_, "")
    if variable:
        value = environment.get(variable, "").encode("utf-8", "surrogateescape")
    else:
        value = _read(id_, Path(source))
    if len(value) > _LIMIT_BYTES:
        raise UsageError(f"--secret {id_}: it is larger than {_LIMIT_BYTES // 1024} KiB")
    return id_, Secret(value)


def agent(text: str, environment: Mapping[str, str]) -> tuple[str, tuple[Path, ...]]:
    """Read `ID[=SOCKET|KEY[,KEY...]]`: an agent's id and its socket or files of keys.

    Raises:
        UsageError: there is no such file, or no agent.
    """
    id_, _, written = text.partition("=")
    if not id_:
        raise UsageError(f"--ssh {text!r} has no id", "write --ssh default")
    if not written:
        written = environment.get(_SOCKET, "")
        if not written:
            raise UsageError(
                f"--ssh {id_}: no SSH agent: {_SOCKET} is not set",
                f"start one with ssh-agent, or name a key: --ssh {id_}=FILE",
            )
    paths = tuple(Path(part).absolute() for part in written.split(","))
    for path in paths:
        _check(id_, path, alone=len(paths) == 1)
    return id_, paths


def _fields(text: str) -> dict[str, str]:
    found: dict[str, str] = {}
    for field in next(csv.reader([text]), []):
        name, equals, value = field.partition("=")
        key = _FIELDS.get(name.lower(), "")
        if not key or not equals:
            hint = did_you_mean(name, _FIELDS) if equals else _FORM
            raise UsageError(f"--secret: unknown field {field!r}", hint)
        found[key] = value
    return found


def _read(id_: str, path: Path) -> bytes:
    try:
        with path.open("rb") as file:
            return file.read(_LIMIT_BYTES + 1)
    except OSError as error:
        raise UsageError(f"--secret {id_}: cannot read {path}: {error.strerror}") from error


def _check(id_: str, path: Path, *, alone: bool) -> None:
    try:
        if path.is_socket():
            if not alone:
                raise UsageError(f"--ssh {id_}: {path} is a socket; only files may be several")
            return
        path.open("rb").close()
    except OSError as error:
        raise UsageError(f"--ssh {id_}: cannot open {path}: {error.strerror}") from error
