"""Logins as Docker keeps them: config.json, its credential helpers and its credential store.

The file is described in the docker CLI's reference (section "Configuration files"), the helpers'
exchange by docker-credential-helpers: the registry's name on stdin, JSON on stdout.
"""

from __future__ import annotations

import base64
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import msgspec

from trimaran.errors import RegistryError
from trimaran.linux import process

DOCKER_HUB_KEY = "https://index.docker.io/v1/"
_DOCKER_HUB_NAMES = frozenset({"docker.io", "index.docker.io", "registry-1.docker.io"})
TOKEN_USER = "<token>"  # noqa: S105 - the name by which helpers mark an identity token
_NOT_FOUND = b"credentials not found in native keychain"
HELPER_LIMIT_S = 60.0


@dataclass(frozen=True, slots=True)
class Credentials:
    """A login.

    Attributes:
        username: may be empty if there is an identity token.
        password: never shown.
        source: where it was found, for messages.
        identity_token: an OAuth 2 refresh token that stands in for the password; never shown.
    """

    username: str
    password: str = field(repr=False)
    source: str
    identity_token: str = field(default="", repr=False)


FindCredentials = Callable[[str], Credentials | None]
"""The login for a registry (host and port, `docker.io` for Docker Hub); None if there is none."""


def no_credentials(_registry: str) -> Credentials | None:
    """Know no login: every registry is met anonymously."""
    return None


class _Entry(msgspec.Struct, frozen=True, forbid_unknown_fields=False):
    auth: str = ""
    username: str = ""
    password: str = ""
    identitytoken: str = ""


class _Config(msgspec.Struct, frozen=True):
    auths: dict[str, _Entry] | None = None
    creds_store: str | None = msgspec.field(default=None, name="credsStore")
    cred_helpers: dict[str, str] | None = msgspec.field(default=None, name="credHelpers")


class _HelperAnswer(msgspec.Struct, frozen=True, rename="pascal"):
    username: str = ""
    secret: str = ""


class DockerConfig:
    """Finds logins in a config.json, which is read when the first one is wanted.

    Args:
        path: the file; it need not exist.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._config: _Config | None = None
        self._lock = threading.Lock()

    def find(self, registry: str) -> Credentials | None:
        """The login for `registry`: its helper's, else the store's, else the file's own.

        Docker CLI reference, docker login: Credential stores, Credential helpers.

        Raises:
            RegistryError: the file or the helper's answer is malformed, or the helper failed.
            HostError: the helper is not installed.
        """
        with self._lock:
            self._config = self._config or _read(self._path)
        config = self._config
        name = host_of(registry)
        helpers = {host_of(key): helper for key, helper in (config.cred_helpers or {}).items()}
        helper = helpers.get(name) or config.creds_store
        found = _ask_helper(helper, registry, self._path) if helper else None
        return found or self._in_file(config, name)

    def _in_file(self, config: _Config, name: str) -> Credentials | None:
        for key, entry in (config.auths or {}).items():
            if host_of(key) == name:
                return _credentials(entry, key, self._path)
        return None


def _read(path: Path) -> _Config:
    try:
        return msgspec.json.decode(path.read_bytes(), type=_Config)
    except FileNotFoundError:
        return _Config()
    except OSError as error:
        raise RegistryError(f"cannot read {path}: {error.strerror}") from error
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise RegistryError(f"{path} is not a Docker configuration: {error}") from error


def host_of(key: str) -> str:
    """The host and port of a key, which may be a URL as `docker login` once wrote it."""
    host = key.partition("://")[2] if "://" in key else key
    host = host.partition("/")[0].lower()
    return "docker.io" if host in _DOCKER_HUB_NAMES else host


def _credentials(entry: _Entry, key: str, path: Path) -> Credentials | None:
    username, password = entry.username, entry.password
    if entry.auth:
        username, password = _decode_auth(entry.auth, key, path)
    if not (username and password) and not entry.identitytoken:
        return None
    return Credentials(username, password, str(path), entry.identitytoken)


def _decode_auth(auth: str, key: str, path: Path) -> tuple[str, str]:
    try:
        text = base64.b64decode(auth, validate=True).decode()
    except ValueError:
        text = ""
    username, colon, password = text.partition(":")
    if not colon:
        # The cause is not chained: its text would hold the secret.
        raise RegistryError(f"{path}: auths.{key}.auth is not base64 of NAME:PASSWORD") from None
    return username, password.rstrip("\0")


def _ask_helper(helper: str, registry: str, path: Path) -> Credentials | None:
    program = f"docker-credential-{helper}"
    key = DOCKER_HUB_KEY if registry == "docker.io" else registry
    done = process.run([program, "get"], stdin=key.encode(), check=False, timeout_s=HELPER_LIMIT_S)
    if done.returncode != 0:
        # The protocol has no exit status for "none": this sentence on stdout is its code for it.
        if done.stdout.strip() == _NOT_FOUND:
            return None
        said = (done.stderr or done.stdout).decode(errors="replace").strip()[:200]
        raise RegistryError(
            f"{program} (named in {path}) failed with status {done.returncode}: {said}",
            f"run: echo {key} | {program} get",
        )
    return _helper_credentials(done.stdout, program)


def _helper_credentials(answer: bytes, program: str) -> Credentials | None:
    try:
        found = msgspec.json.decode(answer, type=_HelperAnswer)
    except (msgspec.DecodeError, UnicodeDecodeError):
        # Neither chained nor quoted: the answer holds the secret.
        raise RegistryError(f"{program} gave an answer that is not its JSON") from None
    if found.username == TOKEN_USER:
        return Credentials("", "", program, found.secret)
    return Credentials(found.username, found.secret, program) if found.secret else None
