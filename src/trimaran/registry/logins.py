"""Logins written where Docker keeps them: its config.json, or the credential helper named there."""

from __future__ import annotations

import base64
import os
import secrets
from contextlib import suppress
from pathlib import Path
from typing import Any

import msgspec

from trimaran.errors import RegistryError
from trimaran.linux import process
from trimaran.registry.credentials import (
    DOCKER_HUB_KEY,
    HELPER_LIMIT_S,
    TOKEN_USER,
    Credentials,
    host_of,
)


class DockerLogins:
    """Stores and removes logins in the way that a config.json names.

    Args:
        path: the file; it is made if it is missing, readable by its owner alone.
    """

    def __init__(self, path: Path) -> None:
        self._path = path

    def store(self, registry: str, login: Credentials) -> str:
        """Keep a login; gives where: a helper's program, or the file.

        Docker CLI reference, docker login: Credential stores, Credential helper protocol.

        Raises:
            RegistryError: the file is malformed or cannot be written, or the helper failed.
            HostError: the helper is not installed.
        """
        fields = self._read()
        helper = _helper(fields, registry)
        entry: dict[str, str] = {}
        if helper:
            secret = {"ServerURL": _key(registry), "Username": login.username}
            secret["Secret"] = login.password
            if login.identity_token:
                secret |= {"Username": TOKEN_USER, "Secret": login.identity_token}
            _run(helper, "store", msgspec.json.encode(secret))
        else:
            entry = _entry(login)
        auths = dict(fields.get("auths") or {})
        for name in _names(auths, registry):
            del auths[name]
        auths[_key(registry)] = entry
        self._write({**fields, "auths": auths})
        return helper or str(self._path)

    def remove(self, registry: str) -> bool:
        """Forget a login; gives whether there was one (Docker CLI reference, docker logout).

        Raises:
            RegistryError: the file is malformed or cannot be written, or the helper failed.
            HostError: the helper is not installed.
        """
        fields = self._read()
        auths = dict(fields.get("auths") or {})
        found = _names(auths, registry)
        helper = _helper(fields, registry)
        if helper and found:
            _run(helper, "erase", _key(registry).encode())
        for name in found:
            del auths[name]
        if found:
            self._write({**fields, "auths": auths})
        return bool(found)

    def _read(self) -> dict[str, Any]:
        try:
            return msgspec.json.decode(self._path.read_bytes(), type=dict[str, Any])
        except FileNotFoundError:
            return {}
        except OSError as error:
            raise RegistryError(f"cannot read {self._path}: {error.strerror}") from error
        except (msgspec.DecodeError, UnicodeDecodeError) as error:
            raise RegistryError(f"{self._path} is not a Docker configuration: {error}") from error

    def _write(self, fields: dict[str, Any]) -> None:
        """Whole or not at all, and closed to others from its first byte."""
        raw = msgspec.json.format(msgspec.json.encode(fields), indent=4) + b"\n"
        target = Path(os.path.realpath(self._path))
        temporary = target.with_name(f".{secrets.token_hex(8)}")
        try:
            target.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            with open(
                os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb"
            ) as file:
                file.write(raw)
                file.flush()
                os.fsync(file.fileno())
            os.rename(temporary, target)
        except OSError as error:
            with suppress(OSError):
                temporary.unlink(missing_ok=True)
            raise RegistryError(f"cannot write {self._path}: {error.strerror}") from error


def _entry(login: Credentials) -> dict[str, str]:
    """As `docker login` writes it: with an identity token the password is left out."""
    password = "" if login.identity_token else login.password
    auth = base64.b64encode(f"{login.username}:{password}".encode()).decode()
    identity = {"identitytoken": login.identity_token} if login.identity_token else {}
    return {"auth": auth, **identity}


def _helper(fields: dict[str, Any], registry: str) -> str:
    """The program for this registry; empty if the file itself keeps the login."""
    helpers = fields.get("credHelpers") or {}
    named = next((helpers[key] for key in _names(helpers, registry)), "")
    helper = named or fields.get("credsStore") or ""
    return f"docker-credential-{helper}" if helper else ""


def _names(known: dict[str, Any], registry: str) -> list[str]:
    return [key for key in known if host_of(key) == host_of(registry)]


def _key(registry: str) -> str:
    return DOCKER_HUB_KEY if host_of(registry) == "docker.io" else registry


def _run(program: str, action: str, given: bytes) -> None:
    done = process.run([program, action], stdin=given, check=False, timeout_s=HELPER_LIMIT_S)
    if done.returncode != 0:
        said = (done.stderr or done.stdout).decode(errors="replace").strip()[:200]
        shown = "".join(letter for letter in said if letter.isprintable())
        raise RegistryError(f"{program} {action} failed with status {done.returncode}: {shown}")
