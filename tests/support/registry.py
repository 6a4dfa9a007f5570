"""Debian's docker-registry on a free loopback port, for the tests that prove the client."""

from __future__ import annotations

import json
import re
import subprocess
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

_LISTENING = re.compile(r"listening on (\S+?:\d+)")
_START_LIMIT_S = 20.0


@dataclass(frozen=True)
class TokenAuth:
    """Where the registry sends clients for a token, and the certificate that signs them."""

    realm: str
    service: str
    issuer: str
    certificate: Path


@dataclass(frozen=True)
class TlsFiles:
    """Clients need a certificate of `client_authority`, if that is given."""

    certificate: Path
    key: Path
    client_authority: Path | None = None


@dataclass(frozen=True)
class RunningRegistry:
    """`host` is 127.0.0.1:PORT; `storage` holds what was pushed."""

    host: str
    storage: Path
    log: Path

    def unfinished_uploads(self, repository: str) -> list[Path]:
        """A repository's upload sessions that were neither finished nor cancelled."""
        # A cancelled session leaves its folder and a hash state in it: the registry writes that
        # after it has removed the rest.
        return list(self.storage.glob(f"**/{repository}/_uploads/*/startedat"))

    def settle(self, quiet_s: float = 0.5) -> None:
        """Wait for the end of what clients that are gone had asked for."""
        size = -1
        while size != (size := self.log.stat().st_size):
            time.sleep(quiet_s)


@contextmanager
def serve_registry(
    folder: Path,
    *,
    users: Mapping[str, str] | None = None,
    token_auth: TokenAuth | None = None,
    tls: TlsFiles | None = None,
) -> Iterator[RunningRegistry]:
    """Run a registry that keeps its storage, config and log below `folder`.

    Args:
        folder: an existing folder, such as `tmp_path`.
        users: names and passwords; basic auth is asked for if there are any.
        token_auth: bearer tokens are asked for if given.
        tls: HTTPS with this certificate.
    """
    config = folder / "registry.yml"
    storage = folder / "registry"
    log = folder / "registry.log"
    # JSON is YAML. Port 0 leaves the choice to the kernel, so that no two tests race for one.
    config.write_text(json.dumps(_config(folder, storage, users, token_auth, tls)))
    with log.open("wb") as sink:
        process = subprocess.Popen(
            ["docker-registry", "serve", str(config)],
            stdout=sink,
            stderr=sink,
            stdin=subprocess.DEVNULL,
        )
    try:
        yield RunningRegistry(_wait_for_address(process, log), storage, log)
    finally:
        process.terminate()
        process.wait()


def _config(
    folder: Path,
    storage: Path,
    users: Mapping[str, str] | None,
    token_auth: TokenAuth | None,
    tls: TlsFiles | None,
) -> dict[str, Any]:
    http: dict[str, Any] = {"addr": "127.0.0.1:0"}
    if tls:
        http["tls"] = {"certificate": str(tls.certificate), "key": str(tls.key)}
        if tls.client_authority:
            http["tls"]["clientcas"] = [str(tls.client_authority)]
    config: dict[str, Any] = {
        "version": "0.1",
        "log": {"level": "info", "accesslog": {"disabled": False}},
        "storage": {
            "filesystem": {"rootdirectory": str(storage)},
            "delete": {"enabled": True},
        },
        "http": http,
    }
    if users:
        config["auth"] = {"htpasswd": {"realm": "test", "path": str(_htpasswd(folder, users))}}
    if token_auth:
        config["auth"] = {
            "token": {
                "realm": token_auth.realm,
                "service": token_auth.service,
                "issuer": token_auth.issuer,
                "rootcertbundle": str(token_auth.certificate),
            }
        }
    return config


def _htpasswd(folder: Path, users: Mapping[str, str]) -> Path:
    path = folder / "htpasswd"
    lines = [f"{name}:{_bcrypt(password)}\n" for name, password in users.items()]
    path.write_text("".join(lines))
    return path


def _bcrypt(password: str) -> str:
    # The registry takes bcrypt only. Perl is on every Debian and asks libcrypt, which knows it.
    script = "print crypt($ARGV[0], '$2y$04$abcdefghijklmnopqrstuu')"
    done = subprocess.run(["perl", "-e", script, password], capture_output=True, check=True)
    return done.stdout.decode()


def _wait_for_address(process: subprocess.Popen[bytes], log: Path) -> str:
    deadline = time.monotonic() + _START_LIMIT_S
    while time.monotonic() < deadline:
        found = _LISTENING.search(log.read_text())
        if found:
            return found[1]
        if process.poll() is not None:
            break
        time.sleep(0.02)
    raise RuntimeError(f"docker-registry did not start: {log.read_text()}")
