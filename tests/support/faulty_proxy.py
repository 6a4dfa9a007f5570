"""An HTTP proxy on loopback that hurts chosen requests on their way to a registry, or the answers.

It counts requests. For those that its plan names it does one of `KINDS`; it also plays the token
service that its own 401 names. Like nginx it passes a request on when it has all of it: a client
that is killed half way through one leaves no trace of it at the registry.
"""

from __future__ import annotations

import http.client
import socket
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Literal, cast, get_args

Kind = Literal[
    "drop",  # nothing reaches the registry
    "lose answer",  # the registry did it, and nobody hears of it
    "500",
    "503 but done",
    "429",
    "401",
    "cut upload",  # the registry sees the beginning
    "cut answer",
    "hurt upload",  # one byte of a blob is another
    "hurt answer",
    "delay",
]
KINDS: tuple[Kind, ...] = get_args(Kind)
_HOP_BY_HOP = frozenset({"connection", "transfer-encoding", "content-length", "host"})
_DELAY_S = 0.02


@dataclass(frozen=True)
class Fault:
    """What happens, and to which byte of a body where that matters."""

    kind: Kind
    at: int = 0


class FaultyProxy:
    """Forwards to `target` (host and port); `plan` names the faults by the request's number."""

    def __init__(self, target: str) -> None:
        self.target = target
        self.plan: Mapping[int, Fault] = {}
        self.met: list[Fault] = []
        self.held = threading.Event()
        self.uploaded_bytes = 0
        self._passing = -1
        self._large_bytes = 0
        self.ranges: list[str] = []
        self._seen = 0
        self._lock = threading.Lock()
        self._server = _Server(("127.0.0.1", 0), _Handler)
        self._server.proxy = self
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.02,))
        self._thread.start()
        self.host = f"127.0.0.1:{self._server.server_port}"

    def begin(self, plan: Mapping[int, Fault]) -> None:
        """Count anew, with another plan."""
        with self._lock:
            self.plan, self._seen, self.met = plan, 0, []

    def hold_chunk(self, passing: int) -> None:
        """Let this many chunks of uploads pass, and keep the next one's beginning, for ever.

        `held` is set then: the registry has heard nothing of that chunk.
        """
        with self._lock:
            self._passing = passing
            self.held.clear()

    def hold_answers(self, over_bytes: int) -> None:
        """Send nine tenths of each body that is longer than that, and no more; 0 for all of it."""
        self._large_bytes = over_bytes
        self.held.clear()

    def holds_answer(self, size_bytes: int) -> bool:
        return 0 < self._large_bytes < size_bytes

    def holds(self, method: str) -> bool:
        with self._lock:
            if method != "PATCH" or self._passing < 0:
                return False
            self._passing -= 1
            return self._passing < 0

    def count(self, size_bytes: int) -> None:
        with self._lock:
            self.uploaded_bytes += size_bytes

    def next_fault(self) -> Fault | None:
        with self._lock:
            fault = self.plan.get(self._seen)
            self._seen += 1
            if fault:
                self.met.append(fault)
            return fault

    def stop(self) -> None:
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()


@contextmanager
def faulty_proxy(target: str) -> Iterator[FaultyProxy]:
    proxy = FaultyProxy(target)
    try:
        yield proxy
    finally:
        proxy.stop()


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    proxy: FaultyProxy

    def handle_error(self, request: object, client_address: object) -> None:
        pass  # the client is gone: that is what this server is for


