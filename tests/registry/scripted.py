"""A registry whose every answer a test writes down; real sockets on loopback, plain HTTP."""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import cast

from trimaran.registry.client import Client
from trimaran.registry.credentials import Credentials, FindCredentials, no_credentials
from trimaran.registry.remote import Remote
from trimaran.registry.repository import Repository
from trimaran.registry.retry import RetryPolicy
from trimaran.registry.unfinished import Unfinished

_TLS_HANDSHAKE = b"\x16"


@dataclass(frozen=True)
class Seen:
    """A request as it came."""

    method: str
    path: str
    headers: Mapping[str, str]
    body: bytes

    @property
    def line(self) -> str:
        return f"{self.method} {self.path}"

    @property
    def authorization(self) -> str:
        return self.headers.get("Authorization", "")


@dataclass(frozen=True)
class Reply:
    """An answer that breaks off after `cut_after` bytes of its body, or at once if `dropped`."""

    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""
    cut_after: int | None = None
    dropped: bool = False
    with_length: bool = True


Answering = Callable[[Seen], Reply]


class ScriptedRegistry:
    """Answers with `answering`, one request at a time, and keeps what it saw."""

    def __init__(self, answering: Answering) -> None:
        self.answering = answering
        self.seen: list[Seen] = []
        self.pauses: list[float] = []
        self._lock = threading.Lock()
        self._server = _Server(("127.0.0.1", 0), _Handler)
        self._server.scripted = self
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.02,))
        self._thread.start()
        self.host = f"127.0.0.1:{self._server.server_port}"
        self.url = f"http://{self.host}"

    @property
    def lines(self) -> list[str]:
        return [seen.line for seen in self.seen]

    def answer(self, seen: Seen) -> Reply:
        with self._lock:
            self.seen.append(seen)
            return self.answering(seen)

    def client(
        self, find: FindCredentials = no_credentials, unfinished: Unfinished | None = None
    ) -> Client:
        policy = RetryPolicy(sleep=self.pauses.append)
        return Client(find, policy=policy, unfinished=unfinished)

    @contextmanager
    def remote(self, find: FindCredentials = no_credentials) -> Iterator[Remote]:
        client = self.client(find)
        yield Remote(client, self.host, "app")
        client.close()

    @contextmanager
    def repository(
        self,
        find: FindCredentials = no_credentials,
        mount_from: tuple[str, ...] = (),
        unfinished: Unfinished | None = None,
    ) -> Iterator[Repository]:
        client = self.client(find, unfinished)
        yield Repository(self.host, "app", client, mount_from)
        client.close()

    def stop(self) -> None:
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()


def script(*steps: tuple[str, Reply]) -> Answering:
    """Answer the given requests (`METHOD /path`, `*` at its end for any rest) in this order."""
    left = list(steps)

    def answer(seen: Seen) -> Reply:
        if not left:
            return Reply(599, body=f"unexpected {seen.line}".encode())
        line, reply = left.pop(0)
        matches = seen.line.startswith(line[:-1]) if line.endswith("*") else seen.line == line
        return reply if matches else Reply(599, body=f"{seen.line} is not {line}".encode())

    return answer


def login(_registry: str) -> Credentials:
    return Credentials("ann", "secret", "a test")


@contextmanager
def serve(answering: Answering) -> Iterator[ScriptedRegistry]:
    registry = ScriptedRegistry(answering)
    try:
        yield registry
    finally:
        registry.stop()


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    scripted: ScriptedRegistry


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def handle(self) -> None:
        # Like Go's server, which real registries have: a TLS greeting is not waited out.
        if self.connection.recv(1, socket.MSG_PEEK) == _TLS_HANDSHAKE:
            self.connection.sendall(b"HTTP/1.0 400 Bad Request\r\n\r\n")
            return
        super().handle()

    def do_any(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length", "0")))
        seen = Seen(self.command, self.path, dict(self.headers.items()), body)
        self._send(cast(_Server, self.server).scripted.answer(seen))

    do_GET = do_HEAD = do_POST = do_PUT = do_PATCH = do_DELETE = do_CONNECT = do_any  # noqa: N815

    def _send(self, reply: Reply) -> None:
        if reply.dropped:
            self.close_connection = True
            return
        self.send_response(reply.status)
        for name, value in reply.headers.items():
            self.send_header(name, value)
        if reply.with_length and "Content-Length" not in reply.headers:
            self.send_header("Content-Length", str(len(reply.body)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(reply.body[: reply.cut_after])
        self.close_connection = reply.cut_after is not None or not reply.with_length

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the base's name
        pass
