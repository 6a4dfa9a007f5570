"""A forward proxy on loopback, as a company's: CONNECT for TLS, whole addresses for plain HTTP.

It finds every host itself, and at the same place: `target`. So names that no resolver knows lead to
a registry of the tests, and only through the proxy.
"""

from __future__ import annotations

import base64
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress

_HEAD_LIMIT_BYTES = 1 << 16


class ForwardProxy:
    """Runs until `stop`.

    Args:
        target: host and port that every connection goes to.
        login: NAME:PASSWORD that clients must send; empty for none.
    """

    def __init__(self, target: str, login: str = "") -> None:
        host, _, port = target.rpartition(":")
        self._target = (host, int(port))
        self._wanted = f"basic {base64.b64encode(login.encode()).decode()}" if login else ""
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._threads: list[threading.Thread] = []
        self.lines: list[str] = []
        """The first line of each connection."""
        self.host = f"127.0.0.1:{self._listener.getsockname()[1]}"

    def run(self) -> None:
        """Take connections until `stop`."""
        with suppress(OSError):
            while True:
                client, _ = self._listener.accept()
                thread = threading.Thread(target=self._serve, args=(client,))
                self._threads.append(thread)
                thread.start()

    def stop(self) -> None:
        """End the listening, and wait for the connections' ends."""
        self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        for thread in self._threads:
            thread.join()

    def _serve(self, client: socket.socket) -> None:
        with client, suppress(OSError):
            head = _read_head(client)
            self.lines.append(head.partition(b"\r\n")[0].decode())
            if self._wanted and not _has_login(head, self._wanted):
                client.sendall(b"HTTP/1.1 407 Proxy Authentication Required\r\n\r\n")
                return
            with socket.create_connection(self._target) as target:
                if head.startswith(b"CONNECT "):
                    client.sendall(b"HTTP/1.1 200 Connection established\r\n\r\n")
                else:
                    target.sendall(_with_path_alone(head))
                _join(client, target)


@contextmanager
def forward_proxy(target: str, login: str = "") -> Iterator[ForwardProxy]:
    """Run a `ForwardProxy`; the client's connections must be closed before the end."""
    proxy = ForwardProxy(target, login)
    thread = threading.Thread(target=proxy.run)
    thread.start()
    try:
        yield proxy
    finally:
        proxy.stop()
        thread.join()


def _read_head(client: socket.socket) -> bytes:
    head = b""
    while b"\r\n\r\n" not in head:
        data = client.recv(4096)
        if not data or len(head) > _HEAD_LIMIT_BYTES:
            raise ConnectionError
        head += data
    return head


def _has_login(head: bytes, wanted: str) -> bool:
    names = (line.partition(b":") for line in head.split(b"\r\n"))
    return any(
        name.lower() == b"proxy-authorization"
        and value.strip().decode().partition(" ")[2] == wanted.partition(" ")[2]
        for name, _, value in names
    )


def _with_path_alone(head: bytes) -> bytes:
    """The request as its server takes it (RFC 9112, section 3.2.2)."""
    method, address, rest = head.split(b" ", 2)
    path = b"/" + address.split(b"/", 3)[3]
    return b" ".join((method, path, rest.replace(b"\r\n", b"\r\nConnection: close\r\n", 1)))


def _join(client: socket.socket, target: socket.socket) -> None:
    back = threading.Thread(target=_pump, args=(target, client))
    back.start()
    _pump(client, target)
    back.join()


def _pump(source: socket.socket, sink: socket.socket) -> None:
    with suppress(OSError):
        while data := source.recv(1 << 16):
            sink.sendall(data)
    for end in (source, sink):
        with suppress(OSError):
            end.shutdown(socket.SHUT_RDWR)