@dataclass(frozen=True)
class _Reply:
    status: int
    headers: list[tuple[str, str]]
    body: bytes


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    # Else a head and its body go out one by one, the second 40 ms later (Nagle, delayed ACK).
    disable_nagle_algorithm = True
    wbufsize = 1 << 16

    def handle(self) -> None:
        if self.connection.recv(1, socket.MSG_PEEK) == b"\x16":  # a TLS greeting
            self.connection.sendall(b"HTTP/1.0 400 Bad Request\r\n\r\n")
            return
        super().handle()

    def do_any(self) -> None:
        proxy = cast(_Server, self.server).proxy
        length = int(self.headers.get("Content-Length", "0"))
        if proxy.holds(self.command):
            self.rfile.read(length // 2)
            proxy.held.set()
            self.rfile.read()
            self.close_connection = True
            return
        body = self.rfile.read(length)
        if self.path.startswith("/token"):
            self._send(_Reply(200, [], b'{"token": "any"}'))
            return
        if "/uploads/" in self.path:
            proxy.count(len(body))
        if "Range" in self.headers:
            proxy.ranges.append(self.headers["Range"])
        self._meet(proxy.next_fault(), body)

    do_GET = do_HEAD = do_POST = do_PUT = do_PATCH = do_DELETE = do_any  # noqa: N815

    def _meet(self, fault: Fault | None, body: bytes) -> None:
        match fault.kind if fault else "":
            case "drop":
                self.close_connection = True
            case "lose answer":
                self._forward(body)
                self.close_connection = True
            case "500" | "429" as status:
                self._send(_Reply(int(status), [("Retry-After", "0")], b""))
            case "503 but done":
                self._forward(body)
                self._send(_Reply(503, [], b""))
            case "401":
                host = self.headers.get("Host", "")
                realm = f'Bearer realm="http://{host}/token",error="invalid_token"'
                self._send(_Reply(401, [("WWW-Authenticate", realm)], b""))
            case "cut upload" if fault and body:
                self._forward_part(body[: fault.at % len(body)], len(body))
                self.close_connection = True
            case "cut answer" if fault:
                self._send(self._forward(body), cut_at=fault.at)
            case "hurt upload" if fault and body and "/manifests/" not in self.path:
                self._send(self._forward(_hurt(body, fault.at)))
            case "hurt answer" if fault:
                reply = self._forward(body)
                self._send(_Reply(reply.status, reply.headers, _hurt(reply.body, fault.at)))
            case kind:
                time.sleep(_DELAY_S if kind == "delay" else 0)
                self._send(self._forward(body))

    def _forward(self, body: bytes) -> _Reply:
        target = cast(_Server, self.server).proxy.target
        connection = http.client.HTTPConnection(target, timeout=20)
        try:
            headers = {k: v for k, v in self.headers.items() if k.lower() not in _HOP_BY_HOP}
            # The registry makes its addresses of this.
            headers |= {"Host": self.headers.get("Host", ""), "Content-Length": str(len(body))}
            connection.request(self.command, self.path, body, headers)
            answer = connection.getresponse()
            length = answer.headers.get("Content-Length")
            kept = [(k, v) for k, v in answer.headers.items() if k.lower() not in _HOP_BY_HOP]
            data = answer.read()
            if self.command == "HEAD" and length is not None:
                kept.append(("Content-Length", length))
            return _Reply(answer.status, kept, data)
        finally:
            connection.close()

    def _forward_part(self, part: bytes, length: int) -> None:
        host, _, port = cast(_Server, self.server).proxy.target.rpartition(":")
        lines = [f"{self.command} {self.path} HTTP/1.1", f"Host: {self.headers.get('Host')}"]
        lines += [
            f"{name}: {self.headers[name]}"
            for name in ("Content-Type", "Content-Range")
            if name in self.headers
        ]
        head = "\r\n".join([*lines, f"Content-Length: {length}", "", ""]).encode()
        with suppress(OSError), socket.create_connection((host, int(port))) as raw:
            raw.sendall(head + part)

    def _send(self, reply: _Reply, cut_at: int | None = None) -> None:
        self.send_response_only(reply.status)
        names = {name.lower() for name, _ in reply.headers}
        for name, value in reply.headers:
            self.send_header(name, value)
        if "content-length" not in names:
            self.send_header("Content-Length", str(len(reply.body)))
        self.end_headers()
        proxy = cast(_Server, self.server).proxy
        if proxy.holds_answer(len(reply.body)):
            self.wfile.write(reply.body[: len(reply.body) * 9 // 10])
            self.wfile.flush()
            proxy.held.set()
            self.rfile.read()
        elif self.command != "HEAD":
            self.wfile.write(reply.body if cut_at is None else reply.body[:cut_at])
        self.close_connection = self.close_connection or cut_at is not None

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the base's name
        pass


def _hurt(body: bytes, at: int) -> bytes:
    if not body:
        return body
    at %= len(body)
    return body[:at] + bytes([body[at] ^ 1]) + body[at + 1 :]
