"""A token service for docker-registry: one user, JSON web tokens signed by the openssl program."""

from __future__ import annotations

import base64
import json
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import cast
from urllib.parse import parse_qs, urlsplit

from tests.support.certificates import issue_certificate
from tests.support.registry import TlsFiles, TokenAuth
from tests.support.serving import serving

_TOLD_LIFE_S = 300


@dataclass
class TokenService:
    """Gives everyone `pull` and `user` all that is asked for.

    Tokens say that they live for five minutes, but end `life_s` from now. A login that asks for an
    identity token gets `identity`, unless that is empty. `post_only` refuses each GET.
    """

    user: str
    password: str
    files: TlsFiles
    life_s: int = 300
    auth: TokenAuth = field(init=False)
    asked: list[str] = field(default_factory=list)
    identity: str = ""
    post_only: bool = False

    def answer(self, path: str, authorization: str) -> tuple[int, bytes]:
        """Status and body of the answer to a GET."""
        self.asked.append(path)
        if self.post_only:
            return 405, b""
        login = base64.b64encode(f"{self.user}:{self.password}".encode()).decode()
        known = authorization == f"Basic {login}"
        if authorization and not known:
            return 401, b'{"details": "wrong name or password"}'
        fields = parse_qs(urlsplit(path).query)
        offline = known and fields.get("offline_token") == ["true"]
        return self._given(fields.get("scope", []), known=known, offline=offline)

    def trade(self, form: str) -> tuple[int, bytes]:
        """Status and body of the answer to a POST, as OAuth 2 has it."""
        fields = {name: values[-1] for name, values in parse_qs(form).items()}
        self.asked.append(f"POST {fields['grant_type']}")
        if fields["grant_type"] == "password":
            known = (fields["username"], fields["password"]) == (self.user, self.password)
        else:
            known = fields["refresh_token"] == self.identity
        if not known:
            return 400, b'{"error": "invalid_grant"}'
        offline = fields.get("access_type") == "offline"
        return self._given(fields.get("scope", "").split(), known=True, offline=offline)

    def _given(self, scopes: list[str], *, known: bool, offline: bool) -> tuple[int, bytes]:
        access = [_access(scope, known=known) for scope in scopes]
        fields: dict[str, object] = {"token": self._token(access), "expires_in": _TOLD_LIFE_S}
        if offline and self.identity:
            fields["refresh_token"] = self.identity
        return 200, json.dumps(fields).encode()

    def _token(self, access: list[dict[str, object]]) -> str:
        now = int(time.time())
        claims = {
            "iss": self.auth.issuer,
            "sub": "",
            "aud": self.auth.service,
            "exp": now + self.life_s,
            "nbf": now - 100,
            "iat": now,
            "jti": str(len(self.asked)),
            "access": access,
        }
        der = "".join(self.files.certificate.read_text().splitlines()[1:-1])
        head = {"typ": "JWT", "alg": "RS256", "x5c": [der]}
        signed = ".".join(_base64url(json.dumps(part).encode()) for part in (head, claims))
        argv = ["openssl", "dgst", "-sha256", "-sign", str(self.files.key)]
        signature = subprocess.run(argv, input=signed.encode(), capture_output=True, check=True)
        return f"{signed}.{_base64url(signature.stdout)}"


def make_certificate(folder: Path, name: str = "test") -> TlsFiles:
    """A new key and a certificate for 127.0.0.1 that it signed itself, below `folder`."""
    return issue_certificate(folder, name)


@contextmanager
def serve_tokens(
    folder: Path, user: str, password: str, life_s: int = 300
) -> Iterator[TokenService]:
    """Run a token service on loopback; `.auth` is for `serve_registry`."""
    service = TokenService(user, password, make_certificate(folder, "tokens"), life_s)
    server = _Server(("127.0.0.1", 0), _Handler)
    server.service = service
    realm = f"http://127.0.0.1:{server.server_port}/token"
    service.auth = TokenAuth(realm, "test-registry", "test-issuer", service.files.certificate)
    with serving(server):
        yield service


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    service: TokenService


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        service = cast(_Server, self.server).service
        self._send(*service.answer(self.path, self.headers.get("Authorization", "")))

    def do_POST(self) -> None:
        form = self.rfile.read(int(self.headers["Content-Length"])).decode()
        self._send(*cast(_Server, self.server).service.trade(form))

    def _send(self, status: int, body: bytes) -> None:
        self.send_response(status)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the base's name
        pass


def _access(scope: str, *, known: bool) -> dict[str, object]:
    kind, name, actions = scope.split(":", 2)
    granted = actions.split(",") if known else ["pull"]
    return {"type": kind, "name": name, "actions": granted}


def _base64url(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()
